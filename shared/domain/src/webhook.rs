//! Webhooks: where a user wants to be told of events, and what becomes of each telling. How a
//! message is signed and sent, and what an event says, is not known here.

mod address;
mod delivery;
mod url;

use std::{collections::BTreeSet, fmt};

use crate::{
    activity::{Activity, Occasion},
    id::{UserId, WebhookId},
    time::{Span, Timestamp},
};

pub use address::{Reach, forbidden};
pub use delivery::{
    ATTEMPTS_KEPT, Attempt, Delivery, DeliveryState, InvalidAttempt, LEASE, Outcome, SCHEDULE,
    SendFailure,
};
pub use url::{InvalidWebhookUrl, WebhookUrl};

/// The most webhooks that a user may have.
pub const WEBHOOKS_MAX: u8 = 10;
/// How long the secret before the newest one signs as well.
pub const ROTATION: Span = Span::seconds(24 * 3600);
/// After how long a time of nothing but failures a webhook is disabled: five days.
pub const FAILING_MAX: Span = Span::seconds(5 * 24 * 3600);

/// How much older than its webhook an event may seem: clocks of several functions differ.
const SKEW_MAX: Span = Span::seconds(60);

/// A secret that only the edge can open. It never appears in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(pub String);

impl fmt::Debug for SealedSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SealedSecret(…)")
    }
}

/// Whether a webhook is sent anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookState {
    /// It is.
    Active,
    /// It is not: its owner said so.
    Paused,
    /// It is not: for five days there was nothing but failures.
    Failing,
    /// It is not: its receiver answered 410.
    Gone,
}

impl WebhookState {
    const ALL: [Self; 4] = [Self::Active, Self::Paused, Self::Failing, Self::Gone];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }

    /// The state that a word stands for.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A place that a user's events are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The id.
    pub id: WebhookId,
    /// Whose events they are.
    pub user: UserId,
    /// Which of its user's webhooks it is: 0 to [`WEBHOOKS_MAX`] − 1.
    pub slot: u8,
    /// Where they go.
    pub url: WebhookUrl,
    /// Which events; all if it is empty.
    pub events: BTreeSet<Occasion>,
    /// What signs.
    pub secret: SealedSecret,
    /// What signs besides, and until when.
    pub previous: Option<(SealedSecret, Timestamp)>,
    /// Whether it is sent anything.
    pub state: WebhookState,
    /// Since when nothing has been delivered that was tried.
    pub failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts its changes, from 1.
    pub version: u64,
}

/// What its owner may change; the rest stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookRevision {
    /// Where events go.
    pub url: Option<WebhookUrl>,
    /// Which events.
    pub events: Option<BTreeSet<Occasion>>,
    /// Whether it is sent anything.
    pub enabled: Option<bool>,
}

impl Webhook {
    /// Whether it is sent anything.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state == WebhookState::Active
    }

    /// Whether it is sent this. What was before the webhook is not, however late it comes.
    #[must_use]
    pub fn wants(&self, activity: &Activity) -> bool {
        let named = self.events.is_empty() || self.events.contains(&activity.news.occasion);
        let since = self.created_at.minus(SKEW_MAX) <= activity.at;
        self.is_active() && self.user == activity.user && named && since
    }

    /// All secrets that sign at this time, the newest first.
    pub fn secrets(&self, now: Timestamp) -> impl Iterator<Item = &SealedSecret> {
        let previous = self.previous.iter().filter(move |(_, until)| now < *until);
        std::iter::once(&self.secret).chain(previous.map(|(secret, _)| secret))
    }

    /// The webhook with changes of its owner's. One that is enabled begins without failures.
    #[must_use]
    pub fn revised(&self, revision: &WebhookRevision) -> Self {
        let mut next = self.next();
        if let Some(url) = &revision.url {
            next.url = url.clone();
        }
        if let Some(events) = &revision.events {
            next.events.clone_from(events);
        }
        match revision.enabled {
            Some(true) if !self.is_active() => {
                next.state = WebhookState::Active;
                next.failing_since = None;
            }
            Some(false) if self.is_active() => next.state = WebhookState::Paused,
            _ => {}
        }
        next
    }

    /// The webhook with a new secret. The one before it signs for [`ROTATION`] more.
    #[must_use]
    pub fn rotated(&self, secret: SealedSecret, now: Timestamp) -> Self {
        let previous = Some((self.secret.clone(), now.plus(ROTATION)));
        Self { secret, previous, ..self.next() }
    }

    /// The webhook with the same secrets under another seal; `None`: one of those that sign does
    /// not open any more.
    #[must_use]
    pub fn resealed(&self, seal: impl Fn(&SealedSecret) -> Option<SealedSecret>) -> Option<Self> {
        let secret = seal(&self.secret)?;
        let again = |(secret, until): &(SealedSecret, Timestamp)| Some((seal(secret)?, *until));
        let previous = self.previous.as_ref().and_then(again);
        Some(Self { secret, previous, ..self.next() })
    }

    /// The webhook after something was tried; `None`: it is as it was.
    #[must_use]
    pub fn after(&self, outcome: &Outcome, now: Timestamp) -> Option<Self> {
        if outcome.is_success() {
            return self.failing_since.map(|_| Self { failing_since: None, ..self.next() });
        }
        let since = self.failing_since.unwrap_or(now);
        let state = match self.state {
            WebhookState::Active if outcome.is_gone() => WebhookState::Gone,
            WebhookState::Active if now.since(since) >= FAILING_MAX => WebhookState::Failing,
            state => state,
        };
        let changed = self.failing_since.is_none() || state != self.state;
        changed.then(|| Self { state, failing_since: Some(since), ..self.next() })
    }

    fn next(&self) -> Self {
        Self { version: self.version.saturating_add(1), ..self.clone() }
    }
}

/// What names an event to a webhook, in all attempts alike: a receiver drops what it has had.
#[must_use]
pub fn message_id(webhook: WebhookId, seq: u64) -> String {
    let webhook = webhook.to_string();
    format!("msg_{}_{seq}", webhook.strip_prefix(WebhookId::PREFIX).unwrap_or(&webhook))
}

#[cfg(test)]
mod tests;
