//! When tasks are handed over, and that none of them waits for another.

use domain::id::{UserId, WebhookId};
use edge::system::SystemClock;
use testkit::clock::ManualClock;
use tokio::sync::mpsc::UnboundedReceiver;

use super::*;

fn task(seq: u64) -> DeliveryTask {
    DeliveryTask { webhook: WebhookId::from_bits(1), user: UserId::from_bits(2), seq, version: 1 }
}

/// Says what is handed over; fails for the event 13, and panics for the event 14.
fn telling() -> (Deliver, UnboundedReceiver<u64>) {
    let (tell, told) = mpsc::unbounded_channel();
    let deliver: Deliver = Arc::new(move |task| {
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
    (deliver, told)
}

#[tokio::test]
async fn a_task_is_handed_over_after_its_wait_and_those_without_one_do_not_wait_for_it() {
    let (queue, tasks) = deliveries();
    for (seq, delay) in [(1, 60_000), (2, 1), (3, 0)] {
        queue.send(task(seq), Span::millis(delay)).await.expect("queued");
    }
    let (deliver, mut told) = telling();
    let _delivering = tasks.deliver(deliver, Arc::new(SystemClock));
    assert_eq!((told.recv().await, told.recv().await), (Some(3), Some(2)));
    assert!(told.try_recv().is_err(), "a minute has not passed");
}

#[tokio::test]
async fn what_fails_or_panics_holds_up_nothing() {
    let (queue, tasks) = deliveries();
    let (deliver, mut told) = telling();
    let clock = Arc::new(ManualClock::at(domain::time::Timestamp::from_millis(0)));
    let delivering = tasks.deliver(deliver, clock);
    for seq in [13, 14, 15] {
        queue.send(task(seq), Span::seconds(5)).await.expect("queued");
        assert_eq!(told.recv().await, Some(seq));
    }
    drop(delivering);
    while told.recv().await.is_some() {}
    let refused = queue.send(task(16), Span::seconds(0)).await;
    assert_eq!(refused, Err(NotQueued("nobody delivers any more".to_owned())));
}
