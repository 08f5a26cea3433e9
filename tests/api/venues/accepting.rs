//! What is accepted, and what is not: the venue's health is not asked for.

use domain::{
    time::Span,
    venue::{SendFailure, Step, VenueAnswer},
};
use serde_json::json;
use tests::{Ask, VENUE, World};

use super::{DOT, UNCLEAR, at, get, orders, place, placed, status, venue, vor, wallet, wanted};
use crate::shown::shown;

#[tokio::test]
async fn what_venues_list_everybody_may_see() {
    let world = World::new().await.with_venue().await;
    let venues = world.send(Ask::get("/api/v1/venues")).await;
    insta::assert_json_snapshot!(venues.expect_status(200).body, @r#"
    {
      "data": [
        {
          "collar_bps": 500,
          "created_at": "2026-11-21T08:00:00.000Z",
          "currency": "USD",
          "id": "nyx",
          "instruments": [
            {
              "instrument": "DOTUSDT00008",
              "reference_price": "100.00"
            },
            {
              "instrument": "BTCUSDT00001",
              "reference_price": "250.00"
            },
            {
              "instrument": "AAPLUSD00003",
              "reference_price": null
            }
          ],
          "name": "New York Cross",
          "suspended": false
        }
      ],
      "next_cursor": null
    }
    "#);
}

#[tokio::test]
async fn an_order_is_answered_as_it_was_accepted() {
    let (world, john) = venue().await;
    let answer = place(&world, &john, "one", &wanted("buy", "4", "100.00")).await;
    insta::assert_json_snapshot!(shown(&answer.expect_status(201).body), @r#"
    {
      "accepted_at": "2026-11-21T08:00:00.000Z",
      "attempts": [],
      "cancel_requested": false,
      "currency": "USD",
      "ending_reason": null,
      "executed": "0",
      "held": {
        "amount": "400.00",
        "currency": "USD"
      },
      "id": "vor_1",
      "instrument": "DOTUSDT00008",
      "limit_price": "100.00",
      "next_attempt_at": "2026-11-21T08:00:00.000Z",
      "notional": "0.00",
      "protection_price": "100.00",
      "quantity": "4",
      "remaining": "4",
      "routing_status": "queued",
      "side": "buy",
      "type": "limit",
      "updated_at": "2026-11-21T08:00:00.000Z",
      "valid_until": "2026-11-22T08:00:00.000Z",
      "venue": "nyx",
      "venue_order_id": null
    }
    "#);
    assert_eq!(get(&world, &john, &answer.text("/id")).await, answer.body);
    assert_eq!(wallet(&world, &john, "USD").await, "600.00+400.00");
}

#[tokio::test]
async fn whatever_the_venue_answers_the_client_is_answered_201() {
    for trouble in [
        UNCLEAR,
        VenueAnswer::Failed(SendFailure::Unresolved),
        VenueAnswer::Failed(SendFailure::Unreachable),
        VenueAnswer::Broken { status: 503, retry_after: None },
        VenueAnswer::Busy { retry_after: Some(Span::seconds(3)) },
    ] {
        let (world, john) = venue().await;
        world.venue.next(trouble.clone());
        let id = placed(&world, &john, "one", &wanted("buy", "1", "100.00")).await;
        assert_eq!(status(&world, &john, &id).await, "queued");
        world.work_venues(Span::seconds(60)).await;
        let order = get(&world, &john, &id).await;
        assert_eq!(order["routing_status"], "placed", "{trouble:?}: {order}");
        let steps: Vec<_> = world.venue.asked().iter().map(|(step, _)| *step).collect();
        let asked_before_repeated = match trouble.is_unclear() {
            true => vec![Step::Place, Step::Ask, Step::Place],
            false => vec![Step::Place, Step::Place],
        };
        assert_eq!(steps, asked_before_repeated, "{trouble:?}");
    }
}

#[tokio::test]
async fn an_order_that_was_placed_unseen_is_found_and_not_placed_again() {
    let (world, john) = venue().await;
    let id = placed(&world, &john, "one", &wanted("buy", "1", "100.00")).await;
    world.venue.has(vor(&id), tests::state(domain::venue::VenueStatus::Open, 0, &[]));
    world.venue.next(UNCLEAR);
    world.work_venues(Span::seconds(60)).await;
    let steps: Vec<_> = world.venue.asked().iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, [Step::Place, Step::Ask]);
    let order = get(&world, &john, &id).await;
    let outcomes = order["attempts"].as_array().expect("attempts").iter();
    let outcomes: Vec<_> = outcomes.map(|attempt| attempt["outcome"].clone()).collect();
    assert_eq!(outcomes, ["timed_out", "known"]);
    assert_eq!(
        (&order["routing_status"], &order["venue_order_id"]),
        (&json!("placed"), &json!("X-1"))
    );
}

#[tokio::test]
async fn a_refusal_by_the_venue_ends_the_order_and_frees_its_hold() {
    let (world, john) = venue().await;
    world.venue.next(VenueAnswer::Refused { status: 422 });
    let id = placed(&world, &john, "one", &wanted("buy", "4", "100.00")).await;
    world.work_venues(Span::seconds(1)).await;
    let order = get(&world, &john, &id).await;
    assert_eq!(
        (&order["routing_status"], &order["ending_reason"]),
        (&json!("failed"), &json!("rejected"))
    );
    assert_eq!(order["next_attempt_at"], json!(null));
    assert_eq!(wallet(&world, &john, "USD").await, "1000.00+0.00");
}

#[tokio::test]
async fn a_replay_has_the_same_bytes_whatever_has_become_of_the_order() {
    let (world, john) = venue().await;
    let body = wanted("buy", "4", "100.00");
    let first = place(&world, &john, "one", &body).await;
    world.work_venues(Span::seconds(1)).await;
    world.pass(Span::millis(1));
    let again = place(&world, &john, "one", &body).await;
    assert_eq!(again.expect_status(201).bytes, first.expect_status(201).bytes);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(wallet(&world, &john, "USD").await, "600.00+400.00");
    // What a replay queues, in case that the first did not come to it, is old news by now.
    world.work_venues(Span::seconds(1)).await;
    assert_eq!(world.venue.asked().len(), 1, "it was placed already");
    let other = place(&world, &john, "one", &wanted("buy", "5", "100.00")).await;
    other.expect_problem(422, "idempotency_key_reused");
    let found = world.send(Ask::get("/api/v1/requests/one").by(&john)).await;
    assert_eq!(found.expect_status(200).body["answer"]["body"], first.body);
    assert_eq!(found.body["status"], "committed");
    let unguarded = Ask::post(&orders()).by(&john).json(&body);
    world.send(unguarded).await.expect_problem(400, "idempotency_key_missing");
}

#[tokio::test]
async fn what_is_not_there_cannot_be_spent_or_sold_and_that_is_frozen() {
    let (world, john) = venue().await;
    for (key, side) in [("buy", "buy"), ("sell", "sell")] {
        let body = wanted(side, "11", "100.00");
        let refused = place(&world, &john, key, &body).await;
        refused.expect_problem(400, "insufficient_funds");
        let again = place(&world, &john, key, &body).await;
        assert_eq!(again.expect_status(400).bytes, refused.bytes);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
    }
    assert_eq!(wallet(&world, &john, "USD").await, "1000.00+0.00");
}

#[tokio::test]
async fn an_order_at_market_is_held_to_the_collar_and_needs_a_reference() {
    let (world, john) = venue().await;
    let market = |instrument: &str| {
        json!({
            "instrument": instrument, "side": "buy", "type": "market", "quantity": 2
        })
    };
    let order = place(&world, &john, "one", &market(DOT)).await;
    let order = &order.expect_status(201).body;
    assert_eq!(
        (&order["limit_price"], &order["protection_price"]),
        (&json!(null), &json!("105.00"))
    );
    assert_eq!(wallet(&world, &john, "USD").await, "790.00+210.00");
    let without = place(&world, &john, "two", &market("AAPLUSD00003")).await;
    without.expect_problem(409, "no_reference_price");
}

#[tokio::test]
async fn what_no_venue_can_place_is_refused_and_the_field_is_named() {
    let (world, john) = venue().await;
    let with = |name: &str, value: serde_json::Value| {
        let mut body = wanted("buy", "1", "100.00");
        body[name] = value;
        body
    };
    for (body, field) in [
        (with("quantity", json!("0")), "/quantity"),
        (with("quantity", json!("1.5")), "/quantity"),
        (with("quantity", json!(1_000_000_001)), "/quantity"),
        (with("limit_price", json!("100.255")), "/limit_price"),
        (with("limit_price", json!("0.00")), "/limit_price"),
        (with("limit_price", json!(null)), "/limit_price"),
        (with("type", json!("market")), "/limit_price"),
        (with("instrument", json!("DOTUSD")), "/instrument"),
        (with("valid_until", json!("tomorrow")), "/valid_until"),
    ] {
        let answer = place(&world, &john, "bad", &body).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), field, "{body}");
    }
    for until in ["2026-11-21T08:00:00Z", "2026-12-21T08:00:00.001Z"] {
        let answer = place(&world, &john, until, &with("valid_until", json!(until))).await;
        answer.expect_problem(422, "valid_until_out_of_range");
    }
    let unlisted = place(&world, &john, "k", &with("instrument", json!("US0378331005"))).await;
    unlisted.expect_problem(404, "instrument_not_found");
    let nowhere = Ask::post("/api/v1/venues/nowhere/orders").by(&john).key("k");
    let nowhere = world.send(nowhere.json(&wanted("buy", "1", "100.00"))).await;
    nowhere.expect_problem(404, "venue_not_found");
}

