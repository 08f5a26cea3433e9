//! Orders at external venues over HTTP: accepted whatever the venue's health, placed once or
//! never, and settled once by what the venue says.

#![expect(clippy::expect_used, reason = "a fixture that fails is a test that fails")]

mod accepting;
mod cancelling;
mod feed;
mod reports;
mod settling;
mod stock;
mod telling;

use domain::{
    id::VenueOrderId,
    time::Span,
    venue::{SendFailure, VenueAnswer},
};
use serde_json::{Value, json};
use tests::{Answered, Ask, Caller, VENUE, World};

/// What is traded in most tests.
const DOT: &str = "DOTUSDT00008";

/// John, who has 1000.00 USD, and a venue.
async fn venue() -> (World, Caller) {
    let world = World::new().await.with_venue().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    (world, john)
}

fn orders() -> String {
    format!("/api/v1/venues/{VENUE}/orders")
}

fn at(id: &str) -> String {
    format!("{}/{id}", orders())
}

/// An order for DOT at a limit.
fn wanted(side: &str, quantity: &str, price: &str) -> Value {
    json!({
        "instrument": DOT, "side": side, "type": "limit", "quantity": quantity,
        "limit_price": price,
    })
}

async fn place(world: &World, by: &Caller, key: &str, body: &Value) -> Answered {
    world.send(Ask::post(&orders()).by(by).key(key).json(body)).await
}

/// The id of an order that is accepted.
async fn placed(world: &World, by: &Caller, key: &str, body: &Value) -> String {
    place(world, by, key, body).await.expect_status(201).text("/id")
}

/// The id of an order of John's that the venue has: to buy four pieces at 100.00 at most.
async fn resting(world: &World, john: &Caller) -> String {
    let id = placed(world, john, "resting", &wanted("buy", "4", "100.00")).await;
    world.work_venues(Span::seconds(1)).await;
    assert_eq!(status(world, john, &id).await, "placed");
    id
}

async fn get(world: &World, by: &Caller, id: &str) -> Value {
    world.send(Ask::get(&at(id)).by(by)).await.expect_status(200).body.clone()
}

async fn status(world: &World, by: &Caller, id: &str) -> String {
    get(world, by, id).await["routing_status"].as_str().expect("a status").to_owned()
}

async fn cancel(world: &World, by: &Caller, id: &str) -> Answered {
    world.send(Ask::new("DELETE", &at(id)).by(by)).await
}

/// What a caller may spend of a currency or an instrument, and what is held; as in `600.00+400.00`.
async fn wallet(world: &World, by: &Caller, code: &str) -> String {
    let path = format!("/api/v1/wallets/wal_{}_{code}", &by.name[4..]);
    let wallet = world.send(Ask::get(&path).by(by)).await;
    wallet.expect_status(200);
    format!("{}+{}", wallet.text("/available"), wallet.text("/held"))
}

/// A report: how far the order has come, and the fill that it is about.
fn report(id: &str, status: &str, executed: &str, fill: Option<(&str, &str, &str)>) -> Value {
    let fill =
        fill.map(|(id, quantity, price)| json!({"id": id, "quantity": quantity, "price": price}));
    json!({
        "order_id": id, "venue_order_id": "X-1", "status": status, "executed": executed,
        "execution": fill,
    })
}

/// Has the venue report; it must be received.
async fn reported(world: &World, body: &Value) {
    world.send(world.report(body)).await.expect_status(200);
}

fn vor(id: &str) -> VenueOrderId {
    id.parse().expect("an id")
}

/// A request that the venue may have got or not.
const UNCLEAR: VenueAnswer = VenueAnswer::Failed(SendFailure::TimedOut);
