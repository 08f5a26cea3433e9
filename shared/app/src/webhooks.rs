//! Webhooks as their owners keep them. When they are sent what, `delivering` decides; how a
//! secret is sealed and shown is not known here.

mod delivering;

use domain::{
    id::{UserId, WebhookId},
    refusal::Missing,
    webhook::{
        Delivery, SealedSecret, WEBHOOKS_MAX, Webhook, WebhookRevision, WebhookState, WebhookUrl,
    },
};
use std::collections::BTreeSet;

use crate::{
    market::{Market, TRIES_MAX},
    paging::Listing,
    perform::Failed,
    ports::{DeliveryQuery, Position, StoreError},
};
use domain::activity::Occasion;

pub use delivering::{Courier, NotCarried, Swept, deliver, dispatch, sweep};

/// Why a webhook is not as its owner wants it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookFailed {
    /// It has as many as it may.
    #[error("a user has at most {WEBHOOKS_MAX} webhooks")]
    TooMany,
    /// Nothing is sent to it.
    #[error("the webhook is disabled")]
    Disabled,
    /// It is not there, or nobody can say.
    #[error(transparent)]
    Failed(#[from] Failed),
}

impl From<StoreError> for WebhookFailed {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Missing> for WebhookFailed {
    fn from(missing: Missing) -> Self {
        Self::Failed(missing.into())
    }
}

/// A webhook that a user wants.
#[derive(Debug, Clone)]
pub struct NewWebhook {
    /// Its id, which nobody has.
    pub id: WebhookId,
    /// Whose.
    pub user: UserId,
    /// Where events go.
    pub url: WebhookUrl,
    /// Which events; all if it is empty.
    pub events: BTreeSet<Occasion>,
    /// What signs.
    pub secret: SealedSecret,
}

/// Makes a webhook.
///
/// # Errors
/// [`WebhookFailed::TooMany`]; [`Failed::Busy`]; the store's own.
pub async fn create(market: &Market, wanted: NewWebhook) -> Result<Webhook, WebhookFailed> {
    let NewWebhook { id, user, url, events, secret } = wanted;
    let mut webhook = Webhook {
        id,
        user,
        slot: 0,
        url,
        events,
        secret,
        previous: None,
        state: WebhookState::Active,
        failing_since: None,
        created_at: market.clock.now(),
        version: 1,
    };
    for _ in 0..TRIES_MAX {
        let there = market.store.webhooks(user).await?;
        // An answer was lost, and the store sent the write again.
        if there.contains(&webhook) {
            return Ok(webhook);
        }
        let is_free = |slot: &u8| there.iter().all(|webhook| webhook.slot != *slot);
        webhook.slot = (0..WEBHOOKS_MAX).find(is_free).ok_or(WebhookFailed::TooMany)?;
        if market.store.put_webhook(&webhook).await? {
            return Ok(webhook);
        }
    }
    Err(Failed::Busy.into())
}

/// A webhook of a user's.
///
/// # Errors
/// [`Missing::Webhook`], also if it is another's; the store's own.
pub async fn find(market: &Market, user: UserId, id: WebhookId) -> Result<Webhook, Failed> {
    let own = market.store.webhooks(user).await?;
    Ok(own.into_iter().find(|webhook| webhook.id == id).ok_or(Missing::Webhook)?)
}

/// Changes a webhook of a user's.
///
/// # Errors
/// [`Missing::Webhook`]; [`Failed::Busy`]; the store's own.
pub async fn revise(
    market: &Market,
    user: UserId,
    id: WebhookId,
    revision: &WebhookRevision,
) -> Result<Webhook, Failed> {
    changed(market, user, id, |webhook| webhook.revised(revision)).await
}

/// Gives a webhook of a user's a new secret.
///
/// # Errors
/// [`Missing::Webhook`]; [`Failed::Busy`]; the store's own.
pub async fn rotate(
    market: &Market,
    user: UserId,
    id: WebhookId,
    secret: &SealedSecret,
) -> Result<Webhook, Failed> {
    let now = market.clock.now();
    changed(market, user, id, |webhook| {
        // The first try may have come through.
        let done = webhook.secret == *secret;
        if done { webhook.clone() } else { webhook.rotated(secret.clone(), now) }
    })
    .await
}

/// Puts a webhook's secrets under another seal, if nobody changes it at the same time: the next
/// one who opens them does it then.
pub async fn reseal(
    market: &Market,
    webhook: &Webhook,
    seal: impl Fn(&SealedSecret) -> Option<SealedSecret>,
) {
    let Some(resealed) = webhook.resealed(seal) else { return };
    if let Err(error) = market.store.replace_webhook(&resealed).await {
        tracing::warn!(%error, webhook = %webhook.id, "its secrets keep their seal");
    }
}

async fn changed(
    market: &Market,
    user: UserId,
    id: WebhookId,
    change: impl Fn(&Webhook) -> Webhook,
) -> Result<Webhook, Failed> {
    for attempt in 0..TRIES_MAX {
        let webhook = find(market, user, id).await?;
        let after = change(&webhook);
        let same = Webhook { version: webhook.version, ..after.clone() } == webhook;
        if same || market.store.replace_webhook(&after).await? {
            return Ok(if same { webhook } else { after });
        }
        market.back_off(attempt).await;
    }
    Err(Failed::Busy)
}

/// Removes a webhook of a user's. What was on its way to it is given up.
///
/// # Errors
/// [`Missing::Webhook`]; [`Failed::Busy`]; the store's own.
pub async fn remove(market: &Market, user: UserId, id: WebhookId) -> Result<(), Failed> {
    for attempt in 0..TRIES_MAX {
        let webhook = match find(market, user, id).await {
            // It was there at the first try, which may have come through.
            Err(Failed::Declined(_)) if attempt > 0 => return Ok(()),
            found => found?,
        };
        if market.store.remove_webhook(&webhook).await? {
            return Ok(());
        }
        market.back_off(attempt).await;
    }
    Err(Failed::Busy)
}

/// Deliveries to a webhook of a user's, from the newest event down.
///
/// # Errors
/// [`Missing::Webhook`]; the store's own.
pub async fn deliveries(
    market: &Market,
    user: UserId,
    id: WebhookId,
    after: Option<Position>,
    limit: u32,
) -> Result<Listing<Delivery>, Failed> {
    let webhook = find(market, user, id).await?.id;
    let before = after.map(|place| u64::try_from(place.key).unwrap_or(0));
    let page = market.store.deliveries(&DeliveryQuery { webhook, before, limit }).await?;
    let last = page.rows.last().filter(|_| page.more);
    let place =
        |last: &Delivery| Position { key: i64::try_from(last.seq).unwrap_or(i64::MAX), tie: 0 };
    Ok(Listing { next: last.map(place), rows: page.rows })
}

/// Sends an event of a user's to a webhook of the same user's again, or for the first time,
/// whatever has become of it before and whether or not the webhook is for such events.
///
/// # Errors
/// [`Missing::Webhook`], [`Missing::Event`]; [`WebhookFailed::Disabled`]; [`Failed::Busy`]; the
/// store's own.
pub async fn redeliver(
    market: &Market,
    user: UserId,
    id: WebhookId,
    seq: u64,
) -> Result<Delivery, WebhookFailed> {
    if !find(market, user, id).await?.is_active() {
        return Err(WebhookFailed::Disabled);
    }
    delivering::event(market, user, seq).await?.ok_or(Missing::Event)?;
    for attempt in 0..TRIES_MAX {
        let now = market.clock.now();
        let (delivery, done) = match market.store.delivery(id, seq).await? {
            None => {
                let delivery = Delivery::begun(id, user, seq, now);
                let done = market.store.put_delivery(&delivery).await?;
                (delivery, done)
            }
            Some(there) => {
                let again = there.anew(now);
                let done = market.store.replace_delivery(&again).await?;
                (again, done)
            }
        };
        if done {
            delivering::wake(market, &delivery).await;
            return Ok(delivery);
        }
        market.back_off(attempt).await;
    }
    Err(Failed::Busy.into())
}
