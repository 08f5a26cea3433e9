//! What happens to an order between its placing and its end: fills, prices, the end of its time.

use std::cmp::Reverse;

use super::{Entry, Event, Exchange};
use crate::{
    book::{Decision, Kind, Order, Side, Status},
    faults::Fault,
};

/// How far from the price a fill may be, in basis points.
const SPREAD_BPS: u64 = 20;
/// How far a price moves at once at most, in basis points.
const MOVE_BPS: u64 = 30;
const BPS: u64 = 10_000;
/// How late an execution is told of, in milliseconds.
const TOLD_LATE_MS: (u64, u64) = (200, 3_000);

impl Exchange {
    /// Does all that is due until a time, in its order.
    pub(super) fn advance(&mut self, now: i64) {
        while let Some(Reverse((at, _, event))) = self.events.peek().cloned()
            && (at <= now || self.is_moot(&event))
        {
            self.events.pop();
            if at <= now {
                self.now = self.now.max(at);
                self.happen(event);
            }
        }
        self.now = self.now.max(now);
    }

    /// Whether it is the end of the time of an order that has ended already.
    fn is_moot(&self, event: &Event) -> bool {
        let Event::Expire(number) = *event else { return false };
        self.entries.get(number).is_none_or(|entry| entry.status != Status::Open)
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Place(held) => {
                let held = self.held.get_mut(held).and_then(Option::take);
                if let Some((sent_at, order)) = held {
                    self.placed(sent_at, &order);
                }
            }
            Event::Fill(number) => self.fill(number),
            Event::Expire(number) => self.end_early(number, Status::Expired),
            Event::Tell(order, execution) => self.decide(Decision::Told { order, execution }),
            Event::Report(line) => self.outbox.push(line),
            Event::Reprice => self.reprice(),
        }
    }

    /// An order that was placed just now begins to live.
    pub(super) fn begin(&mut self, number: usize) {
        let parts = self.chance.within((1, self.terms.parts_max.max(1)));
        let rejects = self.happens(Fault::RejectAfterFill);
        let Some(entry) = self.entries.get_mut(number) else { return };
        (entry.parts, entry.rejects) = (parts, rejects);
        self.live_on(number);
    }

    /// Schedules what is to come of an open order.
    pub(super) fn live_on(&mut self, number: usize) {
        let Some(order) = self.entries.get(number).map(|entry| entry.order.clone()) else { return };
        if order.valid_until <= self.now {
            return self.end_early(number, Status::Expired);
        }
        self.schedule_at(order.valid_until, Event::Expire(number));
        if self.is_reached(&order) {
            self.fill_later(number);
        } else if order.kind == Kind::Market {
            self.decide(Decision::Ended { order: number, status: Status::Cancelled });
        } else {
            self.resting.insert(number);
        }
    }

    fn is_reached(&self, order: &Order) -> bool {
        let Some((_, price)) = self.listing_of(&order.instrument) else { return false };
        match order.side {
            Side::Buy => order.limit >= price,
            Side::Sell => order.limit <= price,
        }
    }

    fn fill_later(&mut self, number: usize) {
        let ms = self.chance.within(self.terms.fill_ms);
        self.schedule(ms, Event::Fill(number));
        self.resting.remove(&number);
    }

    /// The next part, or all that is left with the last.
    fn fill(&mut self, number: usize) {
        let Some(entry) = self.entries.get_mut(number) else { return };
        let Entry { status, parts, rejects, executed, .. } = *entry;
        if status != Status::Open {
            return;
        }
        entry.parts = parts.saturating_sub(1);
        let order = entry.order.clone();
        let rest = order.quantity.saturating_sub(executed);
        let mut quantity = rest;
        if rest > 1 && (parts > 1 || rejects) {
            quantity = self.chance.within((1, rest.saturating_sub(1)));
        }
        let price = self.price_for(&order);
        self.decide(Decision::Executed { order: number, quantity, price, told: true });
        if quantity == rest {
            return;
        }
        if rejects {
            self.decide(Decision::Ended { order: number, status: Status::Rejected });
        } else if self.is_reached(&order) {
            self.fill_later(number);
        } else if order.kind == Kind::Market {
            self.decide(Decision::Ended { order: number, status: Status::Cancelled });
        } else {
            self.resting.insert(number);
        }
    }

    /// Around the price, and never worse than the limit.
    fn price_for(&mut self, order: &Order) -> u64 {
        let price = self.listing_of(&order.instrument).map_or(order.limit, |(_, price)| price);
        let price = self.moved(price, SPREAD_BPS);
        match order.side {
            Side::Buy => price.min(order.limit),
            Side::Sell => price.max(order.limit),
        }
    }

    /// A price so many basis points up or down at most; never nothing.
    fn moved(&mut self, price: u64, bps: u64) -> u64 {
        let reach = price.saturating_mul(bps).checked_div(BPS).unwrap_or(0);
        let moved = price.saturating_sub(reach);
        moved.saturating_add(self.chance.below(reach.saturating_mul(2).saturating_add(1))).max(1)
    }

    /// Ends what is left of an open order. A fill just before may be told of just after.
    pub(super) fn end_early(&mut self, number: usize, status: Status) {
        let Some(entry) = self.entries.get(number) else { return };
        if entry.status != Status::Open {
            return;
        }
        let (order, executed) = (entry.order.clone(), entry.executed);
        let rest = order.quantity.saturating_sub(executed);
        if rest > 1 && self.is_reached(&order) && self.happens(Fault::LateFill) {
            let quantity = self.chance.within((1, rest.saturating_sub(1)));
            let price = self.price_for(&order);
            self.decide(Decision::Executed { order: number, quantity, price, told: false });
            self.tell_later(number);
        }
        self.decide(Decision::Ended { order: number, status });
    }

    /// Has the last execution of an order told of in a while.
    fn tell_later(&mut self, number: usize) {
        let Some(entry) = self.entries.get(number) else { return };
        let last = entry.executions.len().saturating_sub(1);
        let ms = self.chance.within(TOLD_LATE_MS);
        self.schedule(ms, Event::Tell(number, last));
    }

    pub(super) fn schedule_prices(&mut self) {
        if let Some(ms) = self.terms.price_every_ms {
            self.schedule(ms.max(1), Event::Reprice);
        }
    }

    /// One price moves, and reaches orders or not.
    fn reprice(&mut self) {
        self.schedule_prices();
        let listings = u64::try_from(self.terms.listings.len()).unwrap_or(0);
        let listing = usize::try_from(self.chance.below(listings)).unwrap_or(0);
        let there = self.terms.listings.get(listing).map(|listing| listing.price);
        let Some(there) = there else { return };
        let price = self.moved(there, MOVE_BPS);
        if price == there {
            return;
        }
        self.decide(Decision::Priced { listing, price });
        let resting = self.resting.iter().copied();
        let reached = resting.filter(|number| {
            let entry = self.entries.get(*number);
            entry.is_some_and(|entry| self.is_reached(&entry.order))
        });
        for number in reached.collect::<Vec<_>>() {
            self.fill_later(number);
        }
    }
}
