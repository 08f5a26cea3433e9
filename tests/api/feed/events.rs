//! A user's events: by socket, by long poll and in the log they are the same, in one order.

use domain::time::Span;
use edge::function::handle_stream_event;
use functions::{project, publish};
use serde_json::{Value, json};
use tests::{Answered, Caller, World};

use super::{Client, Socket};
use crate::{
    floor::{Floor, limit, market},
    steps::{deposit, get, post},
};

/// All kinds of things that happen to John and Mary, in the market and beside it.
pub(super) async fn live(floor: &Floor) {
    let Floor { world, john, mary } = floor;
    deposit(world, john, "a-deposit", "10.00").await.expect_status(200);
    let order = floor.placed(john, "bid", &limit("buy", "0.40", "20.00")).await;
    floor.placed(mary, "sale", &limit("sell", "0.40", "5.00")).await;
    floor.amend(john, "less", &order, &json!({"quantity": "15.00"})).await.expect_status(202);
    floor.cancel(john, &order).await.expect_status(200);
    let transfer = json!({"to_user_id": mary.name, "amount": "1.00", "currency": "USD"});
    post(world, john, "a-gift", "/transfers", &transfer).await.expect_status(200);
    floor.placed(mary, "bid", &limit("buy", "0.41", "10.00")).await;
    floor.placed(john, "sale", &market("sell", "quantity", "10.00")).await;
    post(world, john, "a-wallet", "/wallets", &json!({"currency": "VNC"})).await.expect_status(200);
    let exchange = json!({"amount": "3.00", "from_currency": "USD", "to_currency": "VNC"});
    post(world, john, "an-exchange", "/exchange", &exchange).await.expect_status(200);
}

async fn events(world: &World, caller: &Caller, query: &str) -> Answered {
    get(world, caller, &format!("/events?{query}")).await
}

/// The body of a list with these events, as they were written.
fn listed(texts: &[String]) -> String {
    format!("{{\"data\":[{}],", texts.join(","))
}

#[tokio::test]
async fn a_users_events_are_the_same_bytes_by_socket_and_by_poll_and_stand_in_the_log() {
    let floor = Floor::open().await;
    let Floor { world, john, mary } = &floor;
    world.follow_streams().await;
    let sockets =
        [Socket::open(world, john, "john").await, Socket::open(world, mary, "mary").await];
    let mut starts = Vec::new();
    for socket in &sockets {
        starts.push(socket.listens("user").await["seq"].as_u64().expect("a number"));
    }
    live(&floor).await;
    world.follow_streams().await;
    for ((socket, start), caller) in sockets.iter().zip(starts).zip([john, mary]) {
        let texts = socket.hears_texts();
        let page = events(world, caller, &format!("after={start}&limit=100")).await;
        let body = String::from_utf8(page.expect_status(200).bytes.to_vec()).expect("a text");
        assert!(body.starts_with(&listed(&texts)), "{body}\n{texts:#?}");
        let log = world.context.market.store.activity(caller.id, start, 100).await.expect("a log");
        let told: Vec<Value> =
            texts.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect();
        let told: Vec<_> = told.iter().map(|told| (told["seq"].as_u64(), &told["type"])).collect();
        let words: Vec<_> = log.iter().map(|row| Value::from(row.news.occasion.as_str())).collect();
        let logged: Vec<_> =
            log.iter().zip(&words).map(|(row, word)| (Some(row.version), word)).collect();
        assert_eq!(told, logged);
        assert!(told.len() >= 5, "{told:?}");
        assert_eq!(page.text("/newest"), page.text("/next_after"));
    }
}

