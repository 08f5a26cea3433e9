//! Rates: now, at a time, their history, and how an administrator sets them.

use domain::time::Span;
use serde_json::json;
use tests::{Ask, World};

use crate::{
    shown::shown,
    steps::{set_rate, walk},
};

async fn rates(world: &World, query: &str) -> tests::Answered {
    world.send(Ask::get(&format!("/api/v1/rates{query}"))).await
}

#[tokio::test]
async fn a_pair_says_what_one_currency_is_worth_in_the_other() {
    let world = World::new().await;
    let pair = rates(&world, "?from=VNC&to=MRC").await;
    insta::assert_json_snapshot!(pair.expect_status(200).body, @r#"
    {
      "data": [
        {
          "currency": "VNC",
          "observed_at": "2026-11-21T08:00:00.000Z",
          "rate_id": "rat_3_1",
          "source": "operator",
          "spread_bps": 0,
          "units_per_base": "0.75",
          "universe_id": 3,
          "valid_until": null
        },
        {
          "currency": "MRC",
          "observed_at": "2026-11-21T08:00:00.000Z",
          "rate_id": "rat_2_1",
          "source": "operator",
          "spread_bps": 0,
          "units_per_base": "2.5",
          "universe_id": 2,
          "valid_until": null
        }
      ],
      "next_cursor": null,
      "pair": {
        "from_rate_id": "rat_3_1",
        "from_units_per_base": "0.75",
        "mid_rate": "3.33333333333333333",
        "observed_at": "2026-11-21T08:00:00.000Z",
        "source": "operator",
        "spread_bps": 0,
        "to_rate_id": "rat_2_1",
        "to_units_per_base": "2.5",
        "valid_until": null
      }
    }
    "#);
    for (query, rate) in
        [("?from=USD&to=MRC", "2.5"), ("?from=MRC&to=USD", "0.4"), ("?from=MRC&to=VNC", "0.3")]
    {
        assert_eq!(rates(&world, query).await.text("/pair/mid_rate"), rate, "{query}");
    }
}

#[tokio::test]
async fn without_a_pair_all_rates_are_listed() {
    let world = World::new().await;
    let all = rates(&world, "").await;
    assert_eq!(all.expect_status(200).body["data"].as_array().expect("rows").len(), 3);
    assert_eq!(all.body["pair"], json!(null));
    let one = rates(&world, "?from=MRC").await;
    assert_eq!(one.expect_status(200).body["data"], json!([all.body["data"][1]]));
}

#[tokio::test]
async fn unknown_currencies_and_times_are_refused() {
    let world = World::new().await;
    let missing = rates(&world, "?to=USD").await;
    missing.expect_problem(422, "validation_failed");
    assert_eq!(missing.text("/errors/0/pointer"), "/query/from");
    rates(&world, "?from=QQQ").await.expect_problem(404, "currency_not_found");
    rates(&world, "?from=USD&to=QQQ").await.expect_problem(404, "currency_not_found");
    for bad in ["?from=usd", "?at=yesterday", "?at=2026-13-01T00:00:00Z", "?when=now"] {
        rates(&world, bad).await.expect_problem(422, "validation_failed");
    }
    let before = rates(&world, "?from=USD&at=2026-11-21T07:59:59.999Z").await;
    before.expect_problem(404, "rate_not_found");
}

#[tokio::test]
async fn the_rate_that_held_at_a_time_is_found() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.pass(Span::seconds(60));
    set_rate(&world, &admin, 2, &json!({"units_per_base": "2"})).await.expect_status(200);
    world.pass(Span::seconds(60));
    set_rate(&world, &admin, 2, &json!({"units_per_base": "3"})).await.expect_status(200);
    for (at, id) in [
        ("2026-11-21T08:00:00Z", "rat_2_1"),
        ("2026-11-21T08:00:59.999Z", "rat_2_1"),
        ("2026-11-21T08:01:00Z", "rat_2_2"),
        ("2026-11-21T09:01:30%2B01:00", "rat_2_2"),
        ("2026-11-21T08:02:00Z", "rat_2_3"),
        ("2099-01-01T00:00:00Z", "rat_2_3"),
    ] {
        let then = rates(&world, &format!("?from=MRC&at={at}")).await;
        assert_eq!(then.expect_status(200).text("/data/0/rate_id"), id, "{at}");
    }
}

