//! Which reports are believed, through the envelope that every request comes in.

use std::sync::Arc;

use app::{market::Settings, ports::Clock};
use bytes::Bytes;
use domain::webhook::Reach;
use http::{Request, Response, header};
use serde_json::{Value, json};
use testkit::{
    builders::start,
    clock::ManualClock,
    dead_letters::RecordingDeadLetters,
    doorbell::RecordingDoorbell,
    entropy::SeededEntropy,
    memory::MemoryStore,
    passwords::PlainPasswords,
    tasks::{RecordingDeliveries, RecordingPlacements},
};

use super::*;
use crate::{
    auth::access_token::AccessTokens,
    boot::Parts,
    dispatch::answer,
    endpoint::{Endpoint, Method},
    limits::Quotas,
    reply::Reply,
    sockets::NoGateway,
    venues::{
        NoVenues,
        feed::NoFeeds,
        fixtures::{SECRET, nyx, signing},
    },
    webhook_sender::NoWebhookSender,
};

const PATH: &str = "/api/v1/venues/nyx/reports";
const NONCE: &str = "000102030405060708090a0b0c0d0e0f";
const BODY: &str = r#"{"order_id":"vor_00000000000000000000000007","venue_order_id":"X-1",
    "status":"filled","executed":"5","execution":null}"#;

/// Says what the report is about.
static ENDPOINT: Endpoint = Endpoint::new(
    "receive-venue-report",
    Method::Post,
    &["/api/v1/venues/{venue}/reports"],
    |context, call| {
        Box::pin(async move {
            let report = receive(context, call, call.parameter("venue")?).await?;
            Reply::json(200, &json!({"order": report.order.to_string()}))
        })
    },
)
.signed();

async fn world() -> (Context, Arc<ManualClock>) {
    let (signing, clock) = signing(Reach::Loopback);
    let parts = Parts {
        store: Arc::new(MemoryStore::new()),
        cache: None,
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        entropy: Arc::new(SeededEntropy::new(2)),
        passwords: Arc::new(PlainPasswords),
        doorbell: Arc::new(RecordingDoorbell::default()),
        deliveries: Arc::new(RecordingDeliveries::default()),
        placements: Arc::new(RecordingPlacements::default()),
        dead_letters: Arc::new(RecordingDeadLetters::default()),
        gateway: Arc::new(NoGateway::default()),
        webhook_sender: Arc::new(NoWebhookSender),
        venue_connector: Arc::new(NoVenues),
        venue_feeds: Arc::new(NoFeeds),
        access_tokens: AccessTokens {
            issuer: "https://market.test".to_owned(),
            audience: "market".to_owned(),
            secrets: Arc::clone(&signing.secrets),
        },
        quotas: Quotas::default(),
        settings: Settings::default(),
    };
    let context = parts.context();
    for id in ["nyx", "nyy"] {
        let venue = nyx("https://nyx.example.com", &signing);
        let venue = Venue { id: id.parse().expect("an id"), ..venue };
        assert!(context.market.store.put_venue(&venue).await.expect("put"));
    }
    (context, clock)
}

/// A report as it is sent, before anything is done to it.
struct Sent {
    path: String,
    at: i64,
    nonce: String,
    signature: Option<String>,
    body: String,
}

fn sent(nonce: &str) -> Sent {
    signed(start().millis(), nonce, BODY)
}

fn signed(at: i64, nonce: &str, body: &str) -> Sent {
    let secret = VenueSecret::parse(SECRET).expect("a secret");
    let signature = secret.sign(at, nonce, "POST", PATH, body.as_bytes());
    let (path, nonce, body) = (PATH.to_owned(), nonce.to_owned(), body.to_owned());
    Sent { path, at, nonce, signature: Some(signature), body }
}

async fn reply_to(context: &Context, sent: Sent) -> Response<Bytes> {
    let mut request = Request::post(sent.path)
        .header("X-Venue-Timestamp", sent.at)
        .header("X-Venue-Nonce", sent.nonce);
    if let Some(signature) = sent.signature {
        request = request.header("X-Venue-Signature", signature);
    }
    let request = request.body(Bytes::from(sent.body)).expect("a request");
    answer(context, &ENDPOINT, request).await
}

