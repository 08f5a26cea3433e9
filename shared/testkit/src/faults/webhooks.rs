//! Webhooks and deliveries fail as commits and reads do, but for conflicts.

use app::ports::{Deliveries, DeliveryQuery, Page, StoreError, Webhooks};
use async_trait::async_trait;
use domain::{
    id::{UserId, WebhookId},
    time::Timestamp,
    webhook::{Delivery, Webhook},
};

use super::FaultyStore;

#[async_trait]
impl Webhooks for FaultyStore {
    async fn put_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError> {
        self.write("put_webhook", self.inner.put_webhook(webhook)).await
    }

    async fn webhooks(&self, user: UserId) -> Result<Vec<Webhook>, StoreError> {
        self.read("webhooks", self.inner.webhooks(user)).await
    }

    async fn replace_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError> {
        self.write("replace_webhook", self.inner.replace_webhook(webhook)).await
    }

    async fn remove_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError> {
        self.write("remove_webhook", self.inner.remove_webhook(webhook)).await
    }
}

#[async_trait]
impl Deliveries for FaultyStore {
    async fn put_delivery(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        self.write("put_delivery", self.inner.put_delivery(delivery)).await
    }

    async fn delivery(&self, webhook: WebhookId, seq: u64) -> Result<Option<Delivery>, StoreError> {
        self.read("delivery", self.inner.delivery(webhook, seq)).await
    }

    async fn replace_delivery(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        self.write("replace_delivery", self.inner.replace_delivery(delivery)).await
    }

    async fn deliveries(&self, query: &DeliveryQuery) -> Result<Page<Delivery>, StoreError> {
        self.read("deliveries", self.inner.deliveries(query)).await
    }

    async fn due_deliveries(
        &self,
        part: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.read("due_deliveries", self.inner.due_deliveries(part, until, limit)).await
    }
}
