//! The engines that stores run on, and a fresh store on each of them.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    sync::Arc,
};

use app::ports::Store;
use aws_sdk_dynamodb::Client;
use dynamo::{Access, DynamoStore, Streams, TableNames, connect, create_missing_tables};
use market::embedded::{EmbeddedDynamo, MeteredTransport, client_over};
use tempfile::TempDir;
use testkit::memory::MemoryStore;

/// Names a DynamoDB, such as `http://localhost:8000`, to run all cases on as well.
const ENDPOINT: &str = "MARKET_CONTRACT_ENDPOINT";

/// What a store runs on.
#[derive(Debug, Clone)]
pub(crate) enum Engine {
    /// No DynamoDB at all.
    Memory,
    /// The embedded engine, in memory.
    EmbeddedMemory,
    /// The embedded engine, on a file.
    EmbeddedFile,
    /// A DynamoDB at this endpoint.
    Remote(String),
}

/// A store without rows, and what must live as long as it.
pub(crate) struct Fresh {
    /// The store.
    pub(crate) store: Arc<dyn Store>,
    /// The directory of its file.
    pub(crate) _kept: Option<TempDir>,
}

impl Engine {
    /// Those that are there.
    pub(crate) fn all() -> Vec<Self> {
        #[expect(clippy::disallowed_methods, reason = "a test's own switch, not the market's")]
        let remote = std::env::var(ENDPOINT).ok().map(Self::Remote);
        let mut engines = vec![Self::Memory, Self::EmbeddedMemory, Self::EmbeddedFile];
        engines.extend(remote);
        engines
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::EmbeddedMemory => "embedded-memory",
            Self::EmbeddedFile => "embedded-file",
            Self::Remote(_) => "remote",
        }
    }

    /// A fresh store for a case.
    pub(crate) async fn fresh(&self, case: &str) -> Fresh {
        let dynamo = match self {
            Self::Memory => {
                return Fresh { store: Arc::new(MemoryStore::new()), _kept: None };
            }
            Self::EmbeddedMemory => {
                let engine = EmbeddedDynamo::in_memory().expect("an engine");
                (engine.client(), None)
            }
            Self::EmbeddedFile => {
                let directory = tempfile::tempdir().expect("a directory");
                let engine = EmbeddedDynamo::open(&directory.path().join("market.db"));
                (engine.expect("an engine").client(), Some(directory))
            }
            Self::Remote(endpoint) => (connect(Access::emulator(endpoint)), None),
        };
        let (client, kept) = dynamo;
        Fresh { store: Arc::new(store_on(client, case).await), _kept: kept }
    }
}

/// A store on an engine in memory, and the meter that its requests pass.
pub(crate) async fn metered(case: &str) -> (DynamoStore, MeteredTransport) {
    let engine = EmbeddedDynamo::in_memory().expect("an engine");
    let meter = MeteredTransport::new(engine.http_client());
    (store_on(client_over(meter.http_client()), case).await, meter)
}

/// Two processes' stores on the same tables.
pub(crate) async fn two_processes(case: &str) -> [DynamoStore; 2] {
    let engine = EmbeddedDynamo::in_memory().expect("an engine");
    let tables = TableNames::prefixed(case);
    let made = create_missing_tables(&engine.client(), &tables, Streams::Declared).await;
    made.expect("tables");
    [engine.client(), engine.client()].map(|client| DynamoStore::new(client, tables.clone()))
}

async fn store_on(client: Client, case: &str) -> DynamoStore {
    // No two runs share a table, even on an engine that outlives them.
    let tables = TableNames::prefixed(format!("{case}-{:016x}", arbitrary()));
    create_missing_tables(&client, &tables, Streams::Declared).await.expect("tables");
    create_missing_tables(&client, &tables, Streams::Declared)
        .await
        .expect("tables that are there already");
    DynamoStore::new(client, tables)
}

/// Seeded by the operating system.
pub(crate) fn arbitrary() -> u64 {
    RandomState::new().build_hasher().finish()
}
