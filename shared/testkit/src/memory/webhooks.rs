//! Webhooks and deliveries as the store in memory answers for them. Here nothing lags, and what
//! is over is never forgotten.

use std::collections::BTreeMap;

use app::ports::{Deliveries, DeliveryQuery, Page, StoreError, Webhooks, due_part};
use async_trait::async_trait;
use domain::{
    id::{UserId, WebhookId},
    time::Timestamp,
    webhook::{Delivery, Webhook},
};

use super::MemoryStore;

/// Webhooks by user and slot, deliveries by webhook and event.
#[derive(Debug, Default)]
pub(super) struct WebhookRows {
    webhooks: BTreeMap<(UserId, u8), Webhook>,
    deliveries: BTreeMap<(WebhookId, u64), Delivery>,
}

impl WebhookRows {
    fn has(&self, webhook: &Webhook, version: Option<u64>) -> bool {
        let there = self.webhooks.get(&(webhook.user, webhook.slot));
        there.is_some_and(|there| there.id == webhook.id && Some(there.version) == version)
    }
}

fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[async_trait]
impl Webhooks for MemoryStore {
    async fn put_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError> {
        let rows = &mut self.state().await.webhooks.webhooks;
        let key = (webhook.user, webhook.slot);
        let free = !rows.contains_key(&key);
        if free {
            rows.insert(key, webhook.clone());
        }
        Ok(free)
    }

    async fn webhooks(&self, user: UserId) -> Result<Vec<Webhook>, StoreError> {
        let state = self.state().await;
        let own = state.webhooks.webhooks.range((user, u8::MIN)..=(user, u8::MAX));
        Ok(own.map(|(_, webhook)| webhook.clone()).collect())
    }

    async fn replace_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError> {
        let rows = &mut self.state().await.webhooks;
        let fits = rows.has(webhook, webhook.version.checked_sub(1));
        if fits {
            rows.webhooks.insert((webhook.user, webhook.slot), webhook.clone());
        }
        Ok(fits)
    }

    async fn remove_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError> {
        let rows = &mut self.state().await.webhooks;
        let fits = rows.has(webhook, Some(webhook.version));
        if fits {
            rows.webhooks.remove(&(webhook.user, webhook.slot));
        }
        Ok(fits)
    }
}

#[async_trait]
impl Deliveries for MemoryStore {
    async fn put_delivery(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let rows = &mut self.state().await.webhooks.deliveries;
        let key = (delivery.webhook, delivery.seq);
        let free = !rows.contains_key(&key);
        if free {
            rows.insert(key, delivery.clone());
        }
        Ok(free)
    }

    async fn delivery(&self, webhook: WebhookId, seq: u64) -> Result<Option<Delivery>, StoreError> {
        Ok(self.state().await.webhooks.deliveries.get(&(webhook, seq)).cloned())
    }

    async fn replace_delivery(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let rows = &mut self.state().await.webhooks.deliveries;
        let key = (delivery.webhook, delivery.seq);
        let before = delivery.version.checked_sub(1);
        let fits = rows.get(&key).is_some_and(|there| Some(there.version) == before);
        if fits {
            rows.insert(key, delivery.clone());
        }
        Ok(fits)
    }

    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Page<Delivery>, StoreError> {
        let state = self.state().await;
        let all = state.webhooks.deliveries.range((query.webhook, 0)..=(query.webhook, u64::MAX));
        let newest = all.rev().map(|(_, delivery)| delivery);
        let mut newest =
            newest.filter(|delivery| query.before.is_none_or(|before| delivery.seq < before));
        let rows = newest.by_ref().take(count(query.limit)).cloned().collect();
        Ok(Page { rows, more: newest.next().is_some() })
    }

    async fn due_deliveries(
        &self,
        part: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let state = self.state().await;
        let is_due = |delivery: &&Delivery| {
            delivery.is_pending() && delivery.next_at <= until && due_part(delivery.webhook) == part
        };
        let due = state.webhooks.deliveries.values().filter(is_due);
        let mut due: Vec<_> = due.cloned().collect();
        due.sort_by_key(|delivery| (delivery.next_at, delivery.webhook, delivery.seq));
        due.truncate(count(limit));
        Ok(due)
    }
}
