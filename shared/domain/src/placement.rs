//! Placing, changing and cancelling orders: what must be held, and what goes into the log of
//! the pair. What becomes of an order, its book decides later.

use crate::{
    account::Leg,
    activity::{News, Occasion},
    amount::{Amount, Money},
    command::{Command, CommandId, Instruction},
    commit::{Commit, Write},
    id::{EntryId, OrderId},
    ledger::{Amendment, Entry, Guard, Outcome, Placement},
    order::{
        ClientOrderId, Order, OrderKind, SelfTradePrevention, Side, Size, TimeInForce, Working,
    },
    pair::{Lots, Pair, PairStatus, Ticks},
    refusal::{Declined, Refusal},
    time::Span,
};

/// How an order's price is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pricing {
    /// By its owner.
    Limit {
        /// The worst price that it trades at.
        price: Ticks,
        /// How long it stays.
        time_in_force: TimeInForce,
        /// Whether it is rejected rather than that it takes.
        post_only: bool,
    },
    /// By the market.
    Market,
}

/// What someone wants to place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Buy or sell.
    pub side: Side,
    /// At what price.
    pub pricing: Pricing,
    /// How much. Funds are for buying at market.
    pub size: Size,
    /// What happens when it would trade with its owner.
    pub self_trade_prevention: SelfTradePrevention,
    /// The client's own id of it.
    pub client_order_id: Option<ClientOrderId>,
}

/// The order that the guard's actor wants, as it would be accepted, and what it needs held.
/// `reference` is the price that a market order is held to.
///
/// # Errors
/// [`Refusal::MarketNotTrading`], [`Refusal::NoReferencePrice`],
/// [`Refusal::BelowMinNotional`], [`Refusal::AmountTooLarge`].
pub fn accept(
    guard: &Guard,
    wanted: &Wanted,
    pair: &Pair,
    reference: Option<Ticks>,
) -> Result<(Order, Money), Refusal> {
    if pair.status != PairStatus::Trading {
        return Err(Refusal::MarketNotTrading { status: pair.status });
    }
    let (kind, price, time_in_force, post_only) = match wanted.pricing {
        Pricing::Limit { price, time_in_force, post_only } => {
            (OrderKind::Limit, price, time_in_force, post_only)
        }
        Pricing::Market => {
            let reference = reference.ok_or(Refusal::NoReferencePrice)?;
            let price = pair.collar(wanted.side, reference);
            (OrderKind::Market, price, TimeInForce::ImmediateOrCancel, false)
        }
    };
    let order = Order {
        id: OrderId::from_bits(guard.entry.bits()),
        user: guard.actor,
        side: wanted.side,
        kind,
        time_in_force,
        post_only,
        self_trade_prevention: wanted.self_trade_prevention,
        price,
        size: wanted.size,
        maker_fee: pair.maker_fee,
        taker_fee: pair.taker_fee,
        placed_at: guard.at,
    };
    let worth = match wanted.size {
        Size::Funds(funds) => funds,
        Size::Lots(lots) => pair.steps.notional(price, lots)?,
    };
    worth_enough(pair, worth)?;
    Ok((order, order.hold(&pair.steps)?))
}

fn worth_enough(pair: &Pair, worth: Amount) -> Result<(), Refusal> {
    if worth < pair.min_notional {
        let (min, notional) = (pair.steps.quote_of(pair.min_notional), pair.steps.quote_of(worth));
        return Err(Refusal::BelowMinNotional { min, notional });
    }
    Ok(())
}

