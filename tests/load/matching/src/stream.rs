//! The commands that all books get: orders that rest, orders that take, and cancels of orders
//! that rest, so mixed that about as many rest as at the beginning.

use domain::{
    book::{Book, Command, Event, Standing},
    id::{OrderId, UserId},
    order::{Closed, Order, OrderKind, SelfTradePrevention, Side, Size, TimeInForce},
    pair::{FeeBps, Lots, PairStatus, Steps, Ticks},
    time::Timestamp,
};

/// What is asked of a book. An order's id is its place among all commands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked {
    Place { id: u64, side: Side, price: u64, lots: u64 },
    Cancel { id: u64 },
}

pub(crate) struct Stream {
    /// Brings the resting orders in; not measured.
    pub(crate) before: Vec<Asked>,
    pub(crate) measured: Vec<Asked>,
}

const MIDDLE: u64 = 1_000_000;

/// SplitMix64's last step.
fn mixed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.0) % limit
    }
}

/// The market's ids look random, as hashes do.
pub(crate) fn order_id(id: u64) -> OrderId {
    let (high, low) = (mixed(id.wrapping_add(1)), mixed(!id));
    OrderId::from_bits((u128::from(high) << 64) | u128::from(low))
}

/// The command for our book. Buyers and sellers are different users, of a thousand each: the
/// others are not asked to prevent self-trades.
pub(crate) fn command(asked: Asked, steps: &Steps) -> Command {
    let (id, side, price, lots) = match asked {
        Asked::Cancel { id } => {
            return Command::Cancel { order: order_id(id), reason: Closed::Cancelled };
        }
        Asked::Place { id, side, price, lots } => (id, side, price, lots),
    };
    let user = u128::from(mixed(id) % 1_000) * 2 + u128::from(side == Side::Buy);
    let price = i64::try_from(price).ok().and_then(Ticks::new).expect("a price");
    let lots = i64::try_from(lots).ok().and_then(Lots::new).expect("lots");
    let order = Order {
        id: order_id(id),
        user: UserId::from_bits(user),
        side,
        kind: OrderKind::Limit,
        time_in_force: TimeInForce::GoodTilCancelled,
        post_only: false,
        self_trade_prevention: SelfTradePrevention::CancelNewest,
        price,
        size: Size::Lots(lots),
        maker_fee: FeeBps::new(10).expect("a fee"),
        taker_fee: FeeBps::new(20).expect("a fee"),
        placed_at: Timestamp::from_millis(0),
    };
    let held = order.hold(steps).expect("a small order").amount;
    Command::Place { working: order.begun(held), resumed: false }
}

pub(crate) fn empty(steps: Steps) -> Book {
    let status = PairStatus::Trading;
    let standing = Standing { status, sequence: 0, trades: 0, last_price: None };
    Book::restore(steps, standing, [])
}

/// Which orders rest, to draw one for a cancel.
#[derive(Default)]
struct Resting {
    all: Vec<u64>,
    places: std::collections::HashMap<OrderId, usize>,
}

impl Resting {
    fn add(&mut self, id: u64) {
        self.places.insert(order_id(id), self.all.len());
        self.all.push(id);
    }

    fn remove(&mut self, order: OrderId) {
        let Some(place) = self.places.remove(&order) else { return };
        self.all.swap_remove(place);
        if let Some(moved) = self.all.get(place) {
            self.places.insert(order_id(*moved), place);
        }
    }

    fn follow(&mut self, id: u64, events: &[Event]) {
        for event in events {
            match event {
                Event::Rested(_) => self.add(id),
                Event::Filled(fill) if fill.maker.tally.open.is_zero() => {
                    self.remove(fill.maker.order.id);
                }
                Event::Closed { working, .. } => self.remove(working.order.id),
                _ => {}
            }
        }
    }
}

impl Stream {
    /// So many commands for a book in which about so many orders rest.
    pub(crate) fn new(steps: Steps, resting: u64, commands: u64) -> Self {
        let mut stream = Self { before: Vec::new(), measured: Vec::new() };
        let (mut dice, mut book) = (Dice(resting), empty(steps));
        let (mut rest, mut events) = (Resting::default(), Vec::new());
        // About a hundred orders a price at most, as deep books have.
        let width = (resting / 100).clamp(10, 1_000);
        for id in 0..resting + commands {
            let rests = u64::try_from(rest.all.len()).expect("in range");
            let fills_up = id < resting;
            let cancels = if rests > resting { 60 } else { 40 };
            let asked = if !fills_up && rests > 0 && dice.below(100) < cancels {
                let one = usize::try_from(dice.below(rests)).expect("an index");
                Asked::Cancel { id: rest.all[one] }
            } else {
                let side = if dice.below(2) == 0 { Side::Buy } else { Side::Sell };
                let away = dice.below(width) + 1;
                let passive = match side {
                    Side::Buy => MIDDLE - away,
                    Side::Sell => MIDDLE + away,
                };
                let takes = !fills_up && dice.below(4) == 0;
                let taken = book.levels(side.opposite()).nth(usize::from(dice.below(2) == 0));
                let lots = dice.below(20) + 1;
                match taken.filter(|_| takes) {
                    None => Asked::Place { id, side, price: passive, lots },
                    Some(level) => {
                        // All of it is filled: matchcore 0.4 takes what is left of an order
                        // beyond its limit.
                        let price = level.price.count().unsigned_abs();
                        let there = book.levels(side.opposite()).take(2);
                        let there = there.filter(|one| side.crosses(level.price, one.price));
                        let there: u64 = there.map(|one| one.lots.count().unsigned_abs()).sum();
                        Asked::Place { id, side, price, lots: lots.min(there) }
                    }
                }
            };
            events.clear();
            book.apply(&command(asked, &steps), &mut events);
            rest.follow(id, &events);
            if fills_up {
                stream.before.push(asked);
            } else {
                stream.measured.push(asked);
            }
        }
        stream
    }
}
