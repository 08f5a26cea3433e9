//! Lists of orders and fills: whose they are, what filters leave, and pages without gaps.

use serde_json::json;

use super::{Floor, fund, limit, market, with};
use crate::steps::{get, walk};

async fn ids(floor: &Floor, query: &str) -> Vec<String> {
    walk(&floor.world, Some(&floor.john), &format!("/orders{query}"), 2, "id").await
}

#[tokio::test]
async fn filters_leave_what_they_say() {
    let floor = Floor::open().await;
    let Floor { world, john, mary } = &floor;
    world.market("VNC", "USD").await;
    fund(world, john, "VNC", "100.00").await;
    let filled = floor.placed(john, "1", &limit("buy", "0.40", "10.00")).await;
    floor.placed(mary, "1", &limit("sell", "0.40", "10.00")).await;
    let cancelled = floor.placed(john, "2", &limit("sell", "0.60", "10.00")).await;
    floor.cancel(john, &cancelled).await.expect_status(200);
    floor.look_again();
    let expired = floor.placed(john, "3", &market("buy", "quantity", "10.00")).await;
    floor.placed(mary, "2", &limit("sell", "0.50", "5.00")).await;
    let post_only = with(limit("buy", "0.50", "10.00"), "post_only", true);
    let rejected = floor.placed(john, "4", &post_only).await;
    let partly = floor.placed(john, "5", &limit("buy", "0.50", "10.00")).await;
    let open = floor.placed(john, "6", &limit("buy", "0.30", "10.00")).await;
    let venus = with(limit("sell", "1.30", "10.00"), "market", "VNC-USD");
    let venus = floor.placed(john, "7", &venus).await;
    let newest_first = [&venus, &open, &partly, &rejected, &expired, &cancelled, &filled];
    assert_eq!(ids(&floor, "").await, newest_first.map(Clone::clone));
    for (query, expected) in [
        ("?status=open", vec![&venus, &open, &partly]),
        ("?status=closed", vec![&rejected, &expired, &cancelled, &filled]),
        ("?status=partially_filled", vec![&partly]),
        ("?status=filled", vec![&filled]),
        ("?status=cancelled", vec![&cancelled]),
        ("?status=expired", vec![&expired]),
        ("?status=rejected", vec![&rejected]),
        ("?status=pending", vec![]),
        ("?market=VNC-USD", vec![&venus]),
        ("?side=sell", vec![&venus, &cancelled]),
        ("?market=MRC-USD&side=SELL", vec![&cancelled]),
        ("?market=MRC-USD&side=buy&status=open", vec![&open, &partly]),
    ] {
        let expected: Vec<String> = expected.into_iter().cloned().collect();
        assert_eq!(ids(&floor, query).await, expected, "{query}");
    }
    for query in ["?status=done", "?side=both", "?market=MRC", "?limit=0", "?cursor=x"] {
        let answer = get(world, john, &format!("/orders{query}")).await;
        answer.expect_problem(422, "validation_failed");
    }
}

#[tokio::test]
async fn a_list_shows_orders_as_they_are_and_only_ones_own() {
    let floor = Floor::waiting().await;
    let id = floor.placed(&floor.john, "k", &limit("buy", "0.40", "10.00")).await;
    let list = get(&floor.world, &floor.john, "/orders").await;
    assert_eq!(list.expect_status(200).text("/data/0/status"), "pending");
    floor.matched().await;
    let list = get(&floor.world, &floor.john, "/orders").await;
    assert_eq!(list.body["data"][0], floor.order(&floor.john, &id).await.body);
    assert_eq!(get(&floor.world, &floor.mary, "/orders").await.body["data"], json!([]));
}

#[tokio::test]
async fn fills_come_in_pages_without_gaps_or_other_orders() {
    let floor = Floor::open().await;
    let Floor { world, john, mary } = &floor;
    floor.placed(john, "before", &limit("buy", "0.45", "10.00")).await;
    floor.placed(mary, "before", &limit("sell", "0.45", "10.00")).await;
    let order = floor.placed(john, "k", &limit("buy", "0.40", "50.00")).await;
    for n in 0..5 {
        let sale = limit("sell", "0.40", "10.00");
        floor.placed(mary, &format!("s-{n}"), &sale).await;
        fund(world, john, "USD", &format!("1.0{n}")).await;
    }
    floor.placed(john, "after", &limit("buy", "0.45", "10.00")).await;
    floor.placed(mary, "after", &limit("sell", "0.45", "10.00")).await;
    let path = format!("/orders/{order}/fills");
    let numbers = walk(world, Some(john), &path, 2, "trade_id").await;
    assert_eq!(numbers.len(), 5);
    assert_eq!(walk(world, Some(john), &path, 50, "trade_id").await, numbers);
    let mut unique = numbers.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), 5);
}
