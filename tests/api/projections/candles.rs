//! Candles and the last 24 hours, compared with what a few lines make of the list of trades.

use std::collections::BTreeMap;

use domain::time::Span;
use edge::wire::parse_rfc3339;
use serde_json::{Value, json};
use testkit::entropy::SeededEntropy;
use tests::{Ask, World};

use super::minor;
use crate::floor::{Floor, limit};

const INTERVALS: [(&str, i64); 4] =
    [("1m", 60_000), ("5m", 300_000), ("1h", 3_600_000), ("1d", 86_400_000)];

/// A trade: when, its price in cents, its quantity in hundredths.
type Trade = (i64, i64, i64);

/// All trades, the first one first.
async fn trades(world: &World) -> Vec<Trade> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/markets/MRC-USD/trades?limit=100{cursor}");
        let page = world.send(Ask::get(&path)).await;
        for row in page.expect_status(200).body["data"].as_array().expect("rows") {
            let at = parse_rfc3339(row["created_at"].as_str().expect("text")).expect("a time");
            all.push((at.millis(), minor(&row["price"]), minor(&row["quantity"])));
        }
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    all.reverse();
    all
}

fn decimal(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.abs() / 100, minor.abs() % 100)
}

/// Trades summed up as the API says it: cents times hundredths are ten-thousandths.
fn summed(trades: &[Trade]) -> Value {
    let prices = || trades.iter().map(|(_, price, _)| *price);
    let quote: i64 = trades.iter().map(|(_, price, quantity)| price * quantity / 100).sum();
    json!({
        "open": prices().next().map(decimal), "high": prices().max().map(decimal),
        "low": prices().min().map(decimal), "close": prices().next_back().map(decimal),
        "volume": decimal(trades.iter().map(|(_, _, quantity)| quantity).sum()),
        "quote_volume": decimal(quote), "trades": trades.len(),
    })
}

async fn candles(world: &World, query: &str) -> Vec<Value> {
    let path = format!("/api/v1/markets/MRC-USD/candles?{query}");
    let answer = world.send(Ask::get(&path)).await;
    answer.expect_status(200).body["data"].as_array().expect("rows").clone()
}

/// Trades at prices and times of chance over 30 hours; followed now and then.
async fn traded(seed: u64) -> Floor {
    let floor = Floor::open().await;
    let dice = SeededEntropy::new(seed);
    for number in 0..60 {
        let (price, quantity) = (38 + dice.next() % 5, 3 + dice.next() % 4);
        let (price, quantity) = (format!("0.{price}"), format!("{quantity}.00"));
        let (buys, sells) = match dice.next() % 2 {
            0 => (&floor.john, &floor.mary),
            _ => (&floor.mary, &floor.john),
        };
        let token = |caller: &tests::Caller| {
            use edge::auth::scopes::Scopes;
            let home = domain::universe::UniverseId::new(1).expect("a universe");
            let scopes = Scopes::for_role(domain::identity::Role::Trader);
            let token = floor.world.token(caller.id, scopes, home);
            tests::Caller { token, ..caller.clone() }
        };
        let (buys, sells) = (token(buys), token(sells));
        let sale = limit("sell", &price, &quantity);
        floor.place(&sells, &format!("s{number}"), &sale).await.expect_status(201);
        let bid = limit("buy", &price, &quantity);
        floor.place(&buys, &format!("b{number}"), &bid).await.expect_status(201);
        let wait = u32::try_from(dice.next() % 3_600).expect("a small number");
        floor.world.pass(Span::seconds(if dice.next().is_multiple_of(3) {
            wait
        } else {
            wait % 40
        }));
        if dice.next().is_multiple_of(9) {
            floor.world.follow_streams().await;
        }
    }
    floor.world.follow_streams().await;
    floor
}

