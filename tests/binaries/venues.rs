//! The binaries that see to orders at external venues: what they are handed, whom they do not
//! speak to, and what a venue may say.

use app::venues::put_venue;
use bytes::Bytes;
use domain::{id::VenueOrderId, venue::VenueOrder};
use serde_json::{Value, json};
use tests::{Signature, VENUE, venue};

use crate::{
    answers::{PLACEHOLDER, event},
    function::Function,
    market::Running,
};

async fn order(running: &Running, id: VenueOrderId) -> VenueOrder {
    running.context.market.store.venue_order(id).await.expect("a read").expect("an order")
}

fn status(answer: &Value) -> &Value {
    &answer["statusCode"]
}

/// A venue that leads to the function's own machine, as only a market on a laptop has one: the
/// attempt is noted, and nothing was sent.
#[tokio::test]
async fn an_order_is_accepted_tried_and_settled_by_what_the_venue_reports() {
    let running = Running::start().await;
    let (market, environment) = (&running.context.market, running.environment());
    let mut follow = Function::start("follow-venues", &environment).await;
    let followed = follow.invoke(event("follow-venues", PLACEHOLDER)).await;
    assert_eq!(followed, Value::Null, "there is no venue yet");
    let nyx = venue(&running.context);
    put_venue(market, nyx.id, |_| Some(nyx.clone())).await.expect("a venue");

    let mut place = Function::start("place-venue-order", &environment).await;
    let placed = place.invoke(event("place-venue-order", &running.token(&running.buyer))).await;
    assert_eq!(status(&placed), 201, "{placed}");
    let body: Value = serde_json::from_str(placed["body"].as_str().expect("a body")).expect("JSON");
    assert_eq!(body["routing_status"], "queued");
    assert_eq!(running.available(&running.buyer, "USD").await, 79_950);
    let id: VenueOrderId = body["id"].as_str().expect("an id").parse().expect("an id");

    let mut work = Function::start("place-at-venue", &environment).await;
    let mut woken = event("place-at-venue", PLACEHOLDER);
    // The other message is about an order that there is none of.
    woken["Records"][0]["body"] = order(&running, id).await.task().to_string().into();
    assert_eq!(work.invoke(woken).await, json!({"batchItemFailures": []}));
    let tried = order(&running, id).await;
    let outcomes: Vec<_> = tried.attempts.iter().map(|a| a.outcome.to_string()).collect();
    assert_eq!(outcomes, ["unresolved"]);
    assert_eq!(tried.unclear, None, "it is certain that the venue got nothing");

    let mut receive = Function::start("receive-venue-report", &environment).await;
    let report = json!({
        "order_id": id.to_string(), "venue_order_id": "X-1", "status": "filled", "executed": "2",
        "execution": {"id": "E-1", "quantity": "2", "price": "100.00"},
    });
    let mut reported = event("receive-venue-report", PLACEHOLDER);
    reported["body"] = report.to_string().into();
    let forged = receive.invoke(reported.clone()).await;
    assert_eq!(status(&forged), 401, "{forged}");
    let path = format!("/api/v1/venues/{VENUE}/reports");
    let signed = Bytes::from(report.to_string());
    for (name, text) in Signature::at(market.clock.now()).headers("POST", &path, &signed) {
        reported["headers"][name.to_lowercase()] = text.into();
    }
    let received = receive.invoke(reported.clone()).await;
    assert_eq!(status(&received), 200, "{received}");
    assert_eq!(status(&receive.invoke(reported).await), 401, "its nonce is used up");
    assert!(order(&running, id).await.is_over());
    assert_eq!(running.available(&running.buyer, "USD").await, 80_000);
    let account = market.store.account(running.buyer.id).await.expect("a read");
    let pieces = account.expect("an account").balance("DOTUSDT00008".parse().expect("a code"));
    assert_eq!(pieces.available.minor(), 2);
}
