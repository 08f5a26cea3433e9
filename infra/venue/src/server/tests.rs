//! The simulator over sockets: signatures, answers, reports that are sent until they are received,
//! the feed, and a book that outlives its process.

use std::path::Path;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::{Client, Error, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::{
    net::TcpStream,
    sync::mpsc::{self, UnboundedReceiver},
    time::timeout,
};
use tokio_tungstenite::{client_async, tungstenite::handshake::client::generate_key};

use super::*;
use crate::{
    book::Status,
    exchange::Sent,
    faults::{Fault, Rate},
    signature::Signed,
};

/// Only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(30);
const PIECE: &str = "DOTUSDT00008";

fn secret() -> Secret {
    Secret::parse(&format!("vsec_{}=", "A".repeat(43))).expect("a secret")
}

async fn started(market: &str, faults: Faults, book: Option<&Path>) -> Simulator {
    let listener = listen(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let listings = crate::arguments::demo_listings();
    let options = Options {
        terms: Terms { faults, listings, ..Terms::new(1) },
        currency: Currency { code: "USD".to_owned(), decimals: 2 },
        secret: secret(),
        market: market.to_owned(),
        venue: "nyx".to_owned(),
        book: book.map(Path::to_path_buf),
        now: Arc::new(crate::system_now),
    };
    Simulator::start(listener, options).expect("started")
}

/// What nobody listens at.
const NOWHERE: &str = "http://127.0.0.1:1";

struct Asking {
    client: Client<HttpConnector, Full<Bytes>>,
    url: String,
    nonce: u128,
}

impl Asking {
    fn of(simulator: &Simulator) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, url: simulator.url().to_owned(), nonce: 0 }
    }

    fn request(&mut self, method: &Method, target: &str, body: &str) -> Request<Full<Bytes>> {
        self.nonce += 1;
        let sent = Sent { at: crate::system_now(), nonce: self.nonce };
        let signed = Signed { method: method.as_str(), target, body: body.as_bytes() };
        let mut request = Request::builder().method(method).uri(format!("{}{target}", self.url));
        for (name, value) in secret().headers(sent, signed) {
            request = request.header(name, value);
        }
        request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request")
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Value), Error> {
        let response = self.client.request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        Ok((status, serde_json::from_slice(&body).expect("JSON")))
    }

    async fn ask(&mut self, method: Method, target: &str, body: &Value) -> (StatusCode, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = self.request(&method, target, &body);
        self.send(request).await.expect("an answer")
    }

    async fn place(&mut self, id: &str, quantity: &str) -> (StatusCode, Value) {
        let order = json!({"id": id, "side": "buy", "type": "limit", "instrument": PIECE,
            "quantity": quantity, "limit_price": "101.00", "currency": "USD",
            "valid_until": "2100-01-01T00:00:00.000Z"});
        self.ask(Method::POST, "/orders", &order).await
    }

    async fn found(&mut self, id: &str) -> Value {
        self.ask(Method::GET, &format!("/orders/{id}"), &Value::Null).await.1
    }

    async fn filled(&mut self, id: &str) -> Value {
        let filled = async {
            loop {
                let state = self.found(id).await;
                if state["status"] == "filled" {
                    return state;
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, filled).await.expect("filled in time")
    }
}

/// What came to a market.
struct Came {
    sent: Sent,
    report: Value,
}

/// A market that fails the first request, and then takes everything that is signed.
async fn market() -> (String, UnboundedReceiver<Came>, JoinSet<()>) {
    let listener = listen(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (tell, told) = mpsc::unbounded_channel();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let tell = tell.clone();
            let take = move |request: Request<Incoming>| {
                let tell = tell.clone();
                async move {
                    let (parts, body) = request.into_parts();
                    let body = body.collect().await?.to_bytes();
                    let target = "/api/v1/venues/nyx/reports";
                    assert_eq!(parts.uri.path(), target);
                    let signed = Signed { method: "POST", target, body: &body };
                    let sent = secret().verified(&parts.headers, signed).expect("signed");
                    let report = serde_json::from_slice(&body).expect("JSON");
                    tell.send(Came { sent, report }).expect("the test listens");
                    let status = if sent.nonce.is_multiple_of(2) { 200 } else { 503 };
                    let mut response = Response::new(Full::new(Bytes::new()));
                    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
                    Ok::<_, hyper::Error>(response)
                }
            };
            let serving =
                http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(take));
            connections.spawn(async move { drop(serving.await) });
        }
    });
    (url, told, serving)
}

#[tokio::test]
async fn a_signed_order_is_placed_and_filled_and_an_unsigned_one_is_not() {
    let simulator = started(NOWHERE, Faults::NONE, None).await;
    let mut asking = Asking::of(&simulator);
    let (status, state) = asking.place("vor_a", "75").await;
    assert_eq!(
        (status, &state["id"], &state["executed"]),
        (StatusCode::CREATED, &json!("vor_a"), &json!("0"))
    );
    assert_eq!(asking.place("vor_a", "9").await.0, StatusCode::OK);
    let state = asking.filled("vor_a").await;
    assert_eq!((&state["executed"], &state["venue_order_id"]), (&json!("75"), &json!("X-1")));
    let mut request = asking.request(&Method::GET, "/orders/vor_a", "");
    *request.uri_mut() = format!("{}/orders/vor_b", simulator.url()).parse().expect("a URL");
    assert_eq!(asking.send(request).await.expect("an answer").0, StatusCode::UNAUTHORIZED);
    let missing = asking.ask(Method::GET, "/orders/vor_b", &Value::Null).await;
    assert_eq!(missing.0, StatusCode::NOT_FOUND);
    let malformed = asking.ask(Method::POST, "/orders", &json!({"id": "vor_c"})).await;
    assert_eq!(malformed.0, StatusCode::BAD_REQUEST);
    let witness = asking.ask(Method::GET, "/simulator/witness", &Value::Null).await.1;
    assert_eq!((&witness["orders"][0]["placed"], &witness["orders"][1]), (&json!(1), &Value::Null));
    simulator.shutdown().await;
}

