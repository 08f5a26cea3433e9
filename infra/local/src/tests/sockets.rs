//! WebSockets over TCP, by a client that is not ours: how they open, what goes over them and
//! how they end.

mod ends;
mod slow;

use std::time::Duration;

use app::ports::{Connection, ConnectionId};
use domain::id::UserId;
use edge::{
    auth::{
        access_token::Principal,
        scopes::{Scope, Scopes},
        ticket_seal::{self, TICKET_LIFETIME, Ticket},
    },
    sockets::Frame,
};
use futures_util::{SinkExt, StreamExt};
use http::Response;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, protocol::frame::coding::CloseCode},
};

use super::started;
use crate::{RunningMarket, Storage};

/// Longer than anything here takes, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);

type Client = WebSocketStream<TcpStream>;

fn user(market: &RunningMarket) -> UserId {
    market.report().users[0].user_id.parse().expect("an id")
}

fn token(market: &RunningMarket) -> String {
    let scopes = Scopes::of(&[Scope::Read]);
    let home = domain::universe::UniverseId::new(1).expect("Earth");
    let principal = Principal { user: user(market), scopes, home };
    let context = market.context();
    context.access_tokens.issue(&principal, context.market.clock.now())
}

fn ticket(market: &RunningMarket, id: u128) -> String {
    let context = market.context();
    let expires_at = context.market.clock.now().plus(TICKET_LIFETIME);
    let scopes = Scopes::of(&[Scope::Read]);
    ticket_seal::seal(context.secrets(), &Ticket { id, user: user(market), scopes, expires_at })
}

async fn tcp(market: &RunningMarket) -> TcpStream {
    TcpStream::connect(market.url().trim_start_matches("http://")).await.expect("a connection")
}

async fn try_open(market: &RunningMarket, path: &str) -> Result<Client, Box<Error>> {
    let url = format!("{}{path}", market.url().replace("http://", "ws://"));
    let opened = timeout(PATIENCE, client_async(url, tcp(market).await)).await.expect("an answer");
    opened.map(|(client, _)| client).map_err(Box::new)
}

/// A connection of the first user's, with the platform's shapes, and greeted.
async fn opened(market: &RunningMarket) -> Client {
    let path = format!("/api/v1/ws/update?token={}", token(market));
    let mut client = try_open(market, &path).await.expect("opened");
    assert_eq!(json(&mut client).await["event"], "connected");
    client
}

/// The next that is said or done.
async fn heard(client: &mut Client) -> Option<Result<Message, Error>> {
    timeout(PATIENCE, client.next()).await.expect("something is heard")
}

async fn text(client: &mut Client) -> String {
    loop {
        match heard(client).await {
            Some(Ok(Message::Text(text))) => return text.to_string(),
            Some(Ok(Message::Ping(_))) => {}
            other => panic!("no text: {other:?}"),
        }
    }
}

async fn json(client: &mut Client) -> Value {
    serde_json::from_str(&text(client).await).expect("JSON")
}

/// How it ends, whatever is said before.
async fn closed(client: &mut Client) -> CloseCode {
    loop {
        match heard(client).await {
            Some(Ok(Message::Close(Some(frame)))) => return frame.code,
            Some(Ok(_)) => {}
            other => panic!("not closed: {other:?}"),
        }
    }
}

async fn connections(market: &RunningMarket) -> Vec<Connection> {
    market.context().market.store.connections().await.expect("readable")
}

async fn only_connection(market: &RunningMarket) -> ConnectionId {
    let [connection] = connections(market).await.try_into().expect("one connection");
    connection.id
}

async fn refusal(market: &RunningMarket, path: &str) -> Response<Option<Vec<u8>>> {
    match try_open(market, path).await.map_err(|error| *error) {
        Err(Error::Http(response)) => *response,
        other => panic!("not refused: {other:?}"),
    }
}

/// The answer to a request that asks for no WebSocket.
async fn plain(market: &RunningMarket, head: &str) -> String {
    let mut connection = tcp(market).await;
    let request = format!("{head}Host: localhost\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.expect("answered");
    answer.to_lowercase()
}

#[tokio::test]
async fn a_ticket_opens_one_connection_and_no_second() {
    let market = started(Storage::Memory).await;
    let path = format!("/ws/update?ticket={}", ticket(&market, 1));
    let client = try_open(&market, &path).await.expect("opened");
    let [connection] = connections(&market).await.try_into().expect("one connection");
    assert_eq!(connection.user, user(&market));
    let refused = refusal(&market, &path).await;
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    let problem: Value =
        serde_json::from_slice(refused.body().as_deref().expect("a body")).expect("JSON");
    assert_eq!(problem["code"], "invalid_ticket");
    assert_eq!(connections(&market).await.len(), 1);
    drop(client);
}

#[tokio::test]
async fn a_token_still_opens_one_on_both_paths_and_is_greeted() {
    let market = started(Storage::Memory).await;
    for path in ["/ws/update", "/api/v1/ws/update"] {
        let path = format!("{path}?token={}", token(&market));
        let mut client = try_open(&market, &path).await.expect("opened");
        let greeting = json!({
            "event": "connected",
            "message": "Successfully connected to trading WebSocket",
            "user_id": user(&market).to_string(),
        });
        assert_eq!(json(&mut client).await, greeting);
        client.send(Message::text(r#"{"type":"ping"}"#)).await.expect("sent");
        assert_eq!(text(&mut client).await, r#"{"type":"pong"}"#);
    }
}

#[tokio::test]
async fn a_connection_without_credentials_is_told_and_closed_with_1008() {
    let market = started(Storage::Memory).await;
    let missing = json!({
        "event": "error",
        "message": "Missing access token. Use ?token=your_access_token",
    });
    let invalid = json!({
        "event": "error",
        "message": "Invalid or expired token",
        "details": "Invalid token",
    });
    for (query, expected) in [("", &missing), ("?token=", &missing), ("?token=x", &invalid)] {
        let mut client = try_open(&market, &format!("/ws/update{query}")).await.expect("opened");
        assert_eq!(json(&mut client).await, *expected, "{query}");
        assert_eq!(closed(&mut client).await, CloseCode::Policy, "{query}");
    }
    assert_eq!(connections(&market).await, []);
}

#[tokio::test]
async fn a_request_that_asks_for_no_websocket_is_told_what_the_path_is_for() {
    let market = started(Storage::Memory).await;
    let answer = plain(&market, "GET /ws/update HTTP/1.1\r\n").await;
    assert!(answer.starts_with("http/1.1 426 "), "{answer}");
    assert!(answer.contains("upgrade_required"), "{answer}");
    let answer = plain(&market, "POST /ws/update HTTP/1.1\r\nContent-Length: 0\r\n").await;
    assert!(answer.starts_with("http/1.1 405 "), "{answer}");
}

#[tokio::test]
async fn texts_of_every_size_arrive_whole_and_in_their_order() {
    let market = started(Storage::Memory).await;
    let mut client = opened(&market).await;
    let id = only_connection(&market).await;
    let texts: Vec<String> = [1, 0, 32 * 1024, 32 * 1024 + 1, 128 * 1024, 5]
        .map(|bytes| "ü".repeat(bytes / 2) + if bytes % 2 == 1 { "x" } else { "" })
        .into();
    for text in &texts {
        let posted = market.context().gateway.post(&id, &Frame::plain(&**text)).await;
        assert_eq!(posted, Ok(()));
    }
    for expected in &texts {
        assert_eq!(text(&mut client).await, *expected);
    }
}
