//! POST /simulate: the real decision without its commit.

use serde_json::{Value, json};
use tests::{Answered, Ask, Caller, World};

use crate::{
    shown::shown,
    steps::{get, post, set_rate},
};

async fn simulate(world: &World, caller: &Caller, body: &Value) -> Answered {
    world.send(Ask::post("/api/v1/simulate").by(caller).json(body)).await
}

/// Fails if anything but reading was asked of the store since the last look.
#[track_caller]
fn assert_only_reads(world: &World) {
    let traffic = world.traffic();
    let reads = |name: &String| ["GetItem", "Query", "BatchGetItem"].contains(&name.as_str());
    assert!(traffic.round_trips.keys().all(reads), "{traffic:?}");
    assert_eq!(traffic.write_milliunits, 0);
}

/// John of Earth with 1000 USD; Mary of Mars sells rocks at 9.99 MRC; a spread of 0.3 %.
async fn market() -> (World, Caller, Caller, String) {
    let world = World::new().await;
    let admin = world.admin().await;
    let rate = json!({"units_per_base": "2.5", "spread_bps": 30});
    set_rate(&world, &admin, 2, &rate).await.expect_status(200);
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "9.99", 50).await;
    (world, john, mary, item)
}

#[tokio::test]
async fn a_simulated_purchase_shows_postings_wallets_and_the_answer() {
    let (world, john, _, item) = market().await;
    let body = json!({"buy": {"item_id": item, "quantity": 3}});
    let answer = simulate(&world, &john, &body).await;
    assert_eq!(answer.expect_status(200).text("/answer/amount"), "12.03");
    insta::assert_json_snapshot!(shown(&answer.body["wallets"]), @r#"
    [
      {
        "available": "987.97",
        "balance": "987.97",
        "created_at": "2026-11-21T08:00:00.000Z",
        "currency": "USD",
        "held": "0.00",
        "id": "wal_1_USD",
        "posted": "987.97",
        "updated_at": "2026-11-21T08:00:00.000Z"
      }
    ]
    "#);
    insta::assert_json_snapshot!(shown(&answer.body["postings"]), @r#"
    [
      {
        "amount": "12.02",
        "currency": "USD",
        "from": "wal_1_USD",
        "to": "pool:USD"
      },
      {
        "amount": "0.01",
        "currency": "USD",
        "from": "wal_1_USD",
        "to": "dust:USD"
      },
      {
        "amount": "29.97",
        "currency": "MRC",
        "from": "pool:MRC",
        "to": "wal_2_MRC"
      },
      {
        "amount": "0.09",
        "currency": "MRC",
        "from": "pool:MRC",
        "to": "fees:MRC"
      },
      {
        "amount": "0.01",
        "currency": "MRC",
        "from": "pool:MRC",
        "to": "dust:MRC"
      }
    ]
    "#);
}

#[tokio::test]
async fn what_is_simulated_is_what_happens_and_simulating_writes_nothing() {
    let (world, john, mary, item) = market().await;
    let operations = [
        ("buy", "/buy", json!({"item_id": item, "quantity": 3})),
        (
            "exchange",
            "/exchange",
            json!({"amount": "33.33", "from_currency": "USD",
            "to_currency": "MRC"}),
        ),
        ("transfer", "/transfers", json!({"to_user_id": mary.name, "amount": "0.01"})),
    ];
    for (name, path, body) in operations {
        let before = get(&world, &john, "/wallets").await;
        world.traffic();
        let simulated = simulate(&world, &john, &json!({ name: body })).await;
        simulated.expect_status(200);
        assert_only_reads(&world);
        assert_eq!(get(&world, &john, "/wallets").await.bytes, before.bytes);

        let done = post(&world, &john, name, path, &body).await;
        let id = done.expect_status(200).text("/id");
        let mut promised = simulated.body["answer"].clone();
        promised["id"] = json!(id);
        assert_eq!(promised, done.body, "{name}");
        let real = get(&world, &john, &format!("/transactions/{id}")).await;
        assert_eq!(simulated.body["postings"], real.body["postings"], "{name}");
        let wallets = get(&world, &john, "/wallets").await;
        assert_eq!(simulated.body["wallets"], wallets.body["data"], "{name}");
    }
}

#[tokio::test]
async fn a_simulation_is_refused_as_the_real_thing_and_freezes_nothing() {
    let (world, john, mary, item) = market().await;
    let poor = json!({"to_user_id": mary.name, "amount": "1000.01"});
    let cases = [
        (&john, json!({"buy": {"item_id": item, "quantity": 51}}), 400, "insufficient_stock"),
        (&mary, json!({"buy": {"item_id": item, "quantity": 1}}), 409, "own_item"),
        (&john, json!({"transfer": poor}), 400, "insufficient_funds"),
        (
            &john,
            json!({"exchange": {"amount": "1", "from_currency": "USD", "to_currency": "USD"}}),
            422,
            "same_currency",
        ),
    ];
    for (caller, body, status, code) in cases {
        world.traffic();
        let answer = simulate(&world, caller, &body).await;
        answer.expect_problem(status, code);
        assert_only_reads(&world);
    }
}

#[tokio::test]
async fn a_simulation_names_one_operation_and_points_into_it() {
    let (world, john, mary, item) = market().await;
    let buy = json!({"item_id": item, "quantity": 1});
    let transfer = json!({"to_user_id": mary.name, "amount": "1"});
    let cases = [
        (json!({}), "/buy"),
        (json!({"buy": buy, "transfer": transfer}), "/buy"),
        (json!({"buy": {"item_id": item, "quantity": 0}}), "/buy/quantity"),
        (json!({"buy": {"item_id": item, "quantity": 1, "max_pay": "x"}}), "/buy/max_pay"),
        (json!({"transfer": {"to_user_id": mary.name, "amount": "0"}}), "/transfer/amount"),
        (json!({"exchange": {"from_currency": "USD", "to_currency": "MRC"}}), "/exchange/amount"),
        (json!({"deposit": {"amount": "1"}}), "/deposit"),
    ];
    for (body, pointer) in cases {
        let answer = simulate(&world, &john, &body).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), pointer, "{body}");
    }
}
