//! A function on one table's stream: reads, hands over, goes on or comes again, and remembers
//! how far it has come.

use std::sync::Arc;

use app::ports::{Clock, StoreError};
use domain::time::{Span, Timestamp};
use edge::function::{DynamoDbEvent, DynamoDbEventResponse};
use tokio::sync::watch;

use super::{
    Checkpoints, Mapping,
    pruning::Passed,
    source::{Reader, Source, SourceError},
};
use crate::doorbell::goes_on_after;

/// How long after its first failure a record is handed over again; doubled after each further
/// one.
const PAUSE_MIN_MS: u32 = 100;
const PAUSE_MAX_MS: u32 = 5_000;
/// How often a follower looks though nobody has said that there is something.
const LOOK_INTERVAL: Span = Span::seconds(1);
/// How long it may have come further than its checkpoint says: each one is a write to the disk.
const CHECKPOINT_INTERVAL_MS: i64 = 1_000;

/// A follower that has not begun.
pub(super) struct Follower {
    pub(super) mapping: Mapping,
    pub(super) source: Source,
    pub(super) checkpoints: Checkpoints,
    pub(super) written: watch::Receiver<()>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stopped: watch::Receiver<bool>,
    pub(super) passed: Arc<Passed>,
    /// Its place among all followers.
    pub(super) number: usize,
}

/// Where a follower stands in its stream.
struct Position {
    reader: Reader,
    /// The last record that was handled.
    after: Option<String>,
    /// The last one of which the checkpoint knows.
    saved: Option<String>,
    saved_at: Timestamp,
    /// Records handled since then.
    unsaved: usize,
}

/// What came of one look.
enum Look {
    Nothing,
    /// All records that were found were handled.
    Handled,
    /// Some were not. `further`: some others were.
    Failed {
        further: bool,
    },
}

/// Why a look could not be taken.
#[derive(Debug, thiserror::Error)]
enum LookFailed {
    #[error("the table has no stream")]
    NoStream,
    #[error(transparent)]
    Read(#[from] SourceError),
    #[error(transparent)]
    Checkpoint(#[from] StoreError),
}

impl Follower {
    /// Follows until it is stopped.
    pub(super) async fn follow(mut self) {
        let mut position = None;
        let mut pause_ms = PAUSE_MIN_MS;
        while !*self.stopped.borrow() {
            match self.look(&mut position).await {
                Ok(Look::Handled) => pause_ms = PAUSE_MIN_MS,
                Ok(Look::Nothing) => self.wait_for_news().await,
                Ok(Look::Failed { further }) => {
                    pause_ms = if further { PAUSE_MIN_MS } else { pause_ms };
                    pause_ms = self.pause(pause_ms).await;
                }
                Err(error) => {
                    let Mapping { function, table, .. } = &self.mapping;
                    tracing::warn!(function, table, pause_ms, %error, "not followed");
                    pause_ms = self.pause(pause_ms).await;
                }
            }
        }
        let Some(mut position) = position else { return };
        if let Err(error) = self.save(&mut position).await {
            // Then what was handled since comes again, which it may.
            tracing::debug!(function = self.mapping.function, %error, "no checkpoint");
        }
    }

    async fn look(&mut self, position: &mut Option<Position>) -> Result<Look, LookFailed> {
        let position = match position {
            Some(position) => position,
            None => position.insert(self.begin().await?),
        };
        // What is written from here on is news.
        self.written.borrow_and_update();
        let event = position.reader.event(position.after.as_deref()).await?;
        let numbers = sequence_numbers(&event);
        if numbers.is_empty() {
            self.save_when_due(position).await?;
            return Ok(Look::Nothing);
        }
        let response = (self.mapping.deliver)(event).await;
        let handled = first_failure(&numbers, &response).unwrap_or(numbers.len());
        if let Some(last) = numbers.get(..handled).and_then(<[String]>::last) {
            position.after = Some(last.clone());
            position.unsaved += handled;
        }
        self.save_when_due(position).await?;
        let all = handled == numbers.len();
        Ok(if all { Look::Handled } else { Look::Failed { further: handled > 0 } })
    }

    async fn begin(&self) -> Result<Position, LookFailed> {
        let reader = self.source.reader(&self.mapping.table).await?;
        let reader = reader.ok_or(LookFailed::NoStream)?;
        let saved = self.checkpoints.load(&self.name()).await?;
        self.passed.passed(self.number, saved.clone(), 0);
        // Long ago: its first progress is remembered at once.
        let saved_at = Timestamp::from_millis(0);
        Ok(Position { reader, after: saved.clone(), saved, saved_at, unsaved: 0 })
    }

    /// As in `project/market-accounts`.
    fn name(&self) -> String {
        format!("{}/{}", self.mapping.function, self.mapping.table)
    }

    async fn save_when_due(&self, position: &mut Position) -> Result<(), StoreError> {
        let since = self.clock.now().since(position.saved_at).as_millis();
        if since >= CHECKPOINT_INTERVAL_MS { self.save(position).await } else { Ok(()) }
    }

    async fn save(&self, position: &mut Position) -> Result<(), StoreError> {
        let Some(after) = position.after.as_ref().filter(|_| position.after != position.saved)
        else {
            return Ok(());
        };
        self.checkpoints.save(&self.name(), after).await?;
        position.saved = position.after.clone();
        position.saved_at = self.clock.now();
        let records = std::mem::take(&mut position.unsaved);
        self.passed.passed(self.number, position.saved.clone(), records);
        Ok(())
    }

    async fn wait_for_news(&mut self) {
        let (written, clock) = (&mut self.written, &self.clock);
        let waiting = async {
            tokio::select! {
                // Without a client there is nobody who could write.
                Ok(()) = written.changed() => {}
                () = clock.sleep(LOOK_INTERVAL) => {}
            }
        };
        goes_on_after(&mut self.stopped, waiting).await;
    }

    /// How long the next pause is to be.
    async fn pause(&mut self, pause_ms: u32) -> u32 {
        goes_on_after(&mut self.stopped, self.clock.sleep(Span::millis(pause_ms))).await;
        pause_ms.saturating_mul(2).min(PAUSE_MAX_MS)
    }
}

fn sequence_numbers(event: &DynamoDbEvent) -> Vec<String> {
    let number = |change: &Option<String>| change.clone().unwrap_or_default();
    event.records.iter().map(|record| number(&record.change.sequence_number)).collect()
}

/// The place of the first record that is to come again. A number that no record has makes all
/// of them come again, as with Lambda.
pub(super) fn first_failure(numbers: &[String], response: &DynamoDbEventResponse) -> Option<usize> {
    let failed = response.batch_item_failures.iter();
    let place = |number: &Option<String>| {
        let number = number.as_deref().unwrap_or_default();
        numbers.iter().position(|known| known == number).unwrap_or(0)
    };
    failed.map(|failure| place(&failure.item_identifier)).min()
}
