//! What a link does that needs no server to be seen: whom it asks, when, and when it does not.

#![expect(clippy::disallowed_methods, reason = "what a test starts ends with it")]

use std::{
    future::pending,
    net::Ipv4Addr,
    sync::atomic::{AtomicU32, Ordering},
};

use async_trait::async_trait;
use futures_util::FutureExt;
use testkit::clock::ManualClock;
use tokio::{net::TcpListener, sync::Notify};

use super::*;
use crate::valkey::discovery::{CacheDiscovery, NotDiscovered, SEARCH_PAUSE};

/// Says where the cache is once the test has told it.
#[derive(Default)]
struct Oracle {
    answer: Mutex<Option<Result<Endpoint, NotDiscovered>>>,
    asked: AtomicU32,
    heard: Notify,
}

impl Oracle {
    fn knows(&self, port: u16) {
        let found = Endpoint { host: Ipv4Addr::LOCALHOST.to_string(), port };
        *self.answer.lock().expect("no panic") = Some(Ok(found));
    }

    fn fails(&self) {
        *self.answer.lock().expect("no panic") = Some(Err(NotDiscovered("down".to_owned())));
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl CacheDiscovery for Oracle {
    async fn endpoint(&self) -> Result<Endpoint, NotDiscovered> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.heard.notify_one();
        let answer = self.answer.lock().expect("no panic").clone();
        match answer {
            Some(answer) => answer,
            None => pending().await,
        }
    }
}

struct Stage {
    clock: Arc<ManualClock>,
    oracle: Arc<Oracle>,
    link: Arc<Link>,
}

impl Stage {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_800_000_000_000)));
        let oracle = Arc::new(Oracle::default());
        let client = Client::open("redis://unknown.invalid").expect("an address");
        let link = Link::new(Plan {
            server: client.get_connection_info().clone(),
            sign_in: None,
            search: Some(Search::new(oracle.clone(), clock.clone())),
            clock: clock.clone(),
            answer_limit: Span::seconds(10),
        });
        Self { clock, oracle, link }
    }

    async fn ping(&self) -> Result<Option<String>, CacheUnavailable> {
        self.link.ask(redis::cmd("PING")).await
    }

    /// The answer of a link that does not know where to ask: it comes without any wait.
    fn refuses_at_once(&self) {
        let answer = self.ping().now_or_never().expect("at once");
        let error = answer.expect_err("nobody knows where");
        assert_eq!(error.0, "its endpoint is not known yet");
    }

    async fn found(&self) {
        while self.link.endpoint().is_none_or(|endpoint| endpoint.host == "unknown.invalid") {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn until_the_endpoint_is_known_every_request_is_answered_at_once() {
    let stage = Stage::new();
    stage.refuses_at_once();
    stage.oracle.heard.notified().await;
    for _ in 0..20 {
        stage.refuses_at_once();
    }
    tokio::task::yield_now().await;
    assert_eq!(stage.oracle.asked(), 1);
}

#[tokio::test]
async fn an_endpoint_that_was_not_found_is_looked_for_again_after_a_pause() {
    let stage = Stage::new();
    stage.oracle.fails();
    stage.refuses_at_once();
    stage.oracle.heard.notified().await;
    stage.clock.advance(Span::of_millis(SEARCH_PAUSE.as_millis() - 1));
    stage.refuses_at_once();
    tokio::task::yield_now().await;
    assert_eq!(stage.oracle.asked(), 1);

    stage.oracle.knows(1);
    stage.clock.advance(Span::millis(1));
    stage.refuses_at_once();
    stage.found().await;
    assert_eq!(stage.oracle.asked(), 2);
}

#[tokio::test]
async fn a_server_that_fails_is_looked_for_anew() {
    let stage = Stage::new();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let gone = listener.local_addr().expect("it is bound").port();
    drop(listener);
    stage.oracle.knows(gone);
    stage.refuses_at_once();
    stage.found().await;
    stage.oracle.heard.notified().await;

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    stage.oracle.knows(port);
    stage.clock.advance(SEARCH_PAUSE);
    assert!(stage.ping().await.is_err(), "nobody listens there");
    stage.oracle.heard.notified().await;
    stage.clock.advance(PAUSE);
    let link = Arc::clone(&stage.link);
    let asking = tokio::spawn(async move { link.ask::<String>(redis::cmd("PING")).await });
    listener.accept().await.expect("the link comes");
    asking.abort();
}

#[test]
fn a_link_to_another_host_keeps_its_scheme() {
    let endpoint = || Endpoint { host: "node".to_owned(), port: 7 };
    for (url, moved) in [("redis://a:1", "redis://node:7"), ("rediss://a:1", "rediss://node:7")] {
        let address =
            |url| Client::open(url).expect("an address").get_connection_info().addr().clone();
        assert_eq!(at(&address(url), endpoint()), address(moved));
    }
}
