//! Requests that many tests make, in few words.

use std::sync::Arc;

use serde_json::{Value, json};
use tests::{Answered, Ask, Caller, World};
use tokio::task::JoinSet;

/// Reads something under `/api/v1`.
pub(crate) async fn get(world: &World, caller: &Caller, path: &str) -> Answered {
    world.send(Ask::get(&format!("/api/v1{path}")).by(caller)).await
}

/// Asks for something under `/api/v1`, with an idempotency key.
pub(crate) async fn post(
    world: &World,
    caller: &Caller,
    key: &str,
    path: &str,
    body: &Value,
) -> Answered {
    world.send(Ask::post(&format!("/api/v1{path}")).by(caller).key(key).json(body)).await
}

/// Deposits into the wallet of the home universe's currency.
pub(crate) async fn deposit(world: &World, caller: &Caller, key: &str, amount: &str) -> Answered {
    let body = json!({"operation_type": "DEPOSIT", "amount": amount});
    post(world, caller, key, &format!("/wallets/{}/operation", caller.wallet), &body).await
}

/// Buys pieces of an item, paid in the home universe's currency.
pub(crate) async fn buy(
    world: &World,
    buyer: &Caller,
    key: &str,
    item: &str,
    quantity: u32,
) -> Answered {
    post(world, buyer, key, "/buy", &json!({"item_id": item, "quantity": quantity})).await
}

/// An item with its stock, as its seller sees it.
pub(crate) async fn stock(world: &World, item: &str) -> String {
    let path = format!("/api/v1/items/{item}");
    world.send(Ask::get(&path)).await.expect_status(200).text("/stock")
}

/// Sets the rate of a universe.
pub(crate) async fn set_rate(
    world: &World,
    admin: &Caller,
    universe: u32,
    body: &Value,
) -> Answered {
    let path = format!("/api/v1/admin/universes/{universe}/rate");
    world.send(Ask::new("PUT", &path).by(admin).json(body)).await
}

/// Sends all at once, each as often as it is told to try again; the answers, in no order.
pub(crate) async fn at_once(world: &Arc<World>, asks: Vec<Ask>) -> Vec<Answered> {
    let mut tasks = JoinSet::new();
    for ask in asks {
        let world = Arc::clone(world);
        tasks.spawn(async move { until_settled(&world, &ask).await });
    }
    tasks.join_all().await
}

async fn until_settled(world: &World, ask: &Ask) -> Answered {
    loop {
        let answer = world.send(ask.clone()).await;
        if answer.status != 503 {
            return answer;
        }
        assert_eq!(answer.body["retryable"], true, "{}", answer.body);
        tokio::task::yield_now().await;
    }
}

/// Reads a list page by page; the values at `member` of each row, in order.
pub(crate) async fn walk(
    world: &World,
    caller: Option<&Caller>,
    path: &str,
    limit: u32,
    member: &str,
) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let mark = if path.contains('?') { '&' } else { '?' };
        let ask = Ask::get(&format!("/api/v1{path}{mark}limit={limit}{cursor}"));
        let ask = match caller {
            Some(caller) => ask.by(caller),
            None => ask,
        };
        let page = world.send(ask).await;
        let rows = page.expect_status(200).body["data"].as_array().cloned().unwrap_or_default();
        assert!(rows.len() <= usize::try_from(limit).unwrap_or(usize::MAX));
        found.extend(rows.iter().map(|row| match &row[member] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }));
        match &page.body["next_cursor"] {
            Value::String(next) => cursor = format!("&cursor={next}"),
            _ => return found,
        }
    }
}
