//! What each operation costs: round trips and write units, counted at the transport.
//! `cargo test -p tests --test api round_trips -- --nocapture` prints the table.
#![expect(clippy::print_stdout, reason = "the table is there to be quoted")]

mod costs;
mod prices;

use costs::Costs;
use domain::time::Span;
use serde_json::json;
use tests::{Ask, Caller, VENUE, World};

/// A market with warm caches, a buyer with money and an item of 10 MRC.
struct Stage {
    world: World,
    buyer: Caller,
    seller: Caller,
    item: String,
    keys: u32,
}

impl Stage {
    async fn warm() -> Self {
        let world = World::new().await;
        let buyer = world.trader_with("john_earth", 1, "1000.00").await;
        let seller = world.trader_with("mary_mars", 2, "1000.00").await;
        let item = world.item(&seller, "Mars Rocks", "10.00", 50).await;
        let mut stage = Self { world, buyer, seller, item, keys: 0 };
        let buy = stage.buy(1);
        stage.world.send(buy).await.expect_status(200);
        stage.world.follow_streams().await;
        stage
    }

    /// A request of the buyer's under a new key.
    fn ask(&mut self, path: &str, body: &serde_json::Value) -> Ask {
        self.keys += 1;
        Ask::post(path).by(&self.buyer).key(&format!("k-{}", self.keys)).json(body)
    }

    fn operation(&mut self, kind: &str, amount: &str) -> Ask {
        let path = format!("/api/v1/wallets/{}/operation", self.buyer.wallet);
        self.ask(&path, &json!({"operation_type": kind, "amount": amount}))
    }

    fn transfer(&mut self, to: &str, amount: &str) -> Ask {
        self.ask("/api/v1/transfers", &json!({"to_user_id": to, "amount": amount}))
    }

    fn exchange(&mut self, amount: &str) -> Ask {
        let body = json!({"amount": amount, "from_universe_id": 1, "to_universe_id": 2});
        self.ask("/api/v1/exchange", &body)
    }

    async fn redemption(&mut self) -> Ask {
        let body = json!({"amount": "10.00", "from_universe_id": 1, "to_universe_id": 2});
        let quote = self.world.send(Ask::post("/api/v1/quotes").by(&self.buyer).json(&body)).await;
        let body = json!({"quote": quote.expect_status(201).text("/id")});
        self.ask("/api/v1/exchange", &body)
    }

    fn buy(&mut self, pieces: u32) -> Ask {
        let body = json!({"item_id": self.item, "quantity": pieces});
        self.ask("/api/v1/buy", &body)
    }

    fn get(&self, path: &str) -> Ask {
        Ask::get(path).by(&self.buyer)
    }
}

