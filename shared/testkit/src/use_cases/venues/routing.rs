//! An accepted order gets to its venue once, whoever dies on the way.

use super::*;
use app::venues::{cancel_order, routing::sweep};

#[tokio::test]
async fn an_accepted_order_is_placed_and_its_fills_are_settled_once() {
    let stand = Stand::new().await;
    let id = stand.buy("key").await;
    assert_eq!((stand.status(id).await, stand.asked().len()), (RoutingStatus::Queued, 0));
    assert_eq!(stand.cash().await.held, minor(100_000));
    stand.run(1).await;
    assert_eq!((stand.status(id).await, stand.asked()), (RoutingStatus::Placed, vec!["place"]));
    for _ in 0..2 {
        let partly = state(VenueStatus::Open, 4, Some(("E-1", 4)));
        assert_eq!(stand.report(id, partly).await, Received::Applied);
    }
    let (cash, pieces) = (stand.cash().await, stand.pieces().await);
    assert_eq!((cash.held, cash.available, pieces), (minor(60_000), minor(404_000), 4));
    for name in ["E-2", "E-1", "E-2"] {
        let quantity = if name == "E-1" { 4 } else { 6 };
        stand.report(id, state(VenueStatus::Filled, 10, Some((name, quantity)))).await;
    }
    let (cash, pieces) = (stand.cash().await, stand.pieces().await);
    assert_eq!((cash.held, cash.available, pieces), (minor(0), minor(410_000), 10));
    assert_eq!((stand.status(id).await, stand.letters.letters()), (RoutingStatus::Filled, vec![]));
}

#[tokio::test]
async fn a_task_that_was_done_does_nothing_again() {
    let stand = Stand::new().await;
    let id = stand.buy("key").await;
    let task = stand.order(id).await.task();
    stand.work(task).await.expect("done");
    stand.work(task).await.expect("old news");
    assert_eq!(stand.asked(), ["place"]);
}

#[tokio::test]
async fn two_workers_with_one_task_at_one_moment_send_one_request() {
    let stand = Stand::new().await;
    let id = stand.buy("key").await;
    let task = stand.order(id).await.task();
    let (one, other) = (stand.fair.market.clock.now(), stand.beside());
    other.clock.set(one);
    let beside = work(&other.market, task, stand.outside());
    let (here, there) = tokio::join!(stand.work(task), beside);
    assert_eq!((here, there, stand.asked()), (Ok(()), Ok(()), vec!["place"]));
}

#[tokio::test]
async fn a_request_that_comes_again_wakes_its_order_again() {
    let stand = Stand::new().await;
    stand.queue.lose(true);
    let id = stand.buy("key").await;
    stand.queue.lose(false);
    stand.fair.clock.advance(Span::millis(1));
    assert_eq!(stand.buy("key").await, id);
    stand.run(1).await;
    assert_eq!(stand.status(id).await, RoutingStatus::Placed);
}

#[tokio::test]
async fn an_order_whose_message_was_lost_is_found_by_the_sweep() {
    let stand = Stand::new().await;
    stand.queue.lose(true);
    let id = stand.buy("key").await;
    stand.queue.lose(false);
    assert_eq!(sweep(&stand.fair.market).await, Ok(0), "it is not late yet");
    stand.fair.clock.advance(Span::seconds(61));
    assert_eq!(sweep(&stand.fair.market).await, Ok(1));
    stand.run(1).await;
    assert_eq!((stand.status(id).await, stand.asked()), (RoutingStatus::Placed, vec!["place"]));
    stand.fair.clock.advance(Span::seconds(61));
    assert_eq!(sweep(&stand.fair.market).await, Ok(0));
}

#[tokio::test]
async fn after_a_worker_died_its_task_comes_again_and_the_venue_is_asked_first() {
    let stand = Stand::new().await;
    let id = stand.buy("key").await;
    let task = stand.order(id).await.task();
    stand.queue.take();
    let died = stand.work(task);
    // The attempt is written down; of the answer nobody hears.
    let order = stand.order(id).await;
    let leased = match order.todo(start().plus(Span::seconds(1)), 7) {
        domain::venue::Todo::Attempt(_, leased) => *leased,
        other => panic!("{other:?}"),
    };
    drop(died);
    let commit = leased.replacing(&order);
    app::ports::Ledger::commit(&stand.store, &commit).await.expect("written");
    stand.work(task).await.expect("it is queued for when the lease is over");
    assert_eq!(stand.asked(), Vec::<&str>::new());
    stand.answers([VenueAnswer::Unknown]);
    stand.run(2).await;
    assert_eq!(stand.asked(), ["ask", "place"]);
    assert_eq!(stand.status(id).await, RoutingStatus::Placed);
}

