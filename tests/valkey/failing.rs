//! What requests see while the server is gone, hangs, or comes back: right rates, in time.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use app::rate_cache::{HARD_AGE, SharedCache};
use edge::valkey::{PAUSE, ValkeyCache};
use tokio::{net::TcpListener, time::Instant};

use crate::{
    server::Server,
    world::{World, mars_rate},
};

/// Far above the 50 ms that are promised, far below any hang: the machine may be busy.
pub(crate) const IN_TIME: Duration = Duration::from_secs(1);

/// The rate that a process that has just started sees, and how long its request took.
pub(crate) async fn timed(world: &World, cache: &Arc<ValkeyCache>) -> (String, Duration) {
    let process = world.process(cache.clone());
    let began = Instant::now();
    let rate = mars_rate(&process).await;
    (rate, began.elapsed())
}

/// Twenty requests after a failure: none of them waits for the server.
pub(crate) async fn assert_skipped(world: &World, cache: &Arc<ValkeyCache>) {
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(timed(world, cache).await.0, "2.5");
    }
    // Each would have waited 50 ms: 1 s together.
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
}

/// Asks until the server answers, one pause after the other.
async fn assert_used_again(world: &World, cache: &ValkeyCache) {
    for _ in 0..100 {
        world.clock.advance(PAUSE);
        if cache.get().await.is_ok() {
            return;
        }
    }
    panic!("it was never used again");
}

#[tokio::test]
async fn a_killed_server_costs_neither_rates_nor_time() {
    let (mut server, world) = (Server::start(), World::new().await);
    let cache = Arc::new(world.hasty_cache(&server.url()));
    assert_used_again(&world, &cache).await;
    server.kill();
    for _ in 0..10 {
        world.clock.advance(HARD_AGE);
        world.store_reads();
        let (rate, took) = timed(&world, &cache).await;
        assert_eq!(rate, "2.5");
        assert_eq!(world.store_reads(), 1);
        assert!(took < IN_TIME, "{took:?}");
    }
}

#[tokio::test]
async fn a_server_that_was_never_there_costs_neither_rates_nor_time() {
    let (mut server, world) = (Server::start(), World::new().await);
    server.kill();
    let cache = Arc::new(world.hasty_cache(&server.url()));
    let (rate, took) = timed(&world, &cache).await;
    assert_eq!(rate, "2.5");
    assert!(took < IN_TIME, "{took:?}");
    assert_skipped(&world, &cache).await;
}

#[tokio::test]
async fn a_server_that_hangs_in_mid_connection_costs_one_wait_and_is_then_skipped() {
    let (server, world) = (Server::start(), World::new().await);
    let cache = Arc::new(world.hasty_cache(&server.url()));
    assert_used_again(&world, &cache).await;
    server.stop();
    let (rate, took) = timed(&world, &cache).await;
    assert_eq!(rate, "2.5");
    assert!((Duration::from_millis(50)..IN_TIME).contains(&took), "{took:?}");
    assert_skipped(&world, &cache).await;

    // The pause is over: one wait again, now for a connection that is never finished.
    world.clock.advance(PAUSE);
    let (rate, took) = timed(&world, &cache).await;
    assert_eq!(rate, "2.5");
    assert!((Duration::from_millis(50)..IN_TIME).contains(&took), "{took:?}");
    server.resume();
}

#[tokio::test]
async fn a_listener_that_never_answers_costs_one_wait_and_is_then_skipped() {
    let world = World::new().await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    for scheme in ["redis", "rediss"] {
        let url = format!("{scheme}://127.0.0.1:{port}");
        let cache = Arc::new(world.hasty_cache(&url));
        let (rate, took) = timed(&world, &cache).await;
        assert_eq!(rate, "2.5");
        assert!((Duration::from_millis(50)..IN_TIME).contains(&took), "{took:?}");
        assert_skipped(&world, &cache).await;
    }
}

#[tokio::test]
async fn many_requests_at_once_wait_for_a_silent_server_together() {
    let world = World::new().await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let cache = Arc::new(world.hasty_cache(&format!("redis://127.0.0.1:{port}")));
    let began = Instant::now();
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let process = world.process(cache.clone());
            tokio::spawn(async move { mars_rate(&process).await })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.expect("no panic"), "2.5");
    }
    assert!(began.elapsed() < IN_TIME, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_server_that_is_back_is_used_again() {
    let (mut server, world) = (Server::start(), World::new().await);
    let cache = Arc::new(world.hasty_cache(&server.url()));
    assert_used_again(&world, &cache).await;
    server.kill();
    assert!(cache.get().await.is_err());
    server.restart();
    assert!(cache.get().await.is_err(), "it is left alone for a while");
    assert_used_again(&world, &cache).await;

    server.stop();
    assert!(cache.get().await.is_err());
    server.resume();
    assert_used_again(&world, &cache).await;
}
