//! WebSockets as API Gateway tells functions of them: who may open one, and what becomes of it.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use app::ports::ConnectionId;
use domain::{time::Span, universe::UniverseId};
use edge::{
    auth::scopes::{Scope, Scopes},
    function::{SocketFunction, handle_socket_event},
    limits::{Quota, Quotas},
};
use functions::{connect, disconnect, message};
use serde_json::{Value, json};
use tests::{Ask, Caller, World};

fn id(name: &str) -> ConnectionId {
    ConnectionId(name.to_owned())
}

/// What the gateway is answered to an event: a status, and a problem's code if there is one.
async fn answered(world: &World, function: &SocketFunction, event: Value) -> (i64, Value) {
    let event = serde_json::from_value(event).expect("an event");
    let response = handle_socket_event(&world.context, function, event).await;
    let body = response.body.map(|body| serde_json::from_slice(&body).expect("JSON"));
    (response.status_code, body.map_or(Value::Null, |body: Value| body["code"].clone()))
}

pub(crate) fn event(world: &World, connection: &str, kind: &str) -> Value {
    let now = world.context.market.clock.now().millis();
    json!({"isBase64Encoded": false, "requestContext": {
        "connectionId": connection, "eventType": kind, "connectedAt": now,
        "requestTimeEpoch": now, "identity": {"sourceIp": "192.0.2.10"},
    }})
}

pub(crate) async fn connects(world: &World, connection: &str, query: Value) -> (i64, Value) {
    let mut event = event(world, connection, "CONNECT");
    event["queryStringParameters"] = query;
    answered(world, &connect::FUNCTION, event).await
}

pub(crate) async fn says(world: &World, connection: &str, text: &str) -> (i64, Value) {
    let mut event = event(world, connection, "MESSAGE");
    event["body"] = text.into();
    answered(world, &message::FUNCTION, event).await
}

async fn is_known(world: &World, connection: &str) -> bool {
    world.context.market.store.connection(&id(connection)).await.expect("readable").is_some()
}

pub(crate) async fn ticket(world: &World, caller: &Caller) -> String {
    let answer = world.send(Ask::post("/api/v1/auth/ws-ticket").by(caller)).await;
    answer.expect_status(201).text("/ticket")
}

fn ok() -> (i64, Value) {
    (200, Value::Null)
}

fn refused(status: i64, code: &str) -> (i64, Value) {
    (status, code.into())
}

#[tokio::test]
async fn a_ticket_opens_one_connection() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let ticket = ticket(&world, &john).await;
    assert_eq!(connects(&world, "one", json!({"ticket": ticket})).await, ok());
    let connection = world.context.market.store.connection(&id("one")).await.expect("readable");
    let connection = connection.expect("a connection");
    assert_eq!(connection.user, john.id);
    assert_eq!(connection.connected_at, world.context.market.clock.now());
    assert!(!connection.noticed);
    let again = connects(&world, "two", json!({"ticket": ticket})).await;
    assert_eq!(again, refused(401, "invalid_ticket"));
    assert!(!is_known(&world, "two").await);
}

#[tokio::test]
async fn a_ticket_says_how_long_it_is_good() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let answer = world.send(Ask::post("/api/v1/auth/ws-ticket").by(&john)).await;
    answer.expect_status(201);
    assert_eq!(answer.text("/expires_at"), "2026-11-21T08:01:00.000Z");
    world.pass(Span::millis(59_999));
    assert_eq!(connects(&world, "one", json!({"ticket": answer.text("/ticket")})).await, ok());
}

#[tokio::test]
async fn an_expired_or_foreign_or_changed_ticket_opens_none() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let good = ticket(&world, &john).await;
    let changed = format!("{}{}", &good[..good.len() - 2], "AA");
    let cursor = format!("cur_{}", &good["tkt_".len()..]);
    for bad in ["", "tkt_", &changed, &cursor, &john.token, &format!("{good} ")] {
        let answer = connects(&world, "one", json!({"ticket": bad})).await;
        assert_eq!(answer, refused(401, "invalid_ticket"), "{bad}");
    }
    // A good token beside it does not help.
    let both = json!({"ticket": changed, "token": john.token});
    assert_eq!(connects(&world, "one", both).await, refused(401, "invalid_ticket"));
    world.pass(Span::seconds(60));
    let late = connects(&world, "one", json!({"ticket": good})).await;
    assert_eq!(late, refused(401, "invalid_ticket"));
    assert!(!is_known(&world, "one").await);
}

#[tokio::test]
async fn a_token_still_opens_one() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    assert_eq!(connects(&world, "one", json!({"token": john.token})).await, ok());
    assert!(is_known(&world, "one").await);
}

