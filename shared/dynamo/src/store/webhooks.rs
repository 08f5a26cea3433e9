//! Webhooks and deliveries on DynamoDB. Each write is of one row, with its condition.

use app::ports::{DUE_PARTS, Deliveries, DeliveryQuery, Page, StoreError, Webhooks};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    id::{UserId, WebhookId},
    time::Timestamp,
    webhook::{Delivery, Webhook},
};

use super::{DynamoStore, books::ALL, page_of, rows_max};
use crate::{
    expression::values,
    read::{Stretch, query},
    rows::{Row, Spelled, Stored, keys, number, text},
    schema::{BY_DUE, WEBHOOKS},
    send::{all_or_none, put},
    transact::Target,
};

/// A webhook as it is: another may have taken its slot.
const SAME: &str = "#id = :id AND #version = :version";

fn same(webhook: &Webhook, version: impl Into<Option<AttributeValue>>) -> Row {
    let version = version.into().unwrap_or(AttributeValue::Null(true));
    values([(":id", text(webhook.id.spell())), (":version", version)])
}

/// The version before; none: nothing is before the first.
fn before(version: u64) -> Option<AttributeValue> {
    version.checked_sub(1).map(number)
}

impl DynamoStore {
    fn in_webhooks(&self) -> Target {
        Target::of(&WEBHOOKS, &self.tables)
    }
}

#[async_trait]
impl Webhooks for DynamoStore {
    async fn put_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError> {
        put(&self.client, self.in_webhooks().put_new(webhook.to_row()?)).await
    }

    async fn webhooks(&self, user: UserId) -> Result<Vec<Webhook>, StoreError> {
        let own = self.partition(&WEBHOOKS, user.spell(), ALL);
        query(&self.client, &own).await?.into_iter().map(Webhook::from_row).collect()
    }

    async fn replace_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError> {
        let same = same(webhook, before(webhook.version));
        put(&self.client, self.in_webhooks().put_if(webhook.to_row()?, SAME, same)).await
    }

    async fn remove_webhook(&self, webhook: &Webhook) -> Result<bool, StoreError> {
        let same = same(webhook, number(webhook.version));
        let removal = self.in_webhooks().delete_if(keys::webhook(webhook), SAME, same);
        Ok(all_or_none(&self.client, vec![removal]).await?.is_empty())
    }
}

#[async_trait]
impl Deliveries for DynamoStore {
    async fn put_delivery(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        put(&self.client, self.in_webhooks().put_new(delivery.to_row()?)).await
    }

    async fn delivery(&self, webhook: WebhookId, seq: u64) -> Result<Option<Delivery>, StoreError> {
        self.get(&WEBHOOKS, keys::delivery(webhook, seq)).await
    }

    async fn replace_delivery(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        let version = before(delivery.version).unwrap_or(AttributeValue::Null(true));
        let version = values([(":version", version)]);
        let row = delivery.to_row()?;
        put(&self.client, self.in_webhooks().put_if(row, "#version = :version", version)).await
    }

    async fn deliveries(&self, wanted: &DeliveryQuery) -> Result<Page<Delivery>, StoreError> {
        let limit = rows_max(wanted.limit);
        let all = self.partition(&WEBHOOKS, wanted.webhook.spell(), limit.saturating_add(1));
        let mut newest = Stretch { ascending: false, ..all };
        if let Some(before) = wanted.before {
            newest.keys.push_str(" AND #kind < :before");
            newest.values.insert(":before".to_owned(), text(keys::seq_key(before)));
        }
        page_of(query(&self.client, &newest).await?, limit)
    }

    async fn due_deliveries(
        &self,
        part: u8,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        if part >= DUE_PARTS {
            return Ok(Vec::new());
        }
        let all = self.newest(&WEBHOOKS, BY_DUE, keys::due_in(part), rows_max(limit));
        let mut due = Stretch { ascending: true, ..all };
        due.keys.push_str(" AND #due_at <= :until");
        due.values.insert(":until".to_owned(), text(keys::due_at(until)));
        query(&self.client, &due).await?.into_iter().map(Delivery::from_row).collect()
    }
}
