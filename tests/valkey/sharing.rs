//! What processes share while the server is well: what is read, for how long, and what wins.

use std::{sync::Arc, time::Duration};

use app::{
    perform::Freshness,
    ports::Clock,
    rate_cache::{HARD_AGE, SOFT_AGE, SharedCache, Snapshot},
};
use domain::time::Span;
use tokio::time::timeout;

use crate::{
    server::Server,
    world::{World, mars_rate, rate_of_mars},
};

const KEY: &str = "rates:v1";

#[tokio::test]
async fn a_second_process_reads_what_the_first_shared() {
    let (server, world) = (Server::start(), World::new().await);
    let [first, second] = [0, 1].map(|_| world.process(world.cache(&server.url())));
    assert_eq!(mars_rate(&first).await, "2.5");
    assert_eq!(world.store_reads(), 1);
    assert_eq!(mars_rate(&second).await, "2.5");
    assert_eq!(world.store_reads(), 0);
}

#[tokio::test]
async fn one_connection_is_opened_on_first_use_and_kept() {
    let (server, world) = (Server::start(), World::new().await);
    let connections_ever = || -> u64 {
        let stats = server.command(&["INFO", "stats"]);
        let count = stats.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
        count.and_then(|count| count.parse().ok()).expect("a count")
    };
    let before = connections_ever();
    let cache = world.cache(&server.url());
    // Each question is a connection itself.
    assert_eq!(connections_ever(), before + 1);
    for _ in 0..3 {
        assert_eq!(cache.get().await, Ok(None));
    }
    assert_eq!(connections_ever(), before + 3);
}

#[tokio::test]
async fn an_empty_cache_is_a_miss_and_is_filled_from_the_store() {
    let (server, world) = (Server::start(), World::new().await);
    let cache = world.cache(&server.url());
    assert_eq!(cache.get().await, Ok(None));
    assert_eq!(mars_rate(&world.process(cache.clone())).await, "2.5");
    assert_eq!(world.store_reads(), 1);
    let snapshot = cache.get().await.expect("it answers").expect("it is filled");
    assert_eq!(snapshot.read_at, world.clock.now());
    assert_eq!(rate_of_mars(&snapshot.universes), "2.5");
}

#[tokio::test]
async fn what_is_shared_expires_when_it_is_ten_seconds_old() {
    let (server, world) = (Server::start(), World::new().await);
    let cache = world.cache(&server.url());
    let universes = world.process(cache.clone()).current(Freshness::Fresh).await.expect("rates");
    let left: i64 = server.command(&["PTTL", KEY]).parse().expect("milliseconds");
    assert!((1..=HARD_AGE.as_millis()).contains(&left), "{left} ms");

    server.command(&["DEL", KEY]);
    let snapshot = Snapshot { universes, read_at: world.clock.now() };
    world.clock.advance(Span::seconds(5));
    cache.put(&snapshot).await.expect("it answers");
    let left: i64 = server.command(&["PTTL", KEY]).parse().expect("milliseconds");
    assert!((1..=5_000).contains(&left), "{left} ms");

    server.command(&["DEL", KEY]);
    world.clock.advance(Span::millis(4_900));
    cache.put(&snapshot).await.expect("it answers");
    let expired = async { while cache.get().await.expect("it answers").is_some() {} };
    timeout(Duration::from_secs(5), expired).await.expect("a tenth of a second");

    world.clock.advance(Span::millis(100));
    cache.put(&snapshot).await.expect("there is nothing to do");
    assert_eq!(server.command(&["EXISTS", KEY]), "0");
}

#[tokio::test]
async fn a_snapshot_past_the_hard_limit_is_not_served_though_the_server_holds_it() {
    let (server, world) = (Server::start(), World::new().await);
    let cache = world.cache(&server.url());
    mars_rate(&world.process(cache.clone())).await;
    assert_eq!(server.command(&["PERSIST", KEY]), "1");
    world.rate_mars("2.6").await;
    world.store_reads();

    world.clock.advance(Span::millis(9_999));
    assert_eq!(mars_rate(&world.process(cache.clone())).await, "2.5");
    assert_eq!(world.store_reads(), 0);
    world.clock.advance(Span::millis(1));
    assert_eq!(mars_rate(&world.process(cache.clone())).await, "2.6");
    assert_eq!(world.store_reads(), 1);
}

