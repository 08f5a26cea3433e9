//! Connections to venues that are kept open between two requests. Each carries one request at a
//! time. What is sent over them, and what is tried again, is not known here.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use domain::time::{Span, Timestamp};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;

use crate::outbound::Stream;

/// The most connections to one host that are kept while nothing is sent: as many requests as a
/// venue may be sent at the same time.
const KEPT_MAX: usize = 64;
/// How long one is kept. Servers close theirs after five seconds or more; one that was closed
/// while this process was frozen looks like an open one.
const KEPT_FOR: Span = Span::seconds(4);
/// The most of an answer's headers that is read.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// The most of an answer's body that is read: an order with some 8,000 fills.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// An answer that was read to its end.
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// The connection was closed before any of the request was written.
    Unsent,
    /// Some of it was written, and what came back is no answer.
    Broken,
}

/// An open connection. It ends when it is dropped: whoever drops a set ends its tasks.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    _driver: JoinSet<Result<(), hyper::Error>>,
}

impl Connection {
    pub(super) async fn over(stream: Box<dyn Stream>) -> Result<Self, Lost> {
        let client = http1::Builder::new().max_buf_size(HEAD_BYTES_MAX).clone();
        let (sender, connection) =
            client.handshake(TokioIo::new(stream)).await.map_err(|error| {
                tracing::info!(%error, "no HTTP over a venue's connection");
                Lost::Unsent
            })?;
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        Ok(Self { sender, _driver: driver })
    }

    /// Sends a request and reads its answer, however long that takes.
    pub(super) async fn ask(&mut self, request: Request<Full<Bytes>>) -> Result<Response, Lost> {
        if self.sender.ready().await.is_err() {
            return Err(Lost::Unsent);
        }
        let response = self.sender.try_send_request(request).await.map_err(|mut error| {
            // A request that comes back was never taken to be written.
            let unsent = error.take_message().is_some();
            let error = error.into_error();
            tracing::info!(%error, unsent, "no answer of a venue's");
            if unsent { Lost::Unsent } else { Lost::Broken }
        })?;
        let (head, body) = response.into_parts();
        let body = read(body).await?;
        Ok(Response { status: head.status.as_u16(), headers: head.headers, body })
    }

    fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }
}

async fn read(body: Incoming) -> Result<Bytes, Lost> {
    let read = Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(|error| {
        tracing::info!(%error, "an answer of a venue's broke off");
        Lost::Broken
    })?;
    Ok(read.to_bytes())
}

/// A connection that nothing is sent over, and since when.
type Kept = (Timestamp, Connection);

/// Connections that nothing is sent over, by what they lead to; the oldest first.
#[derive(Default)]
pub(super) struct Pool(Mutex<BTreeMap<String, Vec<Kept>>>);

impl Pool {
    /// The one that was used last.
    pub(super) fn take(&self, host: &str, now: Timestamp) -> Option<Connection> {
        let mut all = self.lock();
        let kept = all.get_mut(host)?;
        while let Some((since, connection)) = kept.pop() {
            if connection.is_open() && now.since(since) < KEPT_FOR {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps one whose last answer was read to its end. Those that were kept too long end.
    pub(super) fn put(&self, host: &str, connection: Connection, now: Timestamp) {
        let mut all = self.lock();
        for kept in all.values_mut() {
            kept.retain(|(since, open)| open.is_open() && now.since(*since) < KEPT_FOR);
        }
        all.retain(|known, kept| known == host || !kept.is_empty());
        let kept = all.entry(host.to_owned()).or_default();
        if connection.is_open() && kept.len() < KEPT_MAX {
            kept.push((now, connection));
        }
    }

    /// How many are kept that have not been closed.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.lock().values().flatten().filter(|(_, connection)| connection.is_open()).count()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Kept>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use testkit::builders::start;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    async fn opened() -> (Connection, DuplexStream) {
        let (ours, theirs) = duplex(1024);
        (Connection::over(Box::new(ours)).await.expect("a connection"), theirs)
    }

    fn request() -> Request<Full<Bytes>> {
        Request::post("/orders").header("host", "a").body(Full::default()).expect("a request")
    }

    #[tokio::test]
    async fn what_was_closed_before_anything_was_written_is_told_apart() {
        let (mut connection, theirs) = opened().await;
        drop(theirs);
        assert_eq!(connection.ask(request()).await.err(), Some(Lost::Unsent));
        let (mut connection, mut theirs) = opened().await;
        let hears = async {
            theirs.read_exact(&mut [0; 4]).await.expect("something was written");
            drop(theirs);
        };
        let (answer, ()) = tokio::join!(connection.ask(request()), hears);
        assert_eq!(answer.err(), Some(Lost::Broken));
    }

    #[tokio::test]
    async fn a_pool_keeps_64_connections_to_a_host() {
        let pool = Pool::default();
        let mut theirs = Vec::new();
        for _ in 0..=KEPT_MAX {
            let (connection, their) = opened().await;
            theirs.push(their);
            pool.put("a", connection, start());
        }
        assert_eq!(pool.kept(), KEPT_MAX);
        assert!(pool.take("b", start()).is_none(), "it leads somewhere else");
        let later = start().plus(KEPT_FOR);
        pool.put("b", opened().await.0, later);
        assert!(pool.take("a", later).is_none(), "they were kept too long");
    }

    #[tokio::test]
    async fn a_connection_serves_one_request_after_the_other() {
        let (mut connection, mut theirs) = opened().await;
        let serves = async {
            for _ in 0..2 {
                let mut heard = Vec::new();
                while !heard.ends_with(b"\r\n\r\n") {
                    heard.push(theirs.read_u8().await.expect("a request"));
                }
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK";
                theirs.write_all(answer).await.expect("answered");
            }
        };
        let asks = async {
            for _ in 0..2 {
                let response = connection.ask(request()).await.expect("an answer");
                assert_eq!((response.status, &*response.body), (200, b"OK".as_slice()));
            }
        };
        tokio::join!(serves, asks);
    }
}
