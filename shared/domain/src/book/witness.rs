//! One who sees only a book's events, and from them knows all its orders: what each has open and
//! reserved, and whether any money or lot was made or lost on the way.

use std::collections::BTreeMap;

use crate::{
    amount::Amount,
    book::{Book, Command, Event, Fill, Standing},
    id::OrderId,
    order::{Side, Size, Working},
    pair::{Lots, PairStatus, Steps, Ticks},
};

#[derive(Debug, Clone)]
pub(super) struct Witness {
    steps: Steps,
    trades: u64,
    sequence: u64,
    last_price: Option<Ticks>,
    /// Every order that is not over, also the one that is being matched.
    working: BTreeMap<OrderId, Working>,
}

/// Lots that an order has used up; it is for these and the open ones.
fn used(working: &Working) -> i64 {
    let tally = working.tally;
    tally.executed.count() + tally.cancelled.count() + tally.prevented.count()
}

impl Witness {
    pub(super) fn new(steps: Steps) -> Self {
        let working = BTreeMap::new();
        Self { steps, trades: 0, sequence: 0, last_price: None, working }
    }

    pub(super) fn working(&self, order: OrderId) -> Option<Working> {
        self.working.get(&order).copied()
    }

    pub(super) fn standing(&self, status: PairStatus) -> Standing {
        let Self { sequence, trades, last_price, .. } = *self;
        Standing { status, sequence, trades, last_price }
    }

    pub(super) fn resting(&self) -> Vec<Working> {
        self.working.values().filter(|working| working.tally.sequence > 0).copied().collect()
    }

    /// What money comes with a command: to be called before its events are seen.
    pub(super) fn hears(&mut self, command: &Command) {
        match *command {
            Command::Place { working, .. } => {
                self.working.entry(working.order.id).or_insert(working);
            }
            Command::Amend { order, extra, .. } => {
                if let Some(working) = self.working.get_mut(&order) {
                    let held = working.tally.reserved.checked_add(extra);
                    working.tally.reserved = held.expect("an amount");
                }
            }
            Command::Cancel { .. } | Command::CancelAll { .. } | Command::SetStatus(_) => {}
        }
    }

    pub(super) fn sees(&mut self, event: &Event) {
        match *event {
            Event::Rested(working) => {
                self.sequence += 1;
                assert_eq!(working.tally.sequence, self.sequence, "a gap in the sequence");
                self.becomes(working, Amount::ZERO, Amount::ZERO);
            }
            Event::Filled(fill) => self.sees_fill(&fill),
            Event::Reduced { working, by, released, .. }
            | Event::Prevented { working, by, released } => {
                assert_eq!(self.becomes(working, Amount::ZERO, released), by.count());
            }
            Event::Withdrawn { working, price, left, released } => {
                let before = self.working[&working.order.id];
                assert_eq!((before.order.price, before.tally.open), (price, left));
                self.becomes(working, Amount::ZERO, released);
            }
            Event::Closed { working, left, released, .. } => {
                let before = self.working[&working.order.id];
                let rested = before.tally.sequence > 0;
                assert_eq!(left, if rested { before.tally.open } else { Lots::ZERO });
                self.becomes(working, Amount::ZERO, released);
                assert!(working.tally.reserved.is_zero() && working.tally.open.is_zero());
                self.working.remove(&working.order.id);
            }
            Event::AmendRefused { order, released, .. } => {
                if let Some(working) = self.working.get_mut(&order) {
                    let held = working.tally.reserved.checked_sub(released);
                    working.tally.reserved = held.expect("what was held in addition");
                }
            }
            Event::StatusSet(_) => {}
        }
    }

    fn sees_fill(&mut self, fill: &Fill) {
        self.trades += 1;
        assert_eq!(fill.number, self.trades, "a gap in the trades");
        self.last_price = Some(fill.price);
        let cost = fill.price.count() * fill.lots.count() * self.steps.unit_value;
        assert_eq!(fill.notional.minor(), cost);
        assert!(fill.lots.count() > 0 && fill.maker.order.price == fill.price);
        assert!(fill.maker.order.user != fill.taker.order.user, "a trade with oneself");
        assert!(fill.maker.order.side == fill.taker.order.side.opposite());
        assert!(fill.taker.order.side.crosses(fill.taker.order.price, fill.price));
        let sides = [
            (fill.taker, fill.taker_fee, fill.taker_released),
            (fill.maker, fill.maker_fee, fill.maker_released),
        ];
        for (working, fee, released) in sides {
            let paid = match working.order.side {
                Side::Buy => cost + fee.minor(),
                Side::Sell => fill.lots.count() * self.steps.lot.minor(),
            };
            assert!(fee.minor() <= cost, "a fee beyond what was paid");
            let paid = Amount::from_minor(paid).expect("an amount");
            let less = self.becomes(working, paid, released);
            let for_lots = matches!(working.order.size, Size::Lots(_));
            assert_eq!(less, if for_lots { fill.lots.count() } else { 0 });
            if for_lots && working.tally.open.is_zero() {
                assert!(working.tally.reserved.is_zero(), "held for nothing: {working:?}");
                self.working.remove(&working.order.id);
            }
        }
    }

    /// An order's new state: by how many lots less it has open.
    fn becomes(&mut self, working: Working, paid: Amount, released: Amount) -> i64 {
        let before = self.working.insert(working.order.id, working).expect("a known order");
        let after = working.tally.reserved.minor() + paid.minor() + released.minor();
        assert_eq!(before.tally.reserved.minor(), after, "money: {before:?} {working:?}");
        let is_over = working.tally.reserved.is_zero() && working.tally.open.is_zero();
        let required = if is_over { Amount::ZERO } else { working.required(&self.steps) };
        assert_eq!(working.tally.reserved, required, "reserved: {working:?}");
        if let Size::Lots(size) = working.order.size {
            assert_eq!(used(&working) + working.tally.open.count(), size.count(), "{working:?}");
        }
        before.tally.open.count() - working.tally.open.count()
    }

    /// That the book is what its events told, and can be one.
    pub(super) fn confirms(&self, book: &Book) {
        let mut resting: Vec<Working> = [Side::Buy, Side::Sell]
            .into_iter()
            .flat_map(|side| book.resting(side))
            .copied()
            .collect();
        resting.sort_by_key(|working| working.order.id);
        let known: Vec<Working> = self.working.values().copied().collect();
        assert_eq!(resting, known, "what rests is not what the events told");
        assert_eq!(book.len(), known.len());
        for working in &known {
            assert_eq!(book.working(working.order.id), Some(working));
        }
        assert_eq!(book.standing(), self.standing(book.standing().status));
        if let (Some(bid), Some(ask)) = (book.best(Side::Buy), book.best(Side::Sell)) {
            assert!(bid < ask, "the book is crossed: {bid:?} {ask:?}");
        }
    }
}
