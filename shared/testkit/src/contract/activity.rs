//! That each change of an account is logged once, and listed in the order of its version.

use std::sync::Arc;

use app::ports::{Store, contiguous};
use domain::{
    account::Balance,
    activity::{Activity, News, Occasion, OrderNews, WalletChange},
    amount::Amount,
    id::{OrderId, UserId},
    order::OrderStatus,
    pair::Lots,
    time::Timestamp,
};

use super::{
    fixtures::{ALICE, BOB, at, entry_id, minor},
    lists::LIMITS,
    samples::{REASONS, largest_pair},
};
use crate::builders::{earth, mrc_usd};

/// The change of Alice's that made so many versions: a deposit of one more cent each time.
pub(super) fn logged(version: u64) -> Activity {
    let cents = i64::try_from(version).expect("small");
    let after = Balance { available: minor(cents * (cents + 1) / 2), held: Amount::ZERO };
    let code = earth().currency.code;
    Activity {
        user: ALICE,
        version,
        at: at(u32::try_from(version).expect("small")),
        entry: Some(entry_id(version.into())),
        news: News::of(Occasion::Deposit),
        wallets: vec![WalletChange { code, available: cents, held: 0, after }],
    }
}

/// A matcher's change of two wallets and of an order for each reason to end.
fn largest() -> Activity {
    let full = Balance { available: Amount::MAX, held: Amount::MAX };
    let codes = [largest_pair().id().base, largest_pair().id().quote];
    let change = |code| WalletChange {
        code,
        available: Amount::MAX.minor(),
        held: -Amount::MAX.minor(),
        after: full,
    };
    let order = |reason| OrderNews {
        order: OrderId::from_bits(u128::MAX),
        status: OrderStatus::PartiallyFilled,
        reason: Some(reason),
        executed: Lots::MAX,
        open: Lots::MAX,
        notional: Amount::MAX,
        fees: Amount::MAX,
    };
    Activity {
        user: UserId::from_bits(u128::MAX),
        version: u64::MAX,
        at: Timestamp::MAX,
        entry: Some(entry_id(u128::MAX)),
        news: News::matched(largest_pair().id(), u64::MAX, REASONS.map(order).to_vec()),
        wallets: codes.map(change).to_vec(),
    }
}

pub(super) async fn an_activity_is_read_as_it_was_logged(store: Arc<dyn Store>) {
    let nothing_but_an_order = Activity {
        entry: None,
        news: News::matched(mrc_usd().id(), 7, Vec::new()),
        wallets: Vec::new(),
        ..logged(2)
    };
    for activity in [logged(1), nothing_but_an_order, largest()] {
        store.log_activity(std::slice::from_ref(&activity)).await.expect("a write");
        let read = store.activity(activity.user, activity.version - 1, 1).await;
        assert_eq!(read, Ok(vec![activity]));
    }
}

pub(super) async fn an_activity_is_logged_once(store: Arc<dyn Store>) {
    store.log_activity(&[logged(1)]).await.expect("a write");
    store.log_activity(&[logged(1)]).await.expect("the same again");
    let other = Activity { entry: None, at: at(9), ..logged(1) };
    store.log_activity(&[other]).await.expect("no failure, and no effect");
    assert_eq!(store.activity(ALICE, 0, 100).await, Ok(vec![logged(1)]));
    // Another account has versions of its own.
    let elsewhere = Activity { user: BOB, ..logged(1) };
    store.log_activity(std::slice::from_ref(&elsewhere)).await.expect("a write");
    assert_eq!(store.activity(BOB, 0, 100).await, Ok(vec![elsewhere]));
}

pub(super) async fn activity_is_listed_upwards_after_a_version(store: Arc<dyn Store>) {
    assert_eq!(store.activity(ALICE, 0, 100).await, Ok(Vec::new()));
    let all: Vec<_> = (1..13).map(logged).collect();
    for activity in all.iter().rev() {
        store.log_activity(std::slice::from_ref(activity)).await.expect("a write");
        let elsewhere = Activity { user: BOB, ..activity.clone() };
        store.log_activity(&[elsewhere]).await.expect("a write");
    }
    for after in [0, 1, 8, 11, 12, u64::MAX] {
        for limit in LIMITS {
            let rows = store.activity(ALICE, after, limit).await.expect("a read");
            let later = all.iter().filter(|activity| activity.version > after);
            let expected = later.take(usize::try_from(limit).expect("small"));
            assert!(rows.iter().eq(expected), "{limit} after {after}: {rows:?}");
        }
    }
}

pub(super) async fn activity_with_a_gap_is_told_up_to_it(store: Arc<dyn Store>) {
    for version in [5, 1, 2, 4] {
        store.log_activity(&[logged(version)]).await.expect("a write");
    }
    let told = |after| {
        let store = Arc::clone(&store);
        async move {
            let rows = store.activity(ALICE, after, 100).await.expect("a read");
            contiguous(after, rows).iter().map(|activity| activity.version).collect::<Vec<_>>()
        }
    };
    assert_eq!((told(0).await, told(2).await), (vec![1, 2], vec![]));
    assert_eq!(told(3).await, [4, 5]);
    store.log_activity(&[logged(3)]).await.expect("a write");
    assert_eq!((told(0).await, told(2).await), (vec![1, 2, 3, 4, 5], vec![3, 4, 5]));
}

pub(super) async fn many_activities_are_logged_at_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    // Two of them are there already, one of them otherwise.
    let other = Activity { at: at(99), ..logged(7) };
    store.log_activity(&[logged(3), other.clone()]).await.expect("a write");
    let of = |user| (1..=70).map(move |version| Activity { user, ..logged(version) });
    let all: Vec<_> = of(ALICE).chain(of(BOB)).collect();
    store.log_activity(&all).await.expect("writes");
    store.log_activity(&all).await.expect("the same again");
    let mut expected: Vec<_> = of(ALICE).collect();
    expected[6] = other;
    assert_eq!(store.activity(ALICE, 0, 100).await, Ok(expected));
    assert_eq!(store.activity(BOB, 0, 100).await, Ok(of(BOB).collect()));
    store.log_activity(&[]).await.expect("nothing to do");
}
