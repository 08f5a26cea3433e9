//! Webhooks, and deliveries to them.

use std::collections::BTreeSet;

use domain::{
    activity::Occasion,
    id::{UserId, WebhookId},
    time::Timestamp,
    webhook::{Attempt, Delivery, DeliveryState, SealedSecret, Webhook, WebhookState, WebhookUrl},
};
use serde::{Deserialize, Serialize};

use super::spelling::{
    Counted, Spelled, counted, counted_option, spelled, spelled_by_as_str, spelled_by_display,
    spelled_option,
};

spelled_by_display!(Attempt, WebhookId);
spelled_by_as_str!(WebhookUrl);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Webhook")]
pub(super) struct WebhookRow {
    #[serde(with = "spelled")]
    id: WebhookId,
    #[serde(with = "spelled")]
    user: UserId,
    slot: u8,
    #[serde(with = "spelled")]
    url: WebhookUrl,
    #[serde(with = "spelled")]
    events: BTreeSet<Occasion>,
    #[serde(with = "spelled")]
    secret: SealedSecret,
    #[serde(with = "spelled_option", default, skip_serializing_if = "Option::is_none")]
    previous: Option<(SealedSecret, Timestamp)>,
    #[serde(with = "spelled")]
    state: WebhookState,
    #[serde(with = "counted_option", default, skip_serializing_if = "Option::is_none")]
    failing_since: Option<Timestamp>,
    #[serde(with = "counted")]
    created_at: Timestamp,
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Delivery")]
pub(super) struct DeliveryRow {
    #[serde(with = "spelled")]
    webhook: WebhookId,
    #[serde(with = "spelled")]
    user: UserId,
    seq: u64,
    #[serde(with = "spelled")]
    state: DeliveryState,
    tries: u32,
    #[serde(with = "spelled")]
    attempts: Vec<Attempt>,
    #[serde(with = "counted")]
    created_at: Timestamp,
    #[serde(with = "counted")]
    next_at: Timestamp,
    version: u64,
}

impl Spelled for SealedSecret {
    fn spell(&self) -> String {
        self.0.clone()
    }

    fn read(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }
}

/// `1795248000000 …`: until when, and the secret.
impl Spelled for (SealedSecret, Timestamp) {
    fn spell(&self) -> String {
        format!("{} {}", self.1.count(), self.0.spell())
    }

    fn read(text: &str) -> Option<Self> {
        let (until, secret) = text.split_once(' ')?;
        Some((SealedSecret::read(secret)?, Timestamp::of(until.parse().ok()?)?))
    }
}

impl Spelled for WebhookState {
    fn spell(&self) -> String {
        self.as_str().to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        Self::of(text)
    }
}

impl Spelled for DeliveryState {
    fn spell(&self) -> String {
        self.as_str().to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        Self::of(text)
    }
}

pub(super) fn joined<'a, T: Spelled + 'a>(all: impl Iterator<Item = &'a T>) -> String {
    all.map(Spelled::spell).collect::<Vec<_>>().join(",")
}

pub(super) fn parted<T: Spelled, All: FromIterator<T>>(text: &str) -> Option<All> {
    text.split(',').filter(|_| !text.is_empty()).map(T::read).collect()
}

/// The words between commas; an empty text if there are none.
impl Spelled for BTreeSet<Occasion> {
    fn spell(&self) -> String {
        joined(self.iter())
    }

    fn read(text: &str) -> Option<Self> {
        parted(text)
    }
}

/// The attempts between commas; an empty text if there are none.
impl Spelled for Vec<Attempt> {
    fn spell(&self) -> String {
        joined(self.iter())
    }

    fn read(text: &str) -> Option<Self> {
        parted(text)
    }
}
