//! The one form of every message of a channel.

use std::{any::Any, sync::Arc};

use app::ports::Topic;
use domain::time::Timestamp;
use edge::{
    sockets::{Frame, Merge, Whole},
    wire::rfc3339,
};
use serde::Serialize;

/// A message of a channel. Whoever has followed the channel up to `prev_seq`, or further, and
/// not yet up to `seq`, is at `seq` after it; one with a later `prev_seq` shows that something is
/// missing, and one with no later `seq` is old.
#[derive(Debug, Clone, Serialize)]
pub struct Envelope<T> {
    /// The channel: `book`, `trades`, `ticker`, `candles`, `rates`, `user` or `heartbeat`.
    pub channel: &'static str,
    /// What of the channel: a market, or a currency for rates; null where there is one for all.
    pub market: Option<String>,
    /// Its number; null for signs of life, of which none is ever missing.
    pub seq: Option<u64>,
    /// The number that it follows; null for a snapshot, which follows none.
    pub prev_seq: Option<u64>,
    /// When what it tells of was decided.
    pub ts: String,
    /// What it is: `snapshot`, `update`, or what a user's event was for.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it says.
    pub data: T,
}

/// A channel, what of it, and the numbers of a message.
#[derive(Debug, Clone)]
pub struct Heading {
    /// The channel.
    pub channel: &'static str,
    /// What of the channel.
    pub market: Option<String>,
    /// The number that it follows; none for a snapshot.
    pub after: Option<u64>,
    /// Its number.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
}

impl Heading {
    /// A message under this heading.
    pub fn over<T>(&self, data: T) -> Envelope<T> {
        Envelope {
            channel: self.channel,
            market: self.market.clone(),
            seq: Some(self.seq),
            prev_seq: self.after,
            ts: rfc3339(self.at),
            kind: if self.after.is_some() { "update" } else { "snapshot" },
            data,
        }
    }
}

/// As text. What we make can be written; if not, it is a bug, and the connection is told so.
pub fn text(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap_or_else(|error| {
        tracing::error!(%error, "a message could not be written");
        r#"{"type":"error","code":"internal_error","message":"a message was lost"}"#.to_owned()
    })
}

/// What a message says that may be told together with others of its topic.
pub trait Change: Sized + Send + Sync + 'static {
    /// The message under a heading, as text.
    fn told(&self, heading: &Heading) -> String;

    /// What this and an older change say together: of one thing, what this one says. `None`: more
    /// than a message may have.
    fn over(&self, older: &Self) -> Option<Self>;
}

/// A message that may be pressed together with others of its topic.
pub fn frame(topic: Topic, heading: Heading, change: impl Change) -> Frame {
    let text = change.told(&heading);
    Frame::pressed(text, topic, Told { topic, heading, change })
}

/// A message that is followed by others of its topic and follows none of them.
pub fn snapshot(topic: Topic, heading: &Heading, data: &impl Serialize) -> Frame {
    Frame::pressed(text(&heading.over(data)), topic, Whole)
}

struct Told<C> {
    topic: Topic,
    heading: Heading,
    change: C,
}

impl<C: Change> Merge for Told<C> {
    /// Also of messages that overlap, or come in the wrong order: one may have been told again.
    fn with_later(&self, later: &dyn Merge) -> Option<Frame> {
        let later = (later as &dyn Any).downcast_ref::<Self>()?;
        let (older, newer) =
            if later.heading.seq < self.heading.seq { (later, self) } else { (self, later) };
        let after = older.heading.after?.min(newer.heading.after?);
        if newer.heading.after? > older.heading.seq {
            return None;
        }
        let heading = Heading { after: Some(after), ..newer.heading.clone() };
        Some(frame(self.topic, heading, newer.change.over(&older.change)?))
    }
}

/// Says how things stand: of several the newest says it all.
pub struct Latest<T>(pub Arc<T>);

impl<T: Serialize + Send + Sync + 'static> Change for Latest<T> {
    fn told(&self, heading: &Heading) -> String {
        text(&heading.over(&*self.0))
    }

    fn over(&self, _older: &Self) -> Option<Self> {
        Some(Self(Arc::clone(&self.0)))
    }
}
