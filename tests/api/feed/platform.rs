//! Connections with an access token: what clients of the older trading platform are told.

use serde_json::{Value, json};

use super::Socket;
use crate::floor::{Floor, limit};

/// An event or a type, as these clients tell messages apart.
fn kind(message: &Value) -> &str {
    message["event"].as_str().or(message["type"].as_str()).expect("a kind")
}

#[tokio::test]
async fn whoever_comes_with_a_token_is_greeted_and_told_of_the_book_after_each_order() {
    let floor = Floor::open().await;
    let world = &floor.world;
    world.follow_streams().await;
    let socket = Socket::open_platform(world, &floor.john, "john").await;
    let [connected] = socket.hears().try_into().expect("one message");
    assert_eq!(
        connected,
        json!({
            "event": "connected",
            "message": "Successfully connected to trading WebSocket",
            "user_id": floor.john.name,
        })
    );
    let order = floor.placed(&floor.john, "bid", &limit("buy", "0.40", "20.00")).await;
    world.follow_streams().await;
    let book = json!({"type": "order_book_update", "data": {
        "bids": [{"price": "0.40", "total_qty": "20.00"}], "asks": [], "last_trade_price": null,
        "market": "MRC-USD", "seq": 1,
    }});
    assert_eq!(socket.hears(), [book]);
    floor.cancel(&floor.john, &order).await.expect_status(200);
    world.follow_streams().await;
    let empty = json!({"type": "order_book_update", "data": {
        "bids": [], "asks": [], "last_trade_price": null, "market": "MRC-USD", "seq": 2,
    }});
    assert_eq!(socket.hears(), [empty]);
}

#[tokio::test]
async fn a_match_is_told_to_its_two_owners_then_to_all_in_the_platforms_order() {
    let floor = Floor::open().await;
    let world = &floor.world;
    let ann = world.trader("ann_earth", 1).await;
    let bid = floor.placed(&floor.john, "bid", &limit("buy", "0.40", "20.00")).await;
    world.follow_streams().await;
    let john = Socket::open_platform(world, &floor.john, "john").await;
    let mary = Socket::open_platform(world, &floor.mary, "mary").await;
    let other = Socket::open_platform(world, &ann, "ann").await;
    for socket in [&john, &mary, &other] {
        socket.hears();
    }
    let sale = floor.placed(&floor.mary, "sale", &limit("sell", "0.40", "5.00")).await;
    world.follow_streams().await;
    let told = [john.hears(), mary.hears(), other.hears()];
    let kinds = |told: &[Value]| told.iter().map(kind).map(str::to_owned).collect::<Vec<_>>();
    let owners = ["order_status", "order_book_update", "price_change"];
    assert_eq!(kinds(&told[0]), owners);
    assert_eq!(kinds(&told[1]), owners);
    assert_eq!(kinds(&told[2]), owners[1..]);
    let status = |order: &str, status: &str, filled: &str, left: &str| {
        json!({
            "order_id": order, "status": status, "filled_quantity": filled,
            "remaining_quantity": left,
        })
    };
    assert_eq!(told[0][0]["data"], status(&bid, "partially_filled", "5.00", "15.00"));
    assert_eq!(told[1][0]["data"], status(&sale, "filled", "5.00", "0.00"));
    let price = &told[2][1];
    assert_eq!(price["data"]["price"], "0.40");
    assert_eq!(price["data"]["timestamp"], price["timestamp"]);
}

#[tokio::test]
async fn a_client_of_the_platform_is_answered_a_ping_and_may_listen_to_channels_too() {
    let floor = Floor::open().await;
    let socket = Socket::open_platform(&floor.world, &floor.john, "john").await;
    socket.hears();
    assert_eq!(socket.says(&json!({"type": "ping"})).await, [json!({"type": "pong"})]);
    assert_eq!(socket.subscribes("book", "MRC-USD").await["channel"], "book");
}

#[tokio::test]
async fn whoever_comes_with_a_ticket_is_told_nothing_unasked() {
    let floor = Floor::open().await;
    let socket = Socket::open(&floor.world, &floor.john, "john").await;
    floor.placed(&floor.john, "bid", &limit("buy", "0.40", "20.00")).await;
    floor.world.follow_streams().await;
    assert_eq!(socket.hears(), [Value::Null; 0]);
}
