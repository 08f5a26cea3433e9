//! A venue's feed over WebSocket (docs/VENUES.md): from which message on it is read, and that it
//! is alive. What follows from a message, is not decided here.

#[cfg(test)]
mod tests;

use std::time::Duration;

use app::venues::feed::Numbered;
use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{
    currency::Currency,
    time::Span,
    venue::{SendFailure, Venue},
};
use futures_util::{FutureExt, StreamExt};
use http::{Method, Request, header};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, protocol::WebSocketConfig},
};

use super::{
    not_sent,
    signing::{Addressed, Signing},
    wire::{self, FeedText},
};
use crate::outbound::{Dialer, Stream};

/// From the look-up of the host to the end of the upgrade.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// A heartbeat comes each 15 s: two of them may be lost or late.
const SILENCE_MAX: Duration = Duration::from_secs(45);
/// The longest message. A report has about 300 bytes.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Why a feed cannot be read any further. It is to be opened again, after the last message that
/// was applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedFailed {
    /// The venue cannot be reached, or there is nothing to sign with.
    #[error("the venue was not reached: {}", .0.as_str())]
    Unreached(SendFailure),
    /// The venue does not open its feed, and answers with this status.
    #[error("the venue answered {0} instead of opening its feed")]
    Refused(u16),
    /// The connection ended, by whomever and however.
    #[error("the feed broke off: {0}")]
    Broken(String),
    /// Nothing came for 45 s, not even a heartbeat.
    #[error("the feed fell silent")]
    Silent,
    /// What came is no message as agreed.
    #[error("not a message of a feed: {0}")]
    Malformed(String),
    /// A heartbeat repeats a number that was not read: messages are missing.
    #[error("message {said} was said, but only {read} came")]
    Gap {
        /// The number of what the venue says it said last.
        said: u64,
        /// The number of what came last.
        read: u64,
    },
}

/// Opens the feeds of venues.
#[async_trait]
pub trait VenueFeeds: Send + Sync {
    /// The feed of a venue from the message on that follows the one with this number; 0: from
    /// the first.
    ///
    /// # Errors
    /// [`FeedFailed`].
    async fn open(&self, venue: &Venue, after: u64) -> Result<Box<dyn VenueFeed>, FeedFailed>;
}

/// An open feed. It ends when it is dropped.
#[async_trait]
pub trait VenueFeed: Send {
    /// What has come, at most `max` messages: as soon as there is one, or nothing when the wait
    /// is over. Whether their numbers have no gap, whoever applies them sees.
    ///
    /// # Errors
    /// [`FeedFailed`], once all that came before has been handed out; and from then on.
    async fn next(&mut self, max: usize, wait: Span) -> Result<Vec<Numbered>, FeedFailed>;
}

/// Opens feeds over WebSocket.
pub struct WebSocketFeeds {
    signing: Signing,
    dialer: Dialer,
    open_limit: Duration,
    silence_max: Duration,
}

impl WebSocketFeeds {
    /// One that signs so. Nothing is opened before the first use.
    #[must_use]
    pub fn new(signing: Signing) -> Self {
        let dialer = Dialer::new(signing.reach);
        Self { signing, dialer, open_limit: OPEN_TIMEOUT, silence_max: SILENCE_MAX }
    }

    async fn connect(&self, to: &Addressed) -> Result<Socket, FeedFailed> {
        let stream = self.dialer.dial(&to.url).await;
        let stream = stream.map_err(|why| FeedFailed::Unreached(not_sent(why)))?;
        let request = self.request(to).ok_or(FeedFailed::Unreached(SendFailure::Unsigned))?;
        let limits = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let opened = client_async_with_config(request, stream, Some(limits)).await;
        opened.map(|(socket, _)| socket).map_err(|error| match error {
            tungstenite::Error::Http(answer) => FeedFailed::Refused(answer.status().as_u16()),
            error => FeedFailed::Broken(error.to_string()),
        })
    }

    fn request(&self, to: &Addressed) -> Option<Request<()>> {
        let scheme = if to.url.is_tls() { "wss" } else { "ws" };
        let uri = format!("{scheme}://{}{}", to.url.authority(), to.url.target());
        let key = BASE64_STANDARD.encode(self.signing.entropy.bits().to_be_bytes());
        let mut request = Request::get(uri)
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, key);
        let now = self.signing.clock.now();
        for (name, text) in self.signing.headers(to, now, Method::GET.as_str(), &[]) {
            request = request.header(name, text);
        }
        request.body(()).ok()
    }
}

