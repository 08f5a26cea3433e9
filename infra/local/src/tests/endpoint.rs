//! A market on a DynamoDB behind a socket: what it finds again, and what follows its streams.

use std::{net::Ipv4Addr, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Response, StatusCode, header::CONTENT_TYPE},
};
use domain::id::UserId;
use tempfile::tempdir;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use super::{deposit, lasting, password, refused, started};
use crate::{RunningMarket, StartError, Storage, embedded::EmbeddedDynamo};

/// Far longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(20);

/// The embedded engine behind a URL, as another program would be.
#[derive(Clone)]
struct Emulator {
    engine: EmbeddedDynamo,
    has_streams: bool,
    /// Changes with each answer.
    answered: watch::Sender<()>,
}

async fn answer(State(emulator): State<Emulator>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let target = parts.headers["x-amz-target"].to_str().expect("text").to_owned();
    let known = emulator.has_streams || !target.starts_with("DynamoDBStreams");
    let target = if known { target } else { "DynamoDB_20120810.Unknown".to_owned() };
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let answer = emulator.engine.answer(target, body).await.expect("answered");
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).expect("a status");
    let json = "application/x-amz-json-1.0".parse().expect("a media type");
    response.headers_mut().insert(CONTENT_TYPE, json);
    emulator.answered.send_replace(());
    response
}

impl Emulator {
    fn new(has_streams: bool) -> Self {
        let engine = EmbeddedDynamo::in_memory().expect("opened");
        Self { engine, has_streams, answered: watch::Sender::new(()) }
    }

    /// Its address, as long as the server is kept.
    async fn serve(&self) -> (String, JoinSet<()>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let service = axum::Router::new().fallback(answer).with_state(self.clone());
        let mut server = JoinSet::new();
        server.spawn(async { axum::serve(listener, service).await.expect("serves") });
        (url, server)
    }

    /// Until the first demo user's statement tells of all that happened to the account.
    async fn until_fed(&self, market: &RunningMarket) {
        let mut answered = self.answered.subscribe();
        let user: UserId = market.report().users[0].user_id.parse().expect("a user");
        let store = &market.context().market.store;
        let fed = async {
            loop {
                let account = store.account(user).await.expect("readable").expect("an account");
                let head = store.statement_head(user).await.expect("readable");
                if head.is_some_and(|head| head.version == account.version) {
                    return;
                }
                // This task's own reads are answers too, so it never waits for ever.
                answered.changed().await.expect("a server");
            }
        };
        tokio::time::timeout(LIMIT, fed).await.expect("fed");
    }
}

#[tokio::test]
async fn a_market_on_an_endpoint_is_found_again_there() {
    let (url, _server) = Emulator::new(true).serve().await;
    let directory = tempdir().expect("a directory");
    let dir = directory.path().to_path_buf();
    let storage = Storage::Endpoint { url: url.clone(), dir };

    let first = started(storage.clone()).await;
    assert!(password(&first).is_some());
    assert_eq!(first.report().dynamodb.as_ref(), Some(&url));
    first.report_delivered().expect("remembered");
    let before = lasting(first.report());
    let error = refused(storage.clone()).await;
    assert!(matches!(error, StartError::Locked(_)), "the secret is in use: {error}");
    first.shutdown().await;
    let second = started(storage).await;

    assert_eq!(lasting(second.report()), before);
    assert_eq!(password(&second), None);
}

#[tokio::test]
async fn the_streams_of_an_endpoint_feed_statements_and_are_followed_on_after_a_restart() {
    let emulator = Emulator::new(true);
    let (url, _server) = emulator.serve().await;
    let directory = tempdir().expect("a directory");
    let storage = Storage::Endpoint { url, dir: directory.path().to_path_buf() };
    for key in ["first", "second"] {
        let market = started(storage.clone()).await;
        assert_eq!(market.report().not_followed, None);
        deposit(&market, key).await;
        emulator.until_fed(&market).await;
        market.shutdown().await;
    }
}

#[tokio::test]
async fn a_market_on_an_endpoint_without_streams_serves_and_says_what_is_not_fed() {
    let (url, _server) = Emulator::new(false).serve().await;
    let directory = tempdir().expect("a directory");
    let storage = Storage::Endpoint { url, dir: directory.path().to_path_buf() };
    let market = started(storage).await;
    let report = market.report();
    assert!(report.not_followed.as_deref().is_some_and(|reason| reason.contains("Unknown")));
    let text = report.to_string();
    assert!(text.contains("NOT FED statements, candles, sockets, webhooks"), "{text}");
    deposit(&market, "works").await;
}
