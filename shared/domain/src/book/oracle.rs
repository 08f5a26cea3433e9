//! The book again, in the most obvious way: one list, sorted anew for each step. It is slow and
//! shares no rule with the real one but the fee, so what both say is what was meant.

use std::cmp::Reverse;

use crate::{
    amount::Amount,
    book::{AmendRefusal, Command, Event, Fill},
    id::OrderId,
    order::{Closed, OrderKind, SelfTradePrevention, Side, Size, TimeInForce, Working, fee},
    pair::{FeeBps, Lots, PairStatus, Steps, Ticks},
};

#[derive(Debug, Clone)]
pub(super) struct NaiveBook {
    steps: Steps,
    status: PairStatus,
    sequence: u64,
    trades: u64,
    orders: Vec<Working>,
}

fn lots(count: i64) -> Lots {
    Lots::new(count).expect("lots in range")
}

fn amount(minor: i64) -> Amount {
    Amount::from_minor(minor).expect("an amount in range")
}

fn is_for_funds(working: &Working) -> bool {
    matches!(working.order.size, Size::Funds(_))
}

/// Adds to the counts of a tally; the first is what is open.
fn move_open(working: &mut Working, executed: i64, cancelled: i64, prevented: i64) {
    let tally = &mut working.tally;
    if let Size::Lots(_) = working.order.size {
        tally.open = lots(tally.open.count() - executed - cancelled - prevented);
        tally.cancelled = lots(tally.cancelled.count() + cancelled);
        tally.prevented = lots(tally.prevented.count() + prevented);
    }
    tally.executed = lots(tally.executed.count() + executed);
}

fn end(mut working: Working, left: Lots, met: i64, reason: Closed) -> Event {
    let open = working.tally.open.count();
    let prevented = open.min(met);
    move_open(&mut working, 0, open - prevented, prevented);
    let released = working.tally.reserved;
    working.tally.reserved = Amount::ZERO;
    Event::Closed { working, left, reason, released }
}

impl NaiveBook {
    pub(super) fn new(steps: Steps) -> Self {
        Self { steps, status: PairStatus::Trading, sequence: 0, trades: 0, orders: Vec::new() }
    }

    /// The orders of a side, the first to be taken first.
    pub(super) fn queue(&self, side: Side) -> Vec<Working> {
        let mut queue: Vec<_> =
            self.orders.iter().filter(|working| working.order.side == side).copied().collect();
        queue.sort_by_key(|working| (working.order.price, working.tally.sequence));
        if side == Side::Buy {
            queue.sort_by_key(|working| (Reverse(working.order.price), working.tally.sequence));
        }
        queue
    }

    pub(super) fn apply(&mut self, command: &Command) -> Vec<Event> {
        let halted = self.status == PairStatus::Halted;
        let stuck = |reason| halted && reason != Closed::BalanceLimit;
        match *command {
            Command::SetStatus(status) => {
                self.status = status;
                vec![Event::StatusSet(status)]
            }
            Command::Cancel { reason, .. } | Command::CancelAll { reason, .. } if stuck(reason) => {
                Vec::new()
            }
            Command::Cancel { order, reason } => {
                self.cancel(|working| working.order.id == order, reason)
            }
            Command::CancelAll { user, side, reason } => self.cancel(
                |working| {
                    let of_side = side.is_none_or(|side| working.order.side == side);
                    working.order.user == user && of_side
                },
                reason,
            ),
            Command::Place { working, resumed } => self.place(working, resumed),
            Command::Amend { order, price, lots, extra } => {
                self.amend(order, price, lots, extra).unwrap_or_else(|refusal| {
                    vec![Event::AmendRefused { order, refusal, released: extra }]
                })
            }
        }
    }

    fn cancel(&mut self, which: impl Fn(&Working) -> bool, reason: Closed) -> Vec<Event> {
        self.orders.sort_by_key(|working| working.tally.sequence);
        let (gone, stay) = self.orders.iter().partition(|working| which(working));
        self.orders = stay;
        let gone: Vec<Working> = gone;
        gone.into_iter().map(|working| end(working, working.tally.open, 0, reason)).collect()
    }

    fn position(&self, order: OrderId) -> Option<usize> {
        self.orders.iter().position(|working| working.order.id == order)
    }

    fn crosses_any(&self, side: Side, price: Ticks) -> bool {
        self.orders.iter().any(|other| match side {
            Side::Buy => other.order.side == Side::Sell && other.order.price <= price,
            Side::Sell => other.order.side == Side::Buy && other.order.price >= price,
        })
    }

