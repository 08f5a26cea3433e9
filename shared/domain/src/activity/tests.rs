//! That a change names exactly the wallets that it changed or opened, and no version is skipped.

use proptest::{collection::btree_map, prelude::*, sample::select};

use super::*;
use crate::{
    account::{Change, Leg},
    testing::{ALICE, at, minor, mrc, usd},
};

fn code(text: &str) -> CurrencyCode {
    text.parse().expect("a code")
}

fn opened() -> Account {
    Account::opened(ALICE, code("USD"), at(1))
}

fn change(second: i64, news: News) -> Change {
    Change { entry: EntryId::from_bits(9), at: at(second), news }
}

fn between(before: &Account, after: &Account) -> Activity {
    Activity::between(Some(before), after).expect("the next version").expect("a change")
}

/// What some of four wallets hold.
fn wallets() -> impl Strategy<Value = std::collections::BTreeMap<CurrencyCode, Balance>> {
    let codes = select(["USD", "MRC", "VNC", "ABC"].map(code).to_vec());
    let balances = (0_i64..3, 0_i64..3)
        .prop_map(|(free, held)| Balance { available: minor(free), held: minor(held) });
    btree_map(codes, balances, 0..4)
}

proptest! {
    #[test]
    fn a_change_names_exactly_the_wallets_that_changed_or_are_new(
        then in wallets(), now in wallets()
    ) {
        let before = Account { wallets: then.clone(), ..opened() };
        // Wallets are never closed.
        let mut wallets = then.clone();
        wallets.extend(now);
        let after = Account { wallets: wallets.clone(), version: 2, ..opened() };
        let activity = between(&before, &after);
        let changed: Vec<_> = activity.wallets.iter().map(|change| change.code).collect();
        let differs = |code: &CurrencyCode| then.get(code) != wallets.get(code);
        let expected: Vec<_> = wallets.keys().copied().filter(differs).collect();
        prop_assert_eq!(changed, expected);
        for WalletChange { code, available, held, after } in activity.wallets {
            let before = then.get(&code).copied().unwrap_or_default();
            prop_assert_eq!(before.available.minor() + available, after.available.minor());
            prop_assert_eq!(before.held.minor() + held, after.held.minor());
            prop_assert_eq!(Some(&after), wallets.get(&code));
        }
    }
}

#[test]
fn a_new_account_is_a_change_that_opens_its_wallets() {
    let activity = Activity::between(None, &opened()).expect("version 1").expect("a change");
    let (code, after) = (code("USD"), Balance::default());
    let wallet = WalletChange { code, available: 0, held: 0, after };
    assert_eq!((activity.version, activity.at, activity.entry), (1, at(1), None));
    assert_eq!((activity.news.occasion, activity.wallets), (Occasion::Opened, vec![wallet]));
}

#[test]
fn a_movement_names_its_entry_and_both_wallets_of_an_exchange() {
    let news = News::of(Occasion::Deposit);
    let funded = opened().after(&[Leg::credit(usd("5.00"))], &change(2, news)).expect("room");
    let news = News::of(Occasion::Exchange);
    let legs = [Leg::debit(usd("4.00")), Leg::credit(mrc("10.00"))];
    let after = funded.after(&legs, &change(3, news.clone())).expect("enough");
    let activity = between(&funded, &after);
    let codes: Vec<_> = activity.wallets.iter().map(|wallet| wallet.code).collect();
    assert_eq!(codes, [code("MRC"), code("USD")]);
    assert_eq!(activity.wallets.iter().map(WalletChange::posted).collect::<Vec<_>>(), [1000, -400]);
    assert_eq!((activity.version, activity.at), (3, at(3)));
    assert_eq!((activity.entry, activity.news), (Some(EntryId::from_bits(9)), news));
}

#[test]
fn a_hold_changes_two_parts_and_nothing_posted() {
    let news = News::of(Occasion::Deposit);
    let funded = opened().after(&[Leg::credit(usd("5.00"))], &change(2, news)).expect("room");
    let news = News::of(Occasion::OrderPlaced);
    let after = funded.after(&[Leg::hold(usd("2.00"))], &change(3, news)).expect("enough");
    let wallets = between(&funded, &after).wallets;
    assert_eq!(wallets.len(), 1);
    assert_eq!((wallets[0].available, wallets[0].held, wallets[0].posted()), (-200, 200, 0));
}

#[test]
fn a_change_of_orders_alone_names_no_wallet() {
    let news = News::matched("MRC-USD".parse().expect("a pair"), 7, Vec::new());
    let after = opened().after(&[], &change(2, news.clone())).expect("nothing moves");
    let activity = between(&opened(), &after);
    assert_eq!((activity.wallets.len(), activity.news), (0, news));
    assert_eq!(activity.entry, Some(EntryId::from_bits(9)));
}

#[test]
fn a_wallet_that_is_opened_has_no_entry_though_the_account_names_one() {
    let news = News::of(Occasion::Deposit);
    let funded = opened().after(&[Leg::credit(usd("5.00"))], &change(2, news)).expect("room");
    let after = funded.with_wallet(code("MRC"), at(3));
    assert_eq!(after.last_entry, Some(EntryId::from_bits(9)));
    let activity = between(&funded, &after);
    assert_eq!((activity.entry, activity.news.occasion), (None, Occasion::Opened));
    let codes: Vec<_> = activity.wallets.iter().map(|wallet| wallet.code).collect();
    assert_eq!(codes, [code("MRC")]);
}

#[test]
fn a_row_written_as_it_was_is_no_change() {
    assert_eq!(Activity::between(Some(&opened()), &opened()), Ok(None));
}

#[test]
fn a_version_that_is_not_the_next_is_unsound() {
    let at_version = |version| Account { version, ..opened() };
    for (before, after) in [(0, 2), (1, 3), (2, 1), (5, 5)] {
        let before = (before > 0).then(|| at_version(before));
        let mut after = at_version(after);
        after.changed_at = at(99);
        assert!(Activity::between(before.as_ref(), &after).is_err(), "{before:?} {after:?}");
    }
}

#[test]
fn what_is_carried_forward_is_all_that_the_account_has_as_one_change() {
    let news = News::of(Occasion::Deposit);
    let account = opened().after(&[Leg::credit(usd("5.00"))], &change(2, news)).expect("room");
    let account = account.with_wallet(code("MRC"), at(3));
    let activity = Activity::carried_forward(&account);
    assert_eq!((activity.version, activity.at, activity.entry), (3, at(3), None));
    assert_eq!(activity.news.occasion, Occasion::CarriedForward);
    let posted: Vec<_> =
        activity.wallets.iter().map(|wallet| (wallet.code, wallet.posted())).collect();
    assert_eq!(posted, [(code("MRC"), 0), (code("USD"), 500)]);
}

#[test]
fn an_account_without_a_time_changed_when_its_last_wallet_did() {
    let times = [WalletTimes::new(at(2)), WalletTimes { opened_at: at(1), changed_at: at(5) }];
    assert_eq!(last_change(times.iter()), at(5));
    assert_eq!(last_change([].iter()), Timestamp::from_millis(0));
}
