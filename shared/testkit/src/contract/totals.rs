//! That totals are sums: each entry is in them once, and a currency's are read at one moment.

use std::{collections::BTreeMap, sync::Arc};

use app::ports::{HouseFold, Store, StoreError, TotalsReading};
use domain::{
    currency::CurrencyCode,
    time::Span,
    totals::{Minute, Totals},
};
use tokio::task::JoinSet;

use super::fixtures::{at, entry_id};
use crate::builders::{earth, mars, start};

/// So many minutes after the start.
fn minute(number: u32) -> Minute {
    Minute::of(start().plus(Span::seconds(60 * number)))
}

fn code() -> CurrencyCode {
    earth().currency.code
}

/// What the house gets if the world gives so much.
fn given(minor: i128) -> Totals {
    Totals { world: -minor, pool: minor - 3, fees: 2, dust: 1, ..Totals::default() }
}

fn fold(entry: u128, number: u32, minor: i128) -> HouseFold {
    let totals = BTreeMap::from([(code(), given(minor))]);
    HouseFold { entry: entry_id(entry), minute: minute(number), totals }
}

async fn folded(store: &dyn Store, folds: &[HouseFold]) {
    store.fold_house(folds).await.expect("folded");
}

async fn reading(store: &dyn Store, since: u32, until: u32) -> TotalsReading {
    store.totals(code(), minute(since), minute(until)).await.expect("a reading")
}

pub(super) async fn totals_of_nothing_are_zero(store: Arc<dyn Store>) {
    assert_eq!(reading(store.as_ref(), 0, 19).await, TotalsReading::default());
    let nothing = HouseFold { totals: BTreeMap::new(), ..fold(1, 0, 5) };
    let zero = BTreeMap::from([(code(), Totals::default())]);
    let zero = HouseFold { totals: zero, ..fold(2, 0, 5) };
    folded(store.as_ref(), &[nothing, zero]).await;
    folded(store.as_ref(), &[]).await;
    assert_eq!(reading(store.as_ref(), 0, 19).await, TotalsReading::default());
}

pub(super) async fn an_entry_is_folded_once_whatever_comes_again(store: Arc<dyn Store>) {
    let store = store.as_ref();
    folded(store, &[fold(1, 0, 10), fold(1, 0, 10), fold(2, 0, 20)]).await;
    let thirty = given(10).plus(given(20));
    assert_eq!(reading(store, 0, 0).await.all, thirty);
    // Again, alone, among others, at either end, and with another content.
    folded(store, &[fold(1, 0, 10)]).await;
    folded(store, &[fold(2, 0, 20), fold(3, 0, 30), fold(1, 1, 99)]).await;
    folded(store, &[fold(1, 0, 10), fold(2, 0, 20), fold(3, 0, 30)]).await;
    folded(store, &[fold(4, 0, 40), fold(2, 0, 20), fold(5, 0, 50)]).await;
    let all = [40, 50, 30].map(given).into_iter().fold(thirty, Totals::plus);
    assert_eq!(reading(store, 0, 0).await, TotalsReading { all, since: all });
}

pub(super) async fn totals_of_minutes_are_read_with_all(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let folds: Vec<_> = (0..25).map(|at| fold(100 + u128::from(at), at, 1 << at)).collect();
    folded(store, &folds).await;
    let elsewhere = BTreeMap::from([(mars().currency.code, given(7))]);
    folded(store, &[HouseFold { totals: elsewhere, ..fold(99, 3, 0) }]).await;
    let sum = |minutes: std::ops::Range<u32>| {
        minutes.map(|at| given(1 << at)).fold(Totals::default(), Totals::plus)
    };
    for (since, until) in [(0, 0), (3, 5), (0, 19), (5, 24), (24, 24), (24, 43), (30, 40)] {
        let since_then = sum(since.min(25)..(until + 1).min(25));
        let expected = TotalsReading { all: sum(0..25), since: since_then };
        assert_eq!(reading(store, since, until).await, expected, "{since} to {until}");
    }
    assert_eq!(reading(store, 5, 4).await.since, Totals::default());
    let too_many = store.totals(code(), minute(0), minute(20)).await;
    assert!(matches!(too_many, Err(StoreError::Corrupt(_))), "{too_many:?}");
}

pub(super) async fn concurrent_folds_add_up(store: Arc<dyn Store>) {
    let mut tasks = JoinSet::new();
    for task in 0..8_u128 {
        let store = Arc::clone(&store);
        // Each entry comes to two of the tasks.
        let folds: Vec<_> = (0..10).map(|n| fold(task * 5 + n, 0, 1)).collect();
        tasks.spawn(async move {
            while let Err(error) = store.fold_house(&folds).await {
                assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
            }
        });
    }
    tasks.join_all().await;
    let all = (0..45).fold(Totals::default(), |sum, _| sum.plus(given(1)));
    assert_eq!(reading(store.as_ref(), 0, 0).await, TotalsReading { all, since: all });
}

pub(super) async fn thirty_entries_without_anything_in_common_are_folded_at_once(
    store: Arc<dyn Store>,
) {
    let codes: Vec<CurrencyCode> = ('A'..='Z')
        .flat_map(|one| ["AA", "BB", "CC"].map(|rest| format!("{one}{rest}")))
        .map(|code| code.parse().expect("a code"))
        .collect();
    let folds: Vec<_> = (0..30_u32)
        .zip(codes.chunks(2))
        .map(|(at, codes)| {
            let totals = codes.iter().map(|code| (*code, given(5))).collect();
            HouseFold { totals, ..fold(u128::from(at), at, 0) }
        })
        .collect();
    // As three times as many rows as one transaction of the real store has, for one is split.
    folded(store.as_ref(), &folds).await;
    folded(store.as_ref(), &folds).await;
    for (at, code) in codes.iter().take(60).enumerate() {
        let minute = minute(u32::try_from(at / 2).expect("small"));
        let reading = store.totals(*code, minute, minute).await;
        assert_eq!(reading, Ok(TotalsReading { all: given(5), since: given(5) }), "{code}");
    }
}

pub(super) async fn totals_are_exact_far_beyond_an_amount(store: Arc<dyn Store>) {
    let most = 10_i128.pow(18);
    for round in 0..20_u128 {
        let folds: Vec<_> = (0..30).map(|n| fold(round * 30 + n, 0, most + 1)).collect();
        folded(store.as_ref(), &folds).await;
    }
    let all = Totals {
        world: -600 * (most + 1),
        pool: 600 * (most - 2),
        fees: 1200,
        dust: 600,
        ..Totals::default()
    };
    let now = Minute::of(at(0));
    assert_eq!(store.totals(code(), now, now).await, Ok(TotalsReading { all, since: all }));
}