/// The status, and the code of a problem.
async fn receives(context: &Context, sent: Sent) -> (u16, String) {
    let response = reply_to(context, sent).await;
    let body: Value = serde_json::from_slice(response.body()).expect("JSON");
    (response.status().as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
}

fn forged() -> (u16, String) {
    (401, "signature_invalid".to_owned())
}

#[tokio::test]
async fn a_report_is_received_once_under_a_nonce() {
    let (context, _) = world().await;
    let response = reply_to(&context, sent(NONCE)).await;
    assert_eq!(response.body(), r#"{"order":"vor_00000000000000000000000007"}"#);
    let replayed = (401, "replayed".to_owned());
    assert_eq!(receives(&context, sent(NONCE)).await, replayed);
    let upper = sent(&NONCE.to_uppercase());
    assert_eq!(receives(&context, upper).await, replayed, "it is the same number");
    assert_eq!(receives(&context, sent(&NONCE.replace("0f", "10"))).await.0, 200);
}

#[tokio::test]
async fn whatever_is_wrong_with_a_signature_is_answered_alike() {
    let (context, _) = world().await;
    let other = VenueSecret::random(&SeededEntropy::new(9));
    let at = start().millis();
    let of_another = other.sign(at, NONCE, "POST", PATH, BODY.as_bytes());
    let long = format!("{NONCE}00");
    let bent = [
        Sent { signature: None, ..sent(NONCE) },
        Sent { signature: Some(String::new()), ..sent(NONCE) },
        Sent { signature: Some(of_another), ..sent(NONCE) },
        Sent { at: at + 1, ..sent(NONCE) },
        Sent { nonce: NONCE.replace("0f", "10"), ..sent(NONCE) },
        Sent { body: format!("{BODY} "), ..sent(NONCE) },
        Sent { path: PATH.replace("nyx", "nyy"), ..sent(NONCE) },
        // Well signed, but not as agreed.
        sent("+0102030405060708090a0b0c0d0e0f0"),
        sent(&long),
        sent("xyz"),
    ];
    let mut bodies = std::collections::BTreeSet::new();
    for sent in bent {
        let what = format!("{} {:?}", sent.nonce, sent.signature);
        let response = reply_to(&context, sent).await;
        assert_eq!(response.status(), 401, "{what}");
        let mut body: Value = serde_json::from_slice(response.body()).expect("JSON");
        body["request_id"] = Value::Null;
        bodies.insert(body.to_string());
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Venue-Signature");
    }
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(bodies.iter().all(|body| body.contains("signature_invalid")));
    assert_eq!(receives(&context, sent(NONCE)).await.0, 200, "none of them used the nonce up");
}

#[tokio::test]
async fn a_report_is_five_minutes_old_or_young_at_most() {
    let (context, _) = world().await;
    let now = start().millis();
    for (number, (age_ms, status)) in
        [(300_000, 200), (300_001, 401), (-300_000, 200), (-300_001, 401)].into_iter().enumerate()
    {
        let report = signed(now - age_ms, &format!("{number:032x}"), BODY);
        assert_eq!(receives(&context, report).await.0, status, "{age_ms} ms");
    }
    assert_eq!(receives(&context, signed(i64::MAX, NONCE, BODY)).await, forged());
    assert_eq!(receives(&context, signed(-1, NONCE, BODY)).await, forged());
}

#[tokio::test]
async fn a_venue_that_is_not_known_is_not_found() {
    let (context, _) = world().await;
    let unknown = Sent { path: PATH.replace("nyx", "lse"), ..sent(NONCE) };
    assert_eq!(receives(&context, unknown).await, (404, "venue_not_found".to_owned()));
    let none = Sent { path: PATH.replace("nyx", "N"), ..sent(NONCE) };
    assert_eq!(receives(&context, none).await.0, 422);
}

#[tokio::test]
async fn a_report_that_is_not_as_agreed_uses_no_nonce_up() {
    let (context, _) = world().await;
    let wrong = signed(start().millis(), NONCE, &BODY.replace("filled", "done"));
    assert_eq!(receives(&context, wrong).await, (422, "validation_failed".to_owned()));
    assert_eq!(receives(&context, sent(NONCE)).await.0, 200);
}

#[tokio::test]
async fn a_venue_may_send_more_than_whoever_tries_passwords() {
    let (context, _) = world().await;
    let quotas = context.limiter.quotas;
    assert!(quotas.credentials.requests < quotas.requests.requests);
    for number in 0..=quotas.credentials.requests {
        let report = sent(&format!("{number:032x}"));
        assert_eq!(receives(&context, report).await.0, 200, "{number}");
    }
}
