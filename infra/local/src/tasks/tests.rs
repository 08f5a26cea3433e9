//! When tasks are handed over, how often, and that none of them waits for another.

use domain::id::{UserId, WebhookId};
use edge::system::SystemClock;
use testkit::clock::ManualClock;
use tokio::sync::mpsc::UnboundedReceiver;

use super::*;

const ONCE: Pace = Pace { at_once: 16, again: 0 };

fn task(seq: u64) -> DeliveryTask {
    DeliveryTask { webhook: WebhookId::from_bits(1), user: UserId::from_bits(2), seq, version: 1 }
}

/// Says what is handed over; fails for the event 13, and panics for the event 14.
fn telling() -> (Handle<DeliveryTask>, UnboundedReceiver<u64>) {
    let (tell, told) = mpsc::unbounded_channel();
    let handle: Handle<DeliveryTask> = Arc::new(move |task| {
        let tell = tell.clone();
        Box::pin(async move {
            tell.send(task.seq).expect("the test listens");
            assert_ne!(task.seq, 14, "a bug of the function's");
            match task.seq {
                13 => Err(Problem::passing(503, "unavailable", "no answer")),
                _ => Ok(()),
            }
        })
    });
    (handle, told)
}

#[tokio::test]
async fn a_task_is_handed_over_after_its_wait_and_those_without_one_do_not_wait_for_it() {
    let (queue, tasks) = tasks();
    for (seq, delay) in [(1, 60_000), (2, 1), (3, 0)] {
        queue.queue(task(seq), Span::millis(delay)).expect("queued");
    }
    let (handle, mut told) = telling();
    let _handing = tasks.hand_over(handle, ONCE, Arc::new(SystemClock));
    assert_eq!((told.recv().await, told.recv().await), (Some(3), Some(2)));
    assert!(told.try_recv().is_err(), "a minute has not passed");
}

#[tokio::test]
async fn what_fails_or_panics_holds_up_nothing() {
    let (queue, tasks) = tasks();
    let (handle, mut told) = telling();
    let clock = Arc::new(ManualClock::at(domain::time::Timestamp::from_millis(0)));
    let handing = tasks.hand_over(handle, ONCE, clock);
    for seq in [13, 14, 15] {
        queue.queue(task(seq), Span::seconds(5)).expect("queued");
        assert_eq!(told.recv().await, Some(seq));
    }
    drop(handing);
    while told.recv().await.is_some() {}
    let refused = queue.queue(task(16), Span::seconds(0));
    assert_eq!(refused, Err(NotQueued("nobody does it any more".to_owned())));
}

#[tokio::test]
async fn what_fails_is_handed_over_again_as_often_as_agreed() {
    let (queue, tasks) = tasks();
    let (handle, mut told) = telling();
    let clock = Arc::new(ManualClock::at(domain::time::Timestamp::from_millis(0)));
    let _handing = tasks.hand_over(handle, Pace { at_once: 1, again: 2 }, clock);
    queue.queue(task(13), Span::seconds(0)).expect("queued");
    for _ in 0..3 {
        assert_eq!(told.recv().await, Some(13));
    }
    queue.queue(task(15), Span::seconds(0)).expect("queued");
    assert_eq!(told.recv().await, Some(15), "and no more");
}