#[tokio::test]
async fn candles_are_what_the_list_of_trades_adds_up_to() {
    for seed in [1, 2] {
        let floor = traded(seed).await;
        let trades = trades(&floor.world).await;
        assert!(trades.len() > 30, "only {} trades", trades.len());
        for (interval, span) in INTERVALS {
            let mut expected = BTreeMap::<i64, Vec<Trade>>::new();
            for trade in &trades {
                expected.entry(trade.0 - trade.0 % span).or_default().push(*trade);
            }
            let found = candles(&floor.world, &format!("interval={interval}&limit=1000")).await;
            assert_eq!(found.len(), expected.len(), "{interval}");
            for (candle, (start, trades)) in found.iter().rev().zip(expected) {
                let begins = parse_rfc3339(candle["start"].as_str().expect("text"));
                assert_eq!(begins.expect("a time").millis(), start);
                for (name, value) in summed(&trades).as_object().expect("members") {
                    assert_eq!(candle[name], *value, "{name} of {interval} {candle}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_last_day_is_what_its_trades_add_up_to() {
    let floor = traded(3).await;
    floor.world.pass(Span::seconds(60_000));
    let answer = floor.world.send(Ask::get("/api/v1/markets/MRC-USD/ticker")).await;
    let day = &answer.expect_status(200).body["day"];
    let from = parse_rfc3339(day["from"].as_str().expect("text")).expect("a time").millis();
    let day_ago = floor.world.context.market.clock.now().millis() - 86_400_000;
    assert_eq!(from, day_ago - day_ago % 300_000);
    let mut trades = trades(&floor.world).await;
    let all = trades.len();
    trades.retain(|(at, ..)| *at >= from);
    assert!(!trades.is_empty() && trades.len() < all, "{} of {all}", trades.len());
    let expected = summed(&trades);
    let close = trades.last().expect("one").1;
    assert_eq!(day["last"], expected["close"]);
    assert_eq!(day["change"], decimal(close - trades[0].1));
    for name in ["open", "high", "low", "volume", "quote_volume", "trades"] {
        assert_eq!(day[name], expected[name], "{name}");
    }
}

#[tokio::test]
async fn a_range_has_the_newest_candles_that_begin_in_it() {
    let floor = Floor::open().await;
    for minute in 0..4 {
        let (sale, bid) = (limit("sell", "0.40", "3.00"), limit("buy", "0.40", "3.00"));
        floor.placed(&floor.mary, &format!("s{minute}"), &sale).await;
        floor.placed(&floor.john, &format!("b{minute}"), &bid).await;
        floor.world.pass(Span::seconds(60));
    }
    floor.world.follow_streams().await;
    let starts = async |query: &str| -> Vec<String> {
        let found = candles(&floor.world, query).await;
        found.iter().map(|row| row["start"].as_str().expect("text")[14..16].to_owned()).collect()
    };
    assert_eq!(starts("").await, ["03", "02", "01", "00"]);
    assert_eq!(starts("limit=2").await, ["03", "02"]);
    assert_eq!(starts("to=2026-11-21T08:03:00Z&limit=2").await, ["02", "01"]);
    assert_eq!(
        starts("from=2026-11-21T08:00:00.001Z&to=2026-11-21T08:02:00.001Z").await,
        ["02", "01"]
    );
    assert_eq!(starts("from=2026-11-21T08:02:00Z&to=2026-11-21T08:02:00Z").await, [""; 0]);
    assert_eq!(starts("interval=1h").await, ["00"]);
    for bad in ["interval=2m", "interval=", "from=now", "to=1", "limit=0", "limit=1001", "x=1"] {
        let path = format!("/api/v1/markets/MRC-USD/candles?{bad}");
        floor.world.send(Ask::get(&path)).await.expect_problem(422, "validation_failed");
    }
    let nowhere = floor.world.send(Ask::get("/api/v1/markets/ABC-DEF/candles")).await;
    nowhere.expect_problem(404, "market_not_found");
}

#[tokio::test]
async fn a_market_without_a_trade_has_a_day_of_nothing() {
    let world = World::new().await;
    assert!(candles(&world, "interval=1d").await.is_empty());
    let answer = world.send(Ask::get("/api/v1/markets/MRC-USD/ticker")).await;
    let day = &answer.expect_status(200).body["day"];
    let nothing = json!({
        "from": "2026-11-20T08:00:00.000Z", "open": null, "high": null, "low": null, "last": null,
        "change": null, "volume": "0.00", "quote_volume": "0.00", "trades": 0,
    });
    assert_eq!(*day, nothing);
}
