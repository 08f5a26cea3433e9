//! A client that follows a book by its numbers and measures how old each message is.

use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::sync::{oneshot, watch};
use tokio_tungstenite::{connect_async, tungstenite::Message};

const DAY_MS: u64 = 86_400_000;

/// What a client has heard.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// How old each message was, in milliseconds.
    pub(crate) latencies_ms: Vec<u32>,
    /// Messages of the book.
    pub(crate) frames: usize,
    /// Events that they told of.
    pub(crate) events: u64,
    /// Messages that did not follow the one before.
    pub(crate) gaps: usize,
    /// Whether it has heard the last event.
    pub(crate) finished: bool,
}

/// Listens until it has heard the event that `last` will name.
pub(crate) async fn listen(
    url: String,
    subscribed: oneshot::Sender<()>,
    mut last: watch::Receiver<Option<u64>>,
) -> Heard {
    let (mut socket, _) = connect_async(url).await.expect("a connection");
    let ask = r#"{"type":"subscribe","channel":"book","market":"MRC-USD"}"#;
    socket.send(Message::text(ask)).await.expect("asked");
    let mut subscribed = Some(subscribed);
    let mut heard = Heard::default();
    let (mut first, mut seq) = (0, 0);
    loop {
        let ended = *last.borrow_and_update();
        if ended.is_some_and(|last| seq >= last) {
            heard.finished = true;
            break;
        }
        let message = tokio::select! {
            message = socket.next() => message,
            changed = last.changed(), if ended.is_none() => {
                changed.expect("the run goes on");
                continue;
            }
        };
        let Some(Ok(Message::Text(text))) = message else { break };
        let now = day_ms();
        let message: Value = serde_json::from_str(&text).expect("JSON");
        match (message["type"].as_str(), message["seq"].as_u64()) {
            (Some("snapshot"), Some(at)) => {
                (first, seq) = (at, at);
                if let Some(subscribed) = subscribed.take() {
                    subscribed.send(()).expect("somebody waits");
                }
            }
            (Some("update"), Some(at)) if at > seq => {
                heard.frames += 1;
                heard.gaps += usize::from(message["prev_seq"].as_u64() > Some(seq));
                seq = at;
                let sent = message["ts"].as_str().and_then(of_day).expect("a time");
                let age = (now + DAY_MS - sent) % DAY_MS;
                heard.latencies_ms.push(u32::try_from(age).unwrap_or(u32::MAX));
            }
            _ => {}
        }
    }
    heard.events = seq - first;
    heard
}

fn day_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    u64::try_from(since.as_millis()).expect("before the year 500 million") % DAY_MS
}

/// Milliseconds since midnight of `2026-11-21T18:04:05.123Z`; no fraction is no milliseconds.
fn of_day(ts: &str) -> Option<u64> {
    let time = ts.split_once('T')?.1.strip_suffix('Z')?;
    let (clock, millis) = time.split_once('.').unwrap_or((time, "0"));
    let millis: u64 = format!("{millis:0<3}").parse().ok()?;
    let seconds =
        clock.split(':').try_fold(0_u64, |sum, part| Some(sum * 60 + part.parse::<u64>().ok()?))?;
    Some(seconds * 1_000 + millis)
}
