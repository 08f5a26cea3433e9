//! Markets as everyone sees them, and how an administrator makes and closes them. What becomes
//! of orders in them, other tests know.

use serde_json::{Value, json};
use tests::{Answered, Ask, Caller, World};

/// A market that no world begins with.
const VENUS: &str = "/api/v1/markets/VNC-USD";

fn wanted() -> Value {
    json!({
        "base": "VNC", "quote": "USD", "tick_size": "0.010", "lot_size": "10.00",
        "min_notional": "5.00", "maker_fee_bps": 5, "taker_fee_bps": 25, "collar_bps": 500,
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut body = wanted();
    body[field] = value;
    body
}

async fn create(world: &World, by: &Caller, body: &Value) -> Answered {
    world.send(Ask::post("/api/v1/admin/markets").by(by).json(body)).await
}

async fn set_status(world: &World, by: &Caller, market: &str, status: &str) -> Answered {
    let path = format!("/api/v1/admin/markets/{market}/status");
    world.send(Ask::new("PUT", &path).by(by).json(&json!({ "status": status }))).await
}

async fn get(world: &World, path: &str) -> Answered {
    world.send(Ask::get(path)).await
}

/// A world with the market of [`wanted`] in it.
async fn venus() -> (World, Caller) {
    let world = World::new().await;
    let admin = world.admin().await;
    create(&world, &admin, &wanted()).await.expect_status(201);
    (world, admin)
}

#[tokio::test]
async fn an_administrator_makes_a_market_that_is_there_at_once() {
    let world = World::new().await;
    let admin = world.admin().await;
    let before = get(&world, "/api/v1/markets").await;
    let made = create(&world, &admin, &wanted()).await;
    insta::assert_json_snapshot!(made.expect_status(201).body, @r#"
    {
      "base": "VNC",
      "collar_bps": 500,
      "created_at": "2026-11-21T08:00:00.000Z",
      "lot_size": "10.00",
      "maker_fee_bps": 5,
      "market": "VNC-USD",
      "min_notional": "5.00",
      "price_decimals": 3,
      "quote": "USD",
      "seq": 0,
      "status": "trading",
      "taker_fee_bps": 25,
      "tick_size": "0.010",
      "version": 1
    }
    "#);
    assert_eq!(get(&world, VENUS).await.expect_status(200).bytes, made.bytes);
    let after = get(&world, "/api/v1/markets").await;
    let rows = |answer: &Answered| answer.expect_status(200).body["data"].as_array().cloned();
    let (before, after) = (rows(&before).expect("rows"), rows(&after).expect("rows"));
    assert_eq!(after.len(), before.len() + 1);
    assert!(after.contains(&made.body) && !before.contains(&made.body));
}

#[tokio::test]
async fn the_collar_is_a_tenth_unless_it_is_said() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut body = wanted();
    body.as_object_mut().expect("an object").remove("collar_bps");
    let made = create(&world, &admin, &body).await;
    assert_eq!(made.expect_status(201).body["collar_bps"], 1000);
}

#[tokio::test]
async fn a_market_is_made_once() {
    let (world, admin) = venus().await;
    // In the same millisecond it would be the same request once more.
    world.pass(domain::time::Span::millis(1));
    create(&world, &admin, &wanted()).await.expect_problem(409, "market_taken");
    let other = with("lot_size", json!("1.00"));
    create(&world, &admin, &other).await.expect_problem(409, "market_taken");
    assert_eq!(get(&world, VENUS).await.expect_status(200).text("/lot_size"), "10.00");
}

#[tokio::test]
async fn a_market_is_made_of_well_formed_parts() {
    let world = World::new().await;
    let admin = world.admin().await;
    for (field, value) in [
        ("base", json!("vnc")),
        ("quote", json!(7)),
        ("tick_size", json!("0")),
        ("tick_size", json!("0.00")),
        ("tick_size", json!("0.000000001")),
        ("tick_size", json!("1e-2")),
        ("tick_size", json!(0.01)),
        ("lot_size", json!("0.00")),
        ("lot_size", json!("0.001")),
        ("min_notional", json!("-1")),
        ("min_notional", json!("0.001")),
        ("maker_fee_bps", json!(1001)),
        ("taker_fee_bps", json!(-1)),
        ("taker_fee_bps", json!("10")),
        ("collar_bps", json!(0)),
        ("collar_bps", json!(10_000)),
    ] {
        let answer = create(&world, &admin, &with(field, value.clone())).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), format!("/{field}"), "{value}");
    }
    for (field, value) in [
        // A tick of 0.001 a lot of 1.01 is worth 0.00101.
        ("tick_size", json!("0.001")),
        ("quote", json!("VNC")),
    ] {
        let mut body = with(field, value);
        body["lot_size"] = json!("1.01");
        create(&world, &admin, &body).await.expect_problem(422, "invalid_market");
    }
    let unknown = create(&world, &admin, &with("base", json!("JUP"))).await;
    unknown.expect_problem(404, "currency_not_found");
    get(&world, VENUS).await.expect_problem(404, "market_not_found");
}