#[async_trait]
impl VenueFeeds for WebSocketFeeds {
    async fn open(&self, venue: &Venue, after: u64) -> Result<Box<dyn VenueFeed>, FeedFailed> {
        let to = self.signing.address(venue, &format!("/feed?after={after}"));
        let to = to.map_err(FeedFailed::Unreached)?;
        let opened = timeout(self.open_limit, self.connect(&to)).await;
        let socket = opened.map_err(|_| FeedFailed::Unreached(SendFailure::TimedOut))??;
        Ok(Box::new(WebSocketFeed {
            socket,
            currency: venue.currency,
            read: after,
            heard_at: now(),
            silence_max: self.silence_max,
            failed: None,
        }))
    }
}

/// The reactor's time, which its time-outs go by.
#[expect(clippy::disallowed_methods, reason = "a socket's silence, by the reactor's time")]
fn now() -> Instant {
    Instant::now()
}

type Socket = WebSocketStream<Box<dyn Stream>>;

struct WebSocketFeed {
    socket: Socket,
    currency: Currency,
    /// The number of what came last.
    read: u64,
    heard_at: Instant,
    silence_max: Duration,
    /// What ended it, once it has.
    failed: Option<FeedFailed>,
}

impl WebSocketFeed {
    /// What a frame says, if it says something.
    fn heard(
        &mut self,
        frame: Option<Result<Message, tungstenite::Error>>,
    ) -> Result<Option<Numbered>, FeedFailed> {
        self.heard_at = now();
        let text = match frame {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => return Ok(None),
            Some(Ok(Message::Binary(_))) => {
                return Err(FeedFailed::Malformed("not a text".to_owned()));
            }
            Some(Ok(Message::Close(_))) | None => {
                return Err(FeedFailed::Broken("the venue closed it".to_owned()));
            }
            Some(Err(error)) => return Err(FeedFailed::Broken(error.to_string())),
        };
        let said = wire::feed_text(text.as_bytes(), self.currency);
        match said.map_err(|problem| FeedFailed::Malformed(problem.detail))? {
            FeedText::Said(message) => {
                self.read = message.seq;
                Ok(Some(message))
            }
            FeedText::Heartbeat(said) if said > self.read => {
                Err(FeedFailed::Gap { said, read: self.read })
            }
            FeedText::Heartbeat(_) => Ok(None),
        }
    }

    /// All that has come, once there is something or the wait is over, after `batch`.
    async fn gather(
        &mut self,
        max: usize,
        until: Instant,
        batch: &mut Vec<Numbered>,
    ) -> Result<(), FeedFailed> {
        while batch.is_empty() {
            let silent_at = self.heard_at + self.silence_max;
            let frame = match timeout_at(until.min(silent_at), self.socket.next()).await {
                Ok(frame) => frame,
                Err(_) if silent_at <= until => return Err(FeedFailed::Silent),
                Err(_) => return Ok(()),
            };
            batch.extend(self.heard(frame)?);
        }
        while batch.len() < max
            && let Some(frame) = self.socket.next().now_or_never()
        {
            batch.extend(self.heard(frame)?);
        }
        Ok(())
    }
}

#[async_trait]
impl VenueFeed for WebSocketFeed {
    async fn next(&mut self, max: usize, wait: Span) -> Result<Vec<Numbered>, FeedFailed> {
        if let Some(failed) = &self.failed {
            return Err(failed.clone());
        }
        let wait = Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(0));
        let mut batch = Vec::new();
        if let Err(failed) = self.gather(max, now() + wait, &mut batch).await {
            self.failed = Some(failed.clone());
            if batch.is_empty() {
                return Err(failed);
            }
        }
        Ok(batch)
    }
}

/// Reaches no venue.
pub struct NoFeeds;

#[async_trait]
impl VenueFeeds for NoFeeds {
    async fn open(&self, _venue: &Venue, _after: u64) -> Result<Box<dyn VenueFeed>, FeedFailed> {
        Err(FeedFailed::Unreached(SendFailure::Unreachable))
    }
}
