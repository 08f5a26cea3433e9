//! Receivers of webhooks, which fail, hang, and take what they do not answer. In the end each has
//! had every event of its user's, as it is told over HTTP, and signed.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError, Weak},
};

use app::ports::{Clock, DUE_PARTS, WebhookSender};
use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{
    time::Span,
    webhook::{Outcome, SendFailure, WebhookUrl},
};
use ring::hmac;
use serde_json::{Value, json};
use testkit::webhook_sender::Posted;

use crate::{history::Ask, sim::Sim, swarm::Kind, town::Hook};

/// Who has a webhook, by their places.
const OWNERS: [usize; 3] = [1, 4, 9];
/// How long a sender waits for an answer.
const PATIENCE: Span = Span::seconds(10);

/// What receivers were sent, in its order, whether they said so or not.
#[derive(Default)]
pub struct Received(Mutex<Vec<Posted>>);

impl Received {
    fn note(&self, posted: Posted) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(posted);
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn at(&self, url: &str) -> Vec<Posted> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|posted| posted.url == url).cloned().collect()
    }
}

/// The way to receivers.
pub struct Post(pub Weak<Sim>);

#[async_trait]
impl WebhookSender for Post {
    async fn post(
        &self,
        url: &WebhookUrl,
        headers: &[(&'static str, String)],
        body: &str,
    ) -> Outcome {
        let Some(sim) = self.0.upgrade() else { return Outcome::Failed(SendFailure::NoAnswer) };
        sim.time.sleep(sim.chaos.span(2, 80)).await;
        let fails = sim.chaos.strikes(Kind::Webhook);
        // Half of those that fail had it all the same.
        if !fails || sim.chaos.dice.percent(50) {
            let (url, headers, body) = (url.to_string(), headers.to_vec(), body.to_owned());
            sim.received.note(Posted { url, headers, body });
        }
        if !fails {
            return Outcome::status(204);
        }
        match sim.chaos.dice.below(5) {
            0 => {
                sim.time.sleep(PATIENCE).await;
                Outcome::Failed(SendFailure::TimedOut)
            }
            1 => Outcome::Failed(SendFailure::Unreachable),
            2 => Outcome::Failed(SendFailure::NoAnswer),
            3 => Outcome::Answered { status: 503, retry_after: Some(Span::seconds(20)) },
            _ => Outcome::status(500),
        }
    }
}

impl Sim {
    /// Makes the webhooks that are held to account.
    ///
    /// # Panics
    /// If one is refused.
    pub async fn hang_hooks(&self) {
        for owner in OWNERS {
            let url = format!("https://hooks.example.com/{owner}");
            let ask = Ask::new(owner, "POST", "/api/v1/webhooks");
            let told = self.settle(0, ask.json(json!({"url": url}))).await;
            assert_eq!(told.status, 201, "{told:?}");
            let (id, secret) = (told.text("/id"), told.text("/secret"));
            let newest = self.settle(0, Ask::new(owner, "GET", "/api/v1/events")).await;
            let after = newest.json()["newest"].as_u64().expect("a number");
            self.town.known().hooks.push(Hook { id, owner, secret, url, after });
        }
    }

    /// Whether nothing is on its way to a receiver.
    pub async fn receivers_are_quiet(&self) -> bool {
        let store = self.seam.plain();
        let ever = self.time.now().plus(Span::seconds(30 * 24 * 3600));
        for part in 0..DUE_PARTS {
            if !store.due_deliveries(part, ever, 1).await.is_ok_and(|due| due.is_empty()) {
                return false;
            }
        }
        true
    }

    /// Holds what each receiver had against the events of its user's, when all is quiet.
    pub async fn check_receivers(&self) {
        let hooks = self.town.known().hooks.clone();
        for hook in hooks {
            let had = self.had(&hook);
            let mut expected = self.events_of(hook.owner).await;
            expected.retain(|seq, _| *seq > hook.after);
            let missing = expected.iter().find(|(seq, event)| had.get(seq) != Some(event));
            if let Some((seq, event)) = missing {
                let why = self.last_attempt(&hook, *seq).await;
                let had = had.get(seq);
                self.complain(format!("webhook of {}: {event}, had {had:?}: {why}", hook.owner));
            }
        }
    }

    /// The events that a receiver had, each of which is signed and always the same.
    fn had(&self, hook: &Hook) -> BTreeMap<u64, Value> {
        let mut had = BTreeMap::new();
        for posted in self.received.at(&hook.url) {
            let event: Value = serde_json::from_str(&posted.body).unwrap_or_default();
            let seq = event["seq"].as_u64().unwrap_or_default();
            if !is_signed(&posted, &hook.secret) {
                self.complain(format!("webhook of {}: not signed: {posted:?}", hook.owner));
            }
            if had.insert(seq, event.clone()).is_some_and(|known| known != event) {
                self.complain(format!("webhook of {}: {seq} has changed: {event}", hook.owner));
            }
        }
        had
    }

    async fn last_attempt(&self, hook: &Hook, seq: u64) -> String {
        let path = format!("/api/v1/webhooks/{}/deliveries?limit=100", hook.id);
        let list = self.settle(0, Ask::new(hook.owner, "GET", path)).await.json();
        let rows = list["data"].as_array().cloned().unwrap_or_default();
        let row = rows.into_iter().find(|row| row["seq"] == seq);
        row.map_or_else(|| "there is no delivery of it".to_owned(), |row| row.to_string())
    }
}

/// As a receiver verifies.
fn is_signed(posted: &Posted, secret: &str) -> bool {
    let bytes = BASE64_STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap_or_default();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
    let (id, time) = (posted.header("webhook-id"), posted.header("webhook-timestamp"));
    let message = format!("{id}.{time}.{}", posted.body);
    posted.header("webhook-signature").split(' ').any(|signature| {
        let tag = BASE64_STANDARD.decode(signature.trim_start_matches("v1,"));
        tag.is_ok_and(|tag| hmac::verify(&key, message.as_bytes(), &tag).is_ok())
    })
}
