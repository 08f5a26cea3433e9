//! What a client may say, and what it is answered when it may not.

use app::ports::Topic;
use serde_json::{Value, json};
use tests::World;

use super::Socket;
use crate::{connections::says, floor::Floor};

async fn listens_to_nothing(world: &World, socket: &Socket<'_>) {
    let pair = "MRC-USD".parse().expect("a market");
    let topics = [Topic::Book(pair), Topic::Trades(pair), Topic::Ticker(pair), Topic::Heartbeat];
    for topic in topics {
        let listeners = world.context.market.store.subscribers(topic).await.expect("readable");
        assert!(!listeners.contains(&socket.id), "{topic}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_an_error_and_subscribes_to_nothing() {
    let floor = Floor::open().await;
    let world = &floor.world;
    let socket = Socket::open(world, &floor.john, "john").await;
    for (said, code) in [
        ("", "malformed_message"),
        ("ping", "malformed_message"),
        ("{", "malformed_message"),
        ("null", "malformed_message"),
        ("[]", "malformed_message"),
        (r#"["subscribe",null,"book","MRC-USD",null,null]"#, "malformed_message"),
        (r#"[{"type":"ping"}]"#, "malformed_message"),
        (r#"{"type":"ping"}{"type":"ping"}"#, "malformed_message"),
        (r#"{}"#, "malformed_message"),
        (r#"{"type":"buy"}"#, "malformed_message"),
        (r#"{"type":"PING"}"#, "malformed_message"),
        (r#"{"type":1}"#, "malformed_message"),
        (r#"{"type":"ping","type":"ping"}"#, "malformed_message"),
        (r#"{"type":"subscribe"}"#, "malformed_message"),
        (r#"{"type":"subscribe","channel":"gossip"}"#, "malformed_message"),
        (r#"{"type":"subscribe","channel":"book"}"#, "malformed_message"),
        (r#"{"type":"subscribe","channel":"book","market":"MRCUSD"}"#, "malformed_message"),
        (r#"{"type":"subscribe","channel":"book","market":"mrc-usd"}"#, "malformed_message"),
        (r#"{"type":"subscribe","channel":"book","market":["MRC-USD"]}"#, "malformed_message"),
        (r#"{"type":"subscribe","channel":"book","market":"MRC-VNC"}"#, "market_not_found"),
        (
            r#"{"type":"subscribe","channel":"book","market":"MRC-USD","depth":5}"#,
            "malformed_message",
        ),
        (
            r#"{"type":"subscribe","channel":"book","market":"MRC-USD","interval":"1m"}"#,
            "malformed_message",
        ),
        (
            r#"{"type":"subscribe","channel":"book","market":"MRC-USD","seq":1}"#,
            "malformed_message",
        ),
        (r#"{"type":"subscribe","channel":"candles","market":"MRC-USD"}"#, "malformed_message"),
        (
            r#"{"type":"subscribe","channel":"candles","market":"MRC-USD","interval":"2m"}"#,
            "malformed_message",
        ),
        (r#"{"type":"subscribe","channel":"rates"}"#, "malformed_message"),
        (r#"{"type":"subscribe","channel":"rates","market":"usd"}"#, "malformed_message"),
        (r#"{"type":"subscribe","channel":"rates","market":"XYZ"}"#, "currency_not_found"),
        (r#"{"type":"subscribe","channel":"heartbeat","market":"MRC-USD"}"#, "malformed_message"),
        (r#"{"type":"subscribe","channel":"user","interval":"1m"}"#, "malformed_message"),
        (r#"{"type":"resume","channel":"book","market":"MRC-USD"}"#, "malformed_message"),
        (r#"{"type":"resume","channel":"book","market":"MRC-USD","seq":-1}"#, "malformed_message"),
        (r#"{"type":"resume","channel":"book","market":"MRC-USD","seq":"1"}"#, "malformed_message"),
        (r#"{"type":"unsubscribe","channel":"book","market":"MRC-VNC"}"#, "market_not_found"),
    ] {
        let (status, answered) = says(world, "john", said).await;
        assert!((400..500).contains(&status), "{said}: {status}");
        assert_eq!(answered, code, "{said}");
        let [told] = socket.hears().try_into().expect("one message");
        assert_eq!((&told["type"], &told["code"]), (&"error".into(), &code.into()), "{said}");
    }
    says(world, "john", r#"{"type":"shout","id":"mine"}"#).await;
    let [told] = socket.hears().try_into().expect("one message");
    assert_eq!((&told["type"], &told["id"]), (&"error".into(), &"mine".into()));
    listens_to_nothing(world, &socket).await;
    assert!(world.gateway.closed().is_empty());
    let pong = socket.says(&json!({"type": "ping", "id": 7})).await;
    assert_eq!(pong, [json!({"type": "pong", "id": 7})], "the connection stays");
}

#[tokio::test]
async fn an_answer_names_what_it_is_about_and_carries_the_clients_own_id() {
    let floor = Floor::open().await;
    let socket = Socket::open(&floor.world, &floor.john, "john").await;
    let asks = json!({
        "type": "subscribe", "channel": "candles", "market": "MRC-USD", "interval": "5m",
        "id": {"own": [1, null]},
    });
    let named = |kind: &str| {
        json!({
            "type": kind, "channel": "candles", "market": "MRC-USD", "interval": "5m",
            "id": {"own": [1, null]},
        })
    };
    let told = socket.says(&asks).await;
    assert_eq!(told[0], named("subscribed"));
    assert_eq!(told[1]["data"], json!({"interval": "5m", "candles": []}));
    let mut ends = asks.clone();
    ends["type"] = "unsubscribe".into();
    assert_eq!(socket.says(&ends).await, [named("unsubscribed")]);
    assert_eq!(socket.says(&ends).await, [named("unsubscribed")], "again: no change");
}

#[tokio::test]
async fn after_unsubscribing_nothing_is_heard_of_the_channel() {
    let floor = Floor::open().await;
    let world = &floor.world;
    let socket = Socket::open(world, &floor.john, "john").await;
    socket.subscribes("book", "MRC-USD").await;
    socket.subscribes("trades", "MRC-USD").await;
    let ends = json!({"type": "unsubscribe", "channel": "book", "market": "MRC-USD"});
    socket.tells(&ends).await;
    socket.hears();
    let bid = crate::floor::limit("buy", "0.40", "20.00");
    floor.placed(&floor.john, "bid", &bid).await;
    let sale = crate::floor::limit("sell", "0.40", "20.00");
    floor.placed(&floor.mary, "sale", &sale).await;
    world.follow_streams().await;
    let channels: Vec<_> = socket.hears().iter().map(|told| told["channel"].clone()).collect();
    assert_eq!(channels, [Value::from("trades")]);
}

#[tokio::test]
async fn a_rate_is_told_with_its_version_and_resumed_with_a_snapshot() {
    let floor = Floor::open().await;
    let world = &floor.world;
    world.follow_streams().await;
    let admin = world.admin().await;
    let socket = Socket::open(world, &floor.john, "john").await;
    let start = socket.subscribes("rates", "MRC").await;
    assert_eq!((&start["seq"], &start["data"]["units_per_base"]), (&1.into(), &"2.5".into()));
    let body = json!({"units_per_base": "2.6"});
    crate::steps::set_rate(world, &admin, 2, &body).await.expect_status(200);
    crate::steps::set_rate(world, &admin, 3, &json!({"units_per_base": "0.8"})).await;
    world.follow_streams().await;
    let [told] = socket.hears().try_into().expect("one message: the other rate is another's");
    assert_eq!((&told["prev_seq"], &told["seq"]), (&1.into(), &2.into()));
    assert_eq!(told["data"]["units_per_base"], "2.6");
    let resume = json!({"type": "resume", "channel": "rates", "market": "MRC", "seq": 1});
    let again = socket.says(&resume).await;
    assert_eq!((&again[1]["type"], &again[1]["data"]), (&"snapshot".into(), &told["data"]));
}
