//! Where the cache is, if only its name is known: asked beside requests and never waited for.
//! Who answers, and what is said to the cache, is not known here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use app::ports::Clock;
use async_trait::async_trait;
use domain::time::{Span, Timestamp};

/// The control plane is asked at most this often: it throttles an account, and functions are
/// many.
pub const SEARCH_PAUSE: Span = Span::seconds(10);

/// A server's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// A host's name or IP address, as in its certificate.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// Where the cache is cannot be said now. The text says why, for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the cache's endpoint was not found: {0}")]
pub struct NotDiscovered(pub String);

/// Knows where the cache is.
#[async_trait]
pub trait CacheDiscovery: Send + Sync {
    /// The endpoint as it is now. Answers or fails within seconds.
    async fn endpoint(&self) -> Result<Endpoint, NotDiscovered>;
}

/// What was found so far, and when it was last looked for.
pub(super) struct Search {
    discovery: Arc<dyn CacheDiscovery>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    found: Option<Endpoint>,
    began_at: Option<Timestamp>,
}

impl Search {
    pub(super) fn new(discovery: Arc<dyn CacheDiscovery>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { discovery, clock, state: Mutex::default() })
    }

    /// What the last search that ended well has found.
    pub(super) fn found(&self) -> Option<Endpoint> {
        self.state().found.clone()
    }

    /// Searches beside the caller, unless a search began less than [`SEARCH_PAUSE`] ago. One
    /// that was frozen with its process goes on later or is followed by another.
    #[expect(clippy::disallowed_methods, reason = "frozen, it goes on with the next request")]
    pub(super) fn begin(self: &Arc<Self>) {
        let now = self.clock.now();
        let recent = |at: Timestamp| at <= now && now.since(at) < SEARCH_PAUSE;
        {
            let mut state = self.state();
            if state.began_at.is_some_and(recent) {
                return;
            }
            state.began_at = Some(now);
        }
        let search = Arc::clone(self);
        tokio::spawn(async move {
            match search.discovery.endpoint().await {
                Ok(endpoint) => search.state().found = Some(endpoint),
                Err(error) => tracing::warn!(%error, "the cache is looked for again later"),
            }
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
