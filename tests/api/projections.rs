//! What is told of what happened: statements, totals, candles, by the functions behind the
//! streams of the embedded engine. Whatever comes twice, late, torn or not at all, they are the
//! same in the end, and what was tampered with is noticed.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod audit;
mod candles;
mod delivery;
mod proof;
mod rebuilding;
mod statements;

use app::ports::Store;
use domain::{id::UserId, ledger::Entry, market_event::MarketEvent, time::Span};
use dynamo::{schema::stem_of, stream::StreamRow};
use serde_json::Value;
use tests::{Ask, Caller, World};

use crate::{
    floor::{Floor, limit, market, with},
    steps::{buy, get, post},
};

/// A floor on which something of every kind has happened, over some minutes: deposits, transfers,
/// exchanges, purchases and a refund, orders placed, amended, filled and cancelled.
async fn lively() -> Floor {
    let floor = Floor::open().await;
    let Floor { world, john, mary } = &floor;
    floor.placed(mary, "s1", &limit("sell", "0.40", "10.00")).await;
    floor.placed(mary, "s2", &limit("sell", "0.42", "20.00")).await;
    let bid = floor.placed(john, "b1", &limit("buy", "0.41", "15.00")).await;
    world.pass(Span::seconds(61));
    floor.amend(john, "a1", &bid, &serde_json::json!({"quantity": "25.00"})).await;
    floor.placed(mary, "s3", &market("sell", "quantity", "4.00")).await;
    floor.placed(john, "b2", &with(market("buy", "funds", "2.00"), "time_in_force", "ioc")).await;
    floor.cancel(john, &bid).await.expect_status(200);
    world.pass(Span::seconds(301));
    let body = serde_json::json!({"to_user_id": mary.name, "amount": "6.00"});
    post(world, john, "transfer", "/transfers", &body).await.expect_status(200);
    let body = serde_json::json!({"amount": "10.01", "from_currency": "USD", "to_currency": "VNC"});
    post(world, john, "exchange", "/exchange", &body).await.expect_status(200);
    let item = world.item(mary, "Mars Rocks", "10.00", 50).await;
    let bought = buy(world, john, "buy", &item, 2).await;
    let path = format!("/transactions/{}/refund", bought.expect_status(200).text("/id"));
    let body = serde_json::json!({"restock": true});
    post(world, mary, "refund", &path, &body).await.expect_status(200);
    floor.placed(john, "b3", &limit("buy", "0.38", "5.00")).await;
    floor
}

/// The wallets of a caller, by id.
async fn wallets(world: &World, caller: &Caller) -> Vec<Value> {
    let wallets = get(world, caller, "/wallets").await;
    wallets.expect_status(200).body["data"].as_array().expect("wallets").clone()
}

/// All lines of a wallet that changed it, newest first.
async fn entries(world: &World, caller: &Caller, wallet: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/wallets/{wallet}/entries?limit=7{cursor}");
        let page = get(world, caller, &path).await;
        all.extend(page.expect_status(200).body["data"].as_array().expect("rows").clone());
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// An amount of two decimals in minor units.
fn minor(value: &Value) -> i64 {
    value.as_str().expect("a text").replace('.', "").parse().expect("a number")
}

/// Everything that the streams have ever told of.
struct Told {
    users: Vec<UserId>,
    entries: Vec<Entry>,
    events: Vec<MarketEvent>,
}

async fn told(world: &World) -> Told {
    let mut told = Told { users: Vec::new(), entries: Vec::new(), events: Vec::new() };
    for event in world.stream_events(&["accounts", "journal", "orders"]).await {
        for record in event.records {
            let source = record.event_source_arn.expect("a source");
            let table = source.split("/stream/").next().and_then(stem_of).expect("a table");
            let (before, after) = (record.change.old_image, record.change.new_image);
            match dynamo::stream::stream_row(table, before, after).expect("readable") {
                StreamRow::Account { after, .. } => told.users.push(after.user),
                StreamRow::Entry(entry) => told.entries.push(entry),
                StreamRow::MarketEvent(event) => told.events.push(event),
                StreamRow::Rate(_) | StreamRow::Other => {}
            }
        }
    }
    told.users.sort();
    told.users.dedup();
    told
}

fn store(world: &World) -> &dyn Store {
    world.context.market.store.as_ref()
}

/// Asks for the conservation of money as an administrator.
async fn conservation(world: &World, admin: &Caller) -> Value {
    let answer = world.send(Ask::get("/api/v1/audit/conservation").by(admin)).await;
    answer.expect_status(200).body.clone()
}
