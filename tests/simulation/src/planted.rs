//! Bugs that are planted to see whether they are found. A market with one is wrong in the way
//! that its name says; no program of the market's has any of this.

use std::sync::Arc;

use app::ports::Store;
use testkit::memory::MemoryStore;

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// Functions behind queues and streams say that all went well, whatever happened.
    EmptyBatchItemFailures,
}

/// Which bug is in the market, if any.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Planted(pub Option<Bug>);

impl Planted {
    /// Whether what failed behind a queue or a stream is taken for done.
    #[must_use]
    pub fn ignores_failures(self) -> bool {
        self.0 == Some(Bug::EmptyBatchItemFailures)
    }

    /// The store as a market with the bug has it.
    #[must_use]
    pub fn store(self, memory: MemoryStore) -> Arc<dyn Store> {
        Arc::new(memory)
    }
}