#[tokio::test]
async fn faults_are_set_and_shown_and_break_connections() {
    let simulator = started(NOWHERE, Faults::NONE, None).await;
    let mut asking = Asking::of(&simulator);
    let set = asking.ask(Method::PUT, "/simulator/faults", &json!({"hang": 0.5, "all": 0})).await;
    assert_eq!(
        (set.0, &set.1["hang"], &set.1["reject"]),
        (StatusCode::OK, &json!(0.5), &json!(0.0))
    );
    assert_eq!(asking.ask(Method::GET, "/simulator/faults", &Value::Null).await.1, set.1);
    let wrong = asking.ask(Method::PUT, "/simulator/faults", &json!({"hang": 2})).await;
    assert_eq!(wrong.0, StatusCode::UNPROCESSABLE_ENTITY);

    simulator.set_faults(Faults::NONE.with(Fault::Unreachable, Rate::ALWAYS));
    let request = asking.request(&Method::GET, "/orders/vor_a", "");
    assert!(asking.send(request).await.is_err(), "there is no answer");
    simulator.set_faults(Faults::NONE.with(Fault::TooMany, Rate::ALWAYS));
    assert_eq!(asking.place("vor_a", "1").await.0, StatusCode::TOO_MANY_REQUESTS);
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_report_is_sent_with_a_new_nonce_until_it_is_received() {
    let (url, mut told, _serving) = market().await;
    let simulator = started(&url, Faults::NONE, None).await;
    Asking::of(&simulator).place("vor_a", "1").await;
    let mut nonces = std::collections::BTreeSet::new();
    loop {
        let came = timeout(PATIENCE, told.recv()).await.expect("in time").expect("a report");
        assert_eq!(came.report["order_id"], "vor_a");
        assert_eq!(came.report["status"], "filled");
        assert_eq!(came.report["execution"]["quantity"], "1");
        assert!(nonces.insert(came.sent.nonce), "a nonce of its own");
        if came.sent.nonce.is_multiple_of(2) {
            break;
        }
    }
    simulator.shutdown().await;
}

#[tokio::test]
async fn the_feed_goes_on_behind_any_message() {
    let simulator = started(NOWHERE, Faults::NONE, None).await;
    let mut asking = Asking::of(&simulator);
    for id in ["vor_a", "vor_b", "vor_c"] {
        asking.place(id, "1").await;
        asking.filled(id).await;
    }
    let mut request = asking.request(&Method::GET, "/feed?after=1", "").map(|_| ());
    let host = simulator.url().trim_start_matches("http://").to_owned();
    for (name, value) in [
        ("host", host.as_str()),
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", &generate_key()),
    ] {
        let name: http::HeaderName = name.parse().expect("a name");
        request.headers_mut().insert(name, value.parse().expect("a value"));
    }
    *request.uri_mut() = format!("ws://{host}/feed?after=1").parse().expect("a URL");
    let stream = TcpStream::connect(&host).await.expect("connected");
    let (mut socket, _) = client_async(request, stream).await.expect("upgraded");
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let next = futures_util::StreamExt::next(&mut socket);
        let message = timeout(PATIENCE, next).await.expect("in time").expect("open");
        let text = message.expect("a message").into_text().expect("text");
        let message: Value = serde_json::from_str(&text).expect("JSON");
        seen.push((message["seq"].clone(), message["type"].clone()));
    }
    seen.sort_by_key(|(seq, kind)| (seq.as_u64(), kind.as_str() == Some("heartbeat")));
    let report = json!("report");
    assert!(seen.contains(&(json!(2), report.clone())) && seen.contains(&(json!(3), report)));
    simulator.shutdown().await;
}

#[tokio::test]
async fn a_book_on_a_disk_goes_on_and_a_line_cut_short_is_forgotten() {
    let directory = tempdir().expect("a directory");
    let path = directory.path().join("venue.jsonl");
    let simulator = started(NOWHERE, Faults::NONE, Some(&path)).await;
    let mut asking = Asking::of(&simulator);
    asking.place("vor_a", "9").await;
    asking.filled("vor_a").await;
    asking.place("vor_b", "9").await;
    let before = simulator.witness();
    simulator.shutdown().await;
    let mut text = std::fs::read_to_string(&path).expect("readable");
    text.push_str(r#"{"placed":{"at":1,"#);
    std::fs::write(&path, text).expect("written");

    let simulator = started(NOWHERE, Faults::NONE, Some(&path)).await;
    assert_eq!(simulator.witness().orders[0].cash, before.orders[0].cash);
    let mut asking = Asking::of(&simulator);
    asking.nonce = 1_000;
    asking.filled("vor_b").await;
    assert_eq!(asking.place("vor_a", "9").await.0, StatusCode::OK);
    let after = simulator.witness();
    assert_eq!(after.orders.len(), 2);
    assert!(after.orders.iter().all(|order| (order.placed, order.status) == (1, Status::Filled)));
    simulator.shutdown().await;
    std::fs::write(&path, "{}\n").expect("written");
    let listener = listen(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let options = Options {
        terms: Terms::new(1),
        currency: Currency { code: "USD".to_owned(), decimals: 2 },
        secret: secret(),
        market: NOWHERE.to_owned(),
        venue: "nyx".to_owned(),
        book: Some(path),
        now: Arc::new(crate::system_now),
    };
    assert!(matches!(Simulator::start(listener, options), Err(BookError::Line { line: 1, .. })));
}