#[tokio::test]
async fn only_an_administrator_makes_or_closes_a_market() {
    let (world, _) = venus().await;
    let john = world.trader("john_earth", 1).await;
    create(&world, &john, &wanted()).await.expect_problem(403, "insufficient_scope");
    let closed = set_status(&world, &john, "VNC-USD", "halted").await;
    closed.expect_problem(403, "insufficient_scope");
    assert_eq!(get(&world, VENUS).await.expect_status(200).text("/status"), "trading");
}

#[tokio::test]
async fn a_status_is_told_at_once_and_rings_for_the_matcher() {
    let (world, admin) = venus().await;
    for (version, status) in [(2, "cancel_only"), (3, "halted"), (4, "trading"), (5, "trading")] {
        let rung = world.doorbell.rings().len();
        let answer = set_status(&world, &admin, "VNC-USD", status).await;
        assert_eq!(answer.expect_status(200).text("/status"), status);
        assert_eq!(answer.body["version"], version);
        assert_eq!(get(&world, VENUS).await.body, answer.body);
        let rings = world.doorbell.rings();
        assert_eq!(rings.len(), rung + 1);
        assert_eq!(rings.last().expect("a ring").0.to_string(), "VNC-USD");
    }
}

#[tokio::test]
async fn the_book_has_a_status_once_it_is_matched_and_is_so_numbered() {
    let (world, admin) = venus().await;
    let book = async |seq: u64, status: &str| {
        world.pass(domain::time::Span::millis(250));
        let book = get(&world, &format!("{VENUS}/book")).await;
        assert_eq!(book.expect_status(200).body["seq"], seq);
        assert_eq!(book.body["status"], status);
        for path in [VENUS.to_owned(), format!("{VENUS}/ticker"), format!("{VENUS}/trades")] {
            assert_eq!(get(&world, &path).await.expect_status(200).body["seq"], seq, "{path}");
        }
        book.body["at"].clone()
    };
    let matched = async || {
        let pair = "VNC-USD".parse().expect("a pair");
        app::matching::match_orders(&world.context.market, pair).await.expect("matched");
    };
    set_status(&world, &admin, "VNC-USD", "trading").await.expect_status(200);
    assert_eq!(book(0, "trading").await, Value::Null);
    matched().await;
    assert_eq!(book(1, "trading").await, "2026-11-21T08:00:00.250Z");
    set_status(&world, &admin, "VNC-USD", "halted").await.expect_status(200);
    assert_eq!(book(1, "trading").await, "2026-11-21T08:00:00.250Z");
    matched().await;
    assert_eq!(book(2, "halted").await, "2026-11-21T08:00:00.750Z");
}

#[tokio::test]
async fn a_status_that_there_is_not_is_named() {
    let (world, admin) = venus().await;
    for status in ["", "TRADING", "open", "closed"] {
        let answer = set_status(&world, &admin, "VNC-USD", status).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), "/status");
    }
    let unknown = set_status(&world, &admin, "USD-VNC", "halted").await;
    unknown.expect_problem(404, "market_not_found");
    let malformed = set_status(&world, &admin, "VNC", "halted").await;
    assert_eq!(
        malformed.expect_problem(422, "validation_failed").text("/errors/0/pointer"),
        "/path/market"
    );
}

#[tokio::test]
async fn a_market_whose_orders_are_to_be_cancelled_is_named_and_not_halted() {
    let (world, admin) = venus().await;
    let cancel = async |query: &str| {
        let path = format!("/api/v1/orders{query}");
        world.send(Ask::new("DELETE", &path).by(&admin)).await
    };
    let missing = cancel("").await;
    missing.expect_problem(422, "validation_failed");
    assert_eq!(missing.text("/errors/0/pointer"), "/query/market");
    set_status(&world, &admin, "VNC-USD", "halted").await.expect_status(200);
    let refused = cancel("?market=VNC-USD").await;
    assert_eq!(refused.expect_problem(409, "market_not_trading").text("/market_status"), "halted");
    set_status(&world, &admin, "VNC-USD", "cancel_only").await.expect_status(200);
    cancel("?market=VNC-USD").await.expect_status(202);
}

