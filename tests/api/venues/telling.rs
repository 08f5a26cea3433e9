//! What an order's owner is told, step by step; and what the sweep finds.

use domain::time::Span;
use edge::function::handle_schedule;
use functions::sweep;
use serde_json::{Value, json};
use tests::{Ask, Caller, World};

use super::{cancel, placed, report, reported, resting, status, venue, wanted};
use crate::shown::shown;

/// What a user was told of orders at venues: type, status, executed.
async fn told(world: &World, by: &Caller) -> Vec<Value> {
    world.follow_streams().await;
    let events = world.send(Ask::get("/api/v1/events").by(by)).await;
    let events = events.expect_status(200).body["data"].as_array().expect("events").clone();
    events.into_iter().filter(|event| !event["data"]["venue_order"].is_null()).collect()
}

fn brief(events: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let brief = |event: &Value| {
        let order = &event["data"]["venue_order"];
        let (kind, status) = (text(&event["type"]), text(&order["status"]));
        format!("{kind} {status} {} {}", text(&order["ending_reason"]), text(&order["executed"]))
    };
    events.iter().map(brief).collect()
}

#[tokio::test]
async fn an_owner_is_told_of_each_step_of_an_order() {
    let (world, john) = venue().await;
    let id = resting(&world, &john).await;
    reported(&world, &report(&id, "open", "1", Some(("E-1", "1", "99.00")))).await;
    cancel(&world, &john, &id).await.expect_status(202);
    world.work_venues(Span::seconds(1)).await;
    reported(&world, &report(&id, "cancelled", "1", None)).await;
    let events = told(&world, &john).await;
    assert_eq!(
        brief(&events),
        [
            "venue_order_placed queued - 0",
            "venue_order placing - 0",
            "venue_order placed - 0",
            "venue_fill partially_filled - 1",
            "venue_order partially_filled - 1",
            "venue_order cancelled cancelled 1",
        ]
    );
    insta::assert_json_snapshot!(shown(&events[3]["data"]), @r#"
    {
      "amendments_refused": [],
      "market": null,
      "market_seq": null,
      "orders": [],
      "transaction_id": "txn_1",
      "venue_order": {
        "cancel_requested": false,
        "currency": "USD",
        "ending_reason": null,
        "executed": "1",
        "instrument": "DOTUSDT00008",
        "notional": "99.00",
        "order_id": "vor_2",
        "quantity": "4",
        "status": "partially_filled",
        "venue": "nyx"
      },
      "wallets": [
        {
          "available": "1",
          "available_delta": "1",
          "currency": "DOTUSDT00008",
          "held": "0",
          "held_delta": "0",
          "posted": "1",
          "wallet_id": "wal_3_DOTUSDT00008"
        },
        {
          "available": "601.00",
          "available_delta": "1.00",
          "currency": "USD",
          "held": "300.00",
          "held_delta": "-100.00",
          "posted": "901.00",
          "wallet_id": "wal_3_USD"
        }
      ]
    }
    "#);
    assert_eq!(events[0]["data"]["transaction_id"], json!(null));
    let sequence: Vec<_> = events.iter().map(|event| event["seq"].as_u64()).collect();
    assert!(sequence.is_sorted(), "{sequence:?}");
}

#[tokio::test]
async fn the_sweep_finds_orders_whose_task_was_lost() {
    let (world, john) = venue().await;
    world.placements.lose(true);
    let id = placed(&world, &john, "one", &wanted("buy", "1", "100.00")).await;
    world.placements.lose(false);
    handle_schedule(&world.context, &sweep::FUNCTION).await.expect("swept");
    assert_eq!(world.placements.take(), [], "it has only just become due");
    world.pass(Span::seconds(61));
    handle_schedule(&world.context, &sweep::FUNCTION).await.expect("swept");
    world.work_venues(Span::seconds(1)).await;
    assert_eq!(status(&world, &john, &id).await, "placed");
}

#[tokio::test]
async fn a_webhook_may_be_for_fills_at_venues_alone() {
    let (world, john) = venue().await;
    let hook = json!({"url": "https://hooks.example.com/market", "events": ["venue_fill"]});
    let hook = Ask::post("/api/v1/webhooks").by(&john).json(&hook);
    world.send(hook).await.expect_status(201);
    let id = resting(&world, &john).await;
    reported(&world, &report(&id, "open", "1", Some(("E-1", "1", "99.00")))).await;
    world.follow_streams().await;
    assert_eq!(world.deliveries.take().len(), 1);
}
