//! Webhooks over HTTP: made, changed, rotated; and what a receiver finds in a message.

#![expect(clippy::expect_used, reason = "a fixture that fails is a test that fails")]

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{identity::Role, time::Span, universe::UniverseId, webhook::Outcome};
use edge::{
    auth::scopes::Scopes,
    function::{TaskFunction, handle_task},
};
use ring::hmac;
use serde_json::{Value, json};
use testkit::webhook_sender::Posted;
use tests::{Answered, Ask, Caller, World};

const DELIVER: &TaskFunction = &functions::deliver_webhooks::FUNCTION;
const PATH: &str = "/api/v1/webhooks";

/// Makes a webhook; the answer, with its secret.
async fn made(world: &World, caller: &Caller, events: &[&str]) -> Answered {
    let body = json!({"url": "https://hooks.example.com/market", "events": events});
    let answer = world.send(Ask::post(PATH).by(caller).json(&body)).await;
    answer.expect_status(201);
    answer
}

fn at(answer: &Answered, below: &str) -> String {
    format!("{PATH}/{}{below}", answer.text("/id"))
}

/// Follows the streams, and handles all that is queued with its waits. What was posted.
async fn delivered(world: &World) -> Vec<Posted> {
    world.follow_streams().await;
    let mut tasks = world.deliveries.take();
    while !tasks.is_empty() {
        for (task, wait) in tasks {
            world.pass(wait);
            handle_task(&world.context, DELIVER, &task.to_string()).await.expect("handled");
        }
        tasks = world.deliveries.take();
    }
    world.receiver.take()
}

async fn deposit(world: &World, caller: &Caller, key: &str) {
    let path = format!("/api/v1/wallets/{}/operation", caller.wallet);
    let body = json!({"operation_type": "DEPOSIT", "amount": "4.00"});
    world.send(Ask::post(&path).by(caller).key(key).json(&body)).await.expect_status(200);
}

/// As a receiver verifies: one of the signatures must be by the secret.
fn is_signed(posted: &Posted, secret: &str) -> bool {
    let bytes = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes.expect("base64"));
    let (id, time) = (posted.header("webhook-id"), posted.header("webhook-timestamp"));
    let message = format!("{id}.{time}.{}", posted.body);
    posted.header("webhook-signature").split(' ').any(|signature| {
        let tag = signature.strip_prefix("v1,").expect("version 1");
        let tag = BASE64_STANDARD.decode(tag).expect("base64");
        hmac::verify(&key, message.as_bytes(), &tag).is_ok()
    })
}

#[tokio::test]
async fn a_secret_is_shown_when_it_is_made_and_never_again() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let webhook = made(&world, &john, &["matched", "deposit", "deposit"]).await;
    let secret = webhook.text("/secret");
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    let one = world.send(Ask::get(&at(&webhook, "")).by(&john)).await;
    let mut shown = one.expect_status(200).body.clone();
    let id = shown["id"].take();
    assert!(id.as_str().is_some_and(|id| id.starts_with("whk_")));
    insta::assert_json_snapshot!(shown, @r#"
    {
      "created_at": "2026-11-21T08:00:00.000Z",
      "enabled": true,
      "events": [
        "deposit",
        "matched"
      ],
      "failing_since": null,
      "id": null,
      "previous_secret_until": null,
      "status": "active",
      "url": "https://hooks.example.com/market"
    }
    "#);
    let all = world.send(Ask::get(PATH).by(&john)).await;
    assert_eq!(all.expect_status(200).body["data"], json!([one.body]));
    let stored = world.context.market.store.webhooks(john.id).await.expect("a read");
    assert!(!format!("{:?}", stored[0].secret.0).contains(&secret[6..]), "in clear");
}

#[tokio::test]
async fn an_event_is_posted_signed_and_as_it_is_told_over_http() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let webhook = made(&world, &john, &[]).await;
    deposit(&world, &john, "one").await;
    let posted = delivered(&world).await;
    let told = world.send(Ask::get("/api/v1/events").by(&john)).await;
    let newest = told.expect_status(200).body["data"].as_array().and_then(|data| data.last());
    let last = posted.last().expect("a message");
    assert_eq!(serde_json::from_str::<Value>(&last.body).ok().as_ref(), newest);
    assert_eq!(last.url, "https://hooks.example.com/market");
    assert!(posted.iter().all(|posted| is_signed(posted, &webhook.text("/secret"))));
    let other = made(&world, &john, &[]).await;
    assert!(!is_signed(last, &other.text("/secret")));
    let sent_at = world.context.market.clock.now().millis() / 1000;
    assert_eq!(last.header("webhook-timestamp"), sent_at.to_string());
    let list = world.send(Ask::get(&at(&webhook, "/deliveries")).by(&john)).await;
    let newest = &list.expect_status(200).body["data"][0];
    assert_eq!(newest["message_id"], last.header("webhook-id"));
    assert_eq!(
        (&newest["status"], &newest["next_attempt_at"]),
        (&json!("delivered"), &json!(null))
    );
    assert_eq!(newest["attempts"][0]["outcome"], "200");
}

