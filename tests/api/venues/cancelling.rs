//! The end of orders by their owners, wherever they are on their way.

use domain::{time::Span, venue::Step};
use serde_json::json;

use super::{
    DOT, UNCLEAR, cancel, get, placed, report, reported, resting, status, venue, vor, wallet,
    wanted,
};

#[tokio::test]
async fn what_was_never_sent_is_over_at_once() {
    let (world, john) = venue().await;
    let id = placed(&world, &john, "one", &wanted("buy", "4", "100.00")).await;
    let cancelled = cancel(&world, &john, &id).await;
    let order = &cancelled.expect_status(200).body;
    assert_eq!(
        (&order["routing_status"], &order["ending_reason"]),
        (&json!("cancelled"), &json!("cancelled"))
    );
    assert_eq!(wallet(&world, &john, "USD").await, "1000.00+0.00");
    world.work_venues(Span::seconds(60)).await;
    assert_eq!(world.venue.asked(), [], "the venue was told of an order that is over");
    assert_eq!(cancel(&world, &john, &id).await.expect_status(200).body, cancelled.body);
}

#[tokio::test]
async fn a_cancellation_under_way_is_202_and_is_over_when_the_venue_says_so() {
    let (world, john) = venue().await;
    let id = resting(&world, &john).await;
    world.venue.asked();
    let under_way = cancel(&world, &john, &id).await;
    let order = &under_way.expect_status(202).body;
    assert_eq!(
        (&order["cancel_requested"], &order["routing_status"]),
        (&json!(true), &json!("placed"))
    );
    assert_eq!(wallet(&world, &john, "USD").await, "600.00+400.00");
    world.work_venues(Span::seconds(1)).await;
    assert_eq!(world.venue.asked(), [(Step::Cancel, vor(&id))]);
    assert_eq!(status(&world, &john, &id).await, "cancelled");
    assert_eq!(wallet(&world, &john, "USD").await, "1000.00+0.00");
}

#[tokio::test]
async fn what_may_be_at_the_venue_is_reconciled_before_its_hold_is_freed() {
    let (world, john) = venue().await;
    world.venue.next(UNCLEAR);
    let id = placed(&world, &john, "one", &wanted("buy", "4", "100.00")).await;
    for (task, _) in world.placements.take() {
        let task = task.to_string();
        functions::place_at_venue::place(&world.context, &task).await.expect("tried");
    }
    cancel(&world, &john, &id).await.expect_status(202);
    assert_eq!(wallet(&world, &john, "USD").await, "600.00+400.00");
    world.work_venues(Span::seconds(10)).await;
    assert_eq!(status(&world, &john, &id).await, "reconciling");
    assert_eq!(wallet(&world, &john, "USD").await, "600.00+400.00");
    // As long as the request might yet be carried out.
    let due = get(&world, &john, &id).await["next_attempt_at"].clone();
    assert_eq!(due, "2026-11-21T08:00:30.000Z");
    world.pass(Span::seconds(30));
    let task = app::venues::hasten(&world.context.market, vor(&id)).await;
    assert_eq!(task, Ok(false), "it is due already");
    world.work_venues(Span::seconds(1)).await;
    assert_eq!(status(&world, &john, &id).await, "cancelled");
    assert_eq!(wallet(&world, &john, "USD").await, "1000.00+0.00");
    let asked: Vec<_> = world.venue.asked().iter().map(|(step, _)| *step).collect();
    assert_eq!(asked.iter().filter(|step| **step == Step::Place).count(), 1, "{asked:?}");
}

#[tokio::test]
async fn a_late_fill_that_the_end_has_named_is_settled_and_one_beyond_it_is_not() {
    let (world, john) = venue().await;
    let id = resting(&world, &john).await;
    cancel(&world, &john, &id).await.expect_status(202);
    // The venue had filled one before it cancelled the rest; its fill comes later.
    reported(&world, &report(&id, "cancelled", "1", None)).await;
    let order = get(&world, &john, &id).await;
    assert_eq!(
        (&order["routing_status"], &order["ending_reason"]),
        (&json!("placed"), &json!(null))
    );
    assert_eq!(wallet(&world, &john, "USD").await, "900.00+100.00");
    reported(&world, &report(&id, "open", "1", Some(("E-1", "1", "99.00")))).await;
    let order = get(&world, &john, &id).await;
    assert_eq!(
        (&order["routing_status"], &order["ending_reason"]),
        (&json!("cancelled"), &json!("cancelled"))
    );
    assert_eq!(wallet(&world, &john, "USD").await, "901.00+0.00");
    assert_eq!(wallet(&world, &john, DOT).await, "1+0");
    reported(&world, &report(&id, "open", "2", Some(("E-2", "1", "99.00")))).await;
    assert_eq!(get(&world, &john, &id).await, order);
    assert_eq!(wallet(&world, &john, "USD").await, "901.00+0.00");
    let letters = world.dead_letters.letters();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].source, "nyx/E-2");
}

#[tokio::test]
async fn a_fill_that_overtakes_the_cancellation_counts() {
    let (world, john) = venue().await;
    let id = resting(&world, &john).await;
    cancel(&world, &john, &id).await.expect_status(202);
    reported(&world, &report(&id, "filled", "4", Some(("E-1", "4", "100.00")))).await;
    let order = cancel(&world, &john, &id).await;
    assert_eq!(order.expect_status(200).body["routing_status"], "filled");
    assert_eq!(wallet(&world, &john, DOT).await, "4+0");
}

#[tokio::test]
async fn anothers_order_cannot_be_cancelled() {
    let (world, john) = venue().await;
    let mary = world.trader("mary_earth", 1).await;
    let id = placed(&world, &john, "one", &wanted("buy", "4", "100.00")).await;
    cancel(&world, &mary, &id).await.expect_problem(404, "order_not_found");
    assert_eq!(status(&world, &john, &id).await, "queued");
}
