//! That a universe and its currency are one of a kind, and its rate has one line of versions.

use std::sync::Arc;

use app::ports::{Found, RateQuery, Store};
use domain::{
    commit::Write,
    rate::{RateId, RateSource, RateVersion, SpreadBps},
    time::{Span, Timestamp},
    universe::Universe,
};

use super::{
    fixtures::{at, done, entry_id, refused, refused_one, voided},
    samples::largest_universe,
};
use crate::builders::{earth, mars, put_universe, venus};

/// The universe with another version of its rate, observed at this time.
fn rated(universe: Universe, version: u32, units: &str, observed_at: Timestamp) -> Universe {
    let rate = RateVersion {
        id: RateId { universe: universe.id, version },
        units_per_base: units.parse().expect("a rate"),
        spread: SpreadBps::new(25).expect("at most 1000"),
        source: RateSource::Feed,
        observed_at,
        valid_until: Some(observed_at.plus(Span::seconds(60))),
    };
    Universe { rate, ..universe }
}

async fn universes(store: &dyn Store) -> Vec<Universe> {
    let mut universes = store.universes().await.expect("a read");
    universes.sort_by_key(|universe| universe.id);
    universes
}

pub(super) async fn universes_are_read_as_they_were_written(store: Arc<dyn Store>) {
    let store = store.as_ref();
    assert_eq!(universes(store).await, []);
    let mut written = Vec::new();
    for universe in [earth(), mars(), venus(), largest_universe()] {
        put_universe(store, universe.clone()).await;
        written.push(universe);
        assert_eq!(universes(store).await, written);
    }
    let next = rated(mars(), 2, "2.75", at(10));
    let replaced = Write::ReplaceRate { universe: next.clone(), replaces: 1 };
    done(store, vec![replaced, Write::PutRateVersion(next.rate.clone())]).await;
    written[1] = next;
    assert_eq!(universes(store).await, written);
}

pub(super) async fn a_universe_is_put_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    put_universe(store, mars()).await;
    let other = Universe { id: mars().id, ..venus() };
    assert_eq!(refused_one(store, Write::PutUniverse(other)).await, Found::Other);
    assert_eq!(universes(store).await, [mars()]);
}

pub(super) async fn a_currency_is_reserved_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    put_universe(store, mars()).await;
    let other = Universe { currency: mars().currency, ..venus() };
    let writes = vec![
        Write::PutUniverse(other.clone()),
        Write::ReserveCurrency { code: other.currency.code, universe: other.id },
        Write::PutRateVersion(other.rate),
        Write::PutEntry(voided(1)),
    ];
    assert_eq!(refused(store, writes).await, [(1, Found::Other)]);
    assert_eq!(universes(store).await, [mars()]);
    assert_eq!(store.entry(entry_id(1)).await, Ok(None));
    put_universe(store, venus()).await;
}

pub(super) async fn a_rate_is_replaced_once_a_version(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let replacing =
        |units: &str| Write::ReplaceRate { universe: rated(mars(), 2, units, at(10)), replaces: 1 };
    assert_eq!(refused_one(store, replacing("2.6")).await, Found::Nothing);
    put_universe(store, mars()).await;
    done(store, vec![replacing("2.6")]).await;
    assert_eq!(refused_one(store, replacing("2.7")).await, Found::Other);
    assert_eq!(universes(store).await, [rated(mars(), 2, "2.6", at(10))]);
    let third = rated(mars(), 3, "2.7", at(20));
    done(store, vec![Write::ReplaceRate { universe: third.clone(), replaces: 2 }]).await;
    assert_eq!(universes(store).await, [third]);
}

pub(super) async fn a_rate_version_is_put_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    put_universe(store, mars()).await;
    let other = rated(mars(), 1, "9", at(0)).rate;
    assert_eq!(refused_one(store, Write::PutRateVersion(other)).await, Found::Other);
    assert_eq!(listed(store, Timestamp::MAX, None, 100).await, (vec![1], false));
    let query = RateQuery { universe: mars().id, at: Timestamp::MAX, below: None, limit: 1 };
    let page = store.rate_versions(&query).await.expect("a read");
    assert_eq!(page.rows, [mars().rate]);
}

/// Twelve versions of Mars's rate, ten seconds apart, and one of Venus's.
async fn twelve_versions(store: &dyn Store) {
    for version in 1..=12 {
        let observed_at = at(version * 10);
        let rate = rated(mars(), version, "2.5", observed_at).rate;
        done(store, vec![Write::PutRateVersion(rate)]).await;
    }
    done(store, vec![Write::PutRateVersion(venus().rate)]).await;
}

/// The versions of Mars's rate that are listed, and whether there are more.
async fn listed(
    store: &dyn Store,
    at: Timestamp,
    below: Option<u32>,
    limit: u32,
) -> (Vec<u32>, bool) {
    let query = RateQuery { universe: mars().id, at, below, limit };
    let page = store.rate_versions(&query).await.expect("a read");
    assert!(page.rows.iter().all(|rate| rate.id.universe == mars().id));
    (page.rows.iter().map(|rate| rate.id.version).collect(), page.more)
}

pub(super) async fn rate_versions_are_listed_newest_first(store: Arc<dyn Store>) {
    let store = store.as_ref();
    assert_eq!(listed(store, Timestamp::MAX, None, 100).await, (vec![], false));
    twelve_versions(store).await;
    let all: Vec<u32> = (1..=12).rev().collect();
    assert_eq!(listed(store, Timestamp::MAX, None, 100).await, (all.clone(), false));
    assert_eq!(listed(store, Timestamp::MAX, None, 12).await, (all, false));
    assert_eq!(listed(store, Timestamp::MAX, None, 3).await, (vec![12, 11, 10], true));
    let query = RateQuery { universe: mars().id, at: Timestamp::MAX, below: None, limit: 1 };
    let page = store.rate_versions(&query).await.expect("a read");
    assert_eq!(page.rows, [rated(mars(), 12, "2.5", at(120)).rate]);
}

pub(super) async fn rate_versions_are_listed_as_of_a_time(store: Arc<dyn Store>) {
    let store = store.as_ref();
    twelve_versions(store).await;
    let before = |time: Timestamp| Timestamp::from_millis(time.millis() - 1);
    assert_eq!(listed(store, at(50), None, 2).await, (vec![5, 4], true));
    assert_eq!(listed(store, before(at(50)), None, 2).await, (vec![4, 3], true));
    assert_eq!(listed(store, at(20), None, 2).await, (vec![2, 1], false));
    assert_eq!(listed(store, before(at(10)), None, 2).await, (vec![], false));
}

pub(super) async fn rate_versions_are_listed_below_a_version(store: Arc<dyn Store>) {
    let store = store.as_ref();
    twelve_versions(store).await;
    assert_eq!(listed(store, Timestamp::MAX, Some(10), 2).await, (vec![9, 8], true));
    assert_eq!(listed(store, Timestamp::MAX, Some(3), 2).await, (vec![2, 1], false));
    assert_eq!(listed(store, Timestamp::MAX, Some(1), 2).await, (vec![], false));
    assert_eq!(listed(store, at(50), Some(10), 2).await, (vec![5, 4], true));
    assert_eq!(listed(store, at(50), Some(4), 2).await, (vec![3, 2], true));
}
