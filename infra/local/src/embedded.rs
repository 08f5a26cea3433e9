//! DynamoDB inside the process: the real SDK client over an embedded engine, without a socket.
//! Decides where the engine's work runs and how its errors reach the SDK. Knows nothing of our
//! tables: those are the store's.

mod meter;
mod operations;
mod streams;
mod tokens;
mod transport;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use edge::system::Turns;
use tokio::sync::watch;

pub use meter::{MeterReading, MeteredTransport};
pub use operations::Answer;
pub use streams::{RECORDS_MAX, Stream};
pub(crate) use transport::is_write;

use operations::Engine;
use streams::StreamRecords;
use transport::EmbeddedTransport;

const ATTEMPTS_MAX: u32 = 3;
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
const OPERATION_TIMEOUT: Duration = Duration::from_secs(3);

/// A name that no resolver knows: a client wired to another transport by mistake reaches nothing.
const ENDPOINT: &str = "http://dynamodb.invalid";

/// What can go wrong around the engine. An operation's own refusal is not here: it is an
/// [`Answer`] with the status and body that DynamoDB would send.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The engine takes its path as text only.
    #[error("the database path {0:?} is not Unicode")]
    PathNotUnicode(PathBuf),
    /// The file cannot be opened or created, or is no database of this engine.
    #[error("cannot open the database {name:?}")]
    Open {
        /// The path, or `:memory:`.
        name: String,
        /// The engine's reason.
        source: Box<DynoxideError>,
    },
    /// The sweep of expired items failed; what it had removed stays removed.
    #[error("cannot sweep expired items")]
    Sweep(#[source] Box<DynoxideError>),
    /// The database cannot be reached beside its engine, or its streams cannot be ordered.
    #[error("cannot prepare the streams of the database {name:?}")]
    Streams {
        /// The path, or the address in memory.
        name: String,
        /// SQLite's reason.
        source: rusqlite::Error,
    },
    /// A stream cannot be read.
    #[error("cannot read a stream")]
    Stream(#[source] Box<DynoxideError>),
    /// Old records of a stream cannot be removed, or looked for.
    #[error("cannot prune a stream")]
    Prune(#[source] rusqlite::Error),
    /// The thread that does file work ended before it answered.
    #[error("the embedded database stopped before it answered")]
    Stopped(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// An embedded DynamoDB. A clone is another handle to the same database.
///
/// In memory, an operation runs on the calling task after one yield: no threads, so a run is as
/// deterministic as its caller. On a file, each commit waits for the disk (0.5 to 3 ms), so the
/// work goes to a blocking thread, one operation at a time in order of arrival: the engine has
/// one lock, and more threads would only queue for it.
#[derive(Clone)]
pub struct EmbeddedDynamo {
    engine: Arc<Engine>,
    /// One at a time, for a file; nothing in memory.
    file_turns: Option<Turns>,
    /// In memory, SQLite refuses rather than to wait for another connection: held for writing
    /// by whoever goes past the engine, for reading by all others.
    beside: Arc<RwLock<()>>,
    written: watch::Sender<()>,
}

impl std::fmt::Debug for EmbeddedDynamo {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let on_file = self.file_turns.is_some();
        formatter.debug_struct("EmbeddedDynamo").field("on_file", &on_file).finish_non_exhaustive()
    }
}

impl EmbeddedDynamo {
    /// A new, empty database that ends with its last handle.
    pub fn in_memory() -> Result<Self, EmbeddedError> {
        // A name of its own, so that a second connection finds this database and no other.
        static DATABASES: AtomicU64 = AtomicU64::new(0);
        let number = DATABASES.fetch_add(1, Ordering::Relaxed);
        Self::opened(&format!("file:embedded-{number}?mode=memory&cache=shared"), None)
    }

    /// Opens or creates the database file at `path`. What was acknowledged survives a restart and
    /// a killed process. One process at a time should hold the file.
    pub fn open(path: &Path) -> Result<Self, EmbeddedError> {
        let name =
            path.to_str().ok_or_else(|| EmbeddedError::PathNotUnicode(path.to_path_buf()))?;
        Self::opened(name, Some(Turns::new(1)))
    }

    fn opened(name: &str, file_turns: Option<Turns>) -> Result<Self, EmbeddedError> {
        let database = Database::new(name).map_err(|error| open_error(name, error))?;
        let records = StreamRecords::open(name)
            .map_err(|source| EmbeddedError::Streams { name: name.to_owned(), source })?;
        let engine = Arc::new(Engine::new(database, records));
        let (beside, written) = (Arc::default(), watch::Sender::new(()));
        Ok(Self { engine, file_turns, beside, written })
    }

    /// Changes when a client has written something, so that whoever follows streams need not
    /// look again and again.
    #[must_use]
    pub fn writes(&self) -> watch::Receiver<()> {
        self.written.subscribe()
    }

    /// A client has written something.
    fn ring(&self) {
        self.written.send_replace(());
    }

    /// The transport for an SDK client's `http_client`: it reaches this database whatever the
    /// client's endpoint, region and credentials are.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(EmbeddedTransport::new(self.clone()))
    }

    /// A ready client: fixed credentials that open nothing, 1 s an attempt, 3 s an operation, and
    /// the SDK's standard retries of transport and server errors (3 attempts).
    pub fn client(&self) -> Client {
        client_over(self.http_client())
    }

    /// Answers one request as DynamoDB would. `target` is the `X-Amz-Target` header (such as
    /// `DynamoDB_20120810.GetItem`), `body` the JSON; serve it behind any HTTP server.
    ///
    /// A caller that stops waiting does not stop a write that has begun on a file: as with a lost
    /// response of the real service, the outcome is unknown to that caller.
    pub async fn answer(&self, target: String, body: Bytes) -> Result<Answer, EmbeddedError> {
        self.run(move |engine| operations::answer(engine, &target, &body)).await
    }

    /// Removes the items whose time to live has passed, from all tables that have one; the number
    /// removed. The real service does this by itself, within days; the engine never does.
    pub async fn sweep_expired(&self) -> Result<usize, EmbeddedError> {
        self.run(|engine| engine.database.sweep_ttl())
            .await?
            .map_err(|error| EmbeddedError::Sweep(Box::new(error)))
    }

    async fn run<Outcome: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Outcome + Send + 'static,
    ) -> Result<Outcome, EmbeddedError> {
        // The engine never waits, so without this a task in a loop of calls would starve the rest.
        tokio::task::yield_now().await;
        let Some(turns) = &self.file_turns else {
            let _not_beside = self.beside.read().unwrap_or_else(PoisonError::into_inner);
            return Ok(work(&self.engine));
        };
        let engine = Arc::clone(&self.engine);
        let done = turns.run(move || work(&engine)).await;
        done.map_err(|error| EmbeddedError::Stopped(error.into()))
    }

    /// Does something past the engine, while nobody else does anything.
    async fn run_alone<Outcome: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine) -> Outcome + Send + 'static,
    ) -> Result<Outcome, EmbeddedError> {
        if self.file_turns.is_some() {
            return self.run(work).await;
        }
        tokio::task::yield_now().await;
        let _alone = self.beside.write().unwrap_or_else(PoisonError::into_inner);
        Ok(work(&self.engine))
    }
}

fn open_error(name: &str, error: DynoxideError) -> EmbeddedError {
    EmbeddedError::Open { name: name.to_owned(), source: Box::new(error) }
}

/// The client of [`EmbeddedDynamo::client`] over another transport: a metered or a faulty one
/// around [`EmbeddedDynamo::http_client`].
pub fn client_over(http_client: SharedHttpClient) -> Client {
    let credentials = Credentials::new("embedded", "embedded", None, None, "embedded");
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(ENDPOINT)
        .credentials_provider(credentials)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
        .http_client(http_client)
        .build();
    Client::from_conf(config)
}
