//! That all who send to a venue agree on its breaker and on its slots, and that a venue uses a
//! number once.

use std::sync::Arc;

use app::ports::Store;
use domain::{
    time::{Span, Timestamp},
    venue::{Breaker, BreakerState},
};
use tokio::task::JoinSet;

use super::{
    fixtures::at,
    samples::{longest, nyx},
};

/// How many do the same thing at the same time.
const RIVALS: u32 = 16;

pub(super) async fn a_breaker_is_new_until_it_changes(store: Arc<dyn Store>) {
    assert_eq!(store.breaker(nyx()).await, Ok(Breaker::new(nyx())));
    let rest = Span::seconds(60);
    let states = [
        BreakerState::Closed { failures: u32::MAX },
        BreakerState::Open { until: Timestamp::MAX, rest },
        BreakerState::HalfOpen { until: at(9), rest: Span::millis(1) },
        BreakerState::Closed { failures: 0 },
    ];
    for (version, state) in (1..).zip(states) {
        let next = Breaker { venue: nyx(), state, version };
        assert_eq!(store.replace_breaker(&next).await, Ok(true));
        assert_eq!(store.breaker(nyx()).await, Ok(next));
    }
    assert_eq!(store.breaker(longest()).await, Ok(Breaker::new(longest())));
}

pub(super) async fn a_breaker_is_replaced_once_a_version(store: Arc<dyn Store>) {
    let new = Breaker::new(nyx());
    let first = new.failed(at(0)).expect("it counts");
    let second = first.failed(at(1)).expect("it counts");
    assert_eq!(store.replace_breaker(&new).await, Ok(false), "it says nothing");
    assert_eq!(store.replace_breaker(&second).await, Ok(false), "there is no first");
    assert_eq!(store.replace_breaker(&first).await, Ok(true));
    assert_eq!(store.replace_breaker(&first).await, Ok(false));
    assert_eq!(store.replace_breaker(&second).await, Ok(true));
    for stale in [first, second, Breaker { version: 4, ..second }] {
        assert_eq!(store.replace_breaker(&stale).await, Ok(false));
    }
    assert_eq!(store.breaker(nyx()).await, Ok(second));
}

pub(super) async fn of_concurrent_probes_of_a_venue_one_is_let_through(store: Arc<dyn Store>) {
    let mut probes = JoinSet::new();
    for number in 0..RIVALS {
        let store = Arc::clone(&store);
        let rest = Span::millis(number);
        let state = BreakerState::HalfOpen { until: at(15), rest };
        let probe = Breaker { venue: nyx(), state, version: 1 };
        probes.spawn(async move { store.replace_breaker(&probe).await.expect("a write") });
    }
    let through = probes.join_all().await.into_iter().filter(|through| *through);
    assert_eq!(through.count(), 1);
}

pub(super) async fn a_slot_is_one_takers_until_its_time_is_over(store: Arc<dyn Store>) {
    assert_eq!(store.take_slot(nyx(), 0, at(0), at(10)).await, Ok(true));
    assert_eq!(store.take_slot(nyx(), 0, at(0), at(10)).await, Ok(false));
    assert_eq!(store.take_slot(nyx(), 0, at(9), at(30)).await, Ok(false));
    for (venue, slot) in [(nyx(), 1), (nyx(), u16::MAX), (longest(), 0)] {
        assert_eq!(store.take_slot(venue, slot, at(0), at(10)).await, Ok(true), "another");
    }
    assert_eq!(store.take_slot(nyx(), 0, at(10), at(20)).await, Ok(true), "its time is over");
    assert_eq!(store.take_slot(nyx(), 0, at(10), at(20)).await, Ok(false));
}

pub(super) async fn a_slot_is_given_back_only_by_whoever_has_it(store: Arc<dyn Store>) {
    store.free_slot(nyx(), 0, at(10), at(0)).await.expect("nothing to give back");
    assert_eq!(store.take_slot(nyx(), 0, at(0), at(10)).await, Ok(true));
    store.free_slot(nyx(), 0, at(11), at(1)).await.expect("not this one's");
    assert_eq!(store.take_slot(nyx(), 0, at(9), at(19)).await, Ok(false));
    // Free from then on, and not before.
    store.free_slot(nyx(), 0, at(10), at(5)).await.expect("given back");
    assert_eq!(store.take_slot(nyx(), 0, at(4), at(14)).await, Ok(false));
    assert_eq!(store.take_slot(nyx(), 0, at(5), at(15)).await, Ok(true));
    // Whoever had it before comes late.
    store.free_slot(nyx(), 0, at(10), at(5)).await.expect("not this one's any more");
    assert_eq!(store.take_slot(nyx(), 0, at(14), at(24)).await, Ok(false));
}

pub(super) async fn of_concurrent_takers_of_a_slot_one_gets_it(store: Arc<dyn Store>) {
    for now in [0, 100] {
        let mut takers = JoinSet::new();
        for number in 0..RIVALS {
            let store = Arc::clone(&store);
            let until = at(now + 50 + number);
            takers.spawn(async move {
                store.take_slot(nyx(), 3, at(now), until).await.expect("a write")
            });
        }
        let got = takers.join_all().await.into_iter().filter(|got| *got);
        assert_eq!(got.count(), 1, "at {now}");
    }
}

pub(super) async fn a_venue_uses_a_number_once(store: Arc<dyn Store>) {
    for nonce in [0, 1, u128::MAX] {
        assert_eq!(store.spend_nonce(nyx(), nonce, at(300)).await, Ok(true));
        assert_eq!(store.spend_nonce(nyx(), nonce, at(300)).await, Ok(false));
        assert_eq!(store.spend_nonce(nyx(), nonce, at(600)).await, Ok(false));
        assert_eq!(store.spend_nonce(longest(), nonce, at(300)).await, Ok(true), "another's");
    }
    let mut spenders = JoinSet::new();
    for _ in 0..RIVALS {
        let store = Arc::clone(&store);
        spenders
            .spawn(async move { store.spend_nonce(nyx(), 77, at(300)).await.expect("a write") });
    }
    let spent = spenders.join_all().await.into_iter().filter(|spent| *spent);
    assert_eq!(spent.count(), 1);
}
