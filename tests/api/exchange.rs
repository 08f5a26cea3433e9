//! POST /exchange at the rate that holds now.

mod quotes;

use serde_json::json;
use tests::{Ask, World};

use crate::{
    shown::shown,
    steps::{post, set_rate},
};

#[tokio::test]
async fn an_exchange_says_its_rates_and_postings() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let body = json!({"user_id": john.name, "amount": 100, "from_universe_id": 1,
        "to_universe_id": 2});
    let answer = post(&world, &john, "k", "/exchange", &body).await;
    insta::assert_json_snapshot!(shown(&answer.expect_status(200).body), @r#"
    {
      "amount": "100.00",
      "converted_amount": "250.00",
      "created_at": "2026-11-21T08:00:00.000Z",
      "exchange_rate": "2.5",
      "fee": "0.00",
      "from_currency": "USD",
      "from_universe_id": 1,
      "id": "txn_1",
      "postings": [
        {
          "amount": "100.00",
          "currency": "USD",
          "from": "wal_2_USD",
          "to": "pool:USD"
        },
        {
          "amount": "250.00",
          "currency": "MRC",
          "from": "pool:MRC",
          "to": "wal_2_MRC"
        }
      ],
      "quote_id": null,
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
      "to_currency": "MRC",
      "to_universe_id": 2
    }
    "#);
}

#[tokio::test]
async fn sides_are_named_by_universe_or_currency_or_both() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let body = json!({"amount": "1.00", "from_universe_id": 1, "from_currency": "USD",
        "to_currency": "VNC"});
    let answer = post(&world, &john, "a", "/exchange", &body).await;
    assert_eq!(answer.expect_status(200).text("/converted_amount"), "0.75");
    let cases = [
        (json!({"amount": "1", "from_currency": "USD"}), "/to_universe_id"),
        (json!({"amount": "1", "to_currency": "USD"}), "/from_universe_id"),
        (json!({"from_currency": "USD", "to_currency": "MRC"}), "/amount"),
        (
            json!({"amount": "1", "from_universe_id": 2, "from_currency": "USD",
                "to_currency": "VNC"}),
            "/from_universe_id",
        ),
    ];
    for (body, pointer) in cases {
        let answer = post(&world, &john, "b", "/exchange", &body).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), pointer, "{body}");
    }
    let body = json!({"amount": "1", "from_currency": "USD", "to_currency": "QQQ"});
    let answer = post(&world, &john, "c", "/exchange", &body).await;
    answer.expect_problem(404, "currency_not_found");
}

#[tokio::test]
async fn nobody_exchanges_for_somebody_else() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let mary = world.trader_with("mary_mars", 2, "1000.00").await;
    let unknown = "usr_00000000000000000000000000".to_owned();
    for user in [&mary.name, &unknown] {
        let body = json!({"user_id": user, "amount": 1, "from_universe_id": 2,
            "to_universe_id": 1});
        let answer = post(&world, &john, "k", "/exchange", &body).await;
        answer.expect_problem(404, "user_not_found");
    }
    assert_eq!(world.posted(&mary, "MRC").await, "1000.00");
}

#[tokio::test]
async fn an_exchange_yields_the_least_demanded_or_nothing_happens() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let body = |least: &str| {
        json!({"amount": "100.00", "from_currency": "USD", "to_currency": "MRC",
            "min_receive": least})
    };
    let answer = post(&world, &john, "a", "/exchange", &body("250.01")).await;
    answer.expect_problem(409, "min_receive_missed");
    insta::assert_json_snapshot!(shown(&answer.body), @r#"
    {
      "code": "min_receive_missed",
      "currency": "MRC",
      "detail": "it yields 250.00 MRC, less than 250.01 MRC",
      "min_receive": "250.01",
      "offered": "250.00",
      "request_id": "(request)",
      "retryable": false,
      "status": 409,
      "title": "Conflict",
      "type": "about:blank"
    }
    "#);
    assert_eq!(world.posted(&john, "USD").await, "1000.00");
    post(&world, &john, "b", "/exchange", &body("250.00")).await.expect_status(200);
}

