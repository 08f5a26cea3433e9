//! The client before a server that is unwell: it goes on with the same key, and ends.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, task::JoinSet};

use super::*;

/// What the server says, in turn, and the keys that it was asked with.
#[derive(Clone)]
struct Script {
    answers: &'static [(u16, &'static str)],
    keys: Arc<Mutex<Vec<String>>>,
}

async fn say(State(script): State<Script>, request: Request) -> Response {
    let key = request.headers().get("idempotency-key").expect("a key");
    let mut keys = script.keys.lock().expect("a lock");
    let (status, body) = script.answers[keys.len()];
    keys.push(key.to_str().expect("text").to_owned());
    let status = http::StatusCode::from_u16(status).expect("a status");
    (status, [(header::RETRY_AFTER, "0")], body).into_response()
}

/// Asks a server with this script; what it answered in the end, and the keys.
async fn asked(
    answers: &'static [(u16, &'static str)],
) -> (Result<Answer, DemoError>, Vec<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let script = Script { answers, keys: Arc::default() };
    let router = axum::Router::new().fallback(say).with_state(script.clone());
    let mut server = JoinSet::new();
    server.spawn(async move { axum::serve(listener, router).await });
    let asking = Asking { method: Method::POST, key: Some("a-key"), ..Asking::get("/orders") };
    let answer = Client::new(&url).ask(&asking).await;
    let keys = script.keys.lock().expect("a lock").clone();
    (answer, keys)
}

#[tokio::test]
async fn what_may_yet_succeed_is_asked_again_with_the_same_key() {
    let (answer, keys) = asked(&[
        (429, r#"{"code":"rate_limited"}"#),
        (503, "<html>"),
        (409, r#"{"code":"busy","retryable":true}"#),
        (201, r#"{"id":"ord_1"}"#),
    ])
    .await;
    assert_eq!(answer.expect("an answer").status, 201);
    assert_eq!(keys, ["a-key"; 4]);
}

#[tokio::test]
async fn a_refusal_for_good_is_an_answer() {
    let (answer, keys) = asked(&[(422, r#"{"code":"insufficient_funds","detail":"no"}"#)]).await;
    let answer = answer.expect("an answer");
    assert_eq!((answer.status, answer.code()), (422, "insufficient_funds".to_owned()));
    let error = answer.read::<Value>("an order").expect_err("refused");
    assert_eq!(error.to_string(), "an order was refused with 422: insufficient_funds: no");
    assert_eq!(keys.len(), 1);
}

#[tokio::test]
async fn a_market_that_stays_busy_is_given_up() {
    let (answer, keys) = asked(&[(503, ""); 10]).await;
    let error = answer.expect_err("given up");
    assert!(matches!(error, DemoError::GivenUp { tries: 10, .. }), "{error}");
    assert_eq!(keys.len(), 10);
}

#[tokio::test]
async fn where_nobody_listens_a_knock_says_so() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let error = Client::new(&url).knock().await.expect_err("nobody");
    assert!(matches!(error, DemoError::Nobody { .. }), "{error}");
}