#[tokio::test]
async fn an_event_says_what_changed_and_by_what() {
    let floor = Floor::open().await;
    let Floor { world, john, mary } = &floor;
    let socket = Socket::open(world, john, "john").await;
    let start = socket.listens("user").await;
    assert_eq!(start["data"]["wallets"].as_array().map(Vec::len), Some(2), "{start}");
    floor.placed(john, "bid", &limit("buy", "0.40", "20.00")).await;
    floor.placed(mary, "sale", &limit("sell", "0.40", "20.00")).await;
    world.follow_streams().await;
    let heard: Vec<_> = socket
        .hears()
        .into_iter()
        .filter(|told| told["seq"].as_u64() > start["seq"].as_u64())
        .collect();
    let kinds: Vec<_> = heard.iter().map(|event| event["type"].as_str().expect("text")).collect();
    assert_eq!(kinds, ["order_placed", "matched", "matched"], "it rested, then it was filled");
    insta::assert_json_snapshot!(crate::shown::shown(&heard[2]["data"]), @r#"
    {
      "amendments_refused": [],
      "market": "MRC-USD",
      "market_seq": 2,
      "orders": [
        {
          "closed_reason": "filled",
          "executed": "20.00",
          "fees": "0.01",
          "notional": "8.00",
          "open": "0.00",
          "order_id": "ord_1",
          "status": "filled"
        }
      ],
      "transaction_id": null,
      "venue_order": null,
      "wallets": [
        {
          "available": "1020.00",
          "available_delta": "20.00",
          "currency": "MRC",
          "held": "0.00",
          "held_delta": "0.00",
          "posted": "1020.00",
          "wallet_id": "wal_2_MRC"
        },
        {
          "available": "991.99",
          "available_delta": "0.01",
          "currency": "USD",
          "held": "0.00",
          "held_delta": "-8.02",
          "posted": "991.99",
          "wallet_id": "wal_2_USD"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_resumption_tells_what_was_missed_and_no_more() {
    let floor = Floor::open().await;
    let Floor { world, john, .. } = &floor;
    let socket = Socket::open(world, john, "john").await;
    let start = socket.listens("user").await["seq"].as_u64().expect("a number");
    live(&floor).await;
    world.follow_streams().await;
    let told = socket.hears();
    let (told, newest) = (&told[..], told.last().expect("events")["seq"].as_u64().expect("seq"));
    for missed in [0, 1, 3, told.len()] {
        let seq = newest - u64::try_from(missed).expect("small");
        let again = socket.says(&json!({"type": "resume", "channel": "user", "seq": seq})).await;
        let [first, replayed @ .., last] = &again[..] else { panic!("{again:?}") };
        assert_eq!((&first["type"], &last["type"]), (&"subscribed".into(), &"resumed".into()));
        assert_eq!(replayed, &told[told.len() - missed..]);
        assert_eq!((last["seq"].as_u64(), last["newest"].as_u64()), (Some(newest), Some(newest)));
    }
    assert!(start < newest);
    // What never was cannot be resumed from.
    let beyond = json!({"type": "resume", "channel": "user", "seq": newest + 1});
    let again = socket.says(&beyond).await;
    let kinds: Vec<_> = again.iter().map(|told| told["type"].as_str().expect("text")).collect();
    assert_eq!(kinds, ["subscribed", "resync_required", "snapshot"]);
    // Nor from what is older than a day.
    world.pass(Span::seconds(24 * 3600 + 60));
    let old = json!({"type": "resume", "channel": "user", "seq": start});
    let again = socket.says(&old).await;
    assert_eq!(again[1]["type"], "resync_required");
}

#[tokio::test]
async fn a_poll_waits_for_an_event_as_long_as_it_is_asked_to() {
    let floor = Floor::open().await;
    let Floor { world, john, .. } = &floor;
    world.follow_streams().await;
    let newest: u64 = events(world, john, "").await.text("/newest").parse().expect("a number");
    let took = async |query: &str| {
        let start = world.context.market.clock.now();
        let page = events(world, john, query).await;
        let count = page.expect_status(200).body["data"].as_array().map_or(0, Vec::len);
        (count, world.context.market.clock.now().since(start).as_millis())
    };
    assert_eq!(took(&format!("after={newest}")).await, (0, 0));
    assert_eq!(took(&format!("after={newest}&wait=3")).await, (0, 3_000));
    assert_eq!(took(&format!("after={}&wait=20", newest - 1)).await, (1, 0), "it is there");
    deposit(world, john, "one-more", "1.00").await.expect_status(200);
    // Committed, and not logged yet: there is nothing to be told.
    assert_eq!(took(&format!("after={newest}&wait=1")).await, (0, 1_000));
    world.follow_streams().await;
    assert_eq!(took(&format!("after={newest}&wait=20")).await, (1, 0));
}

#[tokio::test]
async fn a_poll_is_refused_what_makes_no_sense() {
    let floor = Floor::open().await;
    let Floor { world, john, .. } = &floor;
    world.follow_streams().await;
    let newest: u64 = events(world, john, "").await.text("/newest").parse().expect("a number");
    for query in [
        format!("after={}", newest + 1),
        "after=-1".to_owned(),
        "after=x".to_owned(),
        "wait=21".to_owned(),
        "wait=1.5".to_owned(),
        "limit=0".to_owned(),
        "limit=101".to_owned(),
        "cursor=1".to_owned(),
    ] {
        events(world, john, &query).await.expect_problem(422, "validation_failed");
    }
}

#[tokio::test]
async fn pages_of_events_follow_one_another() {
    let floor = Floor::open().await;
    let Floor { world, john, .. } = &floor;
    live(&floor).await;
    world.follow_streams().await;
    let (mut after, mut seqs) = (0, Vec::new());
    loop {
        let page = events(world, john, &format!("after={after}&limit=3")).await;
        let rows = page.expect_status(200).body["data"].as_array().cloned().expect("rows");
        seqs.extend(rows.iter().map(|row| row["seq"].as_u64().expect("a number")));
        if rows.is_empty() {
            break;
        }
        after = page.body["next_after"].as_u64().expect("a number");
    }
    let newest = world.context.market.store.account(john.id).await.expect("readable");
    assert_eq!(seqs, (1..=newest.expect("an account").version).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_was_logged_too_early_waits_for_what_comes_before_it() {
    let floor = Floor::open().await;
    let Floor { world, john, .. } = &floor;
    world.follow_with(&[(&publish::FUNCTION, &["accounts"])]).await;
    let newest = world.context.market.store.account(john.id).await.expect("readable");
    let newest = newest.expect("an account").version;
    let context = &world.context;
    let mut batch = world.stream_events(&["accounts"]).await.remove(0);
    let is_johns = |record: &aws_lambda_events::dynamodb::EventRecord| {
        format!("{:?}", record.change.keys).contains(&john.name)
    };
    batch.records.retain(is_johns);
    assert!(batch.records.len() > 2);
    let mut last = batch.clone();
    last.records.drain(..batch.records.len() - 1);
    handle_stream_event(context, &project::FUNCTION, last).await;
    let early = events(world, john, "after=0").await;
    assert_eq!(early.body["data"], json!([]), "the last one is logged, and none before it");
    assert_eq!(early.text("/next_after"), "0");
    let socket = Socket::open(world, john, "john").await;
    let told = socket.says(&json!({"type": "resume", "channel": "user", "seq": 0})).await;
    let [_, resumed] = &told[..] else { panic!("{told:?}") };
    assert_eq!((resumed["seq"].as_u64(), resumed["newest"].as_u64()), (Some(0), Some(newest)));
    handle_stream_event(context, &project::FUNCTION, batch).await;
    let page = events(world, john, "after=0").await;
    assert_eq!(page.text("/next_after"), newest.to_string());
    let told = socket.says(&json!({"type": "resume", "channel": "user", "seq": 0})).await;
    let mut client = Client::default();
    client.hear(&json!({"channel": "user", "type": "snapshot", "seq": 0, "prev_seq": null}));
    assert!(told.iter().all(|message| client.hear(message).is_none()));
    assert_eq!(client.events, page.body["data"].as_array().cloned().expect("rows"));
}

#[tokio::test]
async fn a_user_hears_of_nobody_else() {
    let floor = Floor::open().await;
    let Floor { world, john, mary } = &floor;
    world.follow_streams().await;
    let socket = Socket::open(world, mary, "mary").await;
    socket.listens("user").await;
    deposit(world, john, "his-own", "10.00").await.expect_status(200);
    world.follow_streams().await;
    assert_eq!(socket.hears(), [Value::Null; 0]);
    // There is no way to name another.
    let foreign = json!({"type": "subscribe", "channel": "user", "market": john.name});
    let answer = crate::connections::says(world, "mary", &foreign.to_string()).await;
    assert_eq!(answer.0, 422);
}

#[tokio::test]
async fn an_amendment_that_the_book_refuses_is_an_event_though_no_money_moves() {
    let floor = Floor::open().await;
    let (world, mary) = (&floor.world, &floor.mary);
    let mut asked = limit("sell", "0.45", "10.00");
    asked["post_only"] = true.into();
    let order = floor.placed(mary, "s", &asked).await;
    floor.placed(&floor.john, "b", &limit("buy", "0.40", "10.00")).await;
    floor.amend(mary, "a", &order, &json!({"price": "0.40"})).await.expect_status(202);
    world.follow_streams().await;
    let page = get(world, mary, "/events?limit=100").await;
    let last = page.body["data"].as_array().expect("events").last().expect("an event").clone();
    assert_eq!((&last["type"], &last["data"]["wallets"]), (&"matched".into(), &json!([])));
    let refused = json!([{"order_id": order, "reason": "would_take"}]);
    assert_eq!(
        (&last["data"]["orders"], &last["data"]["amendments_refused"]),
        (&json!([]), &refused)
    );
    assert_eq!(floor.fate(mary, &order).await.0, "open");
}
