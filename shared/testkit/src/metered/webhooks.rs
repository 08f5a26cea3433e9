//! Webhooks and deliveries of a store that counts.

use app::ports::{Deliveries, DeliveryQuery, Page, StoreError, Webhooks};
use async_trait::async_trait;
use domain::{
    id::{UserId, WebhookId},
    time::Timestamp,
    webhook::{Delivery, Webhook},
};

use super::MeteredStore;

#[async_trait]
impl Webhooks for MeteredStore {
    async fn put_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError> {
        self.count("put_webhook", 0).put_webhook(webhook).await
    }

    async fn webhooks(&self, user: UserId) -> Result<Vec<Webhook>, StoreError> {
        self.count("webhooks", 0).webhooks(user).await
    }

    async fn replace_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError> {
        self.count("replace_webhook", 0).replace_webhook(webhook).await
    }

    async fn remove_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError> {
        self.count("remove_webhook", 0).remove_webhook(webhook).await
    }
}

#[async_trait]
impl Deliveries for MeteredStore {
    async fn put_delivery(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        self.count("put_delivery", 0).put_delivery(delivery).await
    }

    async fn delivery(&self, webhook: WebhookId, seq: u64) -> Result<Option<Delivery>, StoreError> {
        self.count("delivery", 0).delivery(webhook, seq).await
    }

    async fn replace_delivery(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        self.count("replace_delivery", 0).replace_delivery(delivery).await
    }

    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Page<Delivery>, StoreError> {
        self.count("deliveries", 0).deliveries(query).await
    }

    async fn due_deliveries(
        &self,
        part: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.count("due_deliveries", 0).due_deliveries(part, until, limit).await
    }
}