#[tokio::test]
async fn a_token_that_does_not_hold_or_does_not_read_opens_none() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let good = ticket(&world, &john).await;
    for (query, code) in [
        (json!({}), "authentication_required"),
        (json!({"token": ""}), "authentication_required"),
        (json!({"token": "nonsense"}), "invalid_token"),
        (json!({"token": good}), "invalid_token"),
    ] {
        assert_eq!(connects(&world, "one", query).await, refused(401, code), "{code}");
    }
    let earth = UniverseId::new(1).expect("Earth");
    let trades_only = world.token(john.id, Scopes::of(&[Scope::Trade]), earth);
    let answer = connects(&world, "one", json!({"token": trades_only})).await;
    assert_eq!(answer, refused(403, "insufficient_scope"));
    world.pass(Span::seconds(16 * 60));
    let answer = connects(&world, "one", json!({"token": john.token})).await;
    assert_eq!(answer, refused(401, "token_expired"));
    assert!(!is_known(&world, "one").await);
}

#[tokio::test]
async fn a_closed_connection_is_forgotten() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    connects(&world, "one", json!({"token": john.token})).await;
    let closed = event(&world, "one", "DISCONNECT");
    assert_eq!(answered(&world, &disconnect::FUNCTION, closed.clone()).await, ok());
    assert!(!is_known(&world, "one").await);
    assert_eq!(answered(&world, &disconnect::FUNCTION, closed).await, ok(), "told twice");
}

#[tokio::test]
async fn whoever_is_not_known_is_closed_and_comes_anew() {
    let world = World::new().await;
    let answer = says(&world, "stranger", r#"{"type":"ping"}"#).await;
    assert_eq!(answer, refused(410, "connection_unknown"));
    assert_eq!(world.gateway.closed(), [id("stranger")]);
}

#[tokio::test]
async fn a_message_too_large_is_told_so_and_not_read() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    connects(&world, "one", json!({"token": john.token})).await;
    let text = |bytes: usize| format!(r#"{{"type":"ping","x":"{}"}}"#, "x".repeat(bytes - 22));
    world.gateway.take(&id("one"));
    let answer = says(&world, "one", &text(4097)).await;
    assert_eq!(answer, refused(413, "message_too_large"));
    let told: Value = serde_json::from_str(&world.gateway.take(&id("one"))[0]).expect("JSON");
    assert_eq!(told["code"], "message_too_large");
    assert_ne!(says(&world, "one", &text(4096)).await.0, 413);
}

#[tokio::test]
async fn a_connection_that_says_too_much_is_not_heard_until_the_second_is_over() {
    let messages = Quota { requests: 2, ..Quotas::default().messages };
    let quotas = Quotas { messages, ..Quotas::unlimited() };
    let world = World::with(quotas, |store| store).await;
    let john = world.trader("john_earth", 1).await;
    for name in ["one", "two"] {
        connects(&world, name, json!({"token": john.token})).await;
    }
    let ping = async |name: &str| says(&world, name, r#"{"type":"ping"}"#).await;
    assert_eq!([ping("one").await, ping("one").await], [ok(), ok()]);
    assert_eq!(ping("one").await, refused(429, "too_many_requests"));
    assert_eq!(ping("two").await, ok(), "each has a second of its own");
    world.pass(Span::seconds(1));
    assert_eq!(ping("one").await, ok());
}

#[tokio::test]
async fn an_event_that_is_none_is_refused_without_a_panic() {
    let world = World::new().await;
    let unknown = refused(400, "unknown_event");
    let mut nameless = event(&world, "", "CONNECT");
    assert_eq!(answered(&world, &connect::FUNCTION, nameless.clone()).await, unknown);
    nameless["requestContext"]["connectionId"] = Value::Null;
    assert_eq!(answered(&world, &connect::FUNCTION, nameless).await, unknown);
    let odd = event(&world, "one", "PING");
    assert_eq!(answered(&world, &connect::FUNCTION, odd).await, unknown);
    for (function, kind) in [(&connect::FUNCTION, "MESSAGE"), (&message::FUNCTION, "CONNECT")] {
        let misled = event(&world, "one", kind);
        assert_eq!(answered(&world, function, misled).await, unknown, "{kind}");
    }
    let mut binary = event(&world, "one", "MESSAGE");
    (binary["isBase64Encoded"], binary["body"]) = (true.into(), "AAAA".into());
    let answer = answered(&world, &message::FUNCTION, binary).await;
    assert_eq!(answer, refused(422, "not_a_text"));
}
