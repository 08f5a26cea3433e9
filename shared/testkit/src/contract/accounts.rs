//! That money moves only where it is, and only as far as there is room.

use std::sync::Arc;

use app::ports::{Found, Store};
use domain::{
    account::{Account, Balance, Leg, WalletTimes},
    amount::{Amount, Money},
    commit::Write,
    operation::withdraw,
    time::Timestamp,
};
use tokio::task::JoinSet;

use super::fixtures::{
    ALICE, BOB, account, at, change, done, entry_id, funded, guard, minor, moving, opened, refused,
    refused_one, tried,
};
use crate::builders::{earth, mars, mrc, usd, venus};

fn most() -> Money {
    Money { amount: Amount::MAX, currency: earth().currency }
}

pub(super) async fn an_account_is_read_as_it_was_written(store: Arc<dyn Store>) {
    let store = store.as_ref();
    assert_eq!(store.account(ALICE).await, Ok(None));
    let mut written = opened(ALICE);
    let most = Balance { available: Amount::MAX, held: Amount::MAX };
    written.wallets.insert(mars().currency.code, most);
    written.times.insert(mars().currency.code, WalletTimes::new(at(5)));
    let some = Balance { available: minor(7), held: minor(3) };
    written.wallets.insert(venus().currency.code, some);
    let changed = WalletTimes { opened_at: at(6), changed_at: Timestamp::MAX };
    written.times.insert(venus().currency.code, changed);
    let written = Account { version: 41, last_entry: Some(entry_id(u128::MAX)), ..written };
    let writes = vec![Write::OpenAccount(written.clone()), Write::OpenAccount(opened(BOB))];
    done(store, writes).await;
    assert_eq!(account(store, ALICE).await, written);
    assert_eq!(account(store, BOB).await, opened(BOB));
}

pub(super) async fn an_account_is_opened_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    funded(store, ALICE, 1, usd("5.00")).await;
    let before = account(store, ALICE).await;
    let found =
        refused_one(store, Write::OpenAccount(Account::opened(ALICE, mars().currency.code, at(1))));
    assert_eq!(found.await, Found::Account(Box::new(before.clone())));
    assert_eq!(account(store, ALICE).await, before);
}

pub(super) async fn a_wallet_is_opened_once_and_only_in_an_account(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let code = mars().currency.code;
    let opening = || Write::OpenWallet { user: ALICE, code, at: at(3) };
    assert_eq!(refused_one(store, opening()).await, Found::Nothing);
    assert_eq!(store.account(ALICE).await, Ok(None));
    funded(store, ALICE, 1, usd("5.00")).await;
    let expected = account(store, ALICE).await.with_wallet(code, at(3));
    done(store, vec![opening()]).await;
    assert_eq!(account(store, ALICE).await, expected);
    let again = Write::OpenWallet { user: ALICE, code: earth().currency.code, at: at(3) };
    assert_eq!(refused_one(store, again).await, Found::Account(Box::new(expected.clone())));
    assert_eq!(account(store, ALICE).await, expected);
}

pub(super) async fn a_debit_beyond_what_is_available_is_refused(store: Arc<dyn Store>) {
    let store = store.as_ref();
    funded(store, ALICE, 1, usd("5.00")).await;
    let before = account(store, ALICE).await;
    let found = refused_one(store, moving(ALICE, vec![Leg::debit(usd("5.01"))], 2)).await;
    assert_eq!(found, Found::Account(Box::new(before.clone())));
    assert_eq!(account(store, ALICE).await, before);
    done(store, vec![moving(ALICE, vec![Leg::debit(usd("5.00"))], 3)]).await;
    assert_eq!(account(store, ALICE).await.balance(earth().currency.code), Balance::default());
}

pub(super) async fn a_debit_of_a_missing_wallet_is_refused(store: Arc<dyn Store>) {
    let store = store.as_ref();
    funded(store, ALICE, 1, usd("5.00")).await;
    let before = account(store, ALICE).await;
    let found = refused_one(store, moving(ALICE, vec![Leg::debit(mrc("0.01"))], 2)).await;
    assert_eq!(found, Found::Account(Box::new(before.clone())));
    assert_eq!(account(store, ALICE).await, before);
}