#[tokio::test]
async fn an_order_that_was_placed_unseen_is_found_with_its_fills() {
    let stand = Stand::new().await;
    let id = stand.buy("key").await;
    let seen = state(VenueStatus::Filled, 10, Some(("E-1", 10)));
    stand.answers([TIMED_OUT, VenueAnswer::Known(seen)]);
    stand.run(2).await;
    assert_eq!(
        (stand.status(id).await, stand.asked()),
        (RoutingStatus::Filled, vec!["place", "ask"])
    );
    assert_eq!((stand.pieces().await, stand.cash().await.held), (10, minor(0)));
}

#[tokio::test]
async fn what_was_never_sent_is_cancelled_at_once_and_costs_nothing() {
    let stand = Stand::new().await;
    let id = stand.buy("key").await;
    let order = cancel_order(&stand.fair.market, nyx().id, id, stand.alice).await.expect("done");
    assert_eq!(order.status(), RoutingStatus::Cancelled);
    assert_eq!(stand.cash().await.available, minor(500_000));
    stand.run(1).await;
    assert_eq!(stand.asked(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_cancellation_keeps_what_a_late_fill_needs() {
    let stand = Stand::new().await;
    let id = stand.buy("key").await;
    stand.run(1).await;
    cancel_order(&stand.fair.market, nyx().id, id, stand.alice).await.expect("asked for");
    stand.answers([VenueAnswer::Known(state(VenueStatus::Cancelled, 3, None))]);
    stand.run(1).await;
    assert_eq!(stand.asked(), ["place", "cancel"]);
    assert_eq!(stand.cash().await.held, minor(30_000));
    stand.report(id, state(VenueStatus::Open, 3, Some(("E-1", 3)))).await;
    assert_eq!(stand.status(id).await, RoutingStatus::Cancelled);
    assert_eq!((stand.pieces().await, stand.cash().await.held), (3, minor(0)));
    // Beyond what the venue said that there was in all, nothing moves; somebody looks at it.
    let before = stand.cash().await;
    stand.report(id, state(VenueStatus::Open, 4, Some(("E-2", 1)))).await;
    assert_eq!((stand.pieces().await, stand.cash().await), (3, before));
    let letters = stand.letters.letters();
    assert_eq!((letters.len(), letters[0].source.as_str()), (1, "nyx/E-2"));
}

#[tokio::test]
async fn a_fill_that_changes_what_it_says_is_disputed_and_one_that_does_not_is_not() {
    let stand = Stand::new().await;
    let id = stand.buy("key").await;
    stand.run(1).await;
    stand.report(id, state(VenueStatus::Open, 4, Some(("E-1", 4)))).await;
    stand.report(id, state(VenueStatus::Cancelled, 4, None)).await;
    stand.report(id, state(VenueStatus::Open, 4, Some(("E-1", 4)))).await;
    assert_eq!(stand.letters.letters(), vec![]);
    stand.report(id, state(VenueStatus::Open, 5, Some(("E-1", 5)))).await;
    assert_eq!(stand.letters.letters().len(), 1);
    assert_eq!(stand.pieces().await, 4);
}

#[tokio::test]
async fn a_dispute_that_cannot_be_put_away_is_to_be_said_again() {
    let stand = Stand::new().await;
    let id = stand.buy("key").await;
    stand.letters.refuse(true);
    let report = Report { order: id, state: state(VenueStatus::Open, 11, Some(("E-1", 11))) };
    let received = reports::receive(&stand.fair.market, nyx().id, &report, &stand.letters).await;
    assert!(matches!(received, Err(Failed::Store(_))), "{received:?}");
}

#[tokio::test]
async fn a_report_is_of_its_own_venues_orders_only() {
    let stand = Stand::new().await;
    let id = stand.buy("key").await;
    let report = Report { order: id, state: state(VenueStatus::Rejected, 0, None) };
    let other = "other".parse().expect("a venue's name");
    let received = reports::receive(&stand.fair.market, other, &report, &stand.letters).await;
    assert_eq!(received, Ok(Received::UnknownOrder));
    assert_eq!(stand.status(id).await, RoutingStatus::Queued);
}
