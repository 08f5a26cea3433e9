//! POST /quotes, GET /quotes/{quote}, and exchanges that redeem a quote.

use domain::time::Span;
use serde_json::{Value, json};
use tests::{Answered, Ask, Caller, World};

use crate::{
    shown::shown,
    steps::{get, post, set_rate},
};

async fn quote(world: &World, caller: &Caller, amount: (&str, &str)) -> Answered {
    let mut body = json!({"from_currency": "USD", "to_currency": "MRC"});
    body[amount.0] = json!(amount.1);
    let answer = world.send(Ask::post("/api/v1/quotes").by(caller).json(&body)).await;
    answer.expect_status(201);
    answer
}

fn redeem(quote: &Answered) -> Value {
    json!({"quote": quote.text("/id")})
}

#[tokio::test]
async fn a_quote_is_seen_by_its_owner_as_it_was_made() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let made = quote(&world, &john, ("amount", "100.00")).await;
    insta::assert_json_snapshot!(shown(&made.body), @r#"
    {
      "amount": "100.00",
      "converted_amount": "250.00",
      "expires_at": "2026-11-21T08:00:30.000Z",
      "fee": "0.00",
      "from_currency": "USD",
      "id": "quo_(sealed)",
      "quote_id": "quo_1",
      "rate": {
        "from_rate_id": "rat_1_1",
        "from_units_per_base": "1",
        "mid_rate": "2.5",
        "observed_at": "2026-11-21T08:00:00.000Z",
        "source": "operator",
        "spread_bps": 0,
        "to_rate_id": "rat_2_1",
        "to_units_per_base": "2.5",
        "valid_until": null
      },
      "to_currency": "MRC"
    }
    "#);
    let seen = get(&world, &john, &format!("/quotes/{}", made.text("/id"))).await;
    assert_eq!(seen.expect_status(200).bytes, made.bytes);
}

#[tokio::test]
async fn making_a_quote_writes_nothing() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    world.traffic();
    quote(&world, &john, ("amount", "100.00")).await;
    assert_eq!(world.traffic().total_round_trips(), 0);
}

#[tokio::test]
async fn a_quote_fixes_what_is_paid_or_what_is_received() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let made = quote(&world, &john, ("receive_amount", "0.01")).await;
    assert_eq!(made.text("/amount"), "0.01", "the customer pays the ceiling");
    let made = quote(&world, &john, ("receive_amount", "100.00")).await;
    assert_eq!(made.text("/amount"), "40.00");
    let done = post(&world, &john, "k", "/exchange", &redeem(&made)).await;
    assert_eq!(done.expect_status(200).text("/converted_amount"), "100.00");
    assert_eq!(done.text("/quote_id"), made.text("/quote_id"));
    assert_eq!(world.posted(&john, "USD").await, "960.00");
    assert_eq!(world.posted(&john, "MRC").await, "100.00");
}

#[tokio::test]
async fn a_quote_holds_to_the_last_of_its_thirty_thousand_milliseconds() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let (first, second) = (
        quote(&world, &john, ("amount", "1.00")).await,
        quote(&world, &john, ("amount", "1.00")).await,
    );
    assert_eq!(first.text("/expires_at"), "2026-11-21T08:00:30.000Z");
    world.pass(Span::millis(29_999));
    post(&world, &john, "a", "/exchange", &redeem(&first)).await.expect_status(200);
    world.pass(Span::millis(1));
    let late = post(&world, &john, "b", "/exchange", &redeem(&second)).await;
    late.expect_problem(409, "quote_expired");
    let seen = get(&world, &john, &format!("/quotes/{}", second.text("/id"))).await;
    assert_eq!(seen.expect_status(200).bytes, second.bytes, "it says itself that it is over");
    let replay = post(&world, &john, "a", "/exchange", &redeem(&first)).await;
    assert_eq!(replay.expect_status(200).header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn a_quote_is_redeemed_once_under_whatever_keys() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let made = quote(&world, &john, ("amount", "100.00")).await;
    post(&world, &john, "a", "/exchange", &redeem(&made)).await.expect_status(200);
    let again = post(&world, &john, "b", "/exchange", &redeem(&made)).await;
    again.expect_problem(409, "quote_used");
    assert_eq!(world.posted(&john, "USD").await, "900.00");
    assert_eq!(world.posted(&john, "MRC").await, "250.00");
}

