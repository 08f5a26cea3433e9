//! Deposits, withdrawals, transfers and exchanges of currency.

use crate::{
    amount::{Amount, Money},
    commit::{Claim, Commit, Write},
    conversion::{Conversion, Fixed, convert},
    id::UserId,
    ledger::{Cause, Guard, Holder, Movement, Posting, Postings, through_pool},
    quote::Quote,
    refusal::{Declined, Refusal},
    universe::{Universe, Universes},
};

/// Money from outside into a wallet of the guard's actor.
///
/// # Errors
/// [`Refusal::AmountTooSmall`] if there is nothing to move.
pub fn deposit(guard: &Guard, money: Money) -> Result<Commit, Declined> {
    between(guard, Holder::World, Holder::User(guard.actor), Cause::Deposit(money), money)
}

/// Money out of a wallet of the guard's actor to outside.
///
/// # Errors
/// [`Refusal::AmountTooSmall`] if there is nothing to move.
pub fn withdraw(guard: &Guard, money: Money) -> Result<Commit, Declined> {
    between(guard, Holder::User(guard.actor), Holder::World, Cause::Withdrawal(money), money)
}

/// Money from a wallet of the guard's actor to another user.
///
/// # Errors
/// [`Refusal::SelfTransfer`]; [`Refusal::AmountTooSmall`] if there is nothing to move.
pub fn transfer(guard: &Guard, recipient: UserId, money: Money) -> Result<Commit, Declined> {
    if recipient == guard.actor {
        return Err(Refusal::SelfTransfer.into());
    }
    let (from, to) = (Holder::User(guard.actor), Holder::User(recipient));
    between(guard, from, to, Cause::Transfer(money), money)
}

fn between(
    guard: &Guard,
    from: Holder,
    to: Holder,
    cause: Cause,
    money: Money,
) -> Result<Commit, Declined> {
    if money.amount.is_zero() {
        return Err(Refusal::AmountTooSmall.into());
    }
    let postings =
        Postings::checked(vec![Posting { from, to, money }]).map_err(Declined::Unsound)?;
    let counterparty = match to {
        Holder::User(user) if user != guard.actor => Some(user),
        _ => None,
    };
    let movement = Movement { party: guard.actor, counterparty, cause, postings };
    Commit::moving(guard, movement, Vec::new())
}

/// An exchange at the rates that hold now.
#[derive(Debug, Clone)]
pub struct Exchange<'a> {
    /// The universe of the currency that is paid.
    pub from: &'a Universe,
    /// The universe of the currency that is received.
    pub to: &'a Universe,
    /// Which side is fixed.
    pub fixed: Fixed,
    /// The least that may be received.
    pub min_receive: Option<Amount>,
}

/// Exchanges currency of the guard's actor at the rates that hold now.
///
/// # Errors
/// As [`convert`]; [`Refusal::MinReceiveMissed`].
pub fn exchange(guard: &Guard, wanted: &Exchange<'_>) -> Result<Commit, Declined> {
    let conversion = convert(wanted.from, wanted.to, wanted.fixed, guard.at)?;
    if let Some(min) = wanted.min_receive.filter(|min| conversion.received.amount < *min) {
        let min = Money { amount: min, ..conversion.received };
        return Err(Refusal::MinReceiveMissed { min, offered: conversion.received }.into());
    }
    exchanging(guard, conversion, None)
}

/// Exchanges currency of the guard's actor at the rates of a quote, once.
///
/// # Errors
/// [`Refusal::QuoteExpired`]; as [`crate::conversion::at_rates`]. The quote must be the
/// actor's: the caller checks that, for a foreign quote is an unknown one.
pub fn redeem(guard: &Guard, quote: &Quote, universes: &Universes) -> Result<Commit, Declined> {
    if guard.at >= quote.expires_at {
        return Err(Refusal::QuoteExpired.into());
    }
    exchanging(guard, quote.conversion(universes)?, Some(quote))
}

