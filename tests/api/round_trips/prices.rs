//! What a million requests cost on AWS, from the units that are counted and a list of prices.
//! `cargo test -p tests --test api prices -- --nocapture` prints the table, which stands in
//! docs/OPERATIONS.md.
#![expect(clippy::expect_used, reason = "a fixture that fails is a test that fails")]
#![expect(clippy::print_stdout, reason = "the table is there to be quoted")]

use std::{fs, path::Path};

use domain::time::Span;
use serde_json::json;
use tests::{Ask, Caller, VENUE, World};

use super::Stage;

/// Prices in millionths of a US dollar a million, in US East (N. Virginia), on demand, without
/// free tiers, as AWS listed them in 2025.
const WRITE_UNITS: u64 = 625_000;
const READ_UNITS: u64 = 125_000;
const HTTP_REQUESTS: u64 = 1_000_000;
const FUNCTION_REQUESTS: u64 = 200_000;
const FIFO_MESSAGES: u64 = 500_000;
const MESSAGES: u64 = 400_000;
/// A GB-second on arm64 costs 13.3334 millionths of a dollar. A function with 256 MB that is
/// billed for 10 ms needs 1/400 of it; durations are an assumption, all else is counted.
const FUNCTION_TIME: u64 = 33_333;

struct Priced {
    name: &'static str,
    /// In thousandths, of the request itself and of what follows from it.
    writes: u64,
    reads: u64,
    follow_writes: u64,
    follow_reads: u64,
    /// Messages for a matcher, each sent, received and deleted.
    rings: u64,
    /// The same for those who place orders at venues.
    tasks: u64,
    /// Requests of a venue's that follow from it.
    reports: u64,
}

impl Priced {
    /// Millionths of a dollar for a million.
    fn units(&self) -> u64 {
        let writes = (self.writes + self.follow_writes) * WRITE_UNITS;
        let reads = (self.reads + self.follow_reads) * READ_UNITS;
        (writes + reads) / 1_000
    }

    fn requests(&self) -> u64 {
        let answered = (1 + self.reports) * (HTTP_REQUESTS + FUNCTION_REQUESTS + FUNCTION_TIME);
        answered + self.rings * 3 * FIFO_MESSAGES + self.tasks * 3 * MESSAGES
    }
}

/// `4687500` millionths are `4.69`.
fn dollars(millionths: u64) -> String {
    let cents = (millionths + 5_000) / 10_000;
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// `2500` thousandths are `2.5`.
fn units(thousandths: u64) -> String {
    let text = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn table(all: &[Priced]) -> String {
    let head = "| a million of | write units | what follows | read units | DynamoDB | requests | \
                in all |\n|---|---|---|---|---|---|---|";
    let row = |priced: &Priced| {
        let Priced { name, writes, follow_writes, reads, follow_reads, .. } = priced;
        let (asks, tells) = (units(*writes), units(*follow_writes));
        let reads = units(*reads + *follow_reads);
        let (stored, sent) = (priced.units(), priced.requests());
        let [stored, sent, sum] = [stored, sent, stored + sent].map(dollars);
        format!("\n| {name} | {asks} | {tells} | {reads} | ${stored} | ${sent} | ${sum} |")
    };
    std::iter::once(head.to_owned()).chain(all.iter().map(row)).collect()
}

/// Sends a request, lets everything follow that follows from it, and counts both.
async fn price(world: &World, name: &'static str, ask: Ask) -> Priced {
    world.follow_streams().await;
    world.pass(Span::millis(1));
    world.doorbell.take();
    world.traffic();
    let answer = world.send(ask).await;
    assert!(answer.status < 300, "{name}: {}", answer.body);
    let asked = world.traffic();
    let rings = world.doorbell.take().len().try_into().expect("a few");
    if rings > 0 {
        world.match_orders("MRC-USD".parse().expect("a market")).await;
    }
    world.follow_streams().await;
    let told = world.traffic();
    Priced {
        name,
        writes: asked.write_milliunits,
        reads: asked.read_milliunits,
        follow_writes: told.write_milliunits,
        follow_reads: told.read_milliunits,
        rings,
        tasks: 0,
        reports: 0,
    }
}

/// An order for a venue that answers at once and fills it whole. It looks after the order once
/// more, for which a second message waits.
async fn price_at_venue(world: &World, buyer: &Caller) -> Priced {
    let path = format!("/api/v1/venues/{VENUE}/orders");
    let body = json!({
        "instrument": "DOTUSDT00008", "side": "buy", "type": "limit", "quantity": "2",
        "limit_price": "100.00",
    });
    let ask = Ask::post(&path).by(buyer).key("priced at a venue").json(&body);
    let priced = price(world, "orders at a venue that fill whole", ask).await;
    let order = world.send(Ask::get(&path).by(buyer)).await.expect_status(200).text("/data/0/id");
    world.traffic();
    world.work_venues(Span::seconds(1)).await;
    let report = json!({
        "order_id": order, "venue_order_id": "X-1", "status": "filled", "executed": "2",
        "execution": {"id": "E-priced", "quantity": "2", "price": "100.00"},
    });
    world.send(world.report(&report)).await.expect_status(200);
    world.follow_streams().await;
    let told = world.traffic();
    Priced {
        follow_writes: priced.follow_writes + told.write_milliunits,
        follow_reads: priced.follow_reads + told.read_milliunits,
        tasks: 2,
        reports: 1,
        ..priced
    }
}

#[tokio::test]
async fn what_a_million_of_each_costs_stands_in_the_document() {
    let mut stage = Stage::warm().await;
    let other = stage.seller.name.clone();
    let (wallet, item) = (stage.buyer.wallet.clone(), stage.item.clone());
    let order = |side: &str| {
        json!({"market": "MRC-USD", "side": side, "type": "limit", "price": "0.40",
               "quantity": "10.00"})
    };
    let selling = Ask::post("/api/v1/orders").by(&stage.seller).key("sell").json(&order("sell"));
    let asks = [
        ("deposits", stage.operation("DEPOSIT", "1.00")),
        ("withdrawals", stage.operation("WITHDRAW", "1.00")),
        ("exchanges", stage.exchange("10.00")),
        ("transfers", stage.transfer(&other, "1.00")),
        ("purchases", stage.buy(1)),
        ("orders that rest", stage.ask("/api/v1/orders", &order("buy"))),
        ("orders that fill one whole", selling),
        ("get-wallet", stage.get(&format!("/api/v1/wallets/{wallet}"))),
        ("get-item", stage.get(&format!("/api/v1/items/{item}"))),
        ("list-items", stage.get("/api/v1/items")),
        ("get-rates", stage.get("/api/v1/rates?from=USD&to=MRC")),
    ];
    let mut all = Vec::new();
    for (name, ask) in asks {
        all.push(price(&stage.world, name, ask).await);
    }
    let Stage { world, buyer, .. } = stage;
    all.insert(7, price_at_venue(&world.with_venue().await, &buyer).await);
    let table = table(&all);
    println!("{table}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/OPERATIONS.md");
    let document = fs::read_to_string(path).expect("readable");
    assert!(document.contains(&table), "docs/OPERATIONS.md has another table than\n{table}");
}
