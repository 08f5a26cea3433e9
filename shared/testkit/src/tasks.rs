//! Queues of tasks in memory. When a task is done, the test decides.

use std::sync::{Mutex, PoisonError};

use app::ports::{DeliveryQueue, DeliveryTask, NotQueued, PlacementQueue};
use async_trait::async_trait;
use domain::{time::Span, venue::Task};

#[derive(Debug)]
struct Queued<T> {
    tasks: Vec<(T, Span)>,
    loses: bool,
}

/// Remembers tasks with their waits in their order, doubled ones included.
#[derive(Debug)]
pub struct RecordingTasks<T>(Mutex<Queued<T>>);

/// A queue of deliveries to webhooks.
pub type RecordingDeliveries = RecordingTasks<DeliveryTask>;
/// A queue of tasks about orders at venues.
pub type RecordingPlacements = RecordingTasks<Task>;

impl<T> Default for RecordingTasks<T> {
    fn default() -> Self {
        Self(Mutex::new(Queued { tasks: Vec::new(), loses: false }))
    }
}

impl<T> RecordingTasks<T> {
    /// All tasks since the last look, which are forgotten with it.
    pub fn take(&self) -> Vec<(T, Span)> {
        self.with(|queued| std::mem::take(&mut queued.tasks))
    }

    /// Whether tasks are lost from now on: not remembered, and answered by [`NotQueued`].
    pub fn lose(&self, loses: bool) {
        self.with(|queued| queued.loses = loses);
    }

    fn put(&self, task: T, delay: Span) -> Result<(), NotQueued> {
        self.with(|queued| {
            if queued.loses {
                return Err(NotQueued("the test loses it".to_owned()));
            }
            queued.tasks.push((task, delay));
            Ok(())
        })
    }

    fn with<R>(&self, use_it: impl FnOnce(&mut Queued<T>) -> R) -> R {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl DeliveryQueue for RecordingDeliveries {
    async fn send(&self, task: DeliveryTask, delay: Span) -> Result<(), NotQueued> {
        self.put(task, delay)
    }
}

#[async_trait]
impl PlacementQueue for RecordingPlacements {
    async fn send(&self, task: Task, delay: Span) -> Result<(), NotQueued> {
        self.put(task, delay)
    }
}
