//! A venue is sent no more than it allows, and nothing while it is in trouble.

use super::*;
use app::{ports::VenueTraffic, venues::routing::sweep};

const REFUSED: VenueAnswer = VenueAnswer::Failed(SendFailure::Unreachable);

#[tokio::test]
async fn a_venue_in_trouble_is_left_alone_by_all_processes_and_then_tried_by_one() {
    let stand = Stand::new().await;
    stand.fair.deposit(stand.alice, usd("10000.00")).await;
    stand.answers(std::iter::repeat_n(REFUSED, 10));
    for number in 0..10 {
        assert!(stand.store.breaker(nyx().id).await.expect("a read").is_closed());
        let id = stand.buy(&format!("order {number}")).await;
        stand.work(stand.order(id).await.task()).await.expect("to be tried again");
        stand.fair.clock.advance(Span::millis(5));
    }
    assert!(!stand.store.breaker(nyx().id).await.expect("a read").is_closed());
    stand.asked();
    stand.queue.take();
    // A process that has never talked to the venue leaves it alone as well.
    let other = stand.beside();
    let id = stand.buy("c").await;
    let task = stand.order(id).await.task();
    other.clock.set(stand.fair.market.clock.now());
    work(&other.market, task, stand.outside()).await.expect("queued again");
    assert_eq!((stand.asked(), stand.order(id).await.sends), (vec![], 0));
    let queued = stand.queued();
    assert!(queued.iter().any(|(at, queued)| *queued == task && *at > other.market.clock.now()));
    // When the rest is over, the one who comes first tries, and the venue is well.
    stand.fair.clock.advance(Span::seconds(2));
    stand.work(task).await.expect("done");
    assert_eq!((stand.asked(), stand.status(id).await), (vec!["place"], RoutingStatus::Placed));
    assert!(stand.store.breaker(nyx().id).await.expect("a read").is_closed());
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_the_venue_allows() {
    let stand = Stand::new().await;
    let now = stand.fair.market.clock.now();
    for slot in 0..4 {
        let taken = stand.store.take_slot(nyx().id, slot, now, now.plus(Span::seconds(20))).await;
        assert_eq!(taken, Ok(true));
    }
    let id = stand.buy("key").await;
    stand.run(3).await;
    assert_eq!((stand.asked(), stand.status(id).await), (vec![], RoutingStatus::Queued));
    // Whoever had them is gone: after the lease they are free again.
    stand.fair.clock.advance(Span::seconds(20));
    stand.work(stand.order(id).await.task()).await.expect("done");
    assert_eq!(stand.asked(), ["place"]);
}

#[tokio::test]
async fn a_slot_is_free_again_no_sooner_than_the_rate_allows() {
    let stand = Stand::new().await;
    let slow = Venue { concurrency_max: 1, rate_max: 2, version: 2, ..nyx() };
    assert!(stand.store.put_venue(&slow).await.expect("written"));
    let [one, other] = [stand.buy("one").await, stand.buy("other").await];
    stand.fair.clock.advance(Span::seconds(3));
    for id in [one, other] {
        stand.work(stand.order(id).await.task()).await.expect("done, or queued again");
    }
    assert_eq!(stand.asked().len(), 1);
    stand.fair.clock.advance(Span::millis(500));
    stand.work(stand.order(other).await.task()).await.expect("done");
    assert_eq!(stand.asked().len(), 1);
}

#[tokio::test]
async fn an_order_that_waits_for_long_is_no_work_for_the_sweep() {
    let stand = Stand::new().await;
    let id = stand.buy("key").await;
    let task = stand.order(id).await.task();
    stand.queue.take();
    stand.fair.clock.advance(Span::seconds(45));
    let now = stand.fair.market.clock.now();
    for slot in 0..4 {
        let taken = stand.store.take_slot(nyx().id, slot, now, now.plus(Span::seconds(20))).await;
        assert_eq!(taken, Ok(true));
    }
    stand.work(task).await.expect("put off");
    let later = stand.order(id).await;
    assert!(later.next_at > now && later.round == task.round + 1, "{later:?}");
    let queued: Vec<_> = stand.queue.take().into_iter().map(|(task, _)| task).collect();
    assert_eq!(queued, [later.task()]);
    stand.fair.clock.advance(Span::seconds(16));
    assert_eq!(sweep(&stand.fair.market).await, Ok(0));
}
