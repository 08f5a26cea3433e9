//! What runs each minute: signs of life, the word before the gateway ends a connection, and
//! connections that are forgotten because they are gone.

use domain::time::Span;
use edge::function::handle_schedule;
use functions::beat;
use serde_json::{Value, json};
use tests::World;

use super::Socket;
use crate::floor::{Floor, limit};

async fn beats(world: &World) {
    handle_schedule(&world.context, &beat::FUNCTION).await.expect("a beat");
}

#[tokio::test]
async fn a_beat_says_how_far_each_market_has_come_to_those_who_listen() {
    let floor = Floor::open().await;
    let world = &floor.world;
    world.market("VNC", "USD").await;
    let socket = Socket::open(world, &floor.john, "john").await;
    let deaf = Socket::open(world, &floor.mary, "mary").await;
    let first = socket.listens("heartbeat").await;
    assert_eq!((&first["type"], &first["seq"]), (&"beat".into(), &Value::Null));
    floor.placed(&floor.john, "bid", &limit("buy", "0.40", "20.00")).await;
    floor.placed(&floor.mary, "sale", &limit("sell", "0.40", "20.00")).await;
    beats(world).await;
    let [beat] = socket.hears().try_into().expect("one message");
    let heads = json!({
        "MRC-USD": {"seq": 2, "trades": 1},
        "VNC-USD": {"seq": 0, "trades": 0},
    });
    assert_eq!(beat["data"]["markets"], heads);
    assert_eq!(deaf.hears(), [Value::Null; 0]);
}

#[tokio::test]
async fn ten_minutes_before_the_end_a_connection_is_told_once_to_come_anew() {
    let floor = Floor::open().await;
    let world = &floor.world;
    let socket = Socket::open(world, &floor.john, "john").await;
    let ends = world.context.market.clock.now().plus(Span::seconds(7_200));
    world.pass(Span::seconds(7_200 - 601));
    beats(world).await;
    assert_eq!(socket.hears(), [Value::Null; 0]);
    world.pass(Span::seconds(1));
    beats(world).await;
    let notice = json!({"type": "reconnect", "closes_at": edge::wire::rfc3339(ends)});
    assert_eq!(socket.hears(), [notice]);
    world.pass(Span::seconds(60));
    beats(world).await;
    assert_eq!(socket.hears(), [Value::Null; 0]);
}

#[tokio::test]
async fn a_connection_that_is_gone_is_forgotten_also_by_the_word_before_its_end() {
    let floor = Floor::open().await;
    let world = &floor.world;
    let socket = Socket::open(world, &floor.john, "john").await;
    world.pass(Span::seconds(7_000));
    world.gateway.lose(&socket.id);
    beats(world).await;
    let store = &world.context.market.store;
    assert_eq!(store.connection(&socket.id).await, Ok(None));
    assert_eq!(store.connections().await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_connection_that_is_gone_is_forgotten_unless_it_may_not_be_open_yet() {
    let floor = Floor::open().await;
    let world = &floor.world;
    let store = &world.context.market.store;
    world.follow_streams().await;
    let socket = Socket::open(world, &floor.john, "john").await;
    socket.subscribes("book", "MRC-USD").await;
    world.gateway.lose(&socket.id);
    world.pass(Span::millis(9_000));
    floor.placed(&floor.john, "bid", &limit("buy", "0.40", "20.00")).await;
    world.follow_streams().await;
    assert!(store.connection(&socket.id).await.expect("readable").is_some(), "it may be opening");
    world.pass(Span::seconds(1));
    floor.placed(&floor.john, "another", &limit("buy", "0.39", "20.00")).await;
    world.follow_streams().await;
    assert_eq!(store.connection(&socket.id).await, Ok(None));
    let pair = "MRC-USD".parse().expect("a market");
    let listeners = store.subscribers(app::ports::Topic::Book(pair)).await;
    assert!(listeners.expect("readable").is_empty());
}
