//! What is held for which order, and what is refused before anything is held.

use super::*;
use crate::{
    order::{Closed, OrderStatus, Tally},
    testing::{ALICE, at, guard, minor, mrc, mrc_usd, usd},
};

fn ticks(count: i64) -> Ticks {
    Ticks::new(count).expect("a price")
}

fn lots(count: i64) -> Lots {
    Lots::new(count).expect("lots")
}

fn limit(side: Side, price: i64, count: i64) -> Wanted {
    let price = ticks(price);
    let time_in_force = TimeInForce::GoodTilCancelled;
    Wanted {
        side,
        pricing: Pricing::Limit { price, time_in_force, post_only: false },
        size: Size::Lots(lots(count)),
        self_trade_prevention: SelfTradePrevention::CancelNewest,
        client_order_id: None,
    }
}

fn market(side: Side, size: Size) -> Wanted {
    Wanted { pricing: Pricing::Market, size, ..limit(side, 1, 1) }
}

fn hold(wanted: &Wanted, reference: Option<i64>) -> Result<Money, Refusal> {
    accept(&guard(ALICE), wanted, &mrc_usd(), reference.map(ticks)).map(|(_, hold)| hold)
}

#[test]
fn a_buy_holds_its_price_and_the_larger_fee_and_a_sale_its_lots() {
    assert_eq!(hold(&limit(Side::Buy, 40, 100), None), Ok(usd("40.08")));
    assert_eq!(hold(&limit(Side::Sell, 40, 100), None), Ok(mrc("100.00")));
    assert_eq!(hold(&market(Side::Buy, Size::Funds(minor(5_000))), Some(40)), Ok(usd("50.00")));
    // A tenth above the reference price, and a fee of 0.09.
    assert_eq!(hold(&market(Side::Buy, Size::Lots(lots(100))), Some(40)), Ok(usd("44.09")));
    assert_eq!(hold(&market(Side::Sell, Size::Lots(lots(100))), Some(40)), Ok(mrc("100.00")));
}

#[test]
fn a_market_order_needs_a_price_to_be_held_to() {
    let wanted = market(Side::Buy, Size::Lots(lots(100)));
    assert_eq!(hold(&wanted, None), Err(Refusal::NoReferencePrice));
}

#[test]
fn a_collar_is_a_tenth_of_the_reference_price_and_at_least_a_tick() {
    let pair = mrc_usd();
    assert_eq!(pair.collar(Side::Buy, ticks(40)), ticks(44));
    assert_eq!(pair.collar(Side::Sell, ticks(40)), ticks(36));
    assert_eq!(pair.collar(Side::Buy, ticks(5)), ticks(6));
    assert_eq!(pair.collar(Side::Sell, ticks(1)), ticks(1));
    assert_eq!(pair.collar(Side::Buy, Ticks::MAX), Ticks::MAX);
}

#[test]
fn an_order_is_worth_the_least_that_the_market_takes() {
    assert!(hold(&limit(Side::Buy, 50, 2), None).is_ok());
    let refusal = Refusal::BelowMinNotional { min: usd("1.00"), notional: usd("0.99") };
    assert_eq!(hold(&limit(Side::Sell, 33, 3), None), Err(refusal.clone()));
    let funds = market(Side::Buy, Size::Funds(minor(99)));
    assert_eq!(hold(&funds, Some(40)), Err(refusal));
}

#[test]
fn an_order_that_cannot_be_counted_is_too_large() {
    let huge = limit(Side::Sell, Ticks::MAX.count(), Lots::MAX.count());
    assert_eq!(hold(&huge, None), Err(Refusal::AmountTooLarge));
}

#[test]
fn only_a_trading_market_takes_orders() {
    for status in [PairStatus::CancelOnly, PairStatus::Halted] {
        let pair = Pair { status, ..mrc_usd() };
        let refused = place(&guard(ALICE), &limit(Side::Buy, 40, 10), &pair, None, None);
        assert_eq!(refused, Err(Refusal::MarketNotTrading { status }.into()));
    }
}

#[test]
fn placing_is_the_entry_the_name_the_hold_and_the_command() {
    let named = EntryId::from_bits(77);
    let wanted = limit(Side::Buy, 40, 100);
    let commit = place(&guard(ALICE), &wanted, &mrc_usd(), None, Some(named)).expect("accepted");
    let [
        Write::PutEntry(Entry { id, outcome: Outcome::Placed(placement), .. }),
        Write::PutEntry(Entry { id: name, outcome: Outcome::SameAs(same), .. }),
        Write::MoveFunds { user: ALICE, legs, .. },
        Write::PutCommand(Command {
            id: command, instruction: Instruction::Place(working), ..
        }),
    ] = commit.writes()
    else {
        panic!("{commit}")
    };
    assert_eq!((*name, same), (named, id));
    assert_eq!(placement.order.id.bits(), id.bits());
    assert_eq!(*legs, [Leg::hold(usd("40.08"))]);
    assert_eq!((command.bits, command.at), (id.bits(), guard(ALICE).at));
    assert_eq!(working.tally.reserved, usd("40.08").amount);
}

