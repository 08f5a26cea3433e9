//! A sender of webhooks in memory. What a receiver answers, the test decides.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use app::ports::WebhookSender;
use async_trait::async_trait;
use domain::webhook::{Outcome, WebhookUrl};

/// A message as it was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// Where to.
    pub url: String,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl Posted {
    /// A header; empty if it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| text.as_str()).unwrap_or_default()
    }
}

#[derive(Debug, Default)]
struct Receiver {
    posted: Vec<Posted>,
    answers: VecDeque<Outcome>,
    otherwise: Option<Outcome>,
}

/// Remembers messages in their order, and answers as it is told: 200 if it is told nothing.
#[derive(Debug, Default)]
pub struct RecordingSender(Mutex<Receiver>);

impl RecordingSender {
    /// All messages since the last look, which are forgotten with it.
    pub fn take(&self) -> Vec<Posted> {
        self.with(|receiver| std::mem::take(&mut receiver.posted))
    }

    /// What the next message is answered, after those that were told before.
    pub fn next(&self, outcome: Outcome) {
        self.with(|receiver| receiver.answers.push_back(outcome));
    }

    /// What every message is answered of which nothing else was told.
    pub fn always(&self, outcome: Outcome) {
        self.with(|receiver| receiver.otherwise = Some(outcome));
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Receiver) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl WebhookSender for RecordingSender {
    async fn post(
        &self,
        url: &WebhookUrl,
        headers: &[(&'static str, String)],
        body: &str,
    ) -> Outcome {
        self.with(|receiver| {
            let (url, headers, body) = (url.to_string(), headers.to_vec(), body.to_owned());
            receiver.posted.push(Posted { url, headers, body });
            let told = receiver.answers.pop_front().or(receiver.otherwise);
            told.unwrap_or_else(|| Outcome::status(200))
        })
    }
}