#[tokio::test]
async fn a_quote_keeps_its_rate_when_the_market_moves() {
    let world = World::new().await;
    let admin = world.admin().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let made = quote(&world, &john, ("amount", "100.00")).await;
    set_rate(&world, &admin, 2, &json!({"units_per_base": "2"})).await.expect_status(200);
    let done = post(&world, &john, "a", "/exchange", &redeem(&made)).await;
    assert_eq!(done.expect_status(200).text("/converted_amount"), "250.00");
    assert_eq!(done.text("/rate/to_rate_id"), "rat_2_1");
    let now = quote(&world, &john, ("amount", "100.00")).await;
    assert_eq!(now.text("/converted_amount"), "200.00");
}

#[tokio::test]
async fn a_quote_does_not_outlive_its_rate() {
    let world = World::new().await;
    let admin = world.admin().await;
    let john = world.trader("john_earth", 1).await;
    let rate = json!({"units_per_base": "2.5", "valid_until": "2026-11-21T08:00:10Z"});
    set_rate(&world, &admin, 2, &rate).await.expect_status(200);
    let made = quote(&world, &john, ("amount", "100.00")).await;
    assert_eq!(made.text("/expires_at"), "2026-11-21T08:00:10.000Z");
    world.pass(Span::seconds(10));
    let body = json!({"from_currency": "USD", "to_currency": "MRC", "amount": "1.00"});
    let late = world.send(Ask::post("/api/v1/quotes").by(&john).json(&body)).await;
    late.expect_problem(503, "rate_stale");
}

#[tokio::test]
async fn anothers_quote_and_a_tampered_one_are_unknown() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let mary = world.trader_with("mary_mars", 2, "1000.00").await;
    let text = quote(&world, &john, ("amount", "100.00")).await.text("/id");
    let flipped = |at: usize| {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).expect("ASCII")
    };
    let cut = text[..text.len() - 4].to_owned();
    let (body, seal) = (flipped(10), flipped(text.len() - 8));
    let cases =
        [(&mary, &text), (&john, &body), (&john, &seal), (&john, &cut), (&john, &john.name)];
    for (index, (caller, text)) in cases.into_iter().enumerate() {
        let seen = get(&world, caller, &format!("/quotes/{text}")).await;
        seen.expect_problem(404, "quote_not_found");
        let body = json!({ "quote": text });
        let done = post(&world, caller, &index.to_string(), "/exchange", &body).await;
        done.expect_problem(404, "quote_not_found");
    }
    assert_eq!(world.posted(&mary, "MRC").await, "1000.00");
    post(&world, &john, "k", "/exchange", &json!({ "quote": text })).await.expect_status(200);
}

#[tokio::test]
async fn a_quote_says_all_by_itself() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let made = quote(&world, &john, ("amount", "100.00")).await;
    for (field, value) in [
        ("amount", json!("100.00")),
        ("min_receive", json!("1.00")),
        ("from_universe_id", json!(1)),
        ("to_currency", json!("MRC")),
    ] {
        let mut body = redeem(&made);
        body[field] = value;
        let answer = post(&world, &john, "k", "/exchange", &body).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/code"), "contradiction", "{field}");
    }
}

#[tokio::test]
async fn what_cannot_be_converted_is_not_quoted() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let sides = |to: &str| json!({"from_currency": "USD", "to_currency": to, "amount": "1.00"});
    let mut both = sides("MRC");
    both["receive_amount"] = json!("2.50");
    let neither = json!({"from_currency": "USD", "to_currency": "MRC"});
    for (body, status, code) in [
        (both, 422, "validation_failed"),
        (neither, 422, "validation_failed"),
        (sides("USD"), 422, "same_currency"),
        (sides("QQQ"), 404, "currency_not_found"),
    ] {
        let answer = world.send(Ask::post("/api/v1/quotes").by(&john).json(&body)).await;
        answer.expect_problem(status, code);
    }
}