#[tokio::test]
async fn only_the_types_that_it_names_are_posted_to_a_webhook() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    made(&world, &john, &["withdrawal"]).await;
    deposit(&world, &john, "one").await;
    assert_eq!(delivered(&world).await, []);
}

#[tokio::test]
async fn both_secrets_sign_for_a_day_after_a_rotation() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let webhook = made(&world, &john, &["deposit"]).await;
    let rotated = world.send(Ask::post(&at(&webhook, "/rotate-secret")).by(&john)).await;
    let (old, new) = (webhook.text("/secret"), rotated.expect_status(200).text("/secret"));
    assert_ne!(old, new);
    assert_eq!(rotated.body["previous_secret_until"], "2026-11-22T08:00:00.000Z");
    deposit(&world, &john, "one").await;
    let posted = delivered(&world).await.pop().expect("a message");
    assert_eq!(posted.header("webhook-signature").split(' ').count(), 2);
    assert!(is_signed(&posted, &old) && is_signed(&posted, &new));
    world.pass(Span::seconds(24 * 3600));
    let earth = UniverseId::new(1).expect("Earth");
    let token = world.token(john.id, Scopes::for_role(Role::Trader), earth);
    let john = Caller { token, ..john };
    deposit(&world, &john, "two").await;
    let posted = delivered(&world).await.pop().expect("a message");
    assert!(!is_signed(&posted, &old) && is_signed(&posted, &new));
}

#[tokio::test]
async fn redelivery_sends_the_same_id_and_body_again() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let webhook = made(&world, &john, &["deposit"]).await;
    deposit(&world, &john, "one").await;
    let first = delivered(&world).await.pop().expect("a message");
    world.pass(Span::seconds(100));
    let again = world.send(Ask::post(&at(&webhook, "/deliveries/2/redeliver")).by(&john)).await;
    assert_eq!(again.expect_status(202).body["status"], "pending");
    let second = delivered(&world).await.pop().expect("a message");
    assert_eq!(
        (first.header("webhook-id"), &first.body),
        (second.header("webhook-id"), &second.body)
    );
    assert_ne!(first.header("webhook-timestamp"), second.header("webhook-timestamp"));
    assert!(is_signed(&second, &webhook.text("/secret")));
    let unknown = world.send(Ask::post(&at(&webhook, "/deliveries/3/redeliver")).by(&john)).await;
    unknown.expect_problem(404, "event_not_found");
}

#[tokio::test]
async fn a_410_disables_a_webhook_and_its_owner_enables_it() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let webhook = made(&world, &john, &["deposit"]).await;
    world.receiver.next(Outcome::status(410));
    deposit(&world, &john, "one").await;
    delivered(&world).await;
    let gone = world.send(Ask::get(&at(&webhook, "")).by(&john)).await;
    assert_eq!((&gone.body["status"], &gone.body["enabled"]), (&json!("gone"), &json!(false)));
    let again = Ask::post(&at(&webhook, "/deliveries/2/redeliver")).by(&john);
    world.send(again.clone()).await.expect_problem(409, "webhook_disabled");
    let enable = Ask::new("PATCH", &at(&webhook, "")).by(&john).json(&json!({"enabled": true}));
    assert_eq!(world.send(enable).await.expect_status(200).body["status"], "active");
    world.send(again).await.expect_status(202);
    assert_eq!(delivered(&world).await.len(), 1);
}

#[tokio::test]
async fn a_user_has_ten_webhooks_at_most() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let first = made(&world, &john, &[]).await;
    for _ in 1..10 {
        made(&world, &john, &[]).await;
    }
    let body = json!({"url": "https://hooks.example.com/"});
    let eleventh = Ask::post(PATH).by(&john).json(&body);
    world.send(eleventh.clone()).await.expect_problem(409, "too_many_webhooks");
    let delete = Ask::new("DELETE", &at(&first, "")).by(&john);
    let deleted = world.send(delete.clone()).await;
    assert_eq!(deleted.expect_status(200).body["deleted"], true);
    world.send(delete).await.expect_problem(404, "webhook_not_found");
    world.send(eleventh).await.expect_status(201);
}

#[tokio::test]
async fn a_url_that_leads_inside_is_refused_and_why() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    for (url, why) in [
        ("http://hooks.example.com/", "must begin with https://"),
        ("https://169.254.169.254/latest/meta-data", "must not lead to a private address"),
        ("https://localhost/", "must not lead to a private address"),
        ("https://127.1/", "must have a host name"),
        ("https://a:b@hooks.example.com/", "must not have a user name"),
    ] {
        let answer = world.send(Ask::post(PATH).by(&john).json(&json!({"url": url}))).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), "/url");
        assert!(answer.text("/errors/0/detail").starts_with(why), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_message_that_is_no_task_does_not_come_again() {
    let world = World::new().await;
    for message in ["", "{}", "whk_1 usr_1 1 1"] {
        handle_task(&world.context, DELIVER, message).await.expect("it is in the log");
    }
}
