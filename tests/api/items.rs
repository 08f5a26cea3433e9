//! Items: listing one for sale, seeing it, changing it.

mod find;
mod update;

use serde_json::json;
use tests::{Ask, World};

use crate::{
    shown::shown,
    steps::{get, post},
};

#[tokio::test]
async fn an_item_is_listed_in_the_home_universe_and_offered_at_once() {
    let world = World::new().await;
    let mary = world.trader("mary_mars", 2).await;
    let body = json!({"name": "Mars Rocks", "description": "Red.", "price": "10", "stock": 50});
    let answer = world.send(Ask::post("/api/v1/items").by(&mary).json(&body)).await;
    insta::assert_json_snapshot!(shown(&answer.expect_status(201).body), @r#"
    {
      "created_at": "2026-11-21T08:00:00.000Z",
      "currency": "MRC",
      "description": "Red.",
      "id": "itm_1",
      "name": "Mars Rocks",
      "price": "10.00",
      "seller_id": "usr_2",
      "sold": 0,
      "state": "active",
      "stock": 50,
      "universe_id": 2,
      "updated_at": "2026-11-21T08:00:00.000Z",
      "version": 1
    }
    "#);
    assert_eq!(answer.header("etag"), Some("\"1\""));
    let seen = get(&world, &mary, &format!("/items/{}", answer.text("/id"))).await;
    assert_eq!(seen.expect_status(200).bytes, answer.bytes);
    let list = world.send(Ask::get("/api/v1/items")).await;
    assert_eq!(list.expect_status(200).body["data"], json!([answer.body]));
}

#[tokio::test]
async fn an_item_is_sold_in_any_universe_in_its_currency() {
    let world = World::new().await;
    let mary = world.trader("mary_mars", 2).await;
    let body = json!({"name": "Export", "universe_id": 3, "price": 15, "stock": 0,
        "state": "draft"});
    let answer = world.send(Ask::post("/api/v1/items").by(&mary).json(&body)).await;
    assert_eq!(answer.expect_status(201).text("/currency"), "VNC");
    assert_eq!(answer.text("/state"), "draft");
    let body = json!({"name": "Export", "universe_id": 9, "price": 15, "stock": 1});
    let answer = world.send(Ask::post("/api/v1/items").by(&mary).json(&body)).await;
    answer.expect_problem(404, "universe_not_found");
}

#[tokio::test]
async fn an_item_has_a_name_a_price_and_a_stock_within_limits() {
    let world = World::new().await;
    let mary = world.trader("mary_mars", 2).await;
    let cases = [
        ("name", json!("")),
        ("name", json!("x".repeat(61))),
        ("name", json!(" padded")),
        ("name", json!("nul\u{0}")),
        ("description", json!("x".repeat(301))),
        ("price", json!("0.00")),
        ("price", json!("1.001")),
        ("price", json!("10000000000000000.01")),
        ("stock", json!(1_000_000_001)),
        ("stock", json!(-1)),
        ("stock", json!("5")),
        ("state", json!("sold_out")),
        ("universe_id", json!(0)),
        ("seller_id", json!(mary.name)),
    ];
    for (field, value) in cases {
        let mut body = json!({"name": "Mars Rocks", "price": "10.00", "stock": 50});
        body[field] = value;
        let answer = world.send(Ask::post("/api/v1/items").by(&mary).json(&body)).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), format!("/{field}"), "{body}");
    }
    assert_eq!(get(&world, &mary, "/items").await.body["data"], json!([]));
}

#[tokio::test]
async fn a_listing_with_a_key_is_one_listing_and_without_keys_each_is_its_own() {
    let world = World::new().await;
    let mary = world.trader("mary_mars", 2).await;
    let body = json!({"name": "Mars Rocks", "price": "10.00", "stock": 50});
    let first = post(&world, &mary, "k", "/items", &body).await;
    world.pass(domain::time::Span::millis(1));
    let replay = post(&world, &mary, "k", "/items", &body).await;
    assert_eq!(replay.expect_status(201).bytes, first.expect_status(201).bytes);
    assert_eq!(replay.header("idempotency-replayed"), Some("true"));
    assert_eq!(replay.header("etag"), Some("\"1\""));
    for _ in 0..2 {
        world.send(Ask::post("/api/v1/items").by(&mary).json(&body)).await.expect_status(201);
    }
    let all = get(&world, &mary, "/items").await;
    assert_eq!(all.body["data"].as_array().expect("rows").len(), 3);
}

#[tokio::test]
async fn who_has_an_item_already_is_not_sent_it_again() {
    let world = World::new().await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 50).await;
    let path = format!("/api/v1/items/{item}");
    let whole = world.send(Ask::get(&path)).await;
    assert_eq!(whole.expect_status(200).header("etag"), Some("\"1\""));
    for known in ["\"1\"", "\"0\", \"1\"", "*"] {
        let answer = world.send(Ask::get(&path).header("if-none-match", known)).await;
        assert!(answer.expect_status(304).bytes.is_empty(), "{known}");
        assert_eq!(answer.header("etag"), Some("\"1\""));
    }
    for other in ["\"2\"", "1"] {
        let answer = world.send(Ask::get(&path).header("if-none-match", other)).await;
        answer.expect_status(200);
    }
}

#[tokio::test]
async fn a_draft_is_seen_by_its_seller_alone() {
    let world = World::new().await;
    let mary = world.trader("mary_mars", 2).await;
    let john = world.trader("john_earth", 1).await;
    let body = json!({"name": "Secret", "price": "10.00", "stock": 1, "state": "draft"});
    let made = world.send(Ask::post("/api/v1/items").by(&mary).json(&body)).await;
    let path = format!("/items/{}", made.text("/id"));
    get(&world, &mary, &path).await.expect_status(200);
    get(&world, &john, &path).await.expect_problem(404, "item_not_found");
    let anonymous = world.send(Ask::get(&format!("/api/v1{path}"))).await;
    anonymous.expect_problem(404, "item_not_found");
    assert_eq!(get(&world, &john, "/items").await.body["data"], json!([]));
    let drafts = get(&world, &mary, "/items?state=draft").await;
    assert_eq!(drafts.text("/data/0/id"), made.text("/id"));
}