/// Places an order: its entry, its hold, and its command. `name` is the entry that the client's
/// own id stands for, if the guard's is another.
///
/// # Errors
/// As [`accept`].
pub fn place(
    guard: &Guard,
    wanted: &Wanted,
    pair: &Pair,
    reference: Option<Ticks>,
    name: Option<EntryId>,
) -> Result<Commit, Declined> {
    let (order, hold) = accept(guard, wanted, pair, reference)?;
    let placement = Placement {
        steps: pair.steps,
        order,
        hold,
        client_order_id: wanted.client_order_id.clone(),
    };
    let mut writes = vec![guarded(guard, guard.entry, Outcome::Placed(placement))];
    writes.extend(name.map(|name| guarded(guard, name, Outcome::SameAs(guard.entry))));
    let working = order.begun(hold.amount);
    writes.push(held(guard, hold, News::asked(Occasion::OrderPlaced, pair.id(), &working)));
    let id = CommandId { at: guard.at, bits: guard.entry.bits() };
    writes.push(logged(pair, id, Instruction::Place(working)));
    Ok(Commit::of(writes))
}

fn guarded(guard: &Guard, id: EntryId, outcome: Outcome) -> Write {
    let Guard { actor, fingerprint, at, .. } = *guard;
    Write::PutEntry(Entry { id, actor, fingerprint, at, outcome })
}

fn held(guard: &Guard, money: Money, news: News) -> Write {
    let legs = vec![Leg::hold(money)];
    Write::MoveFunds { user: guard.actor, legs, change: guard.change(news) }
}

fn logged(pair: &Pair, id: CommandId, instruction: Instruction) -> Write {
    Write::PutCommand(Command { pair: pair.id(), id, instruction })
}

/// Changes an order of the guard's actor: what it needs in addition is held, and the book
/// decides. `working` is the order as it stood when it was looked at. In the log the change
/// stands after the order, also if that was placed in the same millisecond, or by a clock that
/// is ahead.
///
/// # Errors
/// [`Refusal::MarketNotTrading`], [`Refusal::NotAmendable`], [`Refusal::BelowMinNotional`],
/// [`Refusal::AmountTooLarge`].
pub fn amend(
    guard: &Guard,
    pair: &Pair,
    working: &Working,
    price: Option<Ticks>,
    lots: Option<Lots>,
) -> Result<Commit, Declined> {
    if pair.status != PairStatus::Trading {
        return Err(Refusal::MarketNotTrading { status: pair.status }.into());
    }
    let changed = working.amended(price, lots).ok_or(Refusal::NotAmendable)?;
    worth_enough(pair, pair.steps.notional(changed.order.price, changed.tally.open)?)?;
    let required = changed.required(&pair.steps);
    let more = required.checked_sub(working.tally.reserved).unwrap_or(Amount::ZERO);
    let extra = match working.order.side {
        Side::Buy => pair.steps.quote_of(more),
        Side::Sell => Money { amount: more, currency: pair.steps.base },
    };
    let Order { id: order, user, side, placed_at, .. } = working.order;
    let guard = &Guard { at: guard.at.max(placed_at.plus(Span::millis(1))), ..guard.clone() };
    let amendment = Amendment { steps: pair.steps, order, price, lots, extra };
    let mut writes = vec![guarded(guard, guard.entry, Outcome::Amended(amendment))];
    if !more.is_zero() {
        writes.push(held(guard, extra, News::asked(Occasion::OrderAmended, pair.id(), working)));
    }
    let instruction = Instruction::Amend { order, user, side, price, lots, extra: more };
    let id = CommandId::after(working.order.placed_at, guard.at, guard.entry.bits());
    writes.push(logged(pair, id, instruction));
    Ok(Commit::of(writes))
}

/// Puts an instruction into a pair's log that neither holds nor guards anything: the same one
/// twice has the effect of one.
#[must_use]
pub fn instruct(pair: &Pair, id: CommandId, instruction: Instruction) -> Commit {
    Commit::of(vec![logged(pair, id, instruction)])
}

/// Changes what may be done in a pair: at once for those who place orders, and for the book
/// when it comes to it in the log.
#[must_use]
pub fn set_status(pair: &Pair, id: CommandId, status: PairStatus) -> (Pair, Commit) {
    let next = Pair { status, version: pair.version.saturating_add(1), ..*pair };
    let instruction = Instruction::SetStatus(status);
    (next, Commit::of(vec![Write::ReplacePair(next), logged(pair, id, instruction)]))
}

#[cfg(test)]
mod tests;
