//! The functions behind API Gateway's WebSocket API, and its Management API as far as they need
//! it: takes posts for connections and keeps them.

use std::sync::{Arc, Mutex, PoisonError};

use app::ports::{Connection, ConnectionId, Topic};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, Uri},
};
use edge::boot;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    answers::{PLACEHOLDER, event},
    function::{Environment, Function},
    market::Running,
};

/// Method, path and body of a request.
type Request = (String, String, String);
type Requests = Arc<Mutex<Vec<Request>>>;

/// The API. It ends when it is dropped.
struct ManagementApi {
    url: String,
    requests: Requests,
    server: JoinHandle<()>,
}

impl ManagementApi {
    async fn start() -> Self {
        let requests = Requests::default();
        let router = Router::new().fallback(keep).with_state(Arc::clone(&requests));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/live", listener.local_addr().expect("an address"));
        let serving = async move { axum::serve(listener, router).await.expect("a server") };
        Self { url, requests, server: tokio::spawn(serving) }
    }

    /// What a function needs besides to post here.
    fn environment(&self) -> Environment {
        vec![(boot::SOCKETS_URL, self.url.clone())]
    }

    /// All that came since the last look.
    fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for ManagementApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn keep(
    State(requests): State<Requests>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) {
    let signature = headers["authorization"].to_str().expect("a signature");
    assert!(signature.starts_with("AWS4-HMAC-SHA256 "), "{signature}");
    assert!(signature.contains("/execute-api/aws4_request"), "{signature}");
    let body = String::from_utf8(body.to_vec()).expect("a text");
    let request = (method.to_string(), uri.path().to_owned(), body);
    requests.lock().unwrap_or_else(PoisonError::into_inner).push(request);
}

async fn status(function: &mut Function, event: Value) -> Value {
    function.invoke(event).await["statusCode"].clone()
}

#[tokio::test]
async fn a_connection_opens_speaks_and_closes_by_the_gateways_events() {
    let market = Running::start().await;
    let api = ManagementApi::start().await;
    let environment = [market.environment(), api.environment()].concat();
    let id = ConnectionId("L0SM9cOFvHcCIhw=".to_owned());
    let known = async || {
        let connection = market.context.market.store.connection(&id).await.expect("readable");
        connection.map(|connection| connection.user)
    };

    let mut connect = Function::start("connect", &environment).await;
    assert_eq!(status(&mut connect, event("connect", PLACEHOLDER)).await, 401);
    assert_eq!(known().await, None);
    let good = event("connect", &market.token(&market.buyer));
    assert_eq!(status(&mut connect, good).await, 200);
    assert_eq!(known().await, Some(market.buyer.id));
    assert_eq!(api.take(), [], "nothing can be posted to what is not open yet");

    let mut message = Function::start("message", &environment).await;
    assert_eq!(status(&mut message, event("message", PLACEHOLDER)).await, 200);
    let [(method, path, body)] = api.take().try_into().expect("one post");
    let address = "/live/@connections/L0SM9cOFvHcCIhw%3D";
    assert_eq!((&*method, &*path), ("POST", address));
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body, json!({"type": "pong"}));

    let mut disconnect = Function::start("disconnect", &environment).await;
    assert_eq!(status(&mut disconnect, event("disconnect", PLACEHOLDER)).await, 200);
    assert_eq!(known().await, None);
    assert_eq!(status(&mut message, event("message", PLACEHOLDER)).await, 410);
    let closed = ("DELETE".to_owned(), address.to_owned(), String::new());
    assert!(api.take().contains(&closed), "a connection that nobody knows is closed");
}

/// A connection that listens to all that the sample of streams tells, and to signs of life.
#[tokio::test]
async fn what_streams_tell_is_posted_to_those_who_listen_and_so_is_a_beat() {
    let market = Running::start().await;
    let api = ManagementApi::start().await;
    let environment = [market.environment(), api.environment()].concat();
    let (store, user) = (&market.context.market.store, market.buyer.id);
    let id = ConnectionId("L0SM9cOFvHcCIhw=".to_owned());
    let connected_at = market.context.market.clock.now();
    let connection = Connection { id: id.clone(), user, connected_at, noticed: false };
    store.put_connection(&connection).await.expect("put");
    let mars = "MRC".parse().expect("a code");
    for topic in [Topic::User(user), Topic::Rates(mars), Topic::Heartbeat] {
        store.subscribe(&id, topic).await.expect("subscribed");
    }
    let posted = || {
        let posts = api.take().into_iter().map(|(_, _, body)| body);
        let read = |body: String| serde_json::from_str::<Value>(&body).expect("JSON");
        posts.map(read).map(|told| told["type"].clone()).collect::<Vec<_>>()
    };
    let mut publish = Function::start("publish", &environment).await;
    for _ in 0..2 {
        for (sample, told) in
            [("publish.accounts", &["opened", "deposit"][..]), ("publish.rates-only", &["update"])]
        {
            let text = event(sample, PLACEHOLDER).to_string();
            let text = text.replace("BUYER_ID", &user.to_string());
            let sample = serde_json::from_str(&text).expect("JSON");
            assert_eq!(publish.invoke(sample).await, json!({"batchItemFailures": []}));
            assert_eq!(posted(), told, "again under the same numbers");
        }
    }
    let mut beat = Function::start("beat", &environment).await;
    assert_eq!(beat.invoke(event("beat", PLACEHOLDER)).await, Value::Null);
    assert_eq!(posted(), ["beat"]);
}
