//! The process's one connection: opened on first use, beside the request that wanted it, and
//! left alone for a while after a failure. What is asked over it is not known here.

#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use app::{ports::Clock, rate_cache::CacheUnavailable};
use domain::time::{Span, Timestamp};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, FromRedisValue, RedisError,
    RedisResult, aio::MultiplexedConnection,
};
use tokio::time::timeout;

use super::{
    PAUSE,
    discovery::{Endpoint, Search},
    iam::IamSignIn,
};

/// Opening goes on beside the requests for this long: DNS and a TLS handshake on a slow
/// processor may take longer than any one request should wait.
const OPEN_LIMIT: Span = Span::seconds(1);

/// ElastiCache ends a connection 12 hours after it signed in with IAM. It is replaced an hour
/// before, at its next use: no request meets the end, and a frozen process needs no timer.
pub(super) const SESSION_LIMIT: Span = Span::seconds(11 * 60 * 60);

/// Where to, as whom, and how long to wait.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) server: ConnectionInfo,
    pub(super) sign_in: Option<IamSignIn>,
    pub(super) search: Option<Arc<Search>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) answer_limit: Span,
}

/// See [`Link::ask`].
pub(super) struct Link {
    plan: Plan,
    state: Mutex<State>,
    opening: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    open: Option<Open>,
    failed_at: Option<Timestamp>,
    /// The node that answers for our key, if the server named another than itself.
    node: Option<Endpoint>,
}

struct Open {
    connection: MultiplexedConnection,
    since: Timestamp,
}

impl Link {
    pub(super) fn new(plan: Plan) -> Arc<Self> {
        // ring for all of TLS. If the process chose before us, that choice stands.
        rustls::crypto::ring::default_provider().install_default().unwrap_or_default();
        let (state, opening) = (Mutex::default(), tokio::sync::Mutex::default());
        Arc::new(Self { plan, state, opening })
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Sends one command. Answers or fails within the limit, and at once in a pause or while
    /// nobody knows where the server is. `None`: the key holds another kind of value than the
    /// command is for.
    pub(super) async fn ask<T: FromRedisValue>(
        self: &Arc<Self>,
        command: redis::Cmd,
    ) -> Result<Option<T>, CacheUnavailable> {
        if self.pausing() {
            return Err(CacheUnavailable("not asked so soon after a failure".to_owned()));
        }
        if let Some(search) = self.plan.search.as_ref().filter(|search| search.found().is_none()) {
            search.begin();
            return Err(CacheUnavailable("its endpoint is not known yet".to_owned()));
        }
        let answer = timeout(duration(self.plan.answer_limit), self.send(command))
            .await
            .unwrap_or_else(|_| Err(CacheUnavailable("no answer in time".to_owned())));
        if let Err(error) = &answer {
            // Once a pause, not once a request.
            tracing::warn!(%error, "the cache is left alone for a while");
            let failed_at = Some(self.plan.clock.now());
            *self.state() = State { failed_at, ..State::default() };
            // It may have been made anew elsewhere, under the same name.
            self.plan.search.iter().for_each(Search::begin);
        }
        answer
    }

    async fn send<T: FromRedisValue>(
        self: &Arc<Self>,
        command: redis::Cmd,
    ) -> Result<Option<T>, CacheUnavailable> {
        let mut connection = self.connection().await?;
        let answer: RedisResult<T> = command.query_async(&mut connection).await;
        let Some(node) = answer.as_ref().err().and_then(|error| self.moved_to(error)) else {
            return understood(answer);
        };
        *self.state() = State { node: Some(node), ..State::default() };
        let mut connection = self.connection().await?;
        understood(command.query_async(&mut connection).await)
    }

    /// The node that a shard of a cluster sends us to. Without a host it is the same host.
    fn moved_to(&self, error: &RedisError) -> Option<Endpoint> {
        let (node, _slot) = error.redirect_node().filter(|_| error.code() == Some("MOVED"))?;
        let (host, port) = node.rsplit_once(':')?;
        let port = port.parse().ok()?;
        let host = if host.is_empty() { self.endpoint()?.host } else { host.to_owned() };
        Some(Endpoint { host, port })
    }

    /// The open connection, or a new one. A caller that gives up does not stop the opening.
    #[expect(clippy::disallowed_methods, reason = "its caller waits for it, or another soon does")]
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
        let since = self.plan.clock.now();
        let client = Client::open(self.server(since)?);
        let client = client.map_err(|error| CacheUnavailable(error.to_string()))?;
        let connection = client.get_multiplexed_async_connection_with_config(&limits).await;
        let connection = connection.map_err(|error| CacheUnavailable(error.to_string()))?;
        self.state().open = Some(Open { connection: connection.clone(), since });
        Ok(connection)
    }

    /// The address to open now, with a password that holds now.
    fn server(&self, now: Timestamp) -> Result<ConnectionInfo, CacheUnavailable> {
        let mut server = self.plan.server.clone();
        if let Some(endpoint) = self.endpoint() {
            let address = at(server.addr(), endpoint);
            server = server.set_addr(address);
        }
        if let Some(sign_in) = &self.plan.sign_in {
            let settings = server.redis_settings().clone();
            let token = sign_in.token(settings.username().unwrap_or_default(), now);
            let token = token.map_err(|error| CacheUnavailable(error.to_string()))?;
            server = server.set_redis_settings(settings.set_password(token));
        }
        Ok(server)
    }

    fn endpoint(&self) -> Option<Endpoint> {
        let node = self.state().node.clone();
        let found = || self.plan.search.as_ref().and_then(|search| search.found());
        node.or_else(found).or_else(|| endpoint_of(self.plan.server.addr()))
    }

    fn held(&self) -> Option<MultiplexedConnection> {
        let now = self.plan.clock.now();
        let fresh = |since: Timestamp| since <= now && now.since(since) < SESSION_LIMIT;
        let lasting = self.plan.sign_in.is_none();
        let state = self.state();
        let open = state.open.as_ref().filter(|open| lasting || fresh(open.since));
        open.map(|open| open.connection.clone())
    }

    /// A failure in the future was noted by a clock that was set back since: it does not count.
    fn pausing(&self) -> bool {
        let now = self.plan.clock.now();
        self.state().failed_at.is_some_and(|at| at <= now && now.since(at) < PAUSE)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn understood<T>(answer: RedisResult<T>) -> Result<Option<T>, CacheUnavailable> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.code() == Some("WRONGTYPE") => Ok(None),
        Err(error) => Err(CacheUnavailable(error.to_string())),
    }
}

fn endpoint_of(address: &ConnectionAddr) -> Option<Endpoint> {
    match address {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } => {
            Some(Endpoint { host: host.clone(), port: *port })
        }
        _ => None,
    }
}

/// Another host, reached and trusted in the same way.
fn at(address: &ConnectionAddr, Endpoint { host, port }: Endpoint) -> ConnectionAddr {
    match address {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
            let (insecure, tls_params) = (*insecure, tls_params.clone());
            ConnectionAddr::TcpTls { host, port, insecure, tls_params }
        }
        _ => ConnectionAddr::Tcp(host, port),
    }
}

fn duration(span: Span) -> Duration {
    Duration::from_millis(span.as_millis().unsigned_abs())
}