#[tokio::test]
async fn what_converts_to_nothing_or_to_too_much_is_refused() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "10000000000000000.00").await;
    let body = json!({"amount": "0.01", "from_currency": "MRC", "to_currency": "USD"});
    let answer = post(&world, &john, "small", "/exchange", &body).await;
    answer.expect_problem(422, "amount_too_small");
    let body = json!({"amount": "9000000000000000.00", "from_currency": "USD",
        "to_currency": "MRC"});
    let answer = post(&world, &john, "large", "/exchange", &body).await;
    answer.expect_problem(422, "amount_too_large");
}

#[tokio::test]
async fn the_customer_gets_the_floor_and_the_rest_is_fee_and_dust() {
    let world = World::new().await;
    let admin = world.admin().await;
    let venus = world.trader_with("venus_trader", 3, "10.00").await;
    let rate = json!({"units_per_base": "2.5", "spread_bps": 100});
    set_rate(&world, &admin, 2, &rate).await.expect_status(200);
    let body = json!({"amount": "1.00", "from_currency": "VNC", "to_currency": "MRC"});
    let answer = post(&world, &venus, "k", "/exchange", &body).await;
    answer.expect_status(200);
    assert_eq!(
        (answer.text("/converted_amount"), answer.text("/fee")),
        ("3.30".to_owned(), "0.03".to_owned())
    );
    insta::assert_json_snapshot!(shown(&answer.body["postings"]), @r#"
    [
      {
        "amount": "1.00",
        "currency": "VNC",
        "from": "wal_1_VNC",
        "to": "pool:VNC"
      },
      {
        "amount": "3.30",
        "currency": "MRC",
        "from": "pool:MRC",
        "to": "wal_1_MRC"
      },
      {
        "amount": "0.03",
        "currency": "MRC",
        "from": "pool:MRC",
        "to": "fees:MRC"
      },
      {
        "amount": "0.01",
        "currency": "MRC",
        "from": "pool:MRC",
        "to": "dust:MRC"
      }
    ]
    "#);
}

#[tokio::test]
async fn currencies_of_different_scales_convert_to_the_minor_unit() {
    let world = World::new().await;
    world.universe("Jupiter", "JUP", 0, "150").await;
    world.universe("Bitland", "BTL", 8, "0.00002").await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    for (to, expected) in [("JUP", "15001"), ("BTL", "0.00200020")] {
        let body = json!({"amount": "100.01", "from_currency": "USD", "to_currency": to});
        let answer = post(&world, &john, to, "/exchange", &body).await;
        assert_eq!(answer.expect_status(200).text("/converted_amount"), expected);
    }
}

#[tokio::test]
async fn a_rate_that_has_lapsed_is_a_passing_problem_that_is_not_frozen() {
    let world = World::new().await;
    let admin = world.admin().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let rate = json!({"units_per_base": "2.5", "valid_until": "2026-11-21T08:01:00Z"});
    set_rate(&world, &admin, 2, &rate).await.expect_status(200);
    let body = json!({"amount": "100.00", "from_currency": "USD", "to_currency": "MRC"});
    world.pass(domain::time::Span::millis(59_999));
    post(&world, &john, "in time", "/exchange", &body).await.expect_status(200);
    world.pass(domain::time::Span::millis(1));
    for _ in 0..2 {
        let answer = post(&world, &john, "k", "/exchange", &body).await;
        answer.expect_problem(503, "rate_stale");
        assert_eq!(answer.body["retryable"], true);
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    let replay = post(&world, &john, "in time", "/exchange", &body).await;
    assert_eq!(replay.expect_status(200).header("idempotency-replayed"), Some("true"));
    let rate = json!({"units_per_base": "2"});
    set_rate(&world, &admin, 2, &rate).await.expect_status(200);
    let answer = post(&world, &john, "k", "/exchange", &body).await;
    assert_eq!(answer.expect_status(200).text("/converted_amount"), "200.00");
    assert_eq!(answer.text("/rate/to_rate_id"), "rat_2_3");
}

#[tokio::test]
async fn a_body_that_is_no_object_is_malformed() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    for raw in ["", "[]", "null", "\"x\"", "{", "{} {}", "{\"amount\":}"] {
        let ask = Ask::post("/api/v1/exchange").by(&john).key("k").raw(raw);
        let answer = world.send(ask).await;
        answer.expect_problem(400, "malformed_body");
        assert_eq!(answer.text("/errors/0/code"), "malformed");
    }
}
