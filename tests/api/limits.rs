//! What every answer has in common: limits, request ids, and problems that no endpoint makes.

use std::sync::Arc;

use domain::time::Span;
use edge::{
    dispatch::answer,
    endpoint::{Endpoint, Method},
    limits::{Quota, Quotas},
};
use serde_json::{Value, json};
use testkit::faults::{Fault, FaultyStore};
use tests::{Ask, Caller, World};

use crate::{
    shown::shown,
    steps::{deposit, get},
};

fn quotas() -> Quotas {
    Quotas {
        requests: Quota { name: "requests", requests: 3, window: Span::seconds(1) },
        credentials: Quota { name: "credentials", requests: 2, window: Span::seconds(60) },
        ..Quotas::default()
    }
}

/// A world with a trader, whose store has these faults from now on.
async fn faulty(faults: &[Fault]) -> (World, Caller) {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let faults = faults.to_vec();
    (world.wrapped(|store| Arc::new(FaultyStore::scripted(store, faults))), john)
}

#[tokio::test]
async fn a_caller_is_told_what_is_left_and_refused_past_it_until_the_window_ends() {
    let world = World::with(quotas(), |store| store).await;
    let john = world.trader("john_earth", 1).await;
    let mary = world.trader("mary_mars", 2).await;
    for left in [2, 1, 0] {
        let answer = get(&world, &john, "/users/me").await;
        answer.expect_status(200);
        assert_eq!(answer.header("ratelimit-policy"), Some("\"requests\";q=3;w=1"));
        let expected = format!("\"requests\";r={left};t=1");
        assert_eq!(answer.header("ratelimit"), Some(expected.as_str()));
    }
    let refused = get(&world, &john, "/users/me").await;
    refused.expect_problem(429, "too_many_requests");
    insta::assert_json_snapshot!(shown(&refused.body), @r#"
    {
      "code": "too_many_requests",
      "detail": "too many requests; try again later",
      "request_id": "(request)",
      "retryable": true,
      "status": 429,
      "title": "Too Many Requests",
      "type": "about:blank"
    }
    "#);
    assert_eq!(refused.header("retry-after"), Some("1"));
    get(&world, &mary, "/users/me").await.expect_status(200);
    world.pass(Span::millis(999));
    get(&world, &john, "/users/me").await.expect_status(429);
    world.pass(Span::millis(1));
    get(&world, &john, "/users/me").await.expect_status(200);
}

#[tokio::test]
async fn credentials_are_tried_a_few_times_a_minute_from_one_address() {
    let world = World::with(quotas(), |store| store).await;
    let body = json!({"username": "john_earth", "password": "guess number one"});
    let guess = || Ask::post("/api/v1/auth/login").json(&body);
    for _ in 0..2 {
        world.send(guess()).await.expect_problem(401, "invalid_credentials");
    }
    let refused = world.send(guess()).await;
    refused.expect_problem(429, "too_many_requests");
    assert_eq!(refused.header("ratelimit"), Some("\"credentials\";r=0;t=60"));
    assert_eq!(refused.header("retry-after"), Some("60"), "not before the window ends");
    world.pass(Span::millis(18_500));
    assert_eq!(world.send(guess()).await.header("retry-after"), Some("42"));
    world.pass(Span::millis(41_500));
    world.send(guess()).await.expect_problem(401, "invalid_credentials");
}

#[tokio::test]
async fn public_reading_is_not_counted() {
    let world = World::with(quotas(), |store| store).await;
    for _ in 0..10 {
        let answer = world.send(Ask::get("/api/v1/universes")).await;
        assert_eq!(answer.expect_status(200).header("ratelimit"), None);
    }
}

#[tokio::test]
async fn a_request_id_is_kept_if_it_is_plain_and_made_up_otherwise() {
    let world = World::new().await;
    let ask = || Ask::get("/api/v1/items/1");
    let answer = world.send(ask().header("x-request-id", "Trace-7_b")).await;
    assert_eq!(answer.header("x-request-id"), Some("Trace-7_b"));
    assert_eq!(answer.text("/request_id"), "Trace-7_b");
    let mut made_up = Vec::new();
    for bad in ["", "with space", "<script>", &"x".repeat(65)] {
        let answer = world.send(ask().header("x-request-id", bad)).await;
        let id = answer.header("x-request-id").expect("an id").to_owned();
        assert_eq!(answer.text("/request_id"), id);
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        made_up.push(id);
    }
    made_up.sort();
    made_up.dedup();
    assert_eq!(made_up.len(), 4);
}

#[tokio::test]
async fn an_unknown_path_and_a_wrong_method_are_problems() {
    let world = World::new().await;
    let unknown = world.send(Ask::get("/api/v1/nothing")).await;
    unknown.expect_problem(404, "path_not_found");
    insta::assert_json_snapshot!(shown(&unknown.body), @r#"
    {
      "code": "path_not_found",
      "detail": "nothing is found at this path",
      "request_id": "(request)",
      "retryable": false,
      "status": 404,
      "title": "Not Found",
      "type": "about:blank"
    }
    "#);
    for (method, path, allowed) in [
        ("DELETE", "/api/v1/buy", "POST"),
        ("GET", "/api/v1/buy", "POST"),
        ("PUT", "/api/v1/items/itm_1", "GET, PATCH"),
        ("POST", "/health", "GET"),
        ("HEAD", "/health", "GET"),
    ] {
        let answer = world.send(Ask::new(method, path)).await;
        answer.expect_problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
    }
}

#[tokio::test]
async fn a_body_has_at_most_sixteen_kilobytes() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let ask = |bytes: usize| {
        let body = format!("{{\"restock\":true{}}}", " ".repeat(bytes - 16));
        let path = "/api/v1/transactions/txn_00000000000000000000000000/refund";
        Ask::post(path).by(&john).key("k").raw(body)
    };
    world.send(ask(16 * 1024 + 1)).await.expect_problem(413, "body_too_large");
    world.send(ask(16 * 1024)).await.expect_problem(404, "transaction_not_found");
}

#[tokio::test]
async fn no_answer_is_cached_or_sniffed() {
    let world = World::new().await;
    let answer = world.send(Ask::get("/api/v1/universes")).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

static BROKEN: Endpoint = Endpoint::new("broken", Method::Get, &["/broken"], |_, _| {
    Box::pin(async { panic!("a secret that nobody is told") })
});

#[tokio::test]
async fn a_handler_that_panics_is_an_internal_error_without_its_message() {
    let world = World::new().await;
    let request = http::Request::get("/broken").header("x-request-id", "r-1");
    let request = request.body(bytes::Bytes::new()).expect("a request");
    let response = answer(&world.context, &BROKEN, request).await;
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let body: Value = serde_json::from_slice(response.body()).expect("JSON");
    insta::assert_json_snapshot!(body, @r#"
    {
      "code": "internal_error",
      "detail": "an internal error; it has been recorded",
      "request_id": "r-1",
      "retryable": false,
      "status": 500,
      "title": "Internal Server Error",
      "type": "about:blank"
    }
    "#);
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_the_same_key() {
    let (world, john) = faulty(&[Fault::LostAnswer]).await;
    let lost = deposit(&world, &john, "k", "1.00").await;
    lost.expect_problem(503, "unavailable");
    assert_eq!(lost.body["retryable"], true);
    assert_eq!(lost.header("retry-after"), Some("1"));
    world.pass(Span::millis(1));
    let settled = deposit(&world, &john, "k", "1.00").await;
    assert_eq!(settled.expect_status(200).header("idempotency-replayed"), Some("true"));
    assert_eq!(world.posted(&john, "USD").await, "1.00");
}

#[tokio::test]
async fn a_lost_request_is_carried_out_by_the_same_key() {
    let (world, john) = faulty(&[Fault::LostRequest]).await;
    deposit(&world, &john, "k", "1.00").await.expect_problem(503, "unavailable");
    let settled = deposit(&world, &john, "k", "1.00").await;
    assert_eq!(settled.expect_status(200).header("idempotency-replayed"), None);
    assert_eq!(world.posted(&john, "USD").await, "1.00");
}

#[tokio::test]
async fn conflicts_are_tried_again_six_times_before_the_client_is_asked_to() {
    let (world, john) = faulty(&[Fault::Conflict; 5]).await;
    deposit(&world, &john, "k", "1.00").await.expect_status(200);
    let (world, john) = faulty(&[Fault::Conflict; 6]).await;
    let busy = deposit(&world, &john, "k", "1.00").await;
    busy.expect_problem(503, "busy");
    assert_eq!(busy.body["retryable"], true);
    deposit(&world, &john, "k", "1.00").await.expect_status(200);
    assert_eq!(world.posted(&john, "USD").await, "1.00");
}
