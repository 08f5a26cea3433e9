//! The rules of the book by example, and the book against its oracle.

mod amending;
mod closing;
mod properties;
mod self_trade;
mod taking;

use super::{Book, Command, Event, Standing};
use crate::{
    amount::Amount,
    currency::Scale,
    id::{OrderId, UserId},
    order::{Closed, Order, OrderKind, SelfTradePrevention, Side, Size, TimeInForce, Working},
    pair::{FeeBps, Lots, PairStatus, Steps, Ticks},
    testing::{BOB, at, earth, mars, minor},
};

fn steps(tick: Amount, lot: Amount) -> Steps {
    let scale = Scale::new(2).expect("a scale");
    Steps::new(mars().currency, earth().currency, scale, tick, lot).expect("steps")
}

/// A lot at one tick is worth one minor unit.
fn plain() -> Steps {
    steps(minor(1), minor(100))
}

fn lots(count: i64) -> Lots {
    Lots::new(count).expect("lots")
}

fn ticks(count: i64) -> Ticks {
    Ticks::new(count).expect("a price")
}

fn bps(bps: u16) -> FeeBps {
    FeeBps::new(bps).expect("a fee")
}

/// An order of Bob's to sell lots at a price until cancelled, free of fees.
pub(super) fn sell(id: u128, count: i64, price: i64) -> Order {
    Order {
        id: OrderId::from_bits(id),
        user: BOB,
        side: Side::Sell,
        kind: OrderKind::Limit,
        time_in_force: TimeInForce::GoodTilCancelled,
        post_only: false,
        self_trade_prevention: SelfTradePrevention::CancelNewest,
        price: ticks(price),
        size: Size::Lots(lots(count)),
        maker_fee: bps(0),
        taker_fee: bps(0),
        placed_at: at(0),
    }
}

pub(super) fn buy(id: u128, count: i64, price: i64) -> Order {
    Order { side: Side::Buy, ..sell(id, count, price) }
}

/// A purchase at market for as much as these funds pay for.
fn buy_for(id: u128, funds: i64, collar: i64) -> Order {
    Order { kind: OrderKind::Market, size: Size::Funds(minor(funds)), ..buy(id, 0, collar) }
}

impl Order {
    fn by(self, user: UserId) -> Self {
        Self { user, ..self }
    }

    fn at_once(self) -> Self {
        Self { time_in_force: TimeInForce::ImmediateOrCancel, ..self }
    }

    fn whole(self) -> Self {
        Self { time_in_force: TimeInForce::FillOrKill, ..self }
    }

    fn posted(self) -> Self {
        Self { post_only: true, ..self }
    }

    fn preventing(self, mode: SelfTradePrevention) -> Self {
        Self { self_trade_prevention: mode, ..self }
    }

    fn paying(self, maker: u16, taker: u16) -> Self {
        Self { maker_fee: bps(maker), taker_fee: bps(taker), ..self }
    }

    pub(super) fn held(self) -> Working {
        self.begun(self.hold(&plain()).expect("a small order").amount)
    }
}

fn empty() -> Book {
    let status = PairStatus::Trading;
    Book::restore(plain(), Standing { status, sequence: 0, trades: 0, last_price: None }, [])
}

/// A book in which these rest, placed in this order.
fn resting(orders: &[Order]) -> Book {
    let mut book = empty();
    for order in orders {
        let events = place(&mut book, *order);
        assert!(matches!(events[..], [Event::Rested(_)]), "{events:?}");
    }
    book
}

fn apply(book: &mut Book, command: &Command) -> Vec<Event> {
    let mut events = Vec::new();
    book.apply(command, &mut events);
    events
}

fn place(book: &mut Book, order: Order) -> Vec<Event> {
    apply(book, &Command::Place { working: order.held(), resumed: false })
}

/// Events in short, orders by the bits of their ids.
fn told(events: &[Event]) -> Vec<String> {
    events.iter().map(tell).collect()
}

fn tell(event: &Event) -> String {
    let id = |working: &Working| working.order.id.bits();
    let open = |working: &Working| working.tally.open.count();
    match event {
        Event::Rested(working) => {
            let price = working.order.price.count();
            format!("{} rests: {} at {price}", id(working), open(working))
        }
        Event::Filled(fill) => {
            let (taker, maker) = (id(&fill.taker), id(&fill.maker));
            let (lots, price) = (fill.lots.count(), fill.price.count());
            format!("{taker} takes {lots} of {maker} at {price}")
        }
        Event::Reduced { working, by, .. } => {
            format!("{} is reduced by {} to {}", id(working), by.count(), open(working))
        }
        Event::Prevented { working, by, .. } => {
            format!("{} loses {} and goes on with {}", id(working), by.count(), open(working))
        }
        Event::Withdrawn { working, price, left, .. } => {
            format!("{} leaves: {} at {}", id(working), left.count(), price.count())
        }
        Event::Closed { working, reason, .. } => {
            let (cancelled, prevented) = (working.tally.cancelled, working.tally.prevented);
            let (cancelled, prevented) = (cancelled.count(), prevented.count());
            let reason = reason.as_str();
            format!("{} {reason}: {cancelled} cancelled, {prevented} prevented", id(working))
        }
        Event::AmendRefused { order, refusal, .. } => {
            format!("{} stays: {refusal:?}", order.bits())
        }
        Event::StatusSet(status) => status.as_str().to_owned(),
    }
}

fn ids(book: &Book, side: Side) -> Vec<u128> {
    book.resting(side).map(|working| working.order.id.bits()).collect()
}

fn cancel(id: u128, reason: Closed) -> Command {
    Command::Cancel { order: OrderId::from_bits(id), reason }
}
