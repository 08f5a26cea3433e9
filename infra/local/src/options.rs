//! What a market may be started with, and why it did not start.

use std::{fmt, io, net::Ipv4Addr, path::PathBuf, sync::Arc};

use app::{
    market::Settings,
    ports::{Clock, Entropy, Passwords, Store, StoreError},
};
use domain::webhook::Reach;
use edge::{
    auth::{password::PasswordHasher, venue_secret::VenueSecret},
    limits::Quotas,
    router::Unroutable,
    system::{Argon2Passwords, SystemClock, SystemEntropy},
    valkey::InvalidCacheUrl,
};
use venue_simulator::Faults;

use crate::{embedded::EmbeddedError, seed::SeedError, venue::VenueError};

/// Where a market keeps what lasts.
#[derive(Clone)]
pub enum Storage {
    /// In an embedded database in memory.
    Memory,
    /// In an embedded database in this directory.
    Dir {
        /// The directory; made if it is not there.
        path: PathBuf,
        /// Whether what an earlier market left there is removed first.
        fresh: bool,
    },
    /// In a running DynamoDB, or anything that speaks its protocol.
    Endpoint {
        /// Its address.
        url: String,
        /// The directory that keeps the secret.
        dir: PathBuf,
    },
    /// In this store, whose tables are there.
    Store(Arc<dyn Store>),
}

impl fmt::Debug for Storage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => out.write_str("Memory"),
            Self::Dir { path, fresh } => {
                out.debug_struct("Dir").field("path", path).field("fresh", fresh).finish()
            }
            Self::Endpoint { url, dir } => {
                out.debug_struct("Endpoint").field("url", url).field("dir", dir).finish()
            }
            Self::Store(_) => out.write_str("Store(…)"),
        }
    }
}

/// The external venue of the demo market.
#[derive(Debug, Clone)]
pub enum VenueChoice {
    /// There is none.
    None,
    /// A simulator in this process.
    Inside {
        /// What goes wrong there.
        faults: Faults,
        /// What decides all that it leaves to chance.
        seed: u64,
    },
    /// One that runs elsewhere.
    Outside {
        /// Where its interface begins.
        url: String,
        /// What both sides sign with.
        secret: VenueSecret,
    },
}

/// What a market is started with. A test replaces the clock, the entropy and the passwords.
#[derive(Clone)]
pub struct Options {
    /// Where it keeps what lasts.
    pub storage: Storage,
    /// The port; 0 picks a free one.
    pub port: u16,
    /// The address to listen on: this machine's own, but in a container.
    pub listen: Ipv4Addr,
    /// Where a Valkey server shares rates; nowhere by default.
    pub cache_url: Option<String>,
    /// Whether the demo market is made.
    pub seed: bool,
    /// The external venue of the demo market.
    pub venue: VenueChoice,
    /// How much one caller may ask.
    pub quotas: Quotas,
    /// What an operator has set.
    pub settings: Settings,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Unguessable bits.
    pub entropy: Arc<dyn Entropy>,
    /// Slow hashes.
    pub passwords: Arc<dyn Passwords>,
}

impl Options {
    /// A seeded market on a free port, with the system's clock and entropy and real hashes. Its
    /// webhooks reach this machine, unlike a function's.
    #[must_use]
    pub fn new(storage: Storage) -> Self {
        Self {
            storage,
            port: 0,
            listen: Ipv4Addr::LOCALHOST,
            cache_url: None,
            seed: true,
            venue: VenueChoice::Inside { faults: Faults::NONE, seed: 1 },
            quotas: Quotas::default(),
            settings: Settings { webhooks: Reach::Loopback, ..Settings::default() },
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy::default()),
            passwords: Arc::new(Argon2Passwords::new(PasswordHasher::STANDARD)),
        }
    }
}

/// Why a market did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// How far the streams were followed cannot be read.
    #[error("cannot read how far the streams were followed")]
    Streams(#[source] StoreError),
    /// What was written before streams were followed cannot be folded: a problem's code, and what
    /// it says.
    #[error("cannot fold what an earlier release wrote: {0}: {1}")]
    Backfill(&'static str, String),
    /// What was to be done about orders at venues cannot be read.
    #[error("cannot read which orders at venues are to be seen to")]
    Recall(#[source] StoreError),
    /// Another program has the port.
    #[error("port {0} is taken: stop what listens there, or choose another with --port")]
    PortTaken(u16),
    /// The port cannot be listened on.
    #[error("cannot listen on port {port}")]
    Listen {
        /// The port.
        port: u16,
        /// Why not.
        source: io::Error,
    },
    /// Another market runs on the directory.
    #[error("the data directory {} is in use by another market", .0.display())]
    Locked(PathBuf),
    /// A file has the name of one of ours, but no market made it.
    #[error("{} is not a market's: choose another --data-dir", .0.display())]
    Foreign(PathBuf),
    /// The directory, or a file in it, cannot be made, read or written.
    #[error("cannot use the data directory {}", .path.display())]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The secret is not one. Without it, its tokens are worthless.
    #[error("{} is not a secret of 32 bytes in base64 (--fresh starts anew)", .0.display())]
    Secret(PathBuf),
    /// The database cannot be opened.
    #[error("the database is not usable (--fresh starts anew)")]
    Database(#[source] EmbeddedError),
    /// The tables cannot be made.
    #[error("cannot make the tables at {at}")]
    Tables {
        /// The database.
        at: String,
        /// Why not.
        source: StoreError,
    },
    /// The address of the cache is not one.
    #[error("the cache cannot be used")]
    Cache(#[from] InvalidCacheUrl),
    /// The demo market cannot be made.
    #[error("cannot seed the market")]
    Seed(#[from] SeedError),
    /// Its external venue cannot be made.
    #[error("cannot make the venue of the demo market")]
    Venue(#[from] VenueError),
    /// Rates cannot be read.
    #[error("cannot read the rates")]
    Rates(#[source] StoreError),
    /// The endpoints contradict each other.
    #[error(transparent)]
    Unroutable(#[from] Unroutable),
}
