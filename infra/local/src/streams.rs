//! Streams in one process: what Lambda's event source mappings are to functions. Decides when a
//! function is handed which records, and when again; what it does with them is not known here.
//!
//! Each follower, a function on one table, is a task of its own and waits for no other. It is
//! handed every record at least once and in order: after a failure again from there on, and
//! after a killed process again from its checkpoint on, which is at most a second old.

mod checkpoints;
mod follower;
mod pruning;
mod source;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use app::ports::Clock;
use dynamo::{TableNames, schema::TABLES};
use edge::function::{DynamoDbEvent, DynamoDbEventResponse};
use futures_util::future::BoxFuture;
use tokio::{sync::watch, task::JoinSet};

pub(crate) use checkpoints::{Checkpoints, create_checkpoints};
pub use source::{Reader, Source, SourceError};

use follower::Follower;
use pruning::{Passed, prune_for_ever};

/// Hands a function a batch; what it says is to come again.
pub type Deliver =
    Arc<dyn Fn(DynamoDbEvent) -> BoxFuture<'static, DynamoDbEventResponse> + Send + Sync>;

/// A function on one table.
#[derive(Clone)]
pub struct Mapping {
    /// The function's stem.
    pub function: &'static str,
    /// The table's full name.
    pub table: String,
    /// Calls the function.
    pub deliver: Deliver,
}

/// Follows streams until it is shut down; dropped, it ends at once.
pub struct Followers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Followers {
    /// Ends when the batches that are being handled are, and remembers how far they came.
    pub async fn shutdown(mut self) {
        // Tasks that have ended listen no more, which is as good.
        let _told = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Follows these tables' streams from their checkpoints on, or from the first record that is
/// left. Looks after every write of this process, and once a second for those of others. What
/// fails is tried again after 100 ms at first, after 5 s at most. Records that all functions have
/// passed are removed from the engine of this process, and so are those that no function follows;
/// a service behind a URL removes its own after a day. Waits by the clock, which must be one that
/// takes its time.
#[must_use]
pub fn follow(
    source: &Source,
    tables: &TableNames,
    mappings: Vec<Mapping>,
    clock: &Arc<dyn Clock>,
) -> Followers {
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let with_stream = TABLES.iter().filter(|table| table.stream.is_some());
    let names = with_stream.map(|table| tables.of(table)).collect();
    let followed = mappings.iter().map(|mapping| mapping.table.clone()).collect();
    let passed = Arc::new(Passed::new(names, followed));
    let checkpoints = Checkpoints::new(source.client(), tables);
    for (number, mapping) in mappings.into_iter().enumerate() {
        let follower = Follower {
            checkpoints: checkpoints.clone(),
            source: source.clone(),
            written: source.writes(),
            clock: Arc::clone(clock),
            stopped: stopped.clone(),
            passed: Arc::clone(&passed),
            number,
            mapping,
        };
        tasks.spawn(follower.follow());
    }
    if let Source::Embedded(dynamo) = source {
        tasks.spawn(prune_for_ever(dynamo.clone(), passed, Arc::clone(clock), stopped));
    }
    Followers { stop, tasks }
}
