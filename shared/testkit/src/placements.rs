//! A queue of tasks about orders at venues in memory. When a task is done, the test decides.

use std::sync::{Mutex, PoisonError};

use app::ports::{NotQueued, PlacementQueue};
use async_trait::async_trait;
use domain::{time::Span, venue::Task};

#[derive(Debug, Default)]
struct Queued {
    tasks: Vec<(Task, Span)>,
    loses: bool,
}

/// Remembers tasks with their waits in their order, doubled ones included.
#[derive(Debug, Default)]
pub struct RecordingPlacements(Mutex<Queued>);

impl RecordingPlacements {
    /// All tasks since the last look, which are forgotten with it.
    pub fn take(&self) -> Vec<(Task, Span)> {
        self.with(|queued| std::mem::take(&mut queued.tasks))
    }

    /// Whether tasks are lost from now on: not remembered, and answered by [`NotQueued`].
    pub fn lose(&self, loses: bool) {
        self.with(|queued| queued.loses = loses);
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Queued) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl PlacementQueue for RecordingPlacements {
    async fn send(&self, task: Task, delay: Span) -> Result<(), NotQueued> {
        self.with(|queued| {
            if queued.loses {
                return Err(NotQueued("the test loses it".to_owned()));
            }
            queued.tasks.push((task, delay));
            Ok(())
        })
    }
}
