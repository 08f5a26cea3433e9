//! A deposit in a running market, told to a receiver on this machine that verifies it.

use std::time::Duration;

use axum::{body::Bytes, extract::State, http::HeaderMap};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{id::WalletId, identity::Role, universe::UniverseId};
use edge::{
    auth::{access_token::Principal, scopes::Scopes},
    router::Router,
};
use ring::hmac;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet, time::timeout};

use super::{deposit, started};
use crate::{RunningMarket, Storage};

/// Long for what takes milliseconds: only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came to a receiver.
struct Came {
    headers: HeaderMap,
    body: Bytes,
}

impl Came {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn is_signed(&self, secret: &[u8]) -> bool {
        let body = String::from_utf8_lossy(&self.body);
        let message =
            format!("{}.{}.{body}", self.header("webhook-id"), self.header("webhook-timestamp"));
        let tag = self.header("webhook-signature").strip_prefix("v1,").expect("one signature");
        let tag = BASE64_STANDARD.decode(tag).expect("base64");
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        hmac::verify(&key, message.as_bytes(), &tag).is_ok()
    }
}

/// A receiver that answers 204 to everything. Its address, and what comes to it.
async fn receiver() -> (String, mpsc::UnboundedReceiver<Came>, JoinSet<()>) {
    let (tell, told) = mpsc::unbounded_channel();
    let take =
        async |State(tell): State<mpsc::UnboundedSender<Came>>, headers: HeaderMap, body: Bytes| {
            tell.send(Came { headers, body }).expect("the test listens");
            axum::http::StatusCode::NO_CONTENT
        };
    let service = axum::Router::new().fallback(take).with_state(tell);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(listener, service).await.expect("served") });
    (format!("http://localhost:{port}/in"), told, serving)
}

/// Asks as the first demo user.
async fn ask(market: &RunningMarket, method: &str, path: &str, body: Value) -> Value {
    let wallet: WalletId = market.report().users[0].wallet_id.parse().expect("a wallet");
    let home = UniverseId::new(1).expect("a universe");
    let scopes = Scopes::for_role(Role::Trader);
    let principal = Principal { user: wallet.owner, scopes, home };
    let context = market.context();
    let token = context.access_tokens.issue(&principal, context.market.clock.now());
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .body(Bytes::from(body.to_string()));
    let router = Router::new(functions::ENDPOINTS).expect("routable");
    let response = router.answer(context, request.expect("a request")).await;
    let body: Value = serde_json::from_slice(response.body()).expect("JSON");
    assert!(response.status().is_success(), "{body}");
    body
}

#[tokio::test]
async fn a_receiver_on_this_machine_verifies_what_it_is_told() {
    let market = started(Storage::Memory).await;
    let (url, mut told, _serving) = receiver().await;
    let wanted = json!({"url": url, "events": ["deposit"]});
    let webhook = ask(&market, "POST", "/api/v1/webhooks", wanted).await;
    let secret = webhook["secret"].as_str().and_then(|text| text.strip_prefix("whsec_"));
    let secret = BASE64_STANDARD.decode(secret.expect("a secret")).expect("base64");
    deposit(&market, "told").await;
    // What the market was seeded with a moment before is told as well.
    let (came, event) = loop {
        let came = timeout(PATIENCE, told.recv()).await.expect("in time").expect("a message");
        assert!(came.is_signed(&secret) && !came.is_signed(b"another"));
        let event: Value = serde_json::from_slice(&came.body).expect("JSON");
        assert_eq!(event["type"], "deposit");
        if event["data"]["wallets"][0]["available_delta"] == "1.00" {
            break (came, event);
        }
    };
    // The same event again: the same id and body.
    let id = webhook["id"].as_str().expect("an id");
    let path = format!("/api/v1/webhooks/{id}/deliveries/{}/redeliver", event["seq"]);
    let again = ask(&market, "POST", &path, Value::Null).await;
    assert_eq!(again["message_id"], came.header("webhook-id"));
    let second = timeout(PATIENCE, told.recv()).await.expect("in time").expect("a message");
    assert_eq!(second.header("webhook-id"), came.header("webhook-id"));
    assert_eq!(second.body, came.body);
    market.shutdown().await;
}
