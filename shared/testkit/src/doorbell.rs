//! A doorbell that wakes nobody and remembers for what it was rung. When a matcher runs, the
//! test decides.

use std::sync::{Mutex, PoisonError};

use app::ports::{Doorbell, NotRung};
use async_trait::async_trait;
use domain::{command::CommandId, pair::PairId};

#[derive(Debug, Default)]
struct Record {
    rings: Vec<(PairId, CommandId)>,
    loses: bool,
}

/// Remembers rings in their order, doubled ones included.
#[derive(Debug, Default)]
pub struct RecordingDoorbell(Mutex<Record>);

impl RecordingDoorbell {
    /// All rings since the last [`Self::take`].
    #[must_use]
    pub fn rings(&self) -> Vec<(PairId, CommandId)> {
        self.with(|record| record.rings.clone())
    }

    /// All rings since the last look, which are forgotten with it.
    pub fn take(&self) -> Vec<(PairId, CommandId)> {
        self.with(|record| std::mem::take(&mut record.rings))
    }

    /// Whether rings are lost from now on: not remembered, and answered by [`NotRung`].
    pub fn lose(&self, loses: bool) {
        self.with(|record| record.loses = loses);
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Record) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Doorbell for RecordingDoorbell {
    async fn ring(&self, pair: PairId, command: CommandId) -> Result<(), NotRung> {
        self.with(|record| {
            if record.loses {
                return Err(NotRung("the test loses it".to_owned()));
            }
            record.rings.push((pair, command));
            Ok(())
        })
    }
}
