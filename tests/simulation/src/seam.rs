//! Where the simulated store begins. Above it runs the market's own code, below it what stands in
//! for DynamoDB: at seam A a store in memory behind the port, at seam B the embedded engine behind
//! the real SDK and its HTTP client.

use std::sync::Arc;

use app::ports::Store;
use async_trait::async_trait;
use domain::{commit::Commit, id::UserId};
use edge::function::StreamRow;
use testkit::{
    faults::{FaultPlan, FaultyStore},
    memory::{Change, MemoryStore},
    virtual_time::VirtualTime,
};

use crate::{
    life::Life,
    planted::{Planted, PlantedStore},
};

/// The stem of a table with a stream, and a row as the stream tells of it.
pub type ToldRow = (&'static str, StreamRow);

/// A simulated store.
#[async_trait]
pub trait Seam: Send + Sync {
    /// The store without any fault.
    fn plain(&self) -> Arc<dyn Store>;

    /// The store as one process sees it, which fails by the process's own plan.
    fn of_process(&self, plan: Arc<dyn FaultPlan>, life: &Arc<Life>) -> Arc<dyn Store>;

    /// The store forgets which commits it has seen.
    fn forget_commits(&self);

    /// Somebody is about to use an idempotency key; only a store with a bug wants to know.
    fn hear_key(&self, _user: UserId, _key: &str) {}

    /// What the streams have told since the last look, table by table in the order of the writes.
    async fn told(&self) -> Vec<ToldRow>;

    /// How many commits there were.
    fn commits_so_far(&self) -> usize;

    /// All commits in their order, from the first.
    fn commits(&self) -> Vec<Arc<Commit>>;
}

/// Seam A: the store port.
pub struct MemorySeam {
    memory: MemoryStore,
    planted: Option<Arc<PlantedStore>>,
}

impl MemorySeam {
    /// An empty store, with a bug in it if one is planted.
    #[must_use]
    pub fn new(planted: Planted, time: &VirtualTime) -> Self {
        let memory = MemoryStore::new();
        memory.follow();
        let planted = planted.store(&memory, time);
        Self { memory, planted }
    }

    /// The store in memory itself.
    #[must_use]
    pub fn memory(&self) -> &MemoryStore {
        &self.memory
    }
}

#[async_trait]
impl Seam for MemorySeam {
    fn plain(&self) -> Arc<dyn Store> {
        Arc::new(self.memory.clone())
    }

    fn of_process(&self, plan: Arc<dyn FaultPlan>, _life: &Arc<Life>) -> Arc<dyn Store> {
        let store = self.planted.clone().map(|planted| planted as Arc<dyn Store>);
        Arc::new(FaultyStore::planned(store.unwrap_or_else(|| self.plain()), plan))
    }

    fn forget_commits(&self) {
        self.memory.forget_commits();
        self.planted.iter().for_each(|planted| planted.forget_commits());
    }

    fn hear_key(&self, user: UserId, key: &str) {
        self.planted.iter().for_each(|planted| planted.hear_key(user, key));
    }

    async fn told(&self) -> Vec<ToldRow> {
        self.memory.take_changes().into_iter().map(row_of).collect()
    }

    fn commits_so_far(&self) -> usize {
        self.memory.commits_so_far()
    }

    fn commits(&self) -> Vec<Arc<Commit>> {
        self.memory.commits_in_order()
    }
}

fn row_of(change: Change) -> ToldRow {
    match change {
        Change::Account { before, after } => ("accounts", StreamRow::Account { before, after }),
        Change::Entry(entry) => ("journal", StreamRow::Entry(entry)),
        Change::MarketEvent(event) => ("orders", StreamRow::MarketEvent(event)),
        Change::Rate(rate) => ("catalog", StreamRow::Rate(rate)),
    }
}
