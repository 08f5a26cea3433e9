//! Queues of tasks of a market in one process: what SQS is to functions. Decides when a task is
//! handed over; what is to be done is not known here, and stands in the store.

#[cfg(test)]
mod tests;

use std::{fmt::Display, sync::Arc};

use app::ports::{Clock, DELAY_MAX, DeliveryQueue, DeliveryTask, NotQueued, PlacementQueue};
use async_trait::async_trait;
use domain::{time::Span, venue::Task};
use edge::{function::caught, problem::Problem};
use futures_util::future::BoxFuture;
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
};

/// How long after a task has failed it is handed over again.
const AGAIN_AFTER: Span = Span::seconds(2);

/// Does what a task is for.
pub type Handle<T> = Arc<dyn Fn(T) -> BoxFuture<'static, Result<(), Problem>> + Send + Sync>;

/// Queues in this process. It never waits.
pub struct LocalTasks<T>(mpsc::UnboundedSender<(T, Span)>);

/// What was queued, until somebody does it: [`Tasks::hand_over`].
pub struct Tasks<T>(mpsc::UnboundedReceiver<(T, Span)>);

/// How tasks are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How many at the same time.
    pub at_once: usize,
    /// How often more, if they fail. After that they are left to the sweep.
    pub again: u32,
}

/// A queue, and what becomes of its tasks: those before anyone does them are kept.
#[must_use]
pub fn tasks<T>() -> (LocalTasks<T>, Tasks<T>) {
    let (queue, tasks) = mpsc::unbounded_channel();
    (LocalTasks(queue), Tasks(tasks))
}

impl<T> LocalTasks<T> {
    fn queue(&self, task: T, delay: Span) -> Result<(), NotQueued> {
        let sent = self.0.send((task, delay.min(DELAY_MAX)));
        sent.map_err(|_| NotQueued("nobody does it any more".to_owned()))
    }
}

#[async_trait]
impl DeliveryQueue for LocalTasks<DeliveryTask> {
    async fn send(&self, task: DeliveryTask, delay: Span) -> Result<(), NotQueued> {
        self.queue(task, delay)
    }
}

#[async_trait]
impl PlacementQueue for LocalTasks<Task> {
    async fn send(&self, task: Task, delay: Span) -> Result<(), NotQueued> {
        self.queue(task, delay)
    }
}

impl<T: Display + Copy + Send + Sync + 'static> Tasks<T> {
    /// Hands each task over when its time has come. Waits by the clock, which must be one that
    /// takes its time. Ends at once when it is dropped: what is cut off is done again.
    #[must_use]
    pub fn hand_over(self, handle: Handle<T>, pace: Pace, clock: Arc<dyn Clock>) -> JoinSet<()> {
        let mut handing = JoinSet::new();
        handing.spawn(hand_all_over(self.0, handle, pace, clock));
        handing
    }
}

async fn hand_all_over<T: Display + Copy + Send + Sync + 'static>(
    mut tasks: mpsc::UnboundedReceiver<(T, Span)>,
    handle: Handle<T>,
    pace: Pace,
    clock: Arc<dyn Clock>,
) {
    let turns = Arc::new(Semaphore::new(pace.at_once));
    let mut waiting = JoinSet::new();
    loop {
        tokio::select! {
            task = tasks.recv() => {
                let Some((task, delay)) = task else { break };
                let (handle, clock, turns) =
                    (Arc::clone(&handle), Arc::clone(&clock), Arc::clone(&turns));
                waiting.spawn(async move {
                    let mut delay = delay;
                    for _ in 0..=pace.again {
                        clock.sleep(delay).await;
                        // Nobody closes the semaphore, so it is always a turn.
                        let _turn = turns.acquire().await;
                        let Err(problem) = caught(handle(task)).await else { break };
                        let (code, detail) = (problem.code, problem.detail);
                        tracing::warn!(%task, code, detail, "not done");
                        delay = AGAIN_AFTER;
                    }
                });
            }
            Some(_) = waiting.join_next() => {}
        }
    }
    while waiting.join_next().await.is_some() {}
}
