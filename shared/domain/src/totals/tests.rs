//! That what users and the house gain is zero together, whatever money does.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    account::Account,
    amount::{Amount, Money},
    commit::{Commit, Write},
    conversion::Fixed,
    id::{EntryId, UserId},
    ledger::Guard,
    operation::{Exchange, deposit, exchange, transfer, withdraw},
    refusal::Refusal,
    testing::{ALICE, BOB, at, earth, entry, guard, mars, minor, usd},
};

fn code() -> CurrencyCode {
    earth().currency.code
}

/// Accounts, and what was folded of them and of the journal.
struct Books {
    accounts: BTreeMap<UserId, Account>,
    totals: BTreeMap<CurrencyCode, Totals>,
}

impl Books {
    fn new() -> Self {
        let open = |user| (user, Account::opened(user, code(), at(0)));
        Self { accounts: [ALICE, BOB].map(open).into(), totals: BTreeMap::new() }
    }

    fn add(&mut self, changes: BTreeMap<CurrencyCode, Totals>) {
        for (code, change) in changes {
            let total = self.totals.entry(code).or_default();
            *total = total.plus(change);
        }
    }

    /// Carries a commit out if the accounts allow it; whether they did.
    fn carry_out(&mut self, commit: &Commit) -> bool {
        let mut next = BTreeMap::new();
        for write in commit.writes() {
            let Write::MoveFunds { user, legs, change } = write else { continue };
            let Ok(after) = self.accounts[user].after(legs, change) else { return false };
            next.insert(*user, after);
        }
        for (user, after) in next {
            let before = self.accounts.insert(user, after.clone());
            let activity = Activity::between(before.as_ref(), &after).expect("the next version");
            self.add(user_totals(&activity.expect("a change")));
        }
        self.add(house_totals(entry(commit)));
        true
    }
}

fn commit(kind: u8, guard: &Guard, amount: Amount) -> Option<Commit> {
    let (from, to) = (earth(), mars().keeping(50));
    let other = if guard.actor == ALICE { BOB } else { ALICE };
    let money = Money { amount, currency: from.currency };
    let wanted = |fixed| Exchange { from: &from, to: &to, fixed, min_receive: None };
    match kind {
        0 => deposit(guard, money).ok(),
        1 => withdraw(guard, money).ok(),
        2 => transfer(guard, other, money).ok(),
        3 => exchange(guard, &wanted(Fixed::Paid(amount))).ok(),
        _ => exchange(guard, &wanted(Fixed::Received(amount))).ok(),
    }
}

proptest! {
    #[test]
    fn users_and_the_house_are_zero_together_after_every_commit(
        steps in vec((0_u8..5, any::<bool>(), 1_i64..5_000), 1..30)
    ) {
        let mut books = Books::new();
        let mut number = 100;
        for (kind, alice, amount) in steps {
            number += 1;
            let guard = Guard {
                entry: EntryId::from_bits(number),
                ..guard(if alice { ALICE } else { BOB })
            };
            if let Some(commit) = commit(kind, &guard, minor(amount)) {
                books.carry_out(&commit);
            }
            for (code, total) in &books.totals {
                prop_assert_eq!(total.sum(), 0, "{} {:?}", code, total);
            }
        }
        for (code, total) in &books.totals {
            let held = books.accounts.values().map(|account| account.balance(*code));
            let (free, reserved) = held.fold((0, 0), |(free, reserved), balance| (
                free + i128::from(balance.available.minor()),
                reserved + i128::from(balance.held.minor()),
            ));
            prop_assert_eq!((total.users_available, total.users_held), (free, reserved));
        }
    }

    #[test]
    fn what_is_added_can_be_taken_away(
        one in prop::array::uniform7(-10_i128.pow(30)..10_i128.pow(30)),
        other in prop::array::uniform7(-10_i128.pow(30)..10_i128.pow(30))
    ) {
        let of = |[users_available, users_held, world, pool, fees, dust, venues]: [i128; 7]| {
            Totals { users_available, users_held, world, pool, fees, dust, venues }
        };
        let (one, other) = (of(one), of(other));
        prop_assert_eq!(one.plus(other).minus(other), one);
        prop_assert_eq!(one.plus(other).sum(), one.sum() + other.sum());
    }
}

#[test]
fn a_deposit_comes_from_the_world_and_goes_to_a_user() {
    let mut books = Books::new();
    assert!(books.carry_out(&deposit(&guard(ALICE), usd("4.00")).expect("a deposit")));
    let expected = Totals { users_available: 400, world: -400, ..Totals::default() };
    assert_eq!(books.totals, BTreeMap::from([(code(), expected)]));
}

#[test]
fn an_exchange_leaves_its_spread_in_fees_and_its_rounding_in_dust() {
    let mut books = Books::new();
    assert!(books.carry_out(&deposit(&guard(ALICE), usd("4.01")).expect("a deposit")));
    let second = Guard { entry: EntryId::from_bits(11), ..guard(ALICE) };
    let (from, to) = (earth(), mars().keeping(100));
    let fixed = Fixed::Paid(minor(401));
    let wanted = Exchange { from: &from, to: &to, fixed, min_receive: None };
    assert!(books.carry_out(&exchange(&second, &wanted).expect("an exchange")));
    let received = books.accounts[&ALICE].balance(mars().currency.code).available.minor();
    let of = |code| books.totals[&code];
    let martian = of(mars().currency.code);
    assert_eq!(martian.users_available, i128::from(received));
    assert!(martian.fees > 0, "{martian:?}");
    assert_eq!(martian.pool, -(i128::from(received) + martian.fees + martian.dust));
    let earthly = of(code());
    assert_eq!((earthly.world, earthly.users_available), (-401, 0));
    assert_eq!(earthly.pool + earthly.fees + earthly.dust, 401);
}

#[test]
fn an_entry_that_only_users_are_part_of_moves_nothing_of_the_house() {
    let sent = transfer(&guard(ALICE), BOB, usd("1.00")).expect("a transfer");
    assert_eq!(house_totals(entry(&sent)), BTreeMap::new());
}

#[test]
fn an_entry_that_moved_no_money_moves_nothing_of_the_house() {
    let refused = Commit::refusing(&guard(ALICE), Refusal::SelfTransfer);
    for commit in [refused, Commit::voiding(&guard(ALICE))] {
        assert_eq!(house_totals(entry(&commit)), BTreeMap::new());
    }
}

#[test]
fn a_minute_begins_at_a_multiple_of_sixty_seconds() {
    let minute = Minute::of(Timestamp::from_millis(119_999));
    assert_eq!(minute.start(), at(60));
    assert_eq!(Minute::of(at(60)), minute);
    assert_eq!(minute.next(), Minute::of(at(120)));
    assert_eq!(Minute::of(Timestamp::from_millis(59_999)).start(), at(0));
}
