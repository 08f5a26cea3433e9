//! The process's one connection: opened on first use, beside the request that wanted it, and
//! left alone for a while after a failure. What is asked over it is not known here.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use app::{ports::Clock, rate_cache::CacheUnavailable};
use domain::time::{Span, Timestamp};
use redis::{AsyncConnectionConfig, Client, FromRedisValue, aio::MultiplexedConnection};
use tokio::time::timeout;

use super::PAUSE;

/// Opening goes on beside the requests for this long: DNS and a TLS handshake on a slow
/// processor may take longer than any one request should wait.
const OPEN_LIMIT: Span = Span::seconds(1);

/// See [`Link::ask`].
pub(super) struct Link {
    client: Client,
    clock: Arc<dyn Clock>,
    answer_limit: Span,
    state: Mutex<State>,
    opening: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    connection: Option<MultiplexedConnection>,
    failed_at: Option<Timestamp>,
}

impl Link {
    pub(super) fn new(client: Client, clock: Arc<dyn Clock>, answer_limit: Span) -> Arc<Self> {
        // ring for all of TLS. If the process chose before us, that choice stands.
        rustls::crypto::ring::default_provider().install_default().unwrap_or_default();
        let state = Mutex::new(State::default());
        Arc::new(Self { client, clock, answer_limit, state, opening: tokio::sync::Mutex::new(()) })
    }

    /// Sends one command. Answers or fails within the limit, and at once in a pause. `None`:
    /// the key holds another kind of value than the command is for.
    pub(super) async fn ask<T: FromRedisValue>(
        self: &Arc<Self>,
        command: redis::Cmd,
    ) -> Result<Option<T>, CacheUnavailable> {
        if self.pausing() {
            return Err(CacheUnavailable("not asked so soon after a failure".to_owned()));
        }
        let answer = timeout(duration(self.answer_limit), self.send(command))
            .await
            .unwrap_or_else(|_| Err(CacheUnavailable("no answer in time".to_owned())));
        if let Err(error) = &answer {
            // Once a pause, not once a request.
            tracing::warn!(%error, "the cache is left alone for a while");
            let failed_at = Some(self.clock.now());
            *self.state() = State { connection: None, failed_at };
        }
        answer
    }

    async fn send<T: FromRedisValue>(
        self: &Arc<Self>,
        command: redis::Cmd,
    ) -> Result<Option<T>, CacheUnavailable> {
        let mut connection = self.connection().await?;
        match command.query_async(&mut connection).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.code() == Some("WRONGTYPE") => Ok(None),
            Err(error) => Err(CacheUnavailable(error.to_string())),
        }
    }

    /// The open connection, or a new one. A caller that gives up does not stop the opening.
    async fn connection(self: &Arc<Self>) -> Result<MultiplexedConnection, CacheUnavailable> {
        if let Some(open) = self.held() {
            return Ok(open);
        }
        let link = Arc::clone(self);
        let opened = tokio::spawn(async move { link.open().await }).await;
        opened.unwrap_or_else(|error| Err(CacheUnavailable(error.to_string())))
    }

    async fn open(&self) -> Result<MultiplexedConnection, CacheUnavailable> {
        let _only_one = self.opening.lock().await;
        if let Some(open) = self.held() {
            return Ok(open);
        }
        if self.pausing() {
            return Err(CacheUnavailable("another request failed to open it".to_owned()));
        }
        let limits = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(duration(OPEN_LIMIT)))
            .set_response_timeout(None);
        let open = self.client.get_multiplexed_async_connection_with_config(&limits).await;
        let open = open.map_err(|error| CacheUnavailable(error.to_string()))?;
        self.state().connection = Some(open.clone());
        Ok(open)
    }

    fn held(&self) -> Option<MultiplexedConnection> {
        self.state().connection.clone()
    }

    /// A failure in the future was noted by a clock that was set back since: it does not count.
    fn pausing(&self) -> bool {
        let now = self.clock.now();
        self.state().failed_at.is_some_and(|at| at <= now && now.since(at) < PAUSE)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn duration(span: Span) -> Duration {
    Duration::from_millis(span.as_millis().unsigned_abs())
}