#[tokio::test]
async fn a_suspended_venue_takes_no_orders() {
    let (world, john) = venue().await;
    let market = &world.context.market;
    let suspend = |there: Option<&domain::venue::Venue>| {
        there.cloned().map(|venue| domain::venue::Venue { suspended: true, ..venue })
    };
    app::venues::put_venue(market, VENUE.parse().expect("a name"), suspend).await.expect("edited");
    let answer = place(&world, &john, "one", &wanted("buy", "1", "100.00")).await;
    answer.expect_problem(409, "venue_suspended");
}

#[tokio::test]
async fn orders_are_listed_newest_first_and_anothers_are_not_there() {
    let (world, john) = venue().await;
    let mary = world.trader_with("mary_earth", 1, "1000.00").await;
    let mut ids = Vec::new();
    for number in 0..3 {
        let body = wanted("buy", "1", "100.00");
        ids.insert(0, placed(&world, &john, &format!("{number}"), &body).await);
        world.pass(Span::millis(1));
    }
    placed(&world, &mary, "hers", &wanted("buy", "1", "100.00")).await;
    let mut listed = Vec::new();
    let mut path = format!("{}?limit=2", orders());
    for _ in 0..2 {
        let page = world.send(Ask::get(&path).by(&john)).await;
        let rows = page.expect_status(200).body["data"].as_array().expect("rows").clone();
        listed.extend(rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()));
        path = format!(
            "{}?limit=2&cursor={}",
            orders(),
            page.body["next_cursor"].as_str().unwrap_or_default()
        );
    }
    assert_eq!(listed, ids);
    let foreign = world.send(Ask::get(&at(&ids[0])).by(&mary)).await;
    foreign.expect_problem(404, "order_not_found");
}
