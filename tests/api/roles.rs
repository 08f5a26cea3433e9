//! What a function declares that it needs is what it needs. Every test of this suite runs with
//! every function held to its declaration; here each starts with empty caches and does all that
//! it ever does, and nothing that it may do is left over.
#![expect(clippy::expect_used, reason = "a fixture that fails is a test that fails")]

use std::collections::BTreeSet;

use app::{
    ports::{ConnectionId, HEAD_PARTS},
    venues::feed::FeedMessage,
};
use aws_lambda_events::sqs::SqsEvent;
use domain::{
    amount::Amount,
    identity::Role,
    time::Span,
    universe::UniverseId,
    venue::{Instrument, Report, VenueAnswer, VenueStatus},
};
use dynamo::grants::Grant;
use edge::{
    auth::scopes::Scopes,
    function::{
        DynamoDbEvent, StreamFunction, handle_queue_event, handle_schedule, handle_socket_event,
        handle_stream_event, handle_task,
    },
    uses::{self, Service, Use, grants_of, services_of},
};
use functions::{
    ENDPOINTS, EVENT_HANDLERS, audit, beat, connect, deliver_webhooks, disconnect, follow_venues,
    match_orders, message, place_at_venue, publish, sweep,
};
use serde_json::{Value, json};
use tests::{Ask, Done, World, state};

use crate::{
    connections::{event, ticket},
    matrix::examples::Stage,
};

/// What a function may do that it only does when something fails on the way.
fn after_failures(stem: &str, uses: &[Use]) -> Vec<Grant> {
    let mut rare = Vec::new();
    if uses.contains(&uses::RECORD) {
        // Whether what cannot be decided, for the store does not say, was decided before.
        rare.push(uses::ENTRY);
    }
    match stem {
        // What was begun is undone.
        "connect" => rare.extend([uses::LISTENERS, uses::FORGET_CONNECTION]),
        // A command that a matcher had begun with when it died.
        "match-orders" | "sweep" => rare.push(uses::COMMAND),
        _ => {}
    }
    grants_of(&rare)
}

/// What functions have done beside what they declare, and have left of it.
fn differences(done: &Done, functions: &[(&'static str, &'static [Use])]) -> Vec<String> {
    let nothing = BTreeSet::new();
    let of = |(stem, uses): &(&'static str, &'static [Use])| {
        let declared: BTreeSet<_> = grants_of(uses).into_iter().collect();
        let mut done = done.get(stem).unwrap_or(&nothing).clone();
        let missing: Vec<_> = done.difference(&declared).copied().collect();
        done.extend(after_failures(stem, uses));
        let spare = declared.difference(&done).map(|grant| format!("{stem} never did {grant:?}"));
        let missing = missing.iter().map(|grant| format!("{stem} lacks {grant:?}"));
        spare.chain(missing).collect::<Vec<_>>()
    };
    functions.iter().flat_map(of).collect()
}

/// What needs another request than the endpoint's example to need all that it declares: pages of
/// each kind, statements that somebody has folded, an order that still rests.
async fn others(stage: &Stage) -> Vec<Ask> {
    stage.world.follow_streams().await;
    let wanted = json!({
        "market": "MRC-USD", "side": "buy", "type": "limit", "price": "1.00", "quantity": "2.00",
        "client_order_id": "to-be-cancelled",
    });
    let place = Ask::post("/api/v1/orders").by(&stage.owner).json(&wanted);
    let order = stage.world.send(place).await.expect_status(201).text("/id");
    let lists = [
        "/api/v1/items".to_owned(),
        "/api/v1/items?universe_id=1".to_owned(),
        format!("/api/v1/items?seller_id={}", stage.owner.name),
        format!("/api/v1/wallets/{}/entries", stage.owner.wallet),
    ];
    let mut asks: Vec<_> = lists.iter().map(|path| Ask::get(path).by(&stage.owner)).collect();
    let cancel = format!("/api/v1/orders/cancel/{order}");
    asks.push(Ask::new("DELETE", &cancel).by(&stage.owner));
    asks
}