pub(super) async fn a_credit_past_the_limit_is_refused(store: Arc<dyn Store>) {
    let store = store.as_ref();
    funded(store, ALICE, 1, usd("0.01")).await;
    let before = account(store, ALICE).await;
    let found = refused_one(store, moving(ALICE, vec![Leg::credit(most())], 2)).await;
    assert_eq!(found, Found::Account(Box::new(before.clone())));
    assert_eq!(account(store, ALICE).await, before);
    done(store, vec![moving(ALICE, vec![Leg::debit(usd("0.01"))], 3)]).await;
    done(store, vec![moving(ALICE, vec![Leg::credit(most())], 4)]).await;
    let full = account(store, ALICE).await;
    assert_eq!(full.balance(earth().currency.code).available, Amount::MAX);
    let found = refused_one(store, moving(ALICE, vec![Leg::credit(usd("0.01"))], 5)).await;
    assert_eq!(found, Found::Account(Box::new(full)));
}

pub(super) async fn a_credit_opens_a_missing_wallet(store: Arc<dyn Store>) {
    let store = store.as_ref();
    funded(store, ALICE, 1, usd("5.00")).await;
    done(store, vec![moving(ALICE, vec![Leg::credit(mrc("2.00"))], 2)]).await;
    let after = account(store, ALICE).await;
    let mars_wallet = Balance { available: mrc("2.00").amount, held: Amount::ZERO };
    assert_eq!(after.wallets.get(&mars().currency.code), Some(&mars_wallet));
    assert_eq!(after.times.get(&mars().currency.code), Some(&WalletTimes::new(at(2))));
    done(store, vec![moving(ALICE, vec![Leg::credit(mrc("2.00"))], 3)]).await;
    let times = WalletTimes { opened_at: at(2), changed_at: at(3) };
    assert_eq!(account(store, ALICE).await.times.get(&mars().currency.code), Some(&times));
    assert_eq!(after.balance(earth().currency.code).available, usd("5.00").amount);
}

pub(super) async fn money_moves_only_in_an_account(store: Arc<dyn Store>) {
    let store = store.as_ref();
    funded(store, ALICE, 1, usd("5.00")).await;
    let before = account(store, ALICE).await;
    let transfer = vec![
        moving(ALICE, vec![Leg::debit(usd("1.00"))], 2),
        moving(BOB, vec![Leg::credit(usd("1.00"))], 2),
    ];
    assert_eq!(refused(store, transfer).await, [(1, Found::Nothing)]);
    let debit = moving(BOB, vec![Leg::debit(usd("1.00"))], 3);
    assert_eq!(refused_one(store, debit).await, Found::Nothing);
    assert_eq!(store.account(BOB).await, Ok(None));
    assert_eq!(account(store, ALICE).await, before);
}

pub(super) async fn each_movement_counts_one_version_and_names_its_entry(store: Arc<dyn Store>) {
    let store = store.as_ref();
    done(store, vec![Write::OpenAccount(opened(ALICE))]).await;
    for number in 2_u32..6 {
        let entry = u128::from(number);
        done(store, vec![moving(ALICE, vec![Leg::credit(usd("1.00"))], entry)]).await;
        let after = account(store, ALICE).await;
        assert_eq!(after.version, u64::from(number));
        assert_eq!(after.last_entry, Some(entry_id(entry)));
    }
}

pub(super) async fn both_legs_of_an_exchange_move_in_one_write(store: Arc<dyn Store>) {
    let store = store.as_ref();
    funded(store, ALICE, 1, usd("5.00")).await;
    let before = account(store, ALICE).await;
    for (number, legs) in [
        (2, vec![Leg::debit(usd("2.00")), Leg::credit(mrc("5.00"))]),
        (3, vec![Leg::credit(usd("1.00")), Leg::debit(mrc("2.50"))]),
    ] {
        done(store, vec![moving(ALICE, legs, number)]).await;
    }
    let after = account(store, ALICE).await;
    assert_eq!(after.balance(earth().currency.code).available, usd("4.00").amount);
    assert_eq!(after.balance(mars().currency.code).available, mrc("2.50").amount);
    assert_eq!(after.version, before.version + 2);
}