fn resting(side: Side, price: i64, count: i64) -> Working {
    let (order, hold) =
        accept(&guard(ALICE), &limit(side, price, count), &mrc_usd(), None).expect("accepted");
    let Working { order, tally } = order.begun(hold.amount);
    Working { order, tally: Tally { sequence: 1, ..tally } }
}

fn amended(
    working: &Working,
    price: Option<i64>,
    count: Option<i64>,
) -> Result<Vec<Leg>, Declined> {
    let commit = amend(&guard(ALICE), &mrc_usd(), working, price.map(ticks), count.map(lots))?;
    Ok(commit
        .writes()
        .iter()
        .find_map(|write| match write {
            Write::MoveFunds { legs, .. } => Some(legs.clone()),
            _ => None,
        })
        .unwrap_or_default())
}

#[test]
fn a_change_holds_what_it_needs_in_addition() {
    let buy = resting(Side::Buy, 40, 100);
    assert_eq!(amended(&buy, Some(41), None), Ok(vec![Leg::hold(usd("1.01"))]));
    assert_eq!(amended(&buy, None, Some(200)), Ok(vec![Leg::hold(usd("40.08"))]));
    assert_eq!(amended(&buy, Some(30), Some(100)), Ok(Vec::new()));
    let sale = resting(Side::Sell, 40, 100);
    assert_eq!(amended(&sale, Some(99), None), Ok(Vec::new()));
    assert_eq!(amended(&sale, None, Some(150)), Ok(vec![Leg::hold(mrc("50.00"))]));
}

#[test]
fn a_change_by_a_clock_that_is_behind_is_decided_right_after_its_order_was_placed() {
    let mut buy = resting(Side::Buy, 40, 100);
    buy.order.placed_at = guard(ALICE).at.plus(Span::seconds(60));
    let after = buy.order.placed_at.plus(Span::millis(1));
    let commit = amend(&guard(ALICE), &mrc_usd(), &buy, Some(ticks(41)), None).expect("a change");
    let [
        Write::PutEntry(entry),
        Write::MoveFunds { change, .. },
        Write::PutCommand(Command { id, .. }),
    ] = commit.writes()
    else {
        panic!("{commit}")
    };
    assert_eq!((entry.at, change.at, id.at), (after, after, after));
}

#[test]
fn what_changes_nothing_or_leaves_nothing_cannot_be_asked_for() {
    let mut half = resting(Side::Buy, 40, 100);
    half.tally.executed = lots(60);
    half.tally.open = lots(40);
    let not_amendable = Err(Declined::Refused(Refusal::NotAmendable));
    assert_eq!(amended(&half, None, None), not_amendable);
    assert_eq!(amended(&half, Some(40), Some(100)), not_amendable);
    assert_eq!(amended(&half, None, Some(60)), not_amendable);
    assert!(amended(&half, None, Some(63)).is_ok());
    let small = Err(Declined::Refused(Refusal::BelowMinNotional {
        min: usd("1.00"),
        notional: usd("0.80"),
    }));
    assert_eq!(amended(&half, None, Some(62)), small);
}

#[test]
fn a_new_status_is_one_version_more_and_a_command() {
    let id = CommandId { at: at(5), bits: 9 };
    let (next, commit) = set_status(&mrc_usd(), id, PairStatus::Halted);
    assert_eq!((next.status, next.version), (PairStatus::Halted, 2));
    assert!(matches!(
        commit.writes(),
        [
            Write::ReplacePair(_),
            Write::PutCommand(Command {
                instruction: Instruction::SetStatus(PairStatus::Halted),
                ..
            })
        ]
    ));
}

#[test]
fn a_status_is_a_function_of_what_became_of_the_order() {
    let fresh = resting(Side::Buy, 40, 100).tally;
    let filled = Tally { executed: lots(1), ..fresh };
    let unmatched = Tally { sequence: 0, ..fresh };
    assert_eq!(OrderStatus::working(&fresh), OrderStatus::Open);
    assert_eq!(OrderStatus::working(&filled), OrderStatus::PartiallyFilled);
    assert_eq!(OrderStatus::working(&unmatched), OrderStatus::Pending);
    for (reason, tally, expected) in [
        (Closed::Filled, filled, OrderStatus::Filled),
        (Closed::Expired, filled, OrderStatus::Expired),
        (Closed::Cancelled, filled, OrderStatus::Cancelled),
        (Closed::Deadline, fresh, OrderStatus::Cancelled),
        (Closed::SelfTrade, fresh, OrderStatus::Cancelled),
        (Closed::BalanceLimit, fresh, OrderStatus::Cancelled),
        (Closed::WouldTake, unmatched, OrderStatus::Rejected),
        (Closed::Unreadable, unmatched, OrderStatus::Rejected),
        (Closed::MarketClosed, unmatched, OrderStatus::Rejected),
        (Closed::MarketClosed, filled, OrderStatus::Cancelled),
    ] {
        assert_eq!(OrderStatus::closed(reason, &tally), expected, "{reason:?}");
    }
}
