//! What clients asked and what they were told, in the order in which it happened.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use domain::time::Timestamp;
use serde_json::Value;

/// A request as a client makes it up.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// The place of whoever asks; `None`: nobody known.
    pub who: Option<usize>,
    /// The method.
    pub method: &'static str,
    /// The path with its query.
    pub path: String,
    /// The idempotency key.
    pub key: Option<String>,
    /// The body.
    pub body: Option<Value>,
    /// Which version it is for.
    pub if_match: Option<String>,
}

impl Ask {
    /// A request without key and body.
    #[must_use]
    pub fn new(who: usize, method: &'static str, path: impl Into<String>) -> Self {
        let path = path.into();
        Self { who: Some(who), method, path, key: None, body: None, if_match: None }
    }

    /// With an idempotency key.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// With a body.
    #[must_use]
    pub fn json(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The status.
    pub status: u16,
    /// The body.
    pub bytes: Bytes,
    /// Whether it says that it was given before.
    pub replayed: bool,
    /// The version that it is of.
    pub etag: Option<String>,
}

impl Told {
    /// The body as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// The text or number at a pointer; empty if nothing is there.
    #[must_use]
    pub fn text(&self, pointer: &str) -> String {
        match self.json().pointer(pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }

    /// Whether it was done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// What became of a request in the end.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Which operation of the plan asked.
    pub op: u32,
    /// What was asked.
    pub ask: Ask,
    /// The definite answer; `None`: the client never got one.
    pub told: Option<Told>,
    /// How often it was sent.
    pub tries: u32,
    /// Before it was sent first.
    pub from: Moment,
    /// After it was answered.
    pub until: Moment,
}

/// An answer that the API gave, whether or not anybody heard it.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The endpoint's stem.
    pub stem: &'static str,
    /// What was asked.
    pub ask: Ask,
    /// The answer.
    pub told: Told,
    /// When the request reached the API.
    pub from: Moment,
    /// When it was answered.
    pub until: Moment,
}

/// A moment of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The virtual time.
    pub at: Timestamp,
    /// How many commits the store had carried out.
    pub commits: usize,
}

/// Everything that was asked.
#[derive(Debug, Default)]
pub struct History {
    settled: Mutex<Vec<Settled>>,
    heard: Mutex<Vec<Heard>>,
}

impl History {
    /// Notes what became of a request.
    pub fn note(&self, settled: Settled) {
        self.all().push(settled);
    }

    /// All of it.
    pub fn all(&self) -> MutexGuard<'_, Vec<Settled>> {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every answer that the API gave.
    pub fn heard(&self) -> MutexGuard<'_, Vec<Heard>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
