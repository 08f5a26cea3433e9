//! Commands for a book, its oracle and its witness: all must agree after each of them, also if the
//! book is stored and restored, or cut off between two fills, on the way.

use domain::{
    amount::Amount,
    book::{Book, Command, Event, Standing},
    currency::{Currency, Scale},
    id::{OrderId, UserId},
    order::{Closed, Order, OrderKind, SelfTradePrevention, Side, Size, TimeInForce, Working},
    pair::{FeeBps, Lots, PairStatus, Steps, Ticks},
    time::Timestamp,
};

use crate::{input::Input, oracle::NaiveBook, witness::Witness};

/// More than that is slow, and finds nothing that fewer do not.
const COMMANDS_MAX: u128 = 300;

fn amount(minor: i64) -> Amount {
    Amount::from_minor(minor).expect("an amount")
}

fn lots(count: i64) -> Lots {
    Lots::new(count).expect("lots")
}

/// The first byte chooses what a lot is worth; from the rest commands are read until none is left.
pub fn commands(data: &[u8]) {
    let mut input = Input::new(data);
    let steps = steps(&mut input);
    let standing =
        Standing { status: PairStatus::Trading, sequence: 0, trades: 0, last_price: None };
    let mut book = Book::restore(steps, standing, []);
    let (mut naive, mut witness) = (NaiveBook::new(steps), Witness::new(steps));
    let mut scene = Scene { input, steps, ids: 0 };
    let mut events = Vec::new();
    for _ in 0..COMMANDS_MAX {
        if scene.input.is_over() {
            break;
        }
        let restored = scene.input.once_in(40);
        let command = scene.command(&book);
        events.clear();
        book.apply(&command, &mut events);
        assert_eq!(events, naive.apply(&command), "{command:?}");
        witness.hears(&command);
        cut(&command, &witness, &events, &book);
        for event in &events {
            witness.sees(event);
        }
        witness.confirms(&book);
        compare(&book, &naive);
        if restored {
            let mut resting = witness.resting();
            resting.reverse();
            book = Book::restore(steps, book.standing(), resting);
        }
    }
}

/// Pairs in which a lot at one tick is worth 1, 7 and 75 minor units.
fn steps(input: &mut Input<'_>) -> Steps {
    let (tick, lot) = input.one_of(&[(1, 100), (1, 700), (25, 300)]);
    let scale = Scale::new(2).expect("two decimals");
    let currency = |code: &str| Currency { code: code.parse().expect("a code"), scale };
    let (base, quote) = (currency("MRC"), currency("USD"));
    Steps::new(base, quote, scale, amount(tick), amount(lot)).expect("steps")
}

struct Scene<'a> {
    input: Input<'a>,
    steps: Steps,
    /// Ids are given from 1.
    ids: u128,
}