pub(super) async fn an_exchange_without_funds_credits_nothing(store: Arc<dyn Store>) {
    let store = store.as_ref();
    funded(store, ALICE, 1, usd("5.00")).await;
    let before = account(store, ALICE).await;
    let legs = vec![Leg::credit(mrc("12.53")), Leg::debit(usd("5.01"))];
    let found = refused_one(store, moving(ALICE, legs, 2)).await;
    assert_eq!(found, Found::Account(Box::new(before.clone())));
    assert_eq!(account(store, ALICE).await, before);
}

pub(super) async fn what_is_held_is_not_available(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let code = earth().currency.code;
    let written = with_balance(store, 100, 50).await;
    let found = refused_one(store, moving(ALICE, vec![Leg::debit(usd("1.01"))], 2)).await;
    assert_eq!(found, Found::Account(Box::new(written)));
    done(store, vec![moving(ALICE, vec![Leg::debit(usd("1.00"))], 3)]).await;
    let times = WalletTimes { opened_at: at(0), changed_at: at(3) };
    assert_eq!(account(store, ALICE).await.times.get(&code), Some(&times));
    let left = Balance { available: Amount::ZERO, held: minor(50) };
    assert_eq!(account(store, ALICE).await.balance(code), left);
}

/// Opens Alice's account with a wallet of this balance, in minor units.
async fn with_balance(store: &dyn Store, available: i64, held: i64) -> Account {
    let mut written = opened(ALICE);
    let balance = Balance { available: minor(available), held: minor(held) };
    written.wallets.insert(earth().currency.code, balance);
    done(store, vec![Write::OpenAccount(written.clone())]).await;
    written
}

/// What Alice's wallet has available and held, in minor units.
async fn parts(store: &dyn Store) -> (i64, i64) {
    let balance = account(store, ALICE).await.balance(earth().currency.code);
    (balance.available.minor(), balance.held.minor())
}

fn leg(available: i64, held: i64) -> Leg {
    Leg { currency: earth().currency, available, held }
}

/// Tries each of these legs, which must be refused, and finds nothing changed.
async fn refuses(store: &dyn Store, legs: &[Leg]) {
    let before = account(store, ALICE).await;
    for (entry, leg) in (100..).zip(legs) {
        let found = refused_one(store, moving(ALICE, vec![*leg], entry)).await;
        assert_eq!(found, Found::Account(Box::new(before.clone())), "{leg:?}");
        assert_eq!(account(store, ALICE).await, before, "{leg:?}");
    }
}

pub(super) async fn a_hold_moves_money_from_available_to_held(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let before = with_balance(store, 100, 50).await;
    done(store, vec![moving(ALICE, vec![Leg::hold(usd("0.30"))], 2)]).await;
    assert_eq!(parts(store).await, (70, 80));
    let after = account(store, ALICE).await;
    assert_eq!((after.version, after.last_entry), (before.version + 1, Some(entry_id(2))));
    let times = WalletTimes { opened_at: at(0), changed_at: at(2) };
    assert_eq!(after.times.get(&earth().currency.code), Some(&times));
    done(store, vec![moving(ALICE, vec![Leg::hold(usd("0.70"))], 3)]).await;
    assert_eq!(parts(store).await, (0, 150));
}

pub(super) async fn a_hold_beyond_what_is_available_is_refused(store: Arc<dyn Store>) {
    let store = store.as_ref();
    with_balance(store, 100, 50).await;
    refuses(store, &[Leg::hold(usd("1.01")), Leg::hold(mrc("0.01"))]).await;
}

pub(super) async fn a_release_gives_it_back(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let before = with_balance(store, 100, 50).await;
    done(store, vec![moving(ALICE, vec![Leg::hold(usd("1.00"))], 2)]).await;
    done(store, vec![moving(ALICE, vec![Leg::release(usd("1.00"))], 3)]).await;
    assert_eq!(account(store, ALICE).await.wallets, before.wallets);
    done(store, vec![moving(ALICE, vec![Leg::release(usd("0.50"))], 4)]).await;
    assert_eq!(parts(store).await, (150, 0));
}