#[tokio::test]
async fn every_version_of_a_rate_is_kept_newest_first() {
    let world = World::new().await;
    let admin = world.admin().await;
    for rate in ["2", "1.5", "1.000000001", "2"] {
        world.pass(Span::seconds(1));
        let body = json!({ "units_per_base": rate });
        set_rate(&world, &admin, 2, &body).await.expect_status(200);
    }
    let expected = ["rat_2_5", "rat_2_4", "rat_2_3", "rat_2_2", "rat_2_1"];
    for limit in [1, 2, 5, 6] {
        let seen = walk(&world, None, "/universes/2/rates", limit, "rate_id").await;
        assert_eq!(seen, expected, "{limit} a page");
    }
    let now = world.send(Ask::get("/api/v1/universes/2")).await;
    let page = world.send(Ask::get("/api/v1/universes/2/rates?limit=1")).await;
    assert_eq!(page.expect_status(200).body["data"], json!([now.body["rate"]]));
    let unknown = world.send(Ask::get("/api/v1/universes/9/rates")).await;
    unknown.expect_problem(404, "universe_not_found");
    let cursor = page.text("/next_cursor");
    let other = world.send(Ask::get(&format!("/api/v1/universes/1/rates?cursor={cursor}"))).await;
    other.expect_problem(422, "validation_failed");
}

#[tokio::test]
async fn a_new_rate_is_a_new_version_that_keeps_the_spread() {
    let world = World::new().await;
    let admin = world.admin().await;
    let body = json!({"units_per_base": "2.4", "spread_bps": 30,
        "valid_until": "2026-11-21T10:00:00+01:00"});
    let set = set_rate(&world, &admin, 2, &body).await;
    insta::assert_json_snapshot!(shown(&set.expect_status(200).body["rate"]), @r#"
    {
      "currency": "MRC",
      "observed_at": "2026-11-21T08:00:00.000Z",
      "rate_id": "rat_2_2",
      "source": "operator",
      "spread_bps": 30,
      "units_per_base": "2.4",
      "universe_id": 2,
      "valid_until": "2026-11-21T09:00:00.000Z"
    }
    "#);
    let set = set_rate(&world, &admin, 2, &json!({"units_per_base": "2.3"})).await;
    assert_eq!(set.expect_status(200).text("/rate/spread_bps"), "30");
    assert_eq!(set.body["rate"]["valid_until"], json!(null));
}

#[tokio::test]
async fn a_jump_beyond_twice_is_confirmed_or_refused() {
    let world = World::new().await;
    let admin = world.admin().await;
    let set = |rate: &str| json!({ "units_per_base": rate });
    for jump in ["5.000000001", "1.249999999", "25"] {
        let answer = set_rate(&world, &admin, 2, &set(jump)).await;
        answer.expect_problem(409, "rate_jump");
    }
    let confirmed = json!({"units_per_base": "25", "confirm": true});
    set_rate(&world, &admin, 2, &confirmed).await.expect_status(200);
    set_rate(&world, &admin, 2, &set("12.5")).await.expect_status(200);
    set_rate(&world, &admin, 2, &set("25")).await.expect_status(200);
}

#[tokio::test]
async fn a_rate_is_set_by_an_administrator_for_a_time_to_come() {
    let world = World::new().await;
    let admin = world.admin().await;
    let john = world.trader("john_earth", 1).await;
    let body = json!({"units_per_base": "2.5"});
    set_rate(&world, &john, 2, &body).await.expect_problem(403, "insufficient_scope");
    set_rate(&world, &admin, 9, &body).await.expect_problem(404, "universe_not_found");
    let lapsed = json!({"units_per_base": "2.5", "valid_until": "2026-11-21T08:00:00Z"});
    set_rate(&world, &admin, 2, &lapsed).await.expect_problem(422, "rate_lapsed");
    for (field, value) in [
        ("units_per_base", json!("0")),
        ("units_per_base", json!("1.0000000001")),
        ("spread_bps", json!(1001)),
        ("valid_until", json!("tomorrow")),
        ("confirm", json!("yes")),
    ] {
        let mut body = body.clone();
        body[field] = value;
        let answer = set_rate(&world, &admin, 2, &body).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), format!("/{field}"));
    }
    let rates = walk(&world, None, "/universes/2/rates", 10, "rate_id").await;
    assert_eq!(rates, ["rat_2_1"], "what was refused left no version");
}
