//! GET /asyncapi.json: the document is well formed, names every message, and each message that
//! it names is really sent.

use std::collections::BTreeSet;

use domain::time::Span;
use edge::function::handle_schedule;
use functions::beat;
use serde_json::{Value, json};
use tests::{Ask, World};

use super::{
    Socket,
    document::{DOCUMENT, name_of},
};
use crate::{
    floor::{Floor, limit},
    steps::set_rate,
};

/// All `$ref` of a value.
fn references<'a>(value: &'a Value, into: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(members) => {
            into.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|value| references(value, into));
        }
        Value::Array(all) => all.iter().for_each(|value| references(value, into)),
        _ => {}
    }
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn the_document_is_served_and_every_reference_in_it_resolves() {
    let world = World::new().await;
    let served = world.send(Ask::get("/asyncapi.json")).await;
    let served = &served.expect_status(200).body;
    assert_eq!(served["asyncapi"], "3.0.0");
    for part in ["channels", "operations", "components", "servers"] {
        assert_eq!(served[part], DOCUMENT[part], "{part}");
    }
    assert!(served["info"]["title"].is_string() && served["info"]["version"].is_string());
    let mut targets = BTreeSet::new();
    references(served, &mut targets);
    assert!(targets.len() > 30, "{targets:?}");
    for target in targets {
        let pointer = target.strip_prefix('#').expect("within the document");
        assert!(served.pointer(pointer).is_some(), "{target}");
    }
}

#[test]
fn every_message_is_of_the_channel_and_of_one_operation() {
    let messages = keys(&DOCUMENT["components"]["messages"]);
    assert_eq!(keys(&DOCUMENT["channels"]["socket"]["messages"]), messages);
    let mut operated = BTreeSet::new();
    for (name, operation) in DOCUMENT["operations"].as_object().expect("operations") {
        assert_eq!(operation["channel"]["$ref"], "#/channels/socket", "{name}");
        assert!(["send", "receive"].contains(&operation["action"].as_str().expect("an action")));
        for message in operation["messages"].as_array().expect("messages") {
            let target = message["$ref"].as_str().expect("a reference");
            let name = target.strip_prefix("#/channels/socket/messages/").expect("of the channel");
            assert!(operated.insert(name), "{name} stands twice");
        }
    }
    assert_eq!(operated, messages);
    let schemas = keys(&DOCUMENT["components"]["schemas"]);
    let mut targets = BTreeSet::new();
    references(&DOCUMENT, &mut targets);
    for schema in schemas {
        let target = format!("#/components/schemas/{schema}");
        assert!(targets.contains(target.as_str()), "{schema} is nobody's");
    }
}

#[test]
fn a_message_with_anything_more_or_less_is_not_the_documents() {
    let good = json!({"type": "resumed", "channel": "user", "seq": 1, "newest": 2});
    assert_eq!(name_of(&good), "resumed");
    let bad = |change: fn(&mut Value)| {
        let mut message = good.clone();
        change(&mut message);
        std::panic::catch_unwind(|| name_of(&message)).is_err()
    };
    assert!(bad(|message| message["more"] = 1.into()));
    assert!(bad(|message| message["seq"] = "1".into()));
    assert!(bad(|message| {
        message.as_object_mut().expect("an object").remove("newest");
    }));
}

/// One connection of each kind that is told everything there is to be told.
#[tokio::test]
async fn every_message_that_the_document_names_is_sent() {
    let floor = Floor::open().await;
    let Floor { world, john, mary } = &floor;
    world.follow_streams().await;
    let admin = world.admin().await;
    let mut seen = BTreeSet::new();
    let mut note = |told: Vec<Value>| seen.extend(told.iter().map(name_of));
    let older = Socket::open_platform(world, john, "older").await;
    let socket = Socket::open(world, john, "john").await;
    for channel in ["book", "trades", "ticker", "candles", "rates", "user", "heartbeat"] {
        let mut asks = json!({"type": "subscribe", "channel": channel});
        match channel {
            "rates" => asks["market"] = "MRC".into(),
            "user" | "heartbeat" => {}
            _ => asks["market"] = "MRC-USD".into(),
        }
        if channel == "candles" {
            asks["interval"] = "1d".into();
        }
        note(socket.says(&asks).await);
    }
    floor.placed(john, "bid", &limit("buy", "0.40", "20.00")).await;
    floor.placed(mary, "sale", &limit("sell", "0.40", "5.00")).await;
    set_rate(world, &admin, 2, &json!({"units_per_base": "2.6"})).await.expect_status(200);
    world.follow_streams().await;
    note(socket.hears());
    note(older.hears());
    for asks in [
        json!({"type": "resume", "channel": "user", "seq": 1}),
        json!({"type": "resume", "channel": "user", "seq": 1_000}),
        json!({"type": "unsubscribe", "channel": "user"}),
        json!({"type": "ping"}),
    ] {
        note(socket.says(&asks).await);
    }
    crate::connections::says(world, "john", "?").await;
    world.pass(Span::seconds(7_000));
    handle_schedule(&world.context, &beat::FUNCTION).await.expect("a beat");
    note(socket.hears());
    let named = keys(&DOCUMENT["components"]["messages"]);
    assert_eq!(seen, named.into_iter().filter(|name| *name != "request").collect());
}
