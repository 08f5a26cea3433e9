//! What each function answers to its sample event.

use std::{collections::BTreeMap, fs, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::order::OrderStatus;
use functions::{ENDPOINTS, EVENT_HANDLERS};
use serde_json::{Value, json};

use crate::{function::Function, market::Running, queue::Queue};

/// What stands in the events where a token belongs.
pub(crate) const PLACEHOLDER: &str = "ACCESS_TOKEN";

/// Endpoints that anyone may call, and what the samples come to. All others want a token.
const PUBLIC: [(&str, u16); 30] = [
    ("signup", 201),
    ("login", 200),
    ("refresh-session", 401),
    ("logout", 401),
    ("get-jwks", 200),
    ("list-universes", 200),
    ("get-universe", 200),
    ("list-rates", 200),
    ("get-rates", 200),
    ("list-items", 200),
    ("get-item", 200),
    ("list-markets", 200),
    ("get-market", 200),
    ("get-market-book", 200),
    ("get-ticker", 200),
    ("list-market-trades", 200),
    ("list-candles", 200),
    ("list-prices", 200),
    ("get-platform-book", 200),
    ("list-recent-trades", 200),
    ("list-venues", 200),
    ("receive-venue-report", 404),
    ("welcome", 200),
    ("health", 200),
    ("ready", 200),
    ("get-openapi", 200),
    ("get-asyncapi", 200),
    ("docs", 200),
    ("redoc", 200),
    ("get-asset", 200),
];

/// A function's sample event, with this token.
pub(crate) fn event(stem: &str, token: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    let text = fs::read_to_string(root.join(format!("events/{stem}.json"))).expect(stem);
    serde_json::from_str(&text.replace(PLACEHOLDER, token)).expect(stem)
}

/// The body of a gateway's response, whose form is checked on the way.
fn body(stem: &str, response: &Value) -> Vec<u8> {
    assert!(response["headers"].is_object(), "{stem}: {response}");
    let text = response["body"].as_str().expect(stem);
    match response["isBase64Encoded"].as_bool().expect(stem) {
        true => BASE64_STANDARD.decode(text).expect(stem),
        false => text.as_bytes().to_vec(),
    }
}

fn json_body(stem: &str, response: &Value) -> Value {
    serde_json::from_slice(&body(stem, response)).expect(stem)
}

#[tokio::test]
async fn every_function_answers_its_sample_event() {
    let market = Running::start().await;
    let environment = market.environment();
    let public = BTreeMap::from(PUBLIC);
    for endpoint in ENDPOINTS {
        let stem = endpoint.stem;
        let mut function = Function::start(stem, &environment).await;
        let response = function.invoke(event(stem, PLACEHOLDER)).await;
        let expected = public.get(stem).copied().unwrap_or(401);
        assert_eq!(response["statusCode"], expected, "{stem}: {response}");
        if expected < 300 {
            assert!(!body(stem, &response).is_empty(), "{stem}");
        } else {
            let problem = json_body(stem, &response);
            assert_eq!(problem["status"], expected, "{stem}: {problem}");
            let kind = &response["headers"]["content-type"];
            assert_eq!(kind, "application/problem+json", "{stem}");
        }
    }
}

#[tokio::test]
async fn the_authorizer_passes_a_good_token_and_no_other() {
    let market = Running::start().await;
    let mut function = Function::start("authorize", &market.environment()).await;
    let refused = function.invoke(event("authorize", PLACEHOLDER)).await;
    assert_eq!(refused, json!({"isAuthorized": false, "context": {}}));
    let passed = function.invoke(event("authorize", &market.token(&market.buyer))).await;
    let context = json!({"user": market.buyer.id.to_string(), "scope": "read trade"});
    assert_eq!(passed, json!({"isAuthorized": true, "context": context}));
    let tested = [
        "audit",
        "authorize",
        "beat",
        "connect",
        "deliver-webhooks",
        "disconnect",
        "follow-venues",
        "match-orders",
        "message",
        "place-at-venue",
        "project",
        "publish",
        "sweep",
    ];
    let stems: Vec<_> = EVENT_HANDLERS.iter().map(|handler| handler.stem).collect();
    assert_eq!(stems, tested, "a handler without a test");
}

#[tokio::test]
async fn a_purchase_goes_through_from_the_gateways_event_to_both_wallets() {
    let market = Running::start().await;
    let mut function = Function::start("buy", &market.environment()).await;
    let event = event("buy", &market.token(&market.buyer));
    let first = function.invoke(event.clone()).await;
    assert_eq!(first["statusCode"], 200, "{first}");
    let purchase = json_body("buy", &first);
    assert_eq!(purchase["amount"], "4.00");
    assert_eq!(purchase["currency"], "USD");
    assert_eq!(market.available(&market.buyer, "USD").await, 99_600);
    assert_eq!(market.available(&market.seller, "MRC").await, 11_000);
    let again = function.invoke(event).await;
    assert_eq!(body("buy", &again), body("buy", &first));
    assert_eq!(again["headers"]["idempotency-replayed"], "true");
    assert_eq!(market.available(&market.buyer, "USD").await, 99_600);
}

/// An order of the buyer's rings for the matcher, which rests it; one of the seller's rings for
/// nobody, and the sweep fills both.
#[tokio::test]
async fn an_order_is_matched_when_it_rings_and_swept_when_it_does_not() {
    let market = Running::start().await;
    let queue = Queue::start().await;
    let quiet = market.environment();
    let ringing = [quiet.clone(), queue.environment()].concat();

    let buying = event("place-order", &market.token(&market.buyer));
    let mut place = Function::start("place-order", &ringing).await;
    let bid = json_body("place-order", &place.invoke(buying).await);
    let [message] = queue.messages().try_into().expect("one message");
    assert_eq!(message.queue_url, queue.url());
    assert_eq!((&*message.group, &*message.body), ("MRC-USD", "MRC-USD"));
    let mut woken = event("match-orders", PLACEHOLDER);
    woken["Records"][0]["body"] = message.body.into();
    woken["Records"][0]["attributes"]["MessageGroupId"] = message.group.into();
    let mut matcher = Function::start("match-orders", &quiet).await;
    let handled = matcher.invoke(woken).await;
    assert_eq!(handled, json!({"batchItemFailures": []}), "also the market that is not there");
    assert_eq!(market.order(&bid["id"]).await.status(), OrderStatus::Open);

    let mut selling = event("place-order", &market.token(&market.seller));
    let body = selling["body"].as_str().expect("a body").replace("buy", "sell");
    selling["body"] = body.into();
    let mut place = Function::start("place-order", &quiet).await;
    let ask = json_body("place-order", &place.invoke(selling).await);
    assert_eq!(market.order(&ask["id"]).await.status(), OrderStatus::Pending);
    let mut sweep = Function::start("sweep", &quiet).await;
    assert_eq!(sweep.invoke(event("sweep", PLACEHOLDER)).await, Value::Null);
    for order in [bid, ask] {
        assert_eq!(market.order(&order["id"]).await.status(), OrderStatus::Filled);
    }
    assert_eq!(market.available(&market.buyer, "MRC").await, 1_000);
    assert_eq!(queue.messages().len(), 1, "nobody else rang");
}

#[tokio::test]
async fn what_streams_tell_is_projected_and_audited() {
    let market = Running::start().await;
    let environment = market.environment();
    let mut project = Function::start("project", &environment).await;
    for _ in 0..2 {
        let handled = project.invoke(event("project", PLACEHOLDER)).await;
        assert_eq!(handled, json!({"batchItemFailures": []}));
    }
    let mut audit = Function::start("audit", &environment).await;
    assert_eq!(audit.invoke(event("audit", PLACEHOLDER)).await, Value::Null);
}