    fn place(&mut self, working: Working, resumed: bool) -> Vec<Event> {
        let order = working.order;
        let nothing_open = !is_for_funds(&working) && working.tally.open.is_zero();
        if nothing_open || self.position(order.id).is_some() {
            return Vec::new();
        }
        if !resumed {
            let reason = if self.status != PairStatus::Trading {
                Some(Closed::MarketClosed)
            } else if order.post_only && self.crosses_any(order.side, order.price) {
                Some(Closed::WouldTake)
            } else if order.time_in_force == TimeInForce::FillOrKill && !self.fills_whole(working) {
                Some(Closed::Expired)
            } else {
                None
            };
            if let Some(reason) = reason {
                return vec![end(working, Lots::ZERO, 0, reason)];
            }
        }
        self.run(working)
    }

    /// Tries it on a copy: whether all is filled, and no own order is met before.
    fn fills_whole(&self, working: Working) -> bool {
        let skips = working.order.self_trade_prevention == SelfTradePrevention::CancelOldest;
        let events = self.clone().run(working);
        let met = events.iter().any(|event| match event {
            Event::Closed { reason, .. } => *reason == Closed::SelfTrade,
            Event::Reduced { .. } | Event::Prevented { .. } => true,
            _ => false,
        });
        let whole = match events.last() {
            Some(Event::Filled(fill)) => fill.taker.tally.open.is_zero(),
            Some(Event::Closed { working: last, reason, .. }) => {
                last.order.id == working.order.id && *reason == Closed::Filled
            }
            _ => false,
        };
        whole && (skips || !met)
    }

    /// How many lots it would have of an order at this price that has `open`: never more than
    /// one above that.
    fn wanted(&self, taker: &Working, price: Ticks, open: i64) -> i64 {
        if !is_for_funds(taker) {
            return taker.tally.open.count();
        }
        let pays = |count: &i64| {
            let cost = amount(price.count() * self.steps.unit_value * count);
            let (fee, _) = fee(taker.order.taker_fee, cost, taker.tally.fee_credit);
            cost.minor() + fee.minor() <= taker.tally.reserved.minor()
        };
        (1..=open + 1).take_while(pays).last().unwrap_or(0)
    }

    /// Sets what is reserved to what it must be: what is released by that.
    fn release(&self, working: &mut Working) -> Amount {
        let held = working.tally.reserved.minor();
        let open = working.tally.open.count();
        let needed = if is_for_funds(working) {
            held
        } else if working.order.side == Side::Sell {
            open * self.steps.lot.minor()
        } else {
            let cost = amount(working.order.price.count() * open * self.steps.unit_value);
            let rate = working.order.maker_fee.max(working.order.taker_fee);
            cost.minor() + fee(rate, cost, working.tally.fee_credit).0.minor()
        };
        working.tally.reserved = amount(needed);
        amount(held - needed)
    }

    fn fill(&self, working: &mut Working, count: i64, cost: i64, rate: FeeBps) -> [Amount; 2] {
        let (fee, credit) = fee(rate, amount(cost), working.tally.fee_credit);
        move_open(working, count, 0, 0);
        working.tally.notional = amount(working.tally.notional.minor() + cost);
        working.tally.fees = amount(working.tally.fees.minor() + fee.minor());
        working.tally.fee_credit = credit;
        let spent = match working.order.side {
            Side::Buy => cost + fee.minor(),
            Side::Sell => count * self.steps.lot.minor(),
        };
        working.tally.reserved = amount(working.tally.reserved.minor() - spent);
        [fee, self.release(working)]
    }

