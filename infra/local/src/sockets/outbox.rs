//! What waits to be sent to one connection. Decides what a reader who is slow is spared: all but
//! the latest state of each topic. How it is sent is not known here.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use app::ports::Topic;
use edge::sockets::{Frame, PostError};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// From here on, a reader is slow, and messages of a topic are pressed together.
const SLOW_FRAMES: usize = 64;
const SLOW_BYTES: usize = 256 * 1024;
/// Past this, the connection is closed: its client comes anew and resumes.
const FRAMES_MAX: usize = 10_000;
const BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most that is handed out at once, for what is handed out is pressed no more.
const BATCH_FRAMES: usize = 32;
const BATCH_BYTES: usize = 64 * 1024;

/// Why a connection ends, as its client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) code: CloseCode,
    pub(super) reason: &'static str,
}

impl Ending {
    pub(super) const fn new(code: CloseCode, reason: &'static str) -> Self {
        Self { code, reason }
    }
}

/// What is to be done next.
pub(super) enum Next {
    /// These are to be sent, in this order.
    Send(Vec<Frame>),
    /// The client is to show that it is there.
    Ping,
    /// Nothing more will be sent.
    End(Ending),
}

/// What waits, in its order. One task takes from it.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: Mutex<Waiting>,
    news: Notify,
    ended: Notify,
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<Frame>,
    bytes: usize,
    /// How many frames stood before the first one that waits.
    taken: u64,
    /// The number of each topic's last frame, be it taken or not.
    latest: BTreeMap<Topic, u64>,
    ping: bool,
    ending: Option<Ending>,
}

impl Outbox {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message, or presses it into the last one of its topic. Never waits.
    pub(super) fn post(&self, frame: &Frame) -> Result<(), PostError> {
        let mut waiting = self.waiting();
        if waiting.ending.is_some() {
            return Err(PostError::Gone);
        }
        if waiting.is_slow() && waiting.press(frame) {
            return Ok(());
        }
        waiting.push(frame);
        if waiting.frames.len() <= FRAMES_MAX && waiting.bytes <= BYTES_MAX {
            self.news.notify_one();
            return Ok(());
        }
        waiting.frames.clear();
        waiting.bytes = 0;
        drop(waiting);
        self.end(Ending::new(CloseCode::Again, "too much is waiting: come again and resume"));
        Err(PostError::Gone)
    }

    /// Has the client asked whether it is there.
    pub(super) fn ping(&self) {
        self.waiting().ping = true;
        self.news.notify_one();
    }

    /// Takes nothing more; what waits is still sent. The first reason counts.
    pub(super) fn end(&self, ending: Ending) {
        self.waiting().ending.get_or_insert(ending);
        self.news.notify_one();
        self.ended.notify_one();
    }

    /// Waits for what is to be done next.
    pub(super) async fn next(&self) -> Next {
        loop {
            if let Some(next) = self.waiting().take() {
                return next;
            }
            self.news.notified().await;
        }
    }

    /// Why nothing more is taken, if so.
    pub(super) fn ending(&self) -> Option<Ending> {
        self.waiting().ending.clone()
    }

    /// Waits until nothing more is taken. For one task, once.
    pub(super) async fn ended(&self) {
        self.ended.notified().await;
    }
}

impl Waiting {
    fn is_slow(&self) -> bool {
        self.frames.len() >= SLOW_FRAMES || self.bytes >= SLOW_BYTES
    }

    /// Presses a frame into the last one of its topic, if that still waits and they agree.
    fn press(&mut self, frame: &Frame) -> bool {
        let latest = frame.pressed.as_ref().and_then(|pressed| self.latest.get(&pressed.topic));
        let place = latest.and_then(|number| number.checked_sub(self.taken));
        let place = place.and_then(|place| usize::try_from(place).ok());
        let Some(earlier) = place.and_then(|place| self.frames.get_mut(place)) else {
            return false;
        };
        let Some(both) = earlier.with_later(frame).filter(Frame::fits) else { return false };
        self.bytes = self.bytes.saturating_sub(earlier.text.len()).saturating_add(both.text.len());
        *earlier = both;
        true
    }

    fn push(&mut self, frame: &Frame) {
        if let Some(pressed) = &frame.pressed {
            let behind = u64::try_from(self.frames.len()).unwrap_or(u64::MAX);
            self.latest.insert(pressed.topic, self.taken.saturating_add(behind));
        }
        self.bytes = self.bytes.saturating_add(frame.text.len());
        self.frames.push_back(frame.clone());
    }

    fn take(&mut self) -> Option<Next> {
        if std::mem::take(&mut self.ping) {
            return Some(Next::Ping);
        }
        let (mut batch, mut bytes) = (Vec::new(), 0_usize);
        while batch.len() < BATCH_FRAMES
            && bytes < BATCH_BYTES
            && let Some(frame) = self.frames.pop_front()
        {
            bytes = bytes.saturating_add(frame.text.len());
            self.taken = self.taken.saturating_add(1);
            batch.push(frame);
        }
        self.bytes = self.bytes.saturating_sub(bytes);
        if batch.is_empty() { self.ending.clone().map(Next::End) } else { Some(Next::Send(batch)) }
    }
}
