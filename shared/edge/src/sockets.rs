//! What goes to connections, and the way there: API Gateway's or the local market's. What a
//! message says, and who listens to what, is not known here.

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use app::ports::{ConnectionId, Topic};
use async_trait::async_trait;

/// The most bytes of a message: what API Gateway takes. 32 KB of them go in one WebSocket frame.
pub const MESSAGE_BYTES_MAX: usize = 128 * 1024;

/// A message for connections: a text that is made once and shared by all that listen.
#[derive(Clone)]
pub struct Frame {
    /// At most [`MESSAGE_BYTES_MAX`] bytes.
    pub text: Arc<str>,
    /// How it may be pressed together with others for a reader who is slow. `None`: not at all,
    /// as a user's events, trades and replies. It is sent as it is, after all before it.
    pub pressed: Option<Pressed>,
}

/// A message that one message may stand for together with a later one of its topic.
#[derive(Clone)]
pub struct Pressed {
    /// Only messages of one topic are pressed together, and only the one with the next.
    pub topic: Topic,
    /// How.
    pub merge: Arc<dyn Merge>,
}

impl Frame {
    /// A message that is always sent as it is.
    #[must_use]
    pub fn plain(text: impl Into<Arc<str>>) -> Self {
        Self { text: text.into(), pressed: None }
    }

    /// A message of a topic that may be pressed together with those beside it.
    #[must_use]
    pub fn pressed(text: impl Into<Arc<str>>, topic: Topic, merge: impl Merge) -> Self {
        Self { text: text.into(), pressed: Some(Pressed { topic, merge: Arc::new(merge) }) }
    }

    /// Whether a gateway takes it. One that is too large is a bug of whoever made it: it goes to
    /// the log and nowhere else, and clients find the gap.
    #[must_use]
    pub fn fits(&self) -> bool {
        let (bytes, topic) =
            (self.text.len(), self.pressed.as_ref().map(|it| it.topic.to_string()));
        if bytes > MESSAGE_BYTES_MAX {
            tracing::error!(bytes, topic, "a message is too large to be sent");
        }
        bytes <= MESSAGE_BYTES_MAX
    }

    /// This message and the one of its topic that comes next, as one; `None`: each by itself.
    #[must_use]
    pub fn with_later(&self, later: &Self) -> Option<Self> {
        let (earlier, later) = (self.pressed.as_ref()?, later.pressed.as_ref()?);
        if earlier.topic == later.topic { earlier.merge.with_later(&*later.merge) } else { None }
    }
}

/// Makes one message of two of a topic.
pub trait Merge: Any + Send + Sync {
    /// One message that says what this one and the next one of its topic say. `None`: there is
    /// none, for instance because of a gap between them, and each is sent by itself.
    /// `(later as &dyn Any).downcast_ref::<Self>()` has the later one, if it is of this kind.
    fn with_later(&self, later: &dyn Merge) -> Option<Frame>;
}

/// A message that stands for itself, such as a snapshot between changes: what comes before it in
/// its topic and what comes after are never pressed together.
pub struct Whole;

impl Merge for Whole {
    fn with_later(&self, _later: &dyn Merge) -> Option<Frame> {
        None
    }
}

/// A message was not posted, or a connection not closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// The connection is closed, or is not open yet: on AWS it opens only once `connect` has
    /// answered. One that was is to be forgotten.
    #[error("the connection is gone")]
    Gone,
    /// Nobody knows whether it arrived: again, or the client finds the gap.
    #[error("the message was not posted: {0}")]
    Unavailable(String),
}

/// Where connections end. Messages to one connection arrive in the order of the calls, if each
/// call waits for the one before it.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// Posts a message to a connection. Returns once it is taken, not once it is read.
    async fn post(&self, to: &ConnectionId, frame: &Frame) -> Result<(), PostError>;

    /// Closes a connection, after what was posted to it where the gateway can. The function
    /// `disconnect` hears of it like of any other end.
    async fn close(&self, id: &ConnectionId) -> Result<(), PostError>;
}

/// No gateway: what is posted reaches nobody, and nobody is taken for gone. Says so once.
#[derive(Default)]
pub struct NoGateway {
    told: AtomicBool,
}

impl NoGateway {
    fn tell(&self) {
        if !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!("there is no gateway of sockets: what is posted reaches nobody");
        }
    }
}

#[async_trait]
impl Gateway for NoGateway {
    async fn post(&self, _to: &ConnectionId, _frame: &Frame) -> Result<(), PostError> {
        self.tell();
        Ok(())
    }

    async fn close(&self, _id: &ConnectionId) -> Result<(), PostError> {
        self.tell();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A count and how far it has come.
    struct Count(u32);

    impl Merge for Count {
        fn with_later(&self, later: &dyn Merge) -> Option<Frame> {
            let later = (later as &dyn Any).downcast_ref::<Self>()?;
            (later.0 == self.0 + 1).then(|| count(Topic::Heartbeat, later.0))
        }
    }

    fn count(topic: Topic, number: u32) -> Frame {
        Frame::pressed(number.to_string(), topic, Count(number))
    }

    #[test]
    fn two_frames_are_pressed_into_one_if_their_topic_and_their_kind_agree() {
        let one = count(Topic::Heartbeat, 1);
        let merged = |later: &Frame| one.with_later(later).map(|frame| frame.text);
        assert_eq!(merged(&count(Topic::Heartbeat, 2)).as_deref(), Some("2"));
        assert_eq!(merged(&count(Topic::Heartbeat, 3)), None, "a gap");
        let elsewhere = Topic::Book("MRC-USD".parse().expect("a pair"));
        assert_eq!(merged(&count(elsewhere, 2)), None, "another topic");
        assert_eq!(merged(&Frame::plain("2")), None, "never pressed");
        let whole = Frame::pressed("2", Topic::Heartbeat, Whole);
        assert_eq!(merged(&whole), None, "another kind");
        assert!(whole.with_later(&count(Topic::Heartbeat, 3)).is_none());
    }

    #[tokio::test]
    async fn without_a_gateway_nobody_is_gone() {
        let (gateway, id) = (NoGateway::default(), ConnectionId("L0SM9cOFvHcCIhw=".to_owned()));
        assert_eq!(gateway.post(&id, &Frame::plain("{}")).await, Ok(()));
        assert_eq!(gateway.close(&id).await, Ok(()));
    }
}