pub(super) async fn a_release_beyond_what_is_held_is_refused(store: Arc<dyn Store>) {
    let store = store.as_ref();
    with_balance(store, 100, 50).await;
    let spent = leg(0, -51);
    refuses(store, &[Leg::release(usd("0.51")), Leg::release(mrc("0.01")), spent]).await;
}

pub(super) async fn held_money_is_spent_and_available_credited_in_one_leg(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let before = with_balance(store, 100, 50).await;
    done(store, vec![moving(ALICE, vec![leg(2, -5)], 2)]).await;
    assert_eq!(parts(store).await, (102, 45));
    done(store, vec![moving(ALICE, vec![leg(0, -45), Leg::credit(mrc("1.00"))], 3)]).await;
    assert_eq!(parts(store).await, (102, 0));
    done(store, vec![moving(ALICE, vec![leg(-2, 0)], 4)]).await;
    assert_eq!(parts(store).await, (100, 0));
    let after = account(store, ALICE).await;
    assert_eq!(after.balance(mars().currency.code).available, mrc("1.00").amount);
    assert_eq!(after.version, before.version + 3);
}

pub(super) async fn a_credit_of_held_past_the_limit_is_refused(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let most = Amount::MAX.minor();
    with_balance(store, 10, most - 5).await;
    refuses(store, &[leg(0, 6), leg(-6, 6), leg(1, most)]).await;
    done(store, vec![moving(ALICE, vec![leg(-5, 5)], 2)]).await;
    assert_eq!(parts(store).await, (5, most));
    done(store, vec![moving(ALICE, vec![leg(most - 5, -most)], 3)]).await;
    assert_eq!(parts(store).await, (most, 0));
}

pub(super) async fn held_money_opens_a_missing_wallet(store: Arc<dyn Store>) {
    let store = store.as_ref();
    with_balance(store, 100, 50).await;
    let held = Leg { held: 7, ..Leg::credit(mrc("0")) };
    let both = Leg { currency: venus().currency, available: 3, held: 7 };
    done(store, vec![moving(ALICE, vec![held, both], 2)]).await;
    let after = account(store, ALICE).await;
    let expected = Balance { available: Amount::ZERO, held: minor(7) };
    assert_eq!(after.wallets.get(&mars().currency.code), Some(&expected));
    let expected = Balance { available: minor(3), held: minor(7) };
    assert_eq!(after.wallets.get(&venus().currency.code), Some(&expected));
    assert_eq!(after.times.get(&mars().currency.code), Some(&WalletTimes::new(at(2))));
    assert_eq!(parts(store).await, (100, 50));
}

pub(super) async fn a_leg_past_the_limit_opens_no_wallet(store: Arc<dyn Store>) {
    let store = store.as_ref();
    with_balance(store, 100, 50).await;
    let over = Amount::MAX.minor() + 1;
    let nothing = Leg::credit(mrc("0"));
    refuses(store, &[Leg { available: over, ..nothing }, Leg { held: over, ..nothing }]).await;
}

pub(super) async fn a_leg_of_nothing_opens_no_wallet(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let before = with_balance(store, 100, 50).await;
    done(store, vec![moving(ALICE, vec![leg(0, 0), Leg::credit(mrc("0"))], 2)]).await;
    let expected = before.after(&[], &change(2)).expect("nothing is taken");
    assert_eq!(account(store, ALICE).await, expected);
}

pub(super) async fn concurrent_debits_spend_no_more_than_there_is(store: Arc<dyn Store>) {
    funded(store.as_ref(), ALICE, 1, usd("10.00")).await;
    let mut debits = JoinSet::new();
    for number in 2..18 {
        let store = Arc::clone(&store);
        debits.spawn(async move {
            let commit = withdraw(&guard(number, ALICE), usd("1.00")).expect("a withdrawal");
            tried(store.as_ref(), &commit).await
        });
    }
    let succeeded = debits.join_all().await.into_iter().filter(|succeeded| *succeeded).count();
    let after = account(store.as_ref(), ALICE).await;
    assert_eq!(succeeded, 10);
    assert!(after.balance(earth().currency.code).available.is_zero());
    assert_eq!(after.version, 12);
}
