//! How an order that is placed meets those that rest: the best price first, then the earliest.
//! What that does to tallies and money, `settling` knows.

use super::{
    Book, Event, Fill,
    queues::Slot,
    settling::{closed, fill, prevent, wanted},
};
use crate::{
    order::{Closed, OrderKind, SelfTradePrevention, Side, Size, TimeInForce, Working},
    pair::{Lots, PairStatus, Ticks},
};

impl Book {
    pub(super) fn place(&mut self, working: &Working, resumed: bool, events: &mut Vec<Event>) {
        let lots_are_gone = match working.order.size {
            Size::Lots(_) => working.tally.open.is_zero(),
            Size::Funds(_) => false,
        };
        if lots_are_gone || self.queues.find(working.order.id).is_some() {
            return;
        }
        let refused = if resumed { None } else { self.refused(working) };
        match refused {
            Some(reason) => events.push(closed(working, Lots::ZERO, Lots::ZERO, reason)),
            None => {
                let mut taker = *working;
                self.take(&mut taker, events);
            }
        }
    }

    /// Why an order is over before it has met any.
    fn refused(&self, working: &Working) -> Option<Closed> {
        let order = &working.order;
        if self.standing.status != PairStatus::Trading {
            Some(Closed::MarketClosed)
        } else if order.post_only && self.would_take(order.side, order.price) {
            Some(Closed::WouldTake)
        } else if order.time_in_force == TimeInForce::FillOrKill && !self.can_fill(working) {
            Some(Closed::Expired)
        } else {
            None
        }
    }

    /// Whether an order of this side and price meets any, its owner's too.
    pub(super) fn would_take(&self, side: Side, price: Ticks) -> bool {
        self.best(side.opposite()).is_some_and(|best| side.crosses(price, best))
    }

    /// Whether an order would be filled whole now: from what stands before the first order of
    /// its own owner or, if it cancels those, from all others.
    fn can_fill(&self, working: &Working) -> bool {
        let mut trial = *working;
        let order = working.order;
        let skips = order.self_trade_prevention == SelfTradePrevention::CancelOldest;
        for maker in self.queues.resting(order.side.opposite()) {
            let price = maker.order.price;
            if !order.side.crosses(order.price, price) {
                break;
            }
            let wanted = wanted(&self.steps, &trial, price);
            if wanted.is_zero() {
                return !trial.tally.executed.is_zero();
            }
            if maker.order.user == order.user {
                if skips { continue } else { break }
            }
            let lots = wanted.min(maker.tally.open);
            let cost = self.steps.cost(price, lots);
            fill(&mut trial, lots, cost, order.taker_fee, &self.steps);
            if lots < maker.tally.open {
                return true;
            }
        }
        let over = match order.size {
            Size::Lots(_) => trial.tally.open.is_zero(),
            Size::Funds(_) => trial.tally.reserved.is_zero(),
        };
        over && !trial.tally.executed.is_zero()
    }

    /// Whether funds have bought something and do not pay for another lot.
    fn is_spent(&self, taker: &Working) -> bool {
        let order = &taker.order;
        let next = self.best(order.side.opposite());
        let pays = match next.filter(|price| order.side.crosses(order.price, *price)) {
            Some(price) => !wanted(&self.steps, taker, price).is_zero(),
            None => !taker.tally.reserved.is_zero(),
        };
        !taker.tally.executed.is_zero() && !pays
    }

    /// Matches an order, and lets what is left of it rest or end.
    pub(super) fn take(&mut self, taker: &mut Working, events: &mut Vec<Event>) {
        let side = taker.order.side;
        while let Some(slot) = self.queues.first(side.opposite()) {
            let Some(maker) = self.queues.get(slot) else { break };
            let price = maker.order.price;
            let wanted = wanted(&self.steps, taker, price);
            if wanted.is_zero() || !side.crosses(taker.order.price, price) {
                break;
            }
            if maker.order.user != taker.order.user {
                let lots = wanted.min(maker.tally.open);
                if self.meet(taker, slot, price, lots, events).is_none() {
                    break;
                }
            } else if self.prevent(taker, slot, *maker, wanted, events) {
                return;
            }
        }
        self.finish(taker, events);
    }

