//! How a resting order gets another price or size. No more lots at the same price keep its
//! place; all else is a new order in all but its id.

use super::{AmendRefusal, Book, Event, queues::Slot, settling::release};
use crate::{
    amount::Amount,
    id::OrderId,
    order::{Size, TimeInForce, Working},
    pair::{Lots, PairStatus, Ticks},
};

struct Amended {
    slot: Slot,
    before: Working,
    after: Working,
}

impl Book {
    pub(super) fn amend(
        &mut self,
        order: OrderId,
        price: Option<Ticks>,
        lots: Option<Lots>,
        extra: Amount,
        events: &mut Vec<Event>,
    ) {
        let Amended { slot, before, mut after } = match self.amended(order, price, lots, extra) {
            Ok(amended) => amended,
            Err(refusal) => {
                events.push(Event::AmendRefused { order, refusal, released: extra });
                return;
            }
        };
        let released = release(&mut after, &self.steps);
        let (price, left) = (before.order.price, before.tally.open);
        if after.order.price == price && after.tally.open <= left {
            let by = left.minus(after.tally.open);
            self.queues.update(slot, |working| *working = after);
            events.push(Event::Reduced { working: after, by, prevented: false, released });
            return;
        }
        self.queues.remove(slot);
        after.tally.sequence = 0;
        events.push(Event::Withdrawn { working: after, price, left, released });
        self.take(&mut after, events);
    }

    /// The order as it would be, with all that is held for it reserved.
    fn amended(
        &self,
        order: OrderId,
        price: Option<Ticks>,
        lots: Option<Lots>,
        extra: Amount,
    ) -> Result<Amended, AmendRefusal> {
        if self.standing.status != PairStatus::Trading {
            return Err(AmendRefusal::MarketClosed);
        }
        let slot = self.queues.find(order).ok_or(AmendRefusal::NotResting)?;
        let before = *self.queues.get(slot).ok_or(AmendRefusal::NotResting)?;
        let gone = before.tally.executed.plus(before.tally.cancelled).plus(before.tally.prevented);
        let lots = lots.unwrap_or(gone.plus(before.tally.open));
        let mut after = before;
        after.order.price = price.unwrap_or(before.order.price);
        after.order.size = Size::Lots(lots);
        after.order.time_in_force = TimeInForce::GoodTilCancelled;
        after.tally.open = lots.minus(gone);
        if after.tally.open.is_zero() {
            return Err(AmendRefusal::TooFewLots);
        }
        if self.steps.notional(after.order.price, after.tally.open).is_err() {
            return Err(AmendRefusal::TooLarge);
        }
        let held = before.tally.reserved.checked_add(extra).ok_or(AmendRefusal::TooLarge)?;
        after.tally.reserved = held;
        if after.required(&self.steps) > held {
            return Err(AmendRefusal::Underfunded);
        }
        if after.order.post_only && self.would_take(after.order.side, after.order.price) {
            return Err(AmendRefusal::WouldTake);
        }
        Ok(Amended { slot, before, after })
    }
}
