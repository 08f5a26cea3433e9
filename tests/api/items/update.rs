//! PATCH /items/{item_id}: by the seller, for a version.

use serde_json::{Value, json};
use tests::{Answered, Ask, Caller, World};

use crate::{shown::shown, steps::buy};

async fn change(
    world: &World,
    caller: &Caller,
    item: &str,
    tag: Option<&str>,
    body: &Value,
) -> Answered {
    let ask = Ask::new("PATCH", &format!("/api/v1/items/{item}")).by(caller).json(body);
    match tag {
        Some(tag) => world.send(ask.header("if-match", tag)).await,
        None => world.send(ask).await,
    }
}

#[tokio::test]
async fn a_seller_changes_what_is_named_and_nothing_else() {
    let world = World::new().await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 50).await;
    world.pass(domain::time::Span::seconds(5));
    let body = json!({"name": "Moon Rocks", "price": 12.5, "state": "paused"});
    let answer = change(&world, &mary, &item, Some("\"1\""), &body).await;
    insta::assert_json_snapshot!(shown(&answer.expect_status(200).body), @r#"
    {
      "created_at": "2026-11-21T08:00:00.000Z",
      "currency": "MRC",
      "description": "",
      "id": "itm_1",
      "name": "Moon Rocks",
      "price": "12.50",
      "seller_id": "usr_2",
      "sold": 0,
      "state": "paused",
      "stock": 50,
      "universe_id": 2,
      "updated_at": "2026-11-21T08:00:05.000Z",
      "version": 2
    }
    "#);
    assert_eq!(answer.header("etag"), Some("\"2\""));
    let body = json!({"description": "Grey.", "stock": 7});
    let answer = change(&world, &mary, &item, Some("\"2\""), &body).await;
    assert_eq!(answer.expect_status(200).text("/stock"), "7");
    assert_eq!(answer.text("/name"), "Moon Rocks");
}

#[tokio::test]
async fn a_change_names_the_version_that_it_is_meant_for() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 50).await;
    let body = json!({"price": "11.00"});
    let answer = change(&world, &mary, &item, None, &body).await;
    answer.expect_problem(428, "precondition_required");
    buy(&world, &john, "k", &item, 1).await.expect_status(200);
    let answer = change(&world, &mary, &item, Some("\"1\""), &body).await;
    answer.expect_problem(412, "version_changed");
    insta::assert_json_snapshot!(shown(&answer.body), @r#"
    {
      "code": "version_changed",
      "detail": "the item has changed since: it is of version 2",
      "request_id": "(request)",
      "retryable": false,
      "status": 412,
      "title": "Precondition Failed",
      "type": "about:blank",
      "version": 2
    }
    "#);
    let answer = change(&world, &mary, &item, Some("*"), &body).await;
    assert_eq!(answer.expect_status(200).text("/version"), "3");
    for bad in ["1", "W/\"3\"", "\"x\"", "\"3\", \"4\"", ""] {
        let answer = change(&world, &mary, &item, Some(bad), &body).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), "/header/If-Match", "{bad}");
    }
}

#[tokio::test]
async fn a_foreign_item_cannot_be_changed_and_answers_as_an_unknown_one() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 50).await;
    for id in [&item, "itm_00000000000000000000000000"] {
        for tag in ["*", "\"1\"", "\"9\""] {
            let answer = change(&world, &john, id, Some(tag), &json!({"price": "1"})).await;
            answer.expect_problem(404, "item_not_found");
        }
    }
}

#[tokio::test]
async fn a_change_keeps_within_the_limits_of_a_listing() {
    let world = World::new().await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 50).await;
    for (field, value) in [
        ("price", json!("0")),
        ("price", json!("0.001")),
        ("stock", json!(1_000_000_001)),
        ("name", json!("")),
        ("state", json!("gone")),
        ("currency", json!("USD")),
    ] {
        let body = json!({ field: value });
        let answer = change(&world, &mary, &item, Some("*"), &body).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), format!("/{field}"), "{body}");
    }
}
