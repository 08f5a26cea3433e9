//! The queue of deliveries of a market in one process: what SQS is to functions. Decides when a
//! task is handed over; what is to be delivered is not known here, and stands in the store.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use app::ports::{Clock, DELAY_MAX, DeliveryQueue, DeliveryTask, NotQueued};
use async_trait::async_trait;
use domain::time::Span;
use edge::{function::caught, problem::Problem};
use futures_util::future::BoxFuture;
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

/// How many messages are on their way at once: each may take 10 s.
const AT_ONCE: usize = 16;

/// Makes the attempt that a task is for.
pub type Deliver =
    Arc<dyn Fn(DeliveryTask) -> BoxFuture<'static, Result<(), Problem>> + Send + Sync>;

/// Queues in this process. It never waits.
pub struct LocalDeliveries(mpsc::UnboundedSender<(DeliveryTask, Span)>);

/// What was queued, until somebody delivers: [`Tasks::deliver`].
pub struct Tasks(mpsc::UnboundedReceiver<(DeliveryTask, Span)>);

/// A queue, and what becomes of its tasks: those before the delivering begins are kept.
#[must_use]
pub fn deliveries() -> (LocalDeliveries, Tasks) {
    let (queue, tasks) = mpsc::unbounded_channel();
    (LocalDeliveries(queue), Tasks(tasks))
}

#[async_trait]
impl DeliveryQueue for LocalDeliveries {
    async fn send(&self, task: DeliveryTask, delay: Span) -> Result<(), NotQueued> {
        let sent = self.0.send((task, delay.min(DELAY_MAX)));
        sent.map_err(|_| NotQueued("nobody delivers any more".to_owned()))
    }
}

impl Tasks {
    /// Hands each task over when its time has come, [`AT_ONCE`] at most at a time. What fails is
    /// left to the sweep. Waits by the clock, which must be one that takes its time. Ends at
    /// once when it is dropped: an attempt that is cut off is made again.
    #[must_use]
    pub fn deliver(self, deliver: Deliver, clock: Arc<dyn Clock>) -> JoinSet<()> {
        let mut delivering = JoinSet::new();
        delivering.spawn(deliver_all(self.0, deliver, clock));
        delivering
    }
}

async fn deliver_all(
    mut tasks: mpsc::UnboundedReceiver<(DeliveryTask, Span)>,
    deliver: Deliver,
    clock: Arc<dyn Clock>,
) {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut waiting = JoinSet::new();
    loop {
        tokio::select! {
            task = tasks.recv() => {
                let Some((task, delay)) = task else { break };
                let (deliver, clock, turns) =
                    (Arc::clone(&deliver), Arc::clone(&clock), Arc::clone(&turns));
                waiting.spawn(async move {
                    clock.sleep(delay).await;
                    // Nobody closes the semaphore, so it is always a turn.
                    let _turn = turns.acquire().await;
                    if let Err(problem) = caught(deliver(task)).await {
                        let (code, detail) = (problem.code, problem.detail);
                        tracing::warn!(%task, code, detail, "not delivered");
                    }
                });
            }
            Some(_) = waiting.join_next() => {}
        }
    }
    while waiting.join_next().await.is_some() {}
}