#[tokio::test]
async fn every_endpoint_needs_what_it_declares_and_nothing_else() {
    let stage = Stage::set().await;
    stage.world.follow_streams().await;
    let mut done = Done::new();
    let mut note = |world: &World| {
        for (stem, grants) in world.done() {
            done.entry(stem).or_default().extend(grants);
        }
    };
    for endpoint in ENDPOINTS {
        for variant in 0..stage.examples(endpoint).await.len() {
            let example = stage.examples(endpoint).await.swap_remove(variant);
            let ask = example.ask().by(stage.rightful(endpoint));
            stage.world.done();
            let first = stage.world.send_cold(ask.clone()).await;
            assert_eq!(first.status, endpoint.success.0, "{}: {}", endpoint.stem, first.body);
            let again = stage.world.send_cold(ask).await;
            assert!(again.status < 500, "{}: {}", endpoint.stem, again.body);
            note(&stage.world);
        }
    }
    for ask in others(&stage).await {
        stage.world.send_cold(ask).await.expect_status(200);
        note(&stage.world);
    }
    // Each minute it looks at another part of all accounts.
    for _ in 0..HEAD_PARTS {
        stage.world.pass(Span::seconds(60));
        let home = UniverseId::new(1).expect("a universe");
        let token = stage.world.token(stage.admin.id, Scopes::for_role(Role::Admin), home);
        let ask = Ask::get("/api/v1/audit/conservation").bearer(&token);
        stage.world.send_cold(ask).await.expect_status(200);
    }
    note(&stage.world);
    let endpoints: Vec<_> = ENDPOINTS.iter().map(|at| (at.stem, at.uses)).collect();
    assert_eq!(differences(&done, &endpoints), Vec::<String>::new());
}

/// Hands all that was ever written to a function that was just started: the oldest of each table
/// one by one, then the newest, so that all between is missing, and then everything in order.
async fn hand(world: &World, function: &StreamFunction, stems: &[&str]) {
    for stem in stems {
        let events = world.stream_events(&[stem]).await;
        let records: Vec<_> = events.iter().flat_map(|event| event.records.clone()).collect();
        let (oldest, newest) = (records.iter().take(6), records.iter().rev().take(6));
        let one_by_one = oldest.chain(newest).map(|record| {
            let mut alone = DynamoDbEvent::default();
            alone.records.push(record.clone());
            alone
        });
        for event in one_by_one.chain(events.clone()) {
            let cold = world.elsewhere(|store| store);
            let response = handle_stream_event(&cold, function, event).await;
            assert!(response.batch_item_failures.is_empty(), "{response:?}");
        }
    }
}

/// A purchase at market of 1.00 or more, which fills part of what the peer asks.
async fn trade(stage: &Stage, key: &str) {
    let body = json!({"market": "MRC-USD", "side": "buy", "type": "market", "funds": "5.00"});
    let buy = Ask::post("/api/v1/orders").by(&stage.owner).key(key).json(&body);
    stage.world.send(buy).await.expect_status(201);
}

fn instrument() -> Instrument {
    "DOTUSDT00008".parse().expect("an instrument")
}

fn amount(minor: i64) -> Amount {
    Amount::from_minor(minor).expect("an amount")
}

/// Two orders for the venue: one is placed, and filled at once; of the other the task is lost. A
/// report that the other is filled.
async fn at_the_venue(stage: &Stage) -> FeedMessage {
    let world = &stage.world;
    stage.venue_order(1).await;
    let filled = state(VenueStatus::Filled, 1, &[("E-1", 1, 100)]);
    world.venue.next(VenueAnswer::Known(filled));
    for (task, _) in world.placements.take() {
        let cold = world.elsewhere(|store| store);
        handle_task(&cold, &place_at_venue::FUNCTION, &task.to_string()).await.expect("placed");
    }
    world.placements.lose(true);
    let order = stage.venue_order(2).await.parse().expect("an id");
    world.placements.lose(false);
    world.pass(Span::seconds(61));
    let state = state(VenueStatus::Filled, 1, &[("E-2", 1, 100)]);
    FeedMessage::Report(Report { order, state })
}

async fn open(world: &World, connection: &str, query: Value) {
    let mut opens = event(world, connection, "CONNECT");
    opens["queryStringParameters"] = query;
    let opens = serde_json::from_value(opens).expect("an event");
    let cold = world.elsewhere(|store| store);
    let answer = handle_socket_event(&cold, &connect::FUNCTION, opens).await;
    assert_eq!(answer.status_code, 200, "{answer:?}");
}

async fn say(world: &World, connection: &str, text: &Value) {
    let mut says = event(world, connection, "MESSAGE");
    says["body"] = text.to_string().into();
    let says = serde_json::from_value(says).expect("an event");
    let cold = world.elsewhere(|store| store);
    let answer = handle_socket_event(&cold, &message::FUNCTION, says).await;
    assert_eq!(answer.status_code, 200, "{text}: {answer:?}");
}

