//! The known defects of the systems that this one replaces, each by its name.

use serde_json::json;
use tests::{Ask, World};

#[tokio::test]
async fn a_ten_mrc_item_costs_an_earth_buyer_four_usd() {
    let world = World::new().await;
    let buyer = world.trader_with("john_earth", 1, "1000.00").await;
    let seller = world.trader("mary_mars", 2).await;
    let item = world.item(&seller, "Mars Rocks", "10.00", 50).await;
    let body = json!({"item_id": item, "quantity": 1});
    let answer = world.send(Ask::post("/api/v1/buy").by(&buyer).key("k").json(&body)).await;
    assert_eq!(answer.expect_status(200).text("/amount"), "4.00");
    assert_eq!(answer.text("/currency"), "USD");
    assert_eq!(world.posted(&buyer, "USD").await, "996.00");
    assert_eq!(world.posted(&seller, "MRC").await, "10.00");
}