impl Scene<'_> {
    /// Buys and sales meet about every second time.
    fn price(&mut self) -> Ticks {
        Ticks::new(self.input.between(93, 107)).expect("a price")
    }

    fn side(&mut self) -> Side {
        self.input.one_of(&[Side::Buy, Side::Sell])
    }

    fn user(&mut self) -> UserId {
        UserId::from_bits(self.input.one_of(&[1, 1, 2, 3]))
    }

    fn fee(&mut self) -> FeeBps {
        FeeBps::new(self.input.one_of(&[0, 1, 30, 999, 1_000])).expect("a fee")
    }

    fn order(&mut self) -> Order {
        self.ids += 1;
        let mut order = Order {
            id: OrderId::from_bits(self.ids),
            side: self.side(),
            user: self.user(),
            kind: OrderKind::Limit,
            time_in_force: self.input.one_of(&[
                TimeInForce::GoodTilCancelled,
                TimeInForce::GoodTilCancelled,
                TimeInForce::ImmediateOrCancel,
                TimeInForce::FillOrKill,
            ]),
            post_only: self.input.once_in(6),
            self_trade_prevention: self.input.one_of(&[
                SelfTradePrevention::CancelNewest,
                SelfTradePrevention::CancelOldest,
                SelfTradePrevention::CancelBoth,
                SelfTradePrevention::DecrementAndCancel,
            ]),
            price: self.price(),
            size: Size::Lots(lots(self.input.between(1, 40))),
            maker_fee: self.fee(),
            taker_fee: self.fee(),
            placed_at: Timestamp::from_millis(0),
        };
        match self.input.byte() % 8 {
            6 => order.kind = OrderKind::Market,
            7 => {
                (order.kind, order.side) = (OrderKind::Market, Side::Buy);
                let funds = i64::from(self.input.pair()) + 1;
                order.size = Size::Funds(amount(funds * self.steps.unit_value));
            }
            _ => {}
        }
        order
    }

    /// Of an order that was placed, or that will be next.
    fn known(&mut self) -> OrderId {
        let id = 1 + u128::from(self.input.byte()) % (self.ids + 1);
        OrderId::from_bits(id)
    }

    fn amendment(&mut self, book: &Book) -> Command {
        let order = self.known();
        let (price, size) = match self.input.byte() % 6 {
            0 => (Some(self.price()), None),
            1 => (None, Some(lots(self.input.between(0, 60)))),
            2 => (None, None),
            3 => (Some(Ticks::MAX), Some(Lots::MAX)),
            _ => (Some(self.price()), Some(lots(self.input.between(0, 60)))),
        };
        // What it would need more, if it is no absurd order.
        let short = book.working(order).filter(|_| price != Some(Ticks::MAX)).map_or(0, |before| {
            let mut after = *before;
            after.order.price = price.unwrap_or(after.order.price);
            if let (Some(size), Size::Lots(old)) = (size, after.order.size) {
                after.order.size = Size::Lots(size);
                after.tally.open = after.tally.open.plus(size).minus(old);
            }
            after.required(&self.steps).minor() - before.tally.reserved.minor()
        });
        let extra = match self.input.byte() % 8 {
            0 => 0,
            1 => short.max(0) + 7,
            2 => short.max(1) - 1,
            _ => short.max(0),
        };
        Command::Amend { order, price, lots: size, extra: amount(extra) }
    }

    fn command(&mut self, book: &Book) -> Command {
        let kind = self.input.byte() % 32;
        match kind {
            0..=5 => Command::Cancel { order: self.known(), reason: self.reason() },
            6 | 7 => {
                let side = self.input.one_of(&[None, Some(Side::Buy), Some(Side::Sell)]);
                Command::CancelAll { user: self.user(), side, reason: self.reason() }
            }
            8 => Command::SetStatus(self.input.one_of(&[
                PairStatus::Trading,
                PairStatus::CancelOnly,
                PairStatus::Halted,
            ])),
            9..=15 => self.amendment(book),
            _ => {
                let mut order = self.order();
                if kind == 31 {
                    order.id = self.known();
                }
                let held = order.hold(&self.steps).expect("a small order");
                Command::Place { working: order.begun(held.amount), resumed: kind == 30 }
            }
        }
    }

    fn reason(&mut self) -> Closed {
        self.input.one_of(&[Closed::Cancelled, Closed::Deadline, Closed::BalanceLimit])
    }
}

/// Both books level by level and order by order.
fn compare(book: &Book, naive: &NaiveBook) {
    for side in [Side::Buy, Side::Sell] {
        let queue = naive.queue(side);
        assert!(book.resting(side).eq(&queue), "{side:?}: {book:?} {queue:?}");
        let mut levels: Vec<(Ticks, i64, usize)> = Vec::new();
        for working in &queue {
            let (price, open) = (working.order.price, working.tally.open.count());
            match levels.last_mut().filter(|(last, ..)| *last == price) {
                Some((_, lots, orders)) => (*lots, *orders) = (*lots + open, *orders + 1),
                None => levels.push((price, open, 1)),
            }
        }
        let real = book.levels(side).map(|level| (level.price, level.lots.count(), level.orders));
        assert!(real.eq(levels.iter().copied()), "levels: {levels:?}");
    }
}

/// The order that takes, if its matching may be cut off after this event: after a fill, or after
/// an older order of its owner's was cancelled.
fn taking(event: &Event, taker: OrderId, witness: &Witness) -> Option<Working> {
    let taker = witness.working(taker)?;
    let oldest = taker.order.self_trade_prevention == SelfTradePrevention::CancelOldest;
    match event {
        Event::Filled(_) => Some(taker),
        Event::Closed { reason: Closed::SelfTrade, .. } if oldest => Some(taker),
        _ => None,
    }
}

/// Cuts the matching off wherever that may be, restores the book as it was then and goes on: the
/// other events must be the same.
fn cut(command: &Command, witness: &Witness, events: &[Event], after: &Book) {
    let taker = match command {
        Command::Place { working, .. } => working.order.id,
        Command::Amend { order, .. } => *order,
        Command::Cancel { .. } | Command::CancelAll { .. } | Command::SetStatus(_) => return,
    };
    let mut witness = witness.clone();
    for (number, event) in (1..).zip(events) {
        witness.sees(event);
        let Some(working) = taking(event, taker, &witness) else { continue };
        let standing = witness.standing(after.standing().status);
        let mut book = Book::restore(*after.steps(), standing, witness.resting());
        let mut rest = Vec::new();
        book.apply(&Command::Place { working, resumed: true }, &mut rest);
        assert_eq!(rest, events[number..], "cut after event {number} of {command:?}");
        for side in [Side::Buy, Side::Sell] {
            assert!(book.resting(side).eq(after.resting(side)), "cut after event {number}");
        }
        assert_eq!(book.standing(), after.standing());
    }
}
