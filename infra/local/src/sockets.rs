//! WebSockets of a market in one process: what API Gateway's WebSocket API is to functions. Each
//! opening, message and end calls the same function with the same event as there; what they
//! mean, the functions know.

mod connection;
mod events;
mod handshake;
mod outbox;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use app::ports::ConnectionId;
use async_trait::async_trait;
use edge::sockets::{Frame, Gateway, PostError};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use outbox::{Ending, Outbox};

pub(crate) use handshake::upgrade;

/// Where connections are opened: our own path, and that of the platform that this one replaces.
pub(crate) const PATHS: [&str; 2] = ["/ws/update", "/api/v1/ws/update"];
/// How long connections may take to end at a shutdown.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(5);

/// The connections of this process, by their names.
#[derive(Default)]
pub(crate) struct LocalGateway {
    outboxes: Mutex<BTreeMap<ConnectionId, Arc<Outbox>>>,
}

impl LocalGateway {
    fn outboxes(&self) -> MutexGuard<'_, BTreeMap<ConnectionId, Arc<Outbox>>> {
        self.outboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outbox(&self, id: &ConnectionId) -> Result<Arc<Outbox>, PostError> {
        self.outboxes().get(id).cloned().ok_or(PostError::Gone)
    }

    /// Takes posts for a connection from now on, until the place is dropped. They wait until
    /// the connection is open.
    fn place(self: &Arc<Self>, id: ConnectionId) -> Place {
        let outbox = Arc::new(Outbox::default());
        self.outboxes().insert(id.clone(), Arc::clone(&outbox));
        Place { gateway: Arc::clone(self), id, outbox }
    }
}

/// A connection's place at the gateway.
struct Place {
    gateway: Arc<LocalGateway>,
    id: ConnectionId,
    outbox: Arc<Outbox>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gateway.outboxes().remove(&self.id);
    }
}

#[async_trait]
impl Gateway for LocalGateway {
    async fn post(&self, to: &ConnectionId, frame: &Frame) -> Result<(), PostError> {
        let outbox = self.outbox(to)?;
        if frame.fits() { outbox.post(frame) } else { Ok(()) }
    }

    async fn close(&self, id: &ConnectionId) -> Result<(), PostError> {
        self.outbox(id)?.end(Ending::new(CloseCode::Normal, ""));
        Ok(())
    }
}

/// What opens connections.
pub(crate) struct Sockets {
    gateway: Arc<LocalGateway>,
    /// Nobody holds the other end once the market is gone, and then none is opened.
    stop: Weak<watch::Sender<bool>>,
}

/// Keeps connections open; dropped, they end.
pub(crate) struct Open(Arc<watch::Sender<bool>>);

/// What opens connections of a gateway, and what keeps them open.
pub(crate) fn sockets(gateway: Arc<LocalGateway>) -> (Sockets, Open) {
    let stop = Arc::new(watch::channel(false).0);
    (Sockets { gateway, stop: Arc::downgrade(&stop) }, Open(stop))
}

impl Open {
    /// Tells every client to come again later, and ends when all have gone, or after 5 s.
    pub(crate) async fn shutdown(self) {
        self.0.send_replace(true);
        // Whoever serves a connection listens to this, until it is over.
        if tokio::time::timeout(SHUTDOWN_LIMIT, self.0.closed()).await.is_err() {
            tracing::warn!("stopped before all connections were closed");
        }
    }
}