    fn run(&mut self, mut taker: Working) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let side = taker.order.side;
            let maker = self.queue(side.opposite()).first().copied();
            let limit = taker.order.price;
            let maker = maker.filter(|maker| match side {
                Side::Buy => maker.order.price <= limit,
                Side::Sell => maker.order.price >= limit,
            });
            let wanted = maker.map_or(0, |maker| {
                self.wanted(&taker, maker.order.price, maker.tally.open.count())
            });
            let Some(maker) = maker.filter(|_| wanted > 0) else {
                let spent = maker.is_some() || taker.tally.reserved.is_zero();
                events.extend(self.finish(taker, spent));
                return events;
            };
            if maker.order.user == taker.order.user {
                if self.keep_apart(&mut taker, maker, wanted, &mut events) {
                    return events;
                }
            } else {
                events.push(self.trade(&mut taker, maker, wanted));
            }
        }
    }

    fn trade(&mut self, taker: &mut Working, mut maker: Working, wanted: i64) -> Event {
        let count = wanted.min(maker.tally.open.count());
        let price = maker.order.price;
        let cost = price.count() * count * self.steps.unit_value;
        let taker_fee = taker.order.taker_fee;
        let [taker_fee, taker_released] = self.fill(taker, count, cost, taker_fee);
        let maker_fee = maker.order.maker_fee;
        let [maker_fee, maker_released] = self.fill(&mut maker, count, cost, maker_fee);
        self.put(maker);
        self.trades += 1;
        Event::Filled(Fill {
            number: self.trades,
            price,
            lots: lots(count),
            notional: amount(cost),
            taker: *taker,
            maker,
            taker_fee,
            maker_fee,
            taker_released,
            maker_released,
        })
    }

    /// Replaces a resting order; one without open lots goes.
    fn put(&mut self, working: Working) {
        self.orders.retain(|other| other.order.id != working.order.id);
        if !working.tally.open.is_zero() {
            self.orders.push(working);
        }
    }

    /// Two orders of one user: whether the one that takes is over.
    fn keep_apart(
        &mut self,
        taker: &mut Working,
        maker: Working,
        wanted: i64,
        events: &mut Vec<Event>,
    ) -> bool {
        let left = maker.tally.open;
        let met = wanted.min(left.count());
        let (taker_ended, maker_ended) = (
            end(*taker, Lots::ZERO, met, Closed::SelfTrade),
            end(maker, left, met, Closed::SelfTrade),
        );
        let mut smaller = maker;
        move_open(&mut smaller, 0, 0, met);
        let released = self.release(&mut smaller);
        let reduced = Event::Reduced { working: smaller, by: lots(met), prevented: true, released };
        let gone = |book: &mut Self| book.orders.retain(|one| one.order.id != maker.order.id);
        match taker.order.self_trade_prevention {
            SelfTradePrevention::CancelNewest => events.push(taker_ended),
            SelfTradePrevention::CancelOldest => {
                gone(self);
                events.push(maker_ended);
                return false;
            }
            SelfTradePrevention::CancelBoth => {
                gone(self);
                events.extend([maker_ended, taker_ended]);
            }
            SelfTradePrevention::DecrementAndCancel if wanted < left.count() => {
                self.put(smaller);
                events.extend([reduced, taker_ended]);
            }
            SelfTradePrevention::DecrementAndCancel if wanted == left.count() => {
                gone(self);
                events.extend([maker_ended, taker_ended]);
            }
            SelfTradePrevention::DecrementAndCancel => {
                gone(self);
                events.push(maker_ended);
                if !is_for_funds(taker) {
                    move_open(taker, 0, 0, met);
                    let released = self.release(taker);
                    events.push(Event::Prevented { working: *taker, by: lots(met), released });
                }
                return false;
            }
        }
        true
    }

    fn finish(&mut self, mut taker: Working, spent: bool) -> Option<Event> {
        let order = taker.order;
        if is_for_funds(&taker) {
            let filled = spent && !taker.tally.executed.is_zero();
            let reason = if filled { Closed::Filled } else { Closed::Expired };
            return Some(end(taker, Lots::ZERO, 0, reason));
        }
        if taker.tally.open.is_zero() {
            return None;
        }
        let at_once = order.time_in_force != TimeInForce::GoodTilCancelled;
        if order.kind == OrderKind::Market || at_once {
            return Some(end(taker, Lots::ZERO, 0, Closed::Expired));
        }
        self.sequence += 1;
        taker.tally.sequence = self.sequence;
        self.orders.push(taker);
        Some(Event::Rested(taker))
    }

    fn amend(
        &mut self,
        order: OrderId,
        price: Option<Ticks>,
        size: Option<Lots>,
        extra: Amount,
    ) -> Result<Vec<Event>, AmendRefusal> {
        if self.status != PairStatus::Trading {
            return Err(AmendRefusal::MarketClosed);
        }
        let position = self.position(order).ok_or(AmendRefusal::NotResting)?;
        let before = self.orders[position];
        let Size::Lots(old_size) = before.order.size else { panic!("funds rest: {before:?}") };
        let (old_price, left) = (before.order.price, before.tally.open);
        let (price, size) = (price.unwrap_or(old_price), size.unwrap_or(old_size));
        let gone = old_size.count() - left.count();
        if size.count() <= gone {
            return Err(AmendRefusal::TooFewLots);
        }
        let mut after = before;
        after.order.price = price;
        after.order.size = Size::Lots(size);
        after.tally.open = lots(size.count() - gone);
        let open = i128::from(after.tally.open.count());
        let cost = i128::from(price.count()) * i128::from(self.steps.unit_value) * open;
        let base = i128::from(self.steps.lot.minor()) * open;
        if cost.max(base) > i128::from(Amount::MAX.minor()) {
            return Err(AmendRefusal::TooLarge);
        }
        let held = before.tally.reserved.minor() + extra.minor();
        after.tally.reserved = amount(held);
        if after.required(&self.steps).minor() > held {
            return Err(AmendRefusal::Underfunded);
        }
        if after.order.post_only && self.crosses_any(after.order.side, price) {
            return Err(AmendRefusal::WouldTake);
        }
        let released = self.release(&mut after);
        if price == old_price && after.tally.open <= left {
            self.put(after);
            let by = lots(left.count() - after.tally.open.count());
            return Ok(vec![Event::Reduced { working: after, by, prevented: false, released }]);
        }
        self.orders.remove(position);
        after.tally.sequence = 0;
        let mut events =
            vec![Event::Withdrawn { working: after, price: old_price, left, released }];
        events.extend(self.run(after));
        Ok(events)
    }
}
