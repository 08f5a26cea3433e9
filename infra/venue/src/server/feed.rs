//! The feed over WebSocket (RFC 6455): from a number on, everything in its order, and a heartbeat
//! when there is nothing. Who may read it is decided before.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderValue, Response, StatusCode, header, request::Parts};
use http_body_util::Full;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::time::{MissedTickBehavior, interval};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{self, Message, handshake::derive_accept_key, protocol::Role},
};

use crate::wire::{Currency, heartbeat};

use super::{answering::refusal, hall::Hall};

/// How many messages are sent in one go.
const BATCH: usize = 256;
/// More often than agreed.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Answers a request for the feed: with 101 and the feed, or with what it lacks.
pub(super) fn upgrade(
    hall: &Arc<Hall>,
    currency: &Currency,
    parts: &mut Parts,
) -> Response<Full<Bytes>> {
    let query = parts.uri.query().unwrap_or_default();
    let after = query.split('&').find_map(|pair| pair.strip_prefix("after="));
    let Some(after) = after.unwrap_or("0").parse::<u64>().ok() else {
        return refusal(StatusCode::BAD_REQUEST, "after is no number");
    };
    let key = parts.headers.get(header::SEC_WEBSOCKET_KEY);
    let accept = key.map(|key| derive_accept_key(key.as_bytes()));
    let accept = accept.and_then(|key| HeaderValue::from_str(&key).ok());
    let (Some(accept), Some(upgrade)) = (accept, parts.extensions.remove::<OnUpgrade>()) else {
        return refusal(StatusCode::UPGRADE_REQUIRED, "the feed is a WebSocket");
    };
    let (hall, currency) = (Arc::clone(hall), currency.clone());
    tokio::spawn(async move {
        match upgrade.await {
            Ok(upgraded) => {
                if let Err(error) = follow(&hall, &currency, upgraded, after).await {
                    tracing::debug!(%error, "a reader of the feed is gone");
                }
            }
            Err(error) => tracing::debug!(%error, "no feed"),
        }
    });
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    response
}

async fn follow(
    hall: &Hall,
    currency: &Currency,
    upgraded: Upgraded,
    after: u64,
) -> Result<(), tungstenite::Error> {
    let stream = TokioIo::new(upgraded);
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    let mut changed = hall.changed();
    let mut beat = interval(HEARTBEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = after;
    loop {
        changed.mark_unchanged();
        let batch = hall.with_book(|exchange| exchange.feed(last, BATCH));
        let more = batch.len() == BATCH;
        for message in batch {
            last = message.seq;
            socket.feed(Message::text(currency.feed_message(message))).await?;
        }
        socket.flush().await?;
        if more {
            continue;
        }
        tokio::select! {
            told = changed.changed() => if told.is_err() { return Ok(()) },
            _ = beat.tick() => socket.send(Message::text(heartbeat(last))).await?,
            heard = socket.next() => match heard {
                Some(Ok(Message::Close(_))) | None => return Ok(()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
            },
        }
    }
}