    /// Fills lots of two orders; nothing if none rests in the slot.
    fn meet(
        &mut self,
        taker: &mut Working,
        slot: Slot,
        price: Ticks,
        lots: Lots,
        events: &mut Vec<Event>,
    ) -> Option<()> {
        let steps = &self.steps;
        let cost = steps.cost(price, lots);
        let make = |maker: &mut Working| fill(maker, lots, cost, maker.order.maker_fee, steps);
        let (maker, made) = self.queues.update(slot, make)?;
        let taken = fill(taker, lots, cost, taker.order.taker_fee, steps);
        self.standing.trades = self.standing.trades.saturating_add(1);
        self.standing.last_price = Some(price);
        events.push(Event::Filled(Fill {
            number: self.standing.trades,
            price,
            lots,
            notional: cost,
            taker: *taker,
            maker: *maker,
            taker_fee: taken.fee,
            maker_fee: made.fee,
            taker_released: taken.released,
            maker_released: made.released,
        }));
        Some(())
    }

    /// Keeps an order from trading with its owner's; whether it is over by that.
    fn prevent(
        &mut self,
        taker: &mut Working,
        slot: Slot,
        maker: Working,
        wanted: Lots,
        events: &mut Vec<Event>,
    ) -> bool {
        let left = maker.tally.open;
        let met = wanted.min(left);
        let decrement = match taker.order.self_trade_prevention {
            SelfTradePrevention::DecrementAndCancel => true,
            SelfTradePrevention::CancelNewest
            | SelfTradePrevention::CancelOldest
            | SelfTradePrevention::CancelBoth => false,
        };
        let (maker_ends, taker_ends) = match taker.order.self_trade_prevention {
            SelfTradePrevention::CancelNewest => (false, true),
            SelfTradePrevention::CancelOldest => (true, false),
            SelfTradePrevention::CancelBoth => (true, true),
            SelfTradePrevention::DecrementAndCancel => (met == left, met == wanted),
        };
        if maker_ends {
            self.queues.remove(slot);
            events.push(closed(&maker, left, met, Closed::SelfTrade));
        } else if decrement {
            let reduce = |maker: &mut Working| prevent(maker, met, &self.steps);
            let Some((maker, released)) = self.queues.update(slot, reduce) else { return true };
            let working = *maker;
            events.push(Event::Reduced { working, by: met, prevented: true, released });
        }
        if taker_ends {
            events.push(closed(taker, Lots::ZERO, met, Closed::SelfTrade));
        } else if decrement && !taker.tally.open.is_zero() {
            let released = prevent(taker, met, &self.steps);
            events.push(Event::Prevented { working: *taker, by: met, released });
        }
        taker_ends
    }

    /// What becomes of an order that meets no other any more.
    fn finish(&mut self, taker: &mut Working, events: &mut Vec<Event>) {
        let reason = match taker.order.size {
            Size::Lots(_) if taker.tally.open.is_zero() => return,
            Size::Funds(_) if self.is_spent(taker) => Closed::Filled,
            Size::Lots(_) | Size::Funds(_) => Closed::Expired,
        };
        let rests = match (taker.order.size, taker.order.kind, taker.order.time_in_force) {
            (Size::Lots(_), OrderKind::Limit, TimeInForce::GoodTilCancelled) => true,
            (_, _, _) => false,
        };
        if rests {
            self.standing.sequence = self.standing.sequence.saturating_add(1);
            taker.tally.sequence = self.standing.sequence;
            self.queues.insert(taker);
            events.push(Event::Rested(*taker));
        } else {
            events.push(closed(taker, Lots::ZERO, Lots::ZERO, reason));
        }
    }
}