#[tokio::test]
async fn an_empty_market_has_an_empty_book_and_no_prices() {
    let (world, _) = venus().await;
    let book = get(&world, &format!("{VENUS}/book")).await;
    insta::assert_json_snapshot!(book.expect_status(200).body, @r#"
    {
      "asks": [],
      "at": null,
      "bids": [],
      "last_price": null,
      "market": "VNC-USD",
      "seq": 0,
      "status": "trading"
    }
    "#);
    let ticker = get(&world, &format!("{VENUS}/ticker")).await;
    insta::assert_json_snapshot!(ticker.expect_status(200).body, @r#"
    {
      "at": null,
      "best_ask": null,
      "best_ask_quantity": null,
      "best_bid": null,
      "best_bid_quantity": null,
      "day": {
        "change": null,
        "from": "2026-11-20T08:00:00.000Z",
        "high": null,
        "last": null,
        "low": null,
        "open": null,
        "quote_volume": "0.00",
        "trades": 0,
        "volume": "0.00"
      },
      "last_price": null,
      "market": "VNC-USD",
      "mid": null,
      "seq": 0,
      "spread": null,
      "status": "trading"
    }
    "#);
    let trades = get(&world, &format!("{VENUS}/trades")).await;
    insta::assert_json_snapshot!(trades.expect_status(200).body, @r#"
    {
      "data": [],
      "market": "VNC-USD",
      "next_cursor": null,
      "seq": 0
    }
    "#);
}

#[tokio::test]
async fn an_empty_market_has_the_shapes_that_older_clients_know() {
    let (world, _) = venus().await;
    let book = get(&world, "/api/v1/orders/book?market=VNC-USD").await;
    insta::assert_json_snapshot!(book.expect_status(200).body, @r#"
    {
      "asks": [],
      "bids": [],
      "last_trade_price": null,
      "market": "VNC-USD",
      "seq": 0
    }
    "#);
    for path in ["/orders/recent-trades", "/prices", "/prices/"] {
        let answer = get(&world, &format!("/api/v1{path}?market=VNC-USD&limit=100")).await;
        assert_eq!(answer.expect_status(200).body, json!([]), "{path}");
    }
}

#[tokio::test]
async fn older_paths_mean_the_oldest_market_unless_they_name_one() {
    let (world, _) = venus().await;
    let oldest = get(&world, "/api/v1/markets").await.expect_status(200).text("/data/0/market");
    assert_ne!(oldest, "VNC-USD");
    let meant = get(&world, "/api/v1/orders/book").await;
    assert_eq!(meant.expect_status(200).text("/market"), oldest);
    for path in ["/orders/book", "/orders/recent-trades", "/prices/"] {
        let unknown = get(&world, &format!("/api/v1{path}?market=USD-VNC")).await;
        unknown.expect_problem(404, "market_not_found");
        let malformed = get(&world, &format!("/api/v1{path}?market=VNC-VNC")).await;
        malformed.expect_problem(422, "validation_failed");
        assert_eq!(malformed.text("/errors/0/pointer"), "/query/market");
    }
}

/// A message of each of two markets; the schedule's event says nothing that is looked at.
#[tokio::test]
async fn the_sample_events_match_all_that_waits() {
    let (world, admin) = venus().await;
    let waiting = async || {
        let mut waiting = 0;
        for pair in ["MRC-USD", "VNC-USD"] {
            let pair = pair.parse().expect("a pair");
            let commands = world.context.market.store.commands(pair, 100).await;
            waiting += commands.expect("readable").len();
        }
        waiting
    };
    let close = async || {
        for pair in ["MRC-USD", "VNC-USD"] {
            set_status(&world, &admin, pair, "cancel_only").await.expect_status(200);
        }
        assert_eq!(waiting().await, 2);
    };
    close().await;
    let event = include_str!("../../events/match-orders.json");
    let event = serde_json::from_str(event).expect("an event of SQS");
    let function = &functions::match_orders::FUNCTION;
    let response = edge::function::handle_queue_event(&world.context, function, event).await;
    assert!(response.batch_item_failures.is_empty(), "{response:?}");
    assert_eq!(waiting().await, 0);
    close().await;
    let function = &functions::sweep::FUNCTION;
    edge::function::handle_schedule(&world.context, function).await.expect("swept");
    assert_eq!(waiting().await, 0);
}

#[tokio::test]
async fn pages_and_books_have_limits() {
    let (world, _) = venus().await;
    for (path, parameter) in [
        (format!("{VENUS}/book"), "depth"),
        (format!("{VENUS}/trades"), "limit"),
        ("/api/v1/orders/recent-trades".to_owned(), "limit"),
        ("/api/v1/prices/".to_owned(), "limit"),
    ] {
        for (value, status) in [("1", 200), ("100", 200), ("0", 422), ("101", 422), ("01", 422)] {
            let answer = get(&world, &format!("{path}?{parameter}={value}")).await;
            answer.expect_status(status);
            if status == 422 {
                assert_eq!(answer.text("/errors/0/pointer"), format!("/query/{parameter}"));
            }
        }
    }
}

#[tokio::test]
async fn everyone_sees_markets_whatever_they_send() {
    let (world, _) = venus().await;
    for path in ["", "/book", "/trades", "/ticker"] {
        let ask = Ask::get(&format!("{VENUS}{path}"));
        let anonymous = world.send(ask.clone()).await;
        let forged = world.send(ask.bearer("no token at all")).await;
        assert_eq!(anonymous.expect_status(200).bytes, forged.expect_status(200).bytes);
    }
}
