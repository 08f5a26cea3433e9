//! A market's book as its events say, with each order's place among those of its price.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    id::OrderId,
    market_event::{Change, Head, MarketEvent, Trade},
    order::{Side, Size},
    pair::{Lots, Pair, Ticks},
    time::Timestamp,
};

use super::markets::{Settled, Trades};

/// An order on the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) side: Side,
    pub(super) price: Ticks,
    pub(super) lots: Lots,
    /// Its place among the orders of its price.
    pub(super) sequence: u64,
}

pub(super) struct Book {
    pub(super) head: Head,
    pub(super) at: Timestamp,
    pub(super) resting: BTreeMap<OrderId, Standing>,
    /// Every order that ever rested.
    pub(super) rested: BTreeSet<OrderId>,
}

impl Book {
    pub(super) fn of_new(pair: &Pair) -> Self {
        let (resting, rested) = (BTreeMap::new(), BTreeSet::new());
        Self { head: Head::of_new(pair), at: pair.created_at, resting, rested }
    }

    pub(super) fn follow(&mut self, event: &MarketEvent) {
        event.changes.iter().for_each(|change| self.change(change));
        (self.head, self.at) = (event.head, event.at);
    }

    fn change(&mut self, change: &Change) {
        match *change {
            Change::Rested { order, side, price, lots } => {
                let standing = &mut self.head.standing;
                standing.sequence = standing.sequence.saturating_add(1);
                let sequence = standing.sequence;
                self.resting.insert(order, Standing { side, price, lots, sequence });
                self.rested.insert(order);
            }
            Change::Traded(Trade { number, maker, price, lots, .. }) => {
                self.head.standing.trades = number;
                self.head.standing.last_price = Some(price);
                self.take(maker, lots);
            }
            Change::Removed { order, lots, .. } => self.take(order, lots),
        }
    }

    fn take(&mut self, order: OrderId, lots: Lots) {
        if let Some(standing) = self.resting.get_mut(&order) {
            standing.lots = standing.lots.minus(lots);
            if standing.lots.is_zero() {
                self.resting.remove(&order);
            }
        }
    }

    /// Takes orders off that nobody placed, and follows the trades that the journal has and no
    /// event tells of, as far as the book allows: what an event must say of it.
    pub(super) fn catch_up(&mut self, trades: &mut Trades) -> Vec<Change> {
        let mut changes = Vec::new();
        let strangers = self.resting.iter().filter(|(order, _)| !trades.orders.contains_key(order));
        let strangers: Vec<_> = strangers.map(|(order, it)| removed(*order, it)).collect();
        self.add(&mut changes, strangers);
        let mut number = self.head.standing.trades;
        while number < trades.good {
            let next = number.saturating_add(1);
            let Some(settled) = trades.by_number.get(&next) else { break };
            let Some(steps) = self.leading_to(settled, trades) else { break };
            self.add(&mut changes, steps);
            number = next;
        }
        trades.good = number;
        changes
    }

    fn add(&mut self, all: &mut Vec<Change>, some: Vec<Change>) {
        some.iter().for_each(|change| self.change(change));
        all.extend(some);
    }

    /// What happens on the book with a trade; `None`: it cannot have happened on this book.
    fn leading_to(&self, settled: &Settled, trades: &Trades) -> Option<Vec<Change>> {
        let fill = &settled.fill;
        let mut changes = Vec::new();
        // An order that was amended so that it takes has left the book before.
        if let Some(taker) = self.resting.get(&fill.taker) {
            changes.push(removed(fill.taker, taker));
        }
        let maker_side = fill.taker_side.opposite();
        match self.resting.get(&fill.maker) {
            Some(maker) => {
                let fits = maker.price == fill.price && maker.lots >= fill.lots;
                (fits && maker.side == maker_side).then_some(())?;
            }
            // The event in which it began to rest is lost as well.
            None => {
                let order = &trades.orders.get(&fill.maker)?.order;
                let Size::Lots(lots) = order.size else { return None };
                let lots = lots.minus(trades.executed(fill.maker, fill.number));
                let (price, side) = (order.price, order.side);
                let fits = price == fill.price && lots >= fill.lots && side == maker_side;
                (fits && !self.rested.contains(&fill.maker)).then_some(())?;
                changes.push(Change::Rested { order: fill.maker, side, price, lots });
            }
        }
        changes.push(Change::Traded(Trade {
            number: fill.number,
            maker: fill.maker,
            taker_side: fill.taker_side,
            price: fill.price,
            lots: fill.lots,
        }));
        Some(changes)
    }
}

fn removed(order: OrderId, standing: &Standing) -> Change {
    let Standing { side, price, lots, .. } = *standing;
    Change::Removed { order, side, price, lots }
}
