//! Events on their way to webhooks: at least once each, tried again for three days. All that is
//! to be done stands in the store; the queue only says when.

use async_trait::async_trait;
use domain::{
    activity::Activity,
    id::UserId,
    time::Span,
    webhook::{Attempt, Delivery, Outcome, Webhook},
};

use super::find;
use crate::{
    market::Market,
    perform::Failed,
    ports::{DELAY_MAX, DUE_PARTS, DeliveryTask, StoreError},
};

/// How long after its time a delivery is left to the queue before the sweep wakes it as well.
const SWEPT_AFTER: Span = Span::seconds(60);
/// The most that one sweep wakes of one part.
const SWEPT_MAX: u32 = 100;

/// A message was not written, let alone sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message was not written: {0}")]
pub struct NotCarried(pub String);

/// Carries messages: it knows how one is written, signed and sent.
#[async_trait]
pub trait Courier: Send + Sync {
    /// Sends an event to a webhook once, and says what came of it. 10 s at most.
    ///
    /// # Errors
    /// The message could not be written, which is not the receiver's fault.
    async fn carry(&self, webhook: &Webhook, activity: &Activity) -> Result<Outcome, NotCarried>;
}

/// Lets events of one user's go to all webhooks that want them. Again: each goes once all the
/// same. They must be in the log already.
///
/// # Errors
/// The store's own; then it is to be done again.
pub async fn dispatch(
    market: &Market,
    user: UserId,
    activities: &[Activity],
) -> Result<(), StoreError> {
    let webhooks = market.store.webhooks(user).await?;
    for activity in activities {
        for webhook in webhooks.iter().filter(|webhook| webhook.wants(activity)) {
            let now = market.clock.now();
            let delivery = Delivery::begun(webhook.id, user, activity.version, now);
            if market.store.put_delivery(&delivery).await? {
                wake(market, &delivery).await;
            }
        }
    }
    Ok(())
}

/// Has a delivery tried at its time. If the queue fails, the sweep finds it.
pub(super) async fn wake(market: &Market, delivery: &Delivery) {
    let wait = delivery.next_at.since(market.clock.now()).min(DELAY_MAX);
    if let Err(error) = market.deliveries.send(delivery.into(), wait).await {
        let (webhook, seq) = (delivery.webhook, delivery.seq);
        tracing::warn!(%error, %webhook, seq, "the sweep will find it");
    }
}

/// An event in the log.
pub(super) async fn event(
    market: &Market,
    user: UserId,
    seq: u64,
) -> Result<Option<Activity>, StoreError> {
    let Some(before) = seq.checked_sub(1) else { return Ok(None) };
    let found = market.store.activity(user, before, 1).await?;
    Ok(found.into_iter().next().filter(|activity| activity.version == seq))
}

/// Makes the attempt that a task is for, if it is still to be made and its time has come; and
/// queues the next one.
///
/// # Errors
/// Whatever passes: the same task again.
pub async fn deliver(
    market: &Market,
    task: DeliveryTask,
    courier: &dyn Courier,
) -> Result<(), Failed> {
    let there = market.store.delivery(task.webhook, task.seq).await?;
    // What has changed since was somebody else's to see to.
    let fits = |delivery: &Delivery| delivery.is_pending() && task == DeliveryTask::from(delivery);
    let Some(delivery) = there.filter(fits) else { return Ok(()) };
    let now = market.clock.now();
    if now < delivery.next_at {
        // A queue holds nothing for longer than a quarter of an hour.
        wake(market, &delivery).await;
        return Ok(());
    }
    let webhook = match find(market, task.user, task.webhook).await {
        Ok(webhook) if webhook.is_active() => webhook,
        Ok(_) | Err(Failed::Declined(_)) => {
            market.store.replace_delivery(&delivery.given_up(now)).await?;
            return Ok(());
        }
        Err(failed) => return Err(failed),
    };
    let activity = event(market, task.user, task.seq).await?;
    let activity = activity.ok_or_else(|| {
        StoreError::Unavailable(format!("event {} of {} is not in the log", task.seq, task.user))
    })?;
    let leased = delivery.leased(now);
    if !market.store.replace_delivery(&leased).await? {
        return Ok(());
    }
    let outcome = match courier.carry(&webhook, &activity).await {
        Ok(outcome) => outcome,
        Err(error) => {
            // The task is old news by now, so the next one is queued in its place.
            tracing::error!(%error, webhook = %task.webhook, seq = task.seq, "not delivered");
            wake(market, &leased).await;
            return Ok(());
        }
    };
    let ended = market.clock.now();
    let took_ms = u32::try_from(ended.since(now).as_millis()).unwrap_or(u32::MAX);
    let chance = u16::try_from(market.entropy.bits() & 0xffff).unwrap_or(0);
    let after = leased.after(Attempt { at: now, outcome, took_ms }, ended, chance);
    let (id, seq, state) = (webhook.id, task.seq, after.state.as_str());
    tracing::info!(webhook = %id, seq, %outcome, took_ms, state, "tried to deliver");
    // Somebody may have asked for it anew in the meantime, and that is queued.
    if market.store.replace_delivery(&after).await? && after.is_pending() {
        wake(market, &after).await;
    }
    remember(market, webhook, &outcome).await
}

/// Counts an attempt for or against its webhook. If others change it at the same time, the next
/// attempt counts.
async fn remember(market: &Market, webhook: Webhook, outcome: &Outcome) -> Result<(), Failed> {
    let Some(after) = webhook.after(outcome, market.clock.now()) else { return Ok(()) };
    let changed = market.store.replace_webhook(&after).await?;
    if changed && !after.is_active() {
        let (webhook, state) = (after.id, after.state.as_str());
        tracing::warn!(%webhook, state, "a webhook is disabled");
    }
    Ok(())
}

/// What a sweep woke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Deliveries that nobody had tried in time.
    pub woken: usize,
}

/// Wakes deliveries whose time has passed without anybody trying them.
///
/// # Errors
/// The store's own.
pub async fn sweep(market: &Market) -> Result<Swept, StoreError> {
    let now = market.clock.now();
    let until = now.minus(SWEPT_AFTER);
    let mut woken = 0_usize;
    for part in 0..DUE_PARTS {
        for delivery in market.store.due_deliveries(part, until, SWEPT_MAX).await? {
            wake(market, &delivery).await;
            woken = woken.saturating_add(1);
        }
    }
    Ok(Swept { woken })
}
