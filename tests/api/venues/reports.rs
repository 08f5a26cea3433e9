//! Who may report, and what: only the venue itself, each report once.

use domain::time::Span;
use serde_json::json;
use tests::{Ask, Signature, VENUE};

use super::{get, report, reported, resting, venue, wallet};

#[tokio::test]
async fn a_report_is_received_once_under_its_nonce() {
    let (world, john) = venue().await;
    let id = resting(&world, &john).await;
    let body = report(&id, "open", "1", Some(("E-1", "1", "99.00")));
    let nonce = Some("0123456789abcdef0123456789abcdef".to_owned());
    let signature = Signature { nonce, ..world.venue_signature() };
    let path = format!("/api/v1/venues/{VENUE}/reports");
    let ask = Ask::post(&path).json(&body).signed(signature.clone());
    let answer = world.send(ask.clone()).await;
    assert_eq!(answer.expect_status(200).body, json!({"received": true}));
    world.send(ask).await.expect_problem(401, "replayed");
    // Neither does it help to say something else under it.
    let other = report(&id, "open", "2", Some(("E-2", "1", "99.00")));
    let other = Ask::post(&path).json(&other).signed(signature);
    world.send(other).await.expect_problem(401, "replayed");
    assert_eq!(get(&world, &john, &id).await["executed"], "1");
}

#[tokio::test]
async fn a_report_that_the_venue_has_not_signed_just_now_is_refused() {
    let (world, john) = venue().await;
    let id = resting(&world, &john).await;
    let body = report(&id, "filled", "4", Some(("E-1", "4", "99.00")));
    let path = format!("/api/v1/venues/{VENUE}/reports");
    let right = world.venue_signature();
    let moved =
        |by_ms: i64| Signature { timestamp_ms: right.timestamp_ms + by_ms, ..right.clone() };
    for signature in [
        Signature { secret: vec![7; 32], ..right.clone() },
        Signature { nonce: Some("1".to_owned()), ..right.clone() },
        Signature { names: vec!["X-Venue-Timestamp", "X-Venue-Nonce"], ..right.clone() },
        Signature { names: Vec::new(), ..right.clone() },
        moved(-300_001),
        moved(300_001),
    ] {
        let ask = Ask::post(&path).json(&body).signed(signature);
        world.send(ask.by(&john)).await.expect_problem(401, "signature_invalid");
    }
    // Signed is what was sent, and nothing else.
    let [time, nonce, signature] =
        right.headers("POST", &path, &body.to_string().into()).try_into().expect("three");
    let another = report(&id, "filled", "4", Some(("E-1", "4", "98.00")));
    let mut forged = Ask::post(&path).json(&another);
    for (name, text) in [time, nonce, signature] {
        forged = forged.header(&name, &text);
    }
    world.send(forged).await.expect_problem(401, "signature_invalid");
    assert_eq!(get(&world, &john, &id).await["executed"], "0");
    assert_eq!(wallet(&world, &john, "USD").await, "600.00+400.00");
    world.send(Ask::post(&path).json(&body).signed(moved(-299_000))).await.expect_status(200);
}

#[tokio::test]
async fn a_report_of_no_order_of_the_venue_is_404() {
    let (world, john) = venue().await;
    let id = resting(&world, &john).await;
    let unknown = report("vor_7zzzzzzzzzzzzzzzzzzzzzzzzz", "open", "0", None);
    world.send(world.report(&unknown)).await.expect_problem(404, "order_not_found");
    let path = "/api/v1/venues/nowhere/reports";
    let body = report(&id, "open", "0", None);
    let ask = Ask::post(path).json(&body).signed(world.venue_signature());
    world.send(ask).await.expect_problem(404, "venue_not_found");
}

#[tokio::test]
async fn a_report_that_is_not_as_agreed_is_refused_and_may_be_sent_again_as_it_must_be() {
    let (world, john) = venue().await;
    let id = resting(&world, &john).await;
    for (pointer, bad) in [("/status", json!("done")), ("/executed", json!(1))] {
        let mut body = report(&id, "open", "0", None);
        *body.pointer_mut(pointer).expect("a field") = bad;
        let answer = world.send(world.report(&body)).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), pointer);
    }
    world.pass(Span::seconds(1));
    reported(&world, &report(&id, "cancelled", "0", None)).await;
    assert_eq!(wallet(&world, &john, "USD").await, "1000.00+0.00");
}