fn exchanging(
    guard: &Guard,
    conversion: Conversion,
    quote: Option<&Quote>,
) -> Result<Commit, Declined> {
    let user = Holder::User(guard.actor);
    let postings =
        Postings::checked(through_pool(user, user, &conversion)).map_err(Declined::Unsound)?;
    let cause = Cause::Exchange { conversion, quote: quote.map(|quote| quote.id) };
    let movement = Movement { party: guard.actor, counterparty: None, cause, postings };
    let claims =
        quote.map(|quote| Write::PutClaim { claim: Claim::Quote(quote.id), by: guard.entry });
    Commit::moving(guard, movement, claims.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::Leg,
        id::{EntryId, QuoteId},
        quote::quote,
        testing::{
            ALICE, BOB, all_three, at, earth, guard, mars, minor, movement, mrc, posting, postings,
            usd, venus, vnc,
        },
        time::Timestamp,
    };

    const USER: Holder = Holder::User(ALICE);
    const POOL: Holder = Holder::Pool;

    fn paying<'a>(from: &'a Universe, to: &'a Universe, paid: Money) -> Exchange<'a> {
        Exchange { from, to, fixed: Fixed::Paid(paid.amount), min_receive: None }
    }

    fn moves(commit: &Commit) -> Vec<(UserId, Vec<Leg>)> {
        let legs = |write: &Write| match write {
            Write::MoveFunds { user, legs, change } => {
                assert_eq!(change.entry, EntryId::from_bits(10));
                Some((*user, legs.clone()))
            }
            _ => None,
        };
        commit.writes().iter().filter_map(legs).collect()
    }

    #[test]
    fn a_deposit_comes_from_the_world() {
        let commit = deposit(&guard(ALICE), usd("5.00")).expect("a deposit");
        assert_eq!(postings(&commit), [posting(Holder::World, USER, usd("5.00"))]);
        assert_eq!(moves(&commit), [(ALICE, vec![Leg::credit(usd("5.00"))])]);
        assert_eq!((movement(&commit).party, movement(&commit).counterparty), (ALICE, None));
    }

    #[test]
    fn a_withdrawal_goes_to_the_world() {
        let commit = withdraw(&guard(ALICE), usd("5.00")).expect("a withdrawal");
        assert_eq!(postings(&commit), [posting(USER, Holder::World, usd("5.00"))]);
        assert_eq!(moves(&commit), [(ALICE, vec![Leg::debit(usd("5.00"))])]);
        assert_eq!((movement(&commit).party, movement(&commit).counterparty), (ALICE, None));
    }

    #[test]
    fn a_transfer_debits_the_sender_and_credits_the_recipient() {
        let commit = transfer(&guard(ALICE), BOB, usd("5.00")).expect("a transfer");
        assert_eq!(postings(&commit), [posting(USER, Holder::User(BOB), usd("5.00"))]);
        let debit = (ALICE, vec![Leg::debit(usd("5.00"))]);
        let credit = (BOB, vec![Leg::credit(usd("5.00"))]);
        assert_eq!(moves(&commit), [debit, credit]);
        assert_eq!((movement(&commit).party, movement(&commit).counterparty), (ALICE, Some(BOB)));
    }

    #[test]
    fn nobody_sends_money_to_themselves() {
        let refused = transfer(&guard(ALICE), ALICE, usd("5.00"));
        assert_eq!(refused, Err(Refusal::SelfTransfer.into()));
    }

    #[test]
    fn nothing_is_not_moved() {
        let too_small = Err(Declined::Refused(Refusal::AmountTooSmall));
        assert_eq!(deposit(&guard(ALICE), usd("0")), too_small);
        assert_eq!(withdraw(&guard(ALICE), usd("0")), too_small);
        assert_eq!(transfer(&guard(ALICE), BOB, usd("0")), too_small);
        let (earth, mars) = (earth(), mars());
        assert_eq!(exchange(&guard(ALICE), &paying(&earth, &mars, usd("0"))), too_small);
    }

    #[test]
    fn an_exchange_debits_one_currency_and_credits_the_other() {
        let (earth, mars) = (earth(), mars());
        let wanted = paying(&earth, &mars, usd("100.00"));
        let commit = exchange(&guard(ALICE), &wanted).expect("an exchange");
        let expected = [posting(USER, POOL, usd("100.00")), posting(POOL, USER, mrc("250.00"))];
        assert_eq!(postings(&commit), expected);
        let [(user, legs)] = moves(&commit).try_into().expect("one account");
        assert_eq!((user, legs.len()), (ALICE, 2));
        assert!(legs.contains(&Leg::debit(usd("100.00"))));
        assert!(legs.contains(&Leg::credit(mrc("250.00"))));
        assert!(matches!(movement(&commit).cause, Cause::Exchange { quote: None, .. }));
    }

    #[test]
    fn the_spread_goes_to_fees_and_the_rest_of_a_floor_to_dust() {
        let (venus, mars) = (venus(), mars().keeping(100));
        let commit = exchange(&guard(ALICE), &paying(&venus, &mars, vnc("1.00")));
        let expected = [
            posting(USER, POOL, vnc("1.00")),
            posting(POOL, USER, mrc("3.30")),
            posting(POOL, Holder::Fees, mrc("0.03")),
            posting(POOL, Holder::Dust, mrc("0.01")),
        ];
        assert_eq!(postings(&commit.expect("an exchange")), expected);
    }

    #[test]
    fn a_fixed_receipt_costs_the_ceiling_and_its_last_unit_is_dust() {
        let (mars, venus) = (mars(), venus());
        let fixed = Fixed::Received(vnc("1.00").amount);
        let wanted = Exchange { from: &mars, to: &venus, fixed, min_receive: None };
        let commit = exchange(&guard(ALICE), &wanted).expect("an exchange");
        let expected = [
            posting(USER, POOL, mrc("3.33")),
            posting(USER, Holder::Dust, mrc("0.01")),
            posting(POOL, USER, vnc("1.00")),
        ];
        assert_eq!(postings(&commit), expected);
    }

    #[test]
    fn an_exchange_yields_the_least_demanded_or_is_refused() {
        let (earth, mars) = (earth(), mars());
        let demanding = |minor: &str| Exchange {
            min_receive: Some(mrc(minor).amount),
            ..paying(&earth, &mars, usd("100.00"))
        };
        assert!(exchange(&guard(ALICE), &demanding("250.00")).is_ok());
        let refusal = Refusal::MinReceiveMissed { min: mrc("250.01"), offered: mrc("250.00") };
        assert_eq!(exchange(&guard(ALICE), &demanding("250.01")), Err(refusal.into()));
    }

    #[test]
    fn an_exchange_is_declined_as_its_conversion_is() {
        let (earth, lapsed) = (earth(), mars().lapsing(at(1000)));
        let stale = Declined::RateStale { universe: lapsed.id };
        assert_eq!(exchange(&guard(ALICE), &paying(&earth, &lapsed, usd("1"))), Err(stale));
        let same = exchange(&guard(ALICE), &paying(&earth, &earth, usd("1")));
        assert_eq!(same, Err(Refusal::SameCurrency.into()));
    }

    fn quoted() -> Quote {
        let fixed = Fixed::Paid(minor(10_000));
        quote(QuoteId::from_bits(30), ALICE, (&earth(), &mars()), fixed, at(999)).expect("a quote")
    }

    #[test]
    fn a_redeemed_quote_is_claimed_and_named_in_the_entry() {
        let commit = redeem(&guard(ALICE), &quoted(), &all_three()).expect("an exchange");
        let id = quoted().id;
        let claim = Write::PutClaim { claim: Claim::Quote(id), by: EntryId::from_bits(10) };
        assert_eq!(commit.writes().last(), Some(&claim));
        let Cause::Exchange { conversion, quote } = &movement(&commit).cause else {
            panic!("{commit}")
        };
        assert_eq!((conversion.received, *quote), (mrc("250.00"), Some(id)));
    }

    #[test]
    fn a_quote_keeps_its_rate_when_the_rate_changes() {
        let rerated = crate::testing::universe(2, "Mars", "MRC", "9");
        let universes = Universes::new(vec![earth(), rerated]);
        let commit = redeem(&guard(ALICE), &quoted(), &universes).expect("an exchange");
        let expected = [posting(USER, POOL, usd("100.00")), posting(POOL, USER, mrc("250.00"))];
        assert_eq!(postings(&commit), expected);
    }

    #[test]
    fn a_quote_is_over_at_the_instant_that_it_expires() {
        let at_time = |at: Timestamp| {
            let guard = Guard { at, ..guard(ALICE) };
            redeem(&guard, &quoted(), &all_three())
        };
        assert!(at_time(Timestamp::from_millis(999_000 + 29_999)).is_ok());
        for late in [at(999 + 30), at(999 + 31)] {
            assert_eq!(at_time(late), Err(Refusal::QuoteExpired.into()));
        }
    }
}