#[tokio::test]
async fn a_value_that_is_not_ours_is_a_miss_and_is_replaced() {
    let (server, world) = (Server::start(), World::new().await);
    mars_rate(&world.process(world.cache(&server.url()))).await;
    let ours = server.command(&["GET", KEY]);
    let lying = ours.replace("\"2.5\"", "\"-2.5\"");
    let cut = &ours[..ours.len() / 2];
    for garbage in ["", "rates", "{}", "[]", r#"{"edition":1}"#, &lying, cut] {
        server.command(&["SET", KEY, garbage]);
        world.clock.advance(Span::millis(1));
        world.store_reads();
        let cache = world.cache(&server.url());
        assert_eq!(cache.get().await, Ok(None), "{garbage}");
        assert_eq!(mars_rate(&world.process(cache.clone())).await, "2.5");
        assert_eq!(world.store_reads(), 1, "{garbage}");
        assert!(cache.get().await.expect("it answers").is_some(), "{garbage}");
    }
    server.command(&["DEL", KEY]);
    server.command(&["RPUSH", KEY, "a list"]);
    let cache = world.cache(&server.url());
    assert_eq!(mars_rate(&world.process(cache.clone())).await, "2.5");
    assert!(cache.get().await.expect("it answers").is_some());
}

#[tokio::test]
async fn an_older_put_does_not_replace_a_newer_one() {
    let (server, world) = (Server::start(), World::new().await);
    let cache = world.cache(&server.url());
    let process = world.process(cache.clone());
    let universes = process.renew().await.expect("rates");
    let old = Snapshot { universes, read_at: world.clock.now() };
    world.clock.advance(Span::seconds(1));
    let new = Snapshot { read_at: world.clock.now(), ..old.clone() };
    cache.put(&new).await.expect("it answers");
    cache.put(&old).await.expect("it answers");
    assert_eq!(cache.get().await, Ok(Some(new)));
}

#[tokio::test]
async fn older_rates_do_not_replace_newer_ones_whatever_the_clocks_say() {
    let (server, world) = (Server::start(), World::new().await);
    let cache = world.cache(&server.url());
    let process = world.process(cache.clone());
    let before = process.renew().await.expect("rates");
    let read_at = world.clock.now();
    world.rate_mars("2.6").await;
    // In the same millisecond, as when an operator's request renews before and after it.
    let after = process.renew().await.expect("rates");
    let newest = Ok(Some(Snapshot { universes: after, read_at }));
    assert_eq!(cache.get().await, newest);

    world.clock.advance(Span::seconds(1));
    let late = Snapshot { universes: before, read_at: world.clock.now() };
    cache.put(&late).await.expect("it answers");
    assert_eq!(cache.get().await, newest);
}

#[tokio::test]
async fn the_newest_of_many_puts_at_once_stays() {
    let (server, world) = (Server::start(), World::new().await);
    let cache = world.cache(&server.url());
    let universes = world.process(cache.clone()).renew().await.expect("rates");
    let end = world.clock.now().plus(Span::seconds(1));
    let read_at = |age: u32| Snapshot {
        universes: universes.clone(),
        read_at: world.clock.now().plus(Span::millis(1_000 - age)),
    };
    // The newest is neither the first nor the last.
    let snapshots: Vec<_> = (11..=20).chain(1..=10).map(read_at).collect();
    world.clock.set(end);
    let puts: Vec<_> = snapshots
        .iter()
        .map(|snapshot| {
            let (cache, snapshot) = (world.cache(&server.url()), snapshot.clone());
            tokio::spawn(async move { cache.put(&snapshot).await })
        })
        .collect();
    for put in puts {
        put.await.expect("no panic").expect("it answers");
    }
    assert_eq!(cache.get().await, Ok(snapshots.into_iter().nth(10)));
}

#[tokio::test]
async fn an_operators_rate_is_seen_by_another_process_within_the_soft_age() {
    let (server, world) = (Server::start(), World::new().await);
    let began = world.clock.now();
    let [operators, other] = [0, 1].map(|_| world.process(world.cache(&server.url())));
    assert_eq!(mars_rate(&other).await, "2.5");
    world.clock.advance(Span::seconds(1));
    world.rate_mars("2.6").await;
    operators.renew().await.expect("rates");
    assert_eq!(mars_rate(&other).await, "2.5");
    world.store_reads();

    // The other's own snapshot is now at the soft age, the operator's is younger.
    world.clock.set(began.plus(SOFT_AGE));
    other.refresh_if_due().await;
    assert_eq!(mars_rate(&other).await, "2.6");
    assert_eq!(world.store_reads(), 0);
}

#[tokio::test]
async fn markets_with_different_prefixes_do_not_meet() {
    let (server, world) = (Server::start(), World::new().await);
    let under = |prefix| {
        let cache = world.hasty_cache(&server.url()).with_answer_limit(Span::seconds(10));
        Arc::new(cache.with_prefix(prefix))
    };
    mars_rate(&world.process(under("north:"))).await;
    assert_eq!(under("south:").get().await, Ok(None));
    assert!(under("north:").get().await.expect("it answers").is_some());
    assert_eq!(server.command(&["EXISTS", "north:rates:v1"]), "1");
}
