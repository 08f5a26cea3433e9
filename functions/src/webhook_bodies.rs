//! What endpoints show of webhooks and of deliveries to them, and what they read of them.

use std::{collections::BTreeSet, fmt, str::FromStr};

use app::ports::Entropy;
use domain::{
    activity::Occasion,
    id::WebhookId,
    webhook::{Attempt, Delivery, SealedSecret, Webhook, WebhookUrl, message_id},
};
use edge::{
    auth::webhook_secret::WebhookSecret,
    context::Context,
    problem::Problem,
    wire::{Text, rfc3339},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A webhook as its owner sees it.
#[derive(Serialize, ToSchema)]
pub struct WebhookBody {
    /// `whk_…`
    id: String,
    /// Where events are posted.
    #[schema(example = "https://hooks.example.com/market")]
    url: String,
    /// The types of events that are posted; all if it is empty.
    #[schema(example = json!(["deposit", "matched"]))]
    events: Vec<&'static str>,
    /// Whether anything is posted.
    enabled: bool,
    /// `active`; `paused` by its owner; `failing`: disabled after five days of failures only;
    /// `gone`: disabled by an answer 410.
    #[schema(example = "active")]
    status: &'static str,
    /// Since when nothing has been delivered that was tried; null if the last attempt was good.
    failing_since: Option<String>,
    /// Until when the secret before this one signs as well; null: only one signs.
    previous_secret_until: Option<String>,
    /// When it was made.
    created_at: String,
    /// What signs: `whsec_…`. Only in the answers that make it, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    secret: Option<String>,
}

impl WebhookBody {
    /// Without its secret.
    #[must_use]
    pub fn new(context: &Context, webhook: &Webhook) -> Self {
        let now = context.market.clock.now();
        let previous = webhook.previous.as_ref().filter(|(_, until)| now < *until);
        Self {
            id: webhook.id.to_string(),
            url: webhook.url.to_string(),
            events: webhook.events.iter().map(|occasion| occasion.as_str()).collect(),
            enabled: webhook.is_active(),
            status: webhook.state.as_str(),
            failing_since: webhook.failing_since.map(rfc3339),
            previous_secret_until: previous.map(|(_, until)| rfc3339(*until)),
            created_at: rfc3339(webhook.created_at),
            secret: None,
        }
    }

    /// With a secret that was just made.
    #[must_use]
    pub fn revealing(self, secret: &WebhookSecret) -> Self {
        Self { secret: Some(secret.reveal()), ..self }
    }
}

/// An attempt to deliver.
#[derive(Serialize, ToSchema)]
pub struct AttemptBody {
    /// When it began.
    at: String,
    /// The receiver's status, or why there was none: `unresolved`, `address_refused`,
    /// `unreachable`, `tls_failed`, `no_answer`, `timed_out`, `unsigned` or `too_large`.
    #[schema(example = "204")]
    outcome: String,
    /// How long it took, in milliseconds.
    took_ms: u32,
}

impl From<&Attempt> for AttemptBody {
    fn from(attempt: &Attempt) -> Self {
        let Attempt { at, outcome, took_ms } = *attempt;
        Self { at: rfc3339(at), outcome: outcome.to_string(), took_ms }
    }
}

/// One event on its way to one webhook.
#[derive(Serialize, ToSchema)]
pub struct DeliveryBody {
    /// `msg_…`: the header `webhook-id` of every attempt.
    message_id: String,
    /// `whk_…`
    webhook_id: String,
    /// The event's number among its user's events.
    seq: u64,
    /// `pending`, `delivered` or `failed`.
    #[schema(example = "delivered")]
    status: &'static str,
    /// The newest attempts, at most ten, the oldest first.
    attempts: Vec<AttemptBody>,
    /// When it is tried next; null if it is over.
    next_attempt_at: Option<String>,
    /// When it was put on its way.
    created_at: String,
}

impl From<&Delivery> for DeliveryBody {
    fn from(delivery: &Delivery) -> Self {
        Self {
            message_id: message_id(delivery.webhook, delivery.seq),
            webhook_id: delivery.webhook.to_string(),
            seq: delivery.seq,
            status: delivery.state.as_str(),
            attempts: delivery.attempts.iter().map(AttemptBody::from).collect(),
            next_attempt_at: delivery.is_pending().then(|| rfc3339(delivery.next_at)),
            created_at: rfc3339(delivery.created_at),
        }
    }
}

/// A type of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType(Occasion);

/// The text is no type of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownEventType;

impl fmt::Display for UnknownEventType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("is no type of events, as `deposit` or `matched` is")
    }
}

impl FromStr for EventType {
    type Err = UnknownEventType;

    fn from_str(text: &str) -> Result<Self, UnknownEventType> {
        text.parse().map(Self).map_err(|_| UnknownEventType)
    }
}

/// The types that a request names.
#[must_use]
pub fn types(named: Vec<Text<EventType>>) -> BTreeSet<Occasion> {
    named.into_iter().map(|Text(EventType(occasion))| occasion).collect()
}

/// The number of an event in a path: digits without leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventNumber(pub u64);

/// The text is no number of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidEventNumber;

impl fmt::Display for InvalidEventNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("is no number of an event")
    }
}

impl FromStr for EventNumber {
    type Err = InvalidEventNumber;

    fn from_str(text: &str) -> Result<Self, InvalidEventNumber> {
        let number = text.parse().ok().filter(|number: &u64| number.to_string() == text);
        number.map(Self).ok_or(InvalidEventNumber)
    }
}

/// The URL that a request names.
///
/// # Errors
/// 422 that says which rule it breaks.
pub fn url(context: &Context, text: &str) -> Result<WebhookUrl, Problem> {
    WebhookUrl::parse(text, context.market.settings.webhooks)
        .map_err(|error| Problem::invalid("/url", "invalid", &error.to_string()))
}

/// A new secret for a webhook, and the same sealed.
///
/// # Errors
/// A bug: it cannot be sealed.
pub fn new_secret(
    context: &Context,
    id: WebhookId,
) -> Result<(WebhookSecret, SealedSecret), Problem> {
    let entropy: &dyn Entropy = context.market.entropy.as_ref();
    let secret = WebhookSecret::random(entropy);
    let sealed = secret.seal(context.secrets(), id, entropy);
    Ok((secret, sealed.map_err(|error| Problem::bug(&error))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_one_of_the_words_that_events_have() {
        assert_eq!("matched".parse(), Ok(EventType(Occasion::Matched)));
        for bad in ["", "Matched", "matched ", "user.matched"] {
            assert_eq!(bad.parse::<EventType>(), Err(UnknownEventType), "{bad}");
        }
    }

    #[test]
    fn an_events_number_has_one_spelling() {
        assert_eq!("17".parse(), Ok(EventNumber(17)));
        for bad in ["", "+17", "017", "-1", "1.0", "18446744073709551616"] {
            assert_eq!(bad.parse::<EventNumber>(), Err(InvalidEventNumber), "{bad}");
        }
    }
}
