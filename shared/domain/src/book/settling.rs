//! What a fill, a reduction and the end of an order do to its tally and to the money held for
//! it. Which of them happens, the matching decides.

use super::Event;
use crate::{
    amount::Amount,
    order::{Closed, Side, Size, WHOLE_BPS, Working, fee},
    pair::{FeeBps, Lots, Steps, Ticks},
};

fn sum(one: Amount, other: Amount) -> Amount {
    one.checked_add(other).unwrap_or(Amount::MAX)
}

/// The difference, at least zero.
fn rest(whole: Amount, part: Amount) -> Amount {
    whole.checked_sub(part).unwrap_or(Amount::ZERO)
}

/// How many lots an order that takes would have at a price: all that are open, or what its
/// funds pay for. The fee of `n` lots is rounded up to a whole minor unit, so it fits what the
/// lots leave of the funds exactly if it does before it is rounded:
/// `n * cost * (10^4 + bps) <= 10^4 * funds + credit`.
pub(super) fn wanted(steps: &Steps, taker: &Working, price: Ticks) -> Lots {
    match (taker.order.size, taker.order.side) {
        (Size::Lots(_), _) => return taker.tally.open,
        (Size::Funds(_), Side::Sell) => return Lots::ZERO,
        (Size::Funds(_), Side::Buy) => {}
    }
    let cost = i128::from(steps.cost(price, Lots::ONE).minor());
    let (funds, whole) = (i128::from(taker.tally.reserved.minor()), i128::from(WHOLE_BPS));
    let parts = funds.saturating_mul(whole).saturating_add(taker.tally.fee_credit.into());
    let rate = whole.saturating_add(taker.order.taker_fee.bps().into());
    let lots = parts.checked_div(cost.saturating_mul(rate)).unwrap_or(0);
    i64::try_from(lots).ok().and_then(Lots::new).unwrap_or(Lots::MAX)
}

/// Sets what is reserved to what is required, and gives what is not.
pub(super) fn release(working: &mut Working, steps: &Steps) -> Amount {
    let held = working.tally.reserved;
    working.tally.reserved = working.required(steps).min(held);
    rest(held, working.tally.reserved)
}

/// What a fill did to one of the two orders.
pub(super) struct Share {
    pub(super) fee: Amount,
    pub(super) released: Amount,
}

/// Fills lots of an order: a buy pays for them and its fee, a sale delivers them.
pub(super) fn fill(
    working: &mut Working,
    lots: Lots,
    cost: Amount,
    rate: FeeBps,
    steps: &Steps,
) -> Share {
    let tally = &mut working.tally;
    let (fee, credit) = fee(rate, cost, tally.fee_credit);
    tally.executed = tally.executed.plus(lots);
    tally.open = tally.open.minus(lots);
    tally.notional = sum(tally.notional, cost);
    tally.fees = sum(tally.fees, fee);
    tally.fee_credit = credit;
    let spent = match working.order.side {
        Side::Buy => sum(cost, fee),
        Side::Sell => steps.base_of(lots).amount,
    };
    tally.reserved = rest(tally.reserved, spent);
    Share { fee, released: release(working, steps) }
}

/// Takes lots off what is open of an order that would have traded with its owner.
pub(super) fn prevent(working: &mut Working, by: Lots, steps: &Steps) -> Amount {
    working.tally.open = working.tally.open.minus(by);
    working.tally.prevented = working.tally.prevented.plus(by);
    release(working, steps)
}

/// The end of an order: of its open lots at most `met` would have traded with their owner, the
/// others are cancelled. `left` have left the book.
pub(super) fn closed(working: &Working, left: Lots, met: Lots, reason: Closed) -> Event {
    let Working { order, mut tally } = *working;
    let prevented = met.min(tally.open);
    tally.prevented = tally.prevented.plus(prevented);
    tally.cancelled = tally.cancelled.plus(tally.open.minus(prevented));
    tally.open = Lots::ZERO;
    let released = std::mem::take(&mut tally.reserved);
    Event::Closed { working: Working { order, tally }, left, reason, released }
}