#[tokio::test]
async fn every_movement_of_money_and_its_replay_is_one_round_trip() {
    let mut stage = Stage::warm().await;
    let other = stage.seller.name.clone();
    let asks = [
        ("deposit", 5, stage.operation("DEPOSIT", "1.00")),
        ("withdrawal", 5, stage.operation("WITHDRAW", "1.00")),
        ("exchange", 5, stage.exchange("10.00")),
        ("exchange by quote", 7, stage.redemption().await),
        ("transfer", 8, stage.transfer(&other, "1.00")),
        ("buy", 10, stage.buy(1)),
    ];
    let mut costs = Costs::default();
    for (name, units_max, ask) in asks {
        let done = costs.measure(&stage.world, name, 200, ask.clone()).await;
        assert_eq!(done.round_trips, 1, "{name}");
        assert!(done.write_milliunits <= units_max * 1_000, "{name}: {done:?}");
        let replayed = costs.measure(&stage.world, "its replay", 200, ask).await;
        assert_eq!((done.replayed, replayed.replayed), (false, true), "{name}");
        assert_eq!(replayed.round_trips, 1, "{name}");
    }
    println!("{}\n", costs.table());
    insta::assert_snapshot!(costs.table(), @r"
    | request | status | round trips | write units reported | read units |
    |---|---|---|---|---|
    | deposit | 200 | 1 | 5 | 0 |
    | its replay | 200 | 1 | 0 | 0 |
    | withdrawal | 200 | 1 | 5 | 0 |
    | its replay | 200 | 1 | 0 | 0 |
    | exchange | 200 | 1 | 5 | 0 |
    | its replay | 200 | 1 | 0 | 0 |
    | exchange by quote | 200 | 1 | 7 | 0 |
    | its replay | 200 | 1 | 0 | 0 |
    | transfer | 200 | 1 | 8 | 0 |
    | its replay | 200 | 1 | 0 | 0 |
    | buy | 200 | 1 | 10 | 0 |
    | its replay | 200 | 1 | 0 | 0 |
    ");
}

#[tokio::test]
async fn a_refusal_costs_its_proof_and_its_record() {
    let mut stage = Stage::warm().await;
    let other = stage.seller.name.clone();
    let nobody = domain::id::UserId::from_bits(7).to_string();
    let repeated = stage.operation("WITHDRAW", "5000.00");
    let asks = [
        ("withdrawal of too much", 400, repeated.clone()),
        ("its replay", 400, repeated),
        ("transfer of too much", 400, stage.transfer(&other, "5000.00")),
        ("transfer to nobody", 404, stage.transfer(&nobody, "1.00")),
        ("exchange of too much", 400, stage.exchange("5000.00")),
        ("buy of more than there is", 400, stage.buy(5_000)),
        ("invalid body", 422, stage.operation("WITHDRAW", "-1")),
        ("invalid token", 401, Ask::post("/api/v1/buy").bearer("x")),
    ];
    let mut costs = Costs::default();
    for (name, status, ask) in asks {
        costs.measure(&stage.world, name, status, ask).await;
    }
    println!("{}\n", costs.table());
    insta::assert_snapshot!(costs.table(), @r"
    | request | status | round trips | write units reported | read units |
    |---|---|---|---|---|
    | withdrawal of too much | 400 | 2 | 2 | 0 |
    | its replay | 400 | 1 | 0 | 0 |
    | transfer of too much | 400 | 2 | 2 | 0 |
    | transfer to nobody | 404 | 1 | 0 | 0 |
    | exchange of too much | 400 | 2 | 2 | 0 |
    | buy of more than there is | 400 | 3 | 2 | 2 |
    | invalid body | 422 | 0 | 0 | 0 |
    | invalid token | 401 | 0 | 0 | 0 |
    ");
}

#[tokio::test]
async fn a_read_is_a_round_trip_or_comes_from_a_cache() {
    let stage = Stage::warm().await;
    let (user, wallet, item) = (&stage.buyer.name, &stage.buyer.wallet, &stage.item);
    let entry = app::market::entry_id(stage.buyer.id, "k-1");
    let paths = [
        ("get-wallet", format!("/api/v1/wallets/{wallet}")),
        ("list-wallets", "/api/v1/wallets".to_owned()),
        ("get-item", format!("/api/v1/items/{item}")),
        ("get-request", "/api/v1/requests/k-1".to_owned()),
        ("get-transaction", format!("/api/v1/transactions/{entry}")),
        ("get-me", "/api/v1/users/me".to_owned()),
        ("list-items", "/api/v1/items".to_owned()),
        ("list-trades", format!("/api/v1/users/{user}/trades")),
        ("list-wallet-entries", format!("/api/v1/wallets/{wallet}/entries")),
        ("get-wallet-proof", format!("/api/v1/wallets/{wallet}/proof")),
        ("get-wallet as of", format!("/api/v1/wallets/{wallet}?as_of=2026-11-21T08:00:00Z")),
        ("list-candles", "/api/v1/markets/MRC-USD/candles".to_owned()),
        ("list-universes", "/api/v1/universes".to_owned()),
        ("get-rates", "/api/v1/rates?from=USD&to=MRC".to_owned()),
    ];
    let mut costs = Costs::default();
    for (name, path) in paths {
        let cost = costs.measure(&stage.world, name, 200, stage.get(&path)).await;
        assert_eq!(cost.write_milliunits, 0, "{name}");
    }
    println!("{}\n", costs.table());
    insta::assert_snapshot!(costs.table(), @r"
    | request | status | round trips | write units reported | read units |
    |---|---|---|---|---|
    | get-wallet | 200 | 1 | 0 | 1 |
    | list-wallets | 200 | 1 | 0 | 1 |
    | get-item | 200 | 1 | 0 | 1 |
    | get-request | 200 | 1 | 0 | 1 |
    | get-transaction | 200 | 1 | 0 | 1 |
    | get-me | 200 | 2 | 0 | 2 |
    | list-items | 200 | 2 | 0 | 1.5 |
    | list-trades | 200 | 2 | 0 | 1 |
    | list-wallet-entries | 200 | 5 | 0 | 4 |
    | get-wallet-proof | 200 | 2 | 0 | 2 |
    | get-wallet as of | 200 | 3 | 0 | 3 |
    | list-candles | 200 | 2 | 0 | 2 |
    | list-universes | 200 | 0 | 0 | 0 |
    | get-rates | 200 | 0 | 0 | 0 |
    ");
}

#[tokio::test]
async fn an_order_for_a_venue_is_accepted_in_one_round_trip_and_placed_in_a_few() {
    let Stage { world, buyer, .. } = Stage::warm().await;
    let world = world.with_venue().await;
    let path = format!("/api/v1/venues/{VENUE}/orders");
    let body = json!({
        "instrument": "DOTUSDT00008", "side": "buy", "type": "limit", "quantity": "2",
        "limit_price": "100.00",
    });
    let place = Ask::post(&path).by(&buyer).key("venue").json(&body);
    let mut costs = Costs::default();
    let placed = costs.measure(&world, "place-venue-order", 201, place.clone()).await;
    assert_eq!(placed.round_trips, 1);
    costs.measure(&world, "its replay", 201, place).await;
    let order = world.send(Ask::get(&path).by(&buyer)).await.expect_status(200).text("/data/0/id");
    let order_path = format!("{path}/{order}");
    costs.measure(&world, "get-venue-order", 200, Ask::get(&order_path).by(&buyer)).await;
    costs.measure(&world, "list-venue-orders", 200, Ask::get(&path).by(&buyer)).await;
    world.traffic();
    world.work_venues(Span::seconds(1)).await;
    let worked = world.traffic().total_round_trips();
    let fill = json!({"id": "E-1", "quantity": "2", "price": "100.00"});
    let report = json!({
        "order_id": order, "venue_order_id": "X-1", "status": "filled", "executed": "2",
        "execution": fill,
    });
    costs.measure(&world, "receive-venue-report", 200, world.report(&report)).await;
    println!("{}\n", costs.table());
    insta::assert_snapshot!(costs.table(), @r#"
    | request | status | round trips | write units reported | read units |
    |---|---|---|---|---|
    | place-venue-order | 201 | 1 | 8 | 0 |
    | its replay | 201 | 1 | 0 | 0 |
    | get-venue-order | 200 | 1 | 0 | 1 |
    | list-venue-orders | 200 | 2 | 0 | 1.5 |
    | receive-venue-report | 200 | 5 | 9 | 3 |
    "#);
    assert_eq!(worked, 7, "round trips of an attempt that the venue answers");
}
