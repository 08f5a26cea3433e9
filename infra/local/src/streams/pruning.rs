//! Removes stream records that nobody will read any more. DynamoDB does it after a day; here it
//! is done as soon as every function's checkpoint has passed them.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use app::ports::Clock;
use domain::time::Span;
use tokio::sync::{Notify, watch};

use crate::{
    doorbell::goes_on_after,
    embedded::{EmbeddedDynamo, EmbeddedError},
};

/// How long after the last time records are removed, or sooner if there are many.
const INTERVAL: Span = Span::seconds(60);
/// So many are worth it at any time.
const MANY: usize = 1_000;

/// What the checkpoints of all followers say.
pub(super) struct Passed {
    /// All tables with a stream, followed or not.
    tables: BTreeSet<String>,
    /// The table of each follower.
    followed: Vec<String>,
    state: Mutex<State>,
    many: Notify,
}

struct State {
    /// Of each follower.
    checkpoints: Vec<Option<String>>,
    /// Records passed since the last removal, by all followers together.
    records: usize,
}

impl Passed {
    /// Nobody has passed anything yet.
    pub(super) fn new(tables: BTreeSet<String>, followed: Vec<String>) -> Self {
        let state = State { checkpoints: vec![None; followed.len()], records: 0 };
        let tables = tables.into_iter().chain(followed.iter().cloned()).collect();
        Self { tables, followed, state: Mutex::new(state), many: Notify::new() }
    }

    /// A follower's checkpoint is this now, so many records further.
    pub(super) fn passed(&self, follower: usize, checkpoint: Option<String>, records: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = state.checkpoints.get_mut(follower) {
            *known = checkpoint;
        }
        state.records += records;
        if state.records >= MANY {
            self.many.notify_one();
        }
    }

    /// The checkpoints of those who follow a table, none of them if nobody does.
    fn of(&self, table: &str) -> Vec<Option<String>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let followers = self.followed.iter().zip(&state.checkpoints);
        followers.filter(|(known, _)| *known == table).map(|(_, after)| after.clone()).collect()
    }

    fn begin_anew(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).records = 0;
    }
}

/// Removes records each minute, and whenever there are many.
pub(super) async fn prune_for_ever(
    dynamo: EmbeddedDynamo,
    passed: Arc<Passed>,
    clock: Arc<dyn Clock>,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let waiting = async {
            tokio::select! {
                () = passed.many.notified() => {}
                () = clock.sleep(INTERVAL) => {}
            }
        };
        if !goes_on_after(&mut stopped, waiting).await {
            return;
        }
        passed.begin_anew();
        for table in &passed.tables {
            match prune(&dynamo, table, &passed.of(table)).await {
                Ok(0) => {}
                Ok(removed) => tracing::debug!(table, removed, "stream records were removed"),
                // The next time there is more to remove.
                Err(error) => tracing::debug!(table, %error, "no stream records were removed"),
            }
        }
    }
}

/// Up to the checkpoint that is the furthest behind. Sequence numbers have one length, so they
/// sort as texts.
async fn prune(
    dynamo: &EmbeddedDynamo,
    table: &str,
    checkpoints: &[Option<String>],
) -> Result<usize, EmbeddedError> {
    let through = match checkpoints.iter().min() {
        Some(furthest_behind) => furthest_behind.clone(),
        None => dynamo.newest_record(table).await?,
    };
    match through {
        Some(through) => dynamo.prune_stream(table, &through).await,
        None => Ok(0),
    }
}