fn lose(world: &World, connection: &str) {
    world.gateway.lose(&ConnectionId(connection.to_owned()));
}

/// Opens connections as clients of both protocols do; those of ours listen to all channels.
async fn listen(stage: &Stage) {
    let world = &stage.world;
    open(world, "platform", json!({"token": stage.owner.token})).await;
    let channels = [
        json!({"channel": "book", "market": "MRC-USD"}),
        json!({"channel": "trades", "market": "MRC-USD"}),
        json!({"channel": "ticker", "market": "MRC-USD"}),
        json!({"channel": "candles", "market": "MRC-USD", "interval": "1m"}),
        json!({"channel": "rates", "market": "MRC"}),
        json!({"channel": "user"}),
        json!({"channel": "heartbeat"}),
    ];
    for connection in ["first", "second", "third"] {
        open(world, connection, json!({"ticket": ticket(world, &stage.owner).await})).await;
        for mut said in channels.clone() {
            said["type"] = "subscribe".into();
            say(world, connection, &said).await;
            if ["book", "trades", "user"].contains(&said["channel"].as_str().expect("a channel")) {
                said["type"] = "resume".into();
                said["seq"] = 1.into();
                say(world, connection, &said).await;
            }
        }
    }
}

#[tokio::test]
async fn every_handler_of_events_needs_what_it_declares_and_nothing_else() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let cold = || world.elsewhere(|store| store);
    let hook = json!({"url": "https://hooks.example.com/market"});
    let hook = Ask::post("/api/v1/webhooks").by(&stage.owner).json(&hook);
    world.send(hook).await.expect_status(201);
    listen(&stage).await;
    for number in 0..5 {
        trade(&stage, &format!("rung for {number}")).await;
    }
    for (function, stems) in functions::STREAM_FUNCTIONS {
        hand(world, function, stems).await;
    }
    for (task, wait) in world.deliveries.take() {
        world.pass(wait);
        handle_task(&cold(), &deliver_webhooks::FUNCTION, &task.to_string()).await.expect("sent");
    }
    let filled = at_the_venue(&stage).await;
    world.doorbell.lose(true);
    trade(&stage, "not rung for").await;
    handle_schedule(&cold(), &sweep::FUNCTION).await.expect("swept");
    assert_eq!(world.placements.take().len(), 1, "the one that the queue has lost");
    world.feeds.say(filled);
    world.feeds.say(FeedMessage::Price(instrument(), amount(10_100)));
    handle_schedule(&cold(), &follow_venues::FUNCTION).await.expect("followed");
    let rings = include_str!("../../events/match-orders.json");
    let rings: SqsEvent = serde_json::from_str(rings).expect("a sample");
    handle_queue_event(&cold(), &match_orders::FUNCTION, rings).await;
    for _ in 0..HEAD_PARTS {
        handle_schedule(&cold(), &audit::FUNCTION).await.expect("audited");
        world.pass(Span::seconds(60));
    }
    say(world, "first", &json!({"type": "unsubscribe", "channel": "heartbeat"})).await;
    world.pass(Span::seconds(3_000));
    handle_schedule(&cold(), &beat::FUNCTION).await.expect("a beat");
    // Each finds by itself that a connection is gone.
    lose(world, "first");
    say(world, "first", &json!({"type": "ping"})).await;
    lose(world, "second");
    handle_schedule(&cold(), &beat::FUNCTION).await.expect("a beat");
    lose(world, "third");
    hand(world, &publish::FUNCTION, &["accounts"]).await;
    let closes = serde_json::from_value(event(world, "platform", "DISCONNECT")).expect("an event");
    handle_socket_event(&cold(), &disconnect::FUNCTION, closes).await;
    let handlers: Vec<_> = EVENT_HANDLERS.iter().map(|at| (at.stem, at.uses)).collect();
    assert_eq!(differences(&world.done(), &handlers), Vec::<String>::new());
}

#[test]
fn who_is_in_the_network_of_the_cache_needs_no_other_service() {
    let endpoints = ENDPOINTS.iter().map(|at| (at.stem, at.uses));
    for (stem, uses) in endpoints.chain(EVENT_HANDLERS.iter().map(|at| (at.stem, at.uses))) {
        let services = services_of(uses);
        let cached = services.contains(&Service::Cache);
        assert!(!cached || services.len() == 1, "{stem} could not reach {services:?}");
    }
}
