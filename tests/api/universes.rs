//! Universes, and how an administrator makes them.

mod rates;

use domain::{
    commit::{Commit, Write},
    universe::{Universe, UniverseId},
};
use serde_json::{Value, json};
use tests::{Answered, Ask, Caller, World};

use crate::shown::shown;

async fn create(world: &World, by: &Caller, body: &Value) -> Answered {
    world.send(Ask::post("/api/v1/admin/universes").by(by).json(body)).await
}

#[tokio::test]
async fn everyone_sees_all_universes_with_their_rates() {
    let world = World::new().await;
    let list = world.send(Ask::get("/api/v1/universes")).await;
    assert_eq!(list.expect_status(200).body["data"].as_array().expect("rows").len(), 3);
    insta::assert_json_snapshot!(list.body["data"][1], @r#"
    {
      "created_at": "2026-11-21T08:00:00.000Z",
      "currency": "MRC",
      "currency_type": "MRC",
      "decimals": 2,
      "exchange_rate": "2.5",
      "id": 2,
      "name": "Mars",
      "rate": {
        "currency": "MRC",
        "observed_at": "2026-11-21T08:00:00.000Z",
        "rate_id": "rat_2_1",
        "source": "operator",
        "spread_bps": 0,
        "units_per_base": "2.5",
        "universe_id": 2,
        "valid_until": null
      }
    }
    "#);
    let one = world.send(Ask::get("/api/v1/universes/2")).await;
    assert_eq!(one.expect_status(200).body, list.body["data"][1]);
}

#[tokio::test]
async fn a_universe_is_not_sent_again_until_its_rate_changes() {
    let world = World::new().await;
    let admin = world.admin().await;
    let one = world.send(Ask::get("/api/v1/universes/2")).await;
    assert_eq!(one.header("etag"), Some("\"rat_2_1\""));
    let ask = || Ask::get("/api/v1/universes/2").header("if-none-match", "\"rat_2_1\"");
    assert!(world.send(ask()).await.expect_status(304).bytes.is_empty());
    let body = json!({"units_per_base": "2"});
    crate::steps::set_rate(&world, &admin, 2, &body).await.expect_status(200);
    assert_eq!(world.send(ask()).await.expect_status(200).text("/exchange_rate"), "2");
}

#[tokio::test]
async fn an_unknown_universe_is_not_found() {
    let world = World::new().await;
    let at = |id: &str| Ask::get(&format!("/api/v1/universes/{id}"));
    world.send(at("99")).await.expect_problem(404, "universe_not_found");
    for bad in ["0", "501", "02", "-1", "Mars", "1.0"] {
        let answer = world.send(at(bad)).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), "/path/universe_id");
    }
}

#[tokio::test]
async fn an_administrator_makes_a_universe_that_is_there_at_once() {
    let world = World::new().await;
    let admin = world.admin().await;
    let body = json!({"name": "Jupiter", "currency": "JUP", "decimals": 0,
        "units_per_base": "100.50", "spread_bps": 25});
    let made = create(&world, &admin, &body).await;
    insta::assert_json_snapshot!(shown(&made.expect_status(201).body), @r#"
    {
      "created_at": "2026-11-21T08:00:00.000Z",
      "currency": "JUP",
      "currency_type": "JUP",
      "decimals": 0,
      "exchange_rate": "100.5",
      "id": 4,
      "name": "Jupiter",
      "rate": {
        "currency": "JUP",
        "observed_at": "2026-11-21T08:00:00.000Z",
        "rate_id": "rat_4_1",
        "source": "operator",
        "spread_bps": 25,
        "units_per_base": "100.5",
        "universe_id": 4,
        "valid_until": null
      }
    }
    "#);
    let seen = world.send(Ask::get("/api/v1/universes/4")).await;
    assert_eq!(seen.expect_status(200).bytes, made.bytes);
}

#[tokio::test]
async fn only_an_administrator_makes_a_universe() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let body = json!({"name": "Jupiter", "currency": "JUP", "units_per_base": "1"});
    let answer = create(&world, &john, &body).await;
    answer.expect_problem(403, "insufficient_scope");
    let expected = Some("Bearer error=\"insufficient_scope\"");
    assert_eq!(answer.header("www-authenticate"), expected);
}

#[tokio::test]
async fn no_two_universes_share_a_currency() {
    let world = World::new().await;
    let admin = world.admin().await;
    let body = json!({"name": "Mars II", "currency": "MRC", "units_per_base": "1"});
    create(&world, &admin, &body).await.expect_problem(409, "currency_taken");
}

#[tokio::test]
async fn there_are_at_most_five_hundred_universes() {
    let world = World::new().await;
    let admin = world.admin().await;
    let store = &world.context.market.store;
    let mars = store.universes().await.expect("universes").remove(1);
    let last = UniverseId::new(UniverseId::MAX).expect("the last number");
    let currency =
        domain::currency::Currency { code: "LAST".parse().expect("a code"), ..mars.currency };
    let mut rate = mars.rate.clone();
    rate.id.universe = last;
    let universe = Universe { id: last, currency, rate, ..mars };
    store.commit(&Commit::of(vec![Write::PutUniverse(universe)])).await.expect("written");
    let body = json!({"name": "One more", "currency": "MORE", "units_per_base": "1"});
    create(&world, &admin, &body).await.expect_problem(409, "too_many_universes");
}

#[tokio::test]
async fn a_universe_is_made_of_well_formed_parts() {
    let world = World::new().await;
    let admin = world.admin().await;
    for (field, value) in [
        ("name", json!("")),
        ("currency", json!("jup")),
        ("currency", json!("TOOLONG")),
        ("decimals", json!(9)),
        ("decimals", json!(-1)),
        ("units_per_base", json!("0")),
        ("units_per_base", json!("-1")),
        ("units_per_base", json!(1.5)),
        ("units_per_base", json!("1e2")),
        ("spread_bps", json!(1001)),
        ("id", json!(7)),
    ] {
        let mut body = json!({"name": "Jupiter", "currency": "JUP", "units_per_base": "1.5"});
        body[field] = value;
        let answer = create(&world, &admin, &body).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), format!("/{field}"), "{body}");
    }
}
