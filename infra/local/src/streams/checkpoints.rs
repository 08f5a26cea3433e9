//! How far each follower has come, in a small table of the database that it reads: so it lasts
//! exactly as long as the streams do.

use std::time::Duration;

use app::ports::StoreError;
use aws_sdk_dynamodb::{
    Client,
    client::Waiters,
    types::{
        AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
        ScalarAttributeType,
    },
};
use dynamo::TableNames;

const STEM: &str = "checkpoints";
const FOLLOWER: &str = "follower";
const AFTER: &str = "after";
const WAIT: Duration = Duration::from_secs(60);

fn failed(error: impl std::error::Error) -> StoreError {
    let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    StoreError::Unavailable(format!("{error}{cause}"))
}

/// Makes the table of the checkpoints, if it is not there yet.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn create_checkpoints(
    client: &Client,
    tables: &TableNames,
) -> Result<(), StoreError> {
    let name = tables.with_stem(STEM);
    let described = client.describe_table().table_name(&name).send().await;
    if described.is_ok() {
        return Ok(());
    }
    let key = AttributeDefinition::builder().attribute_name(FOLLOWER);
    let key = key.attribute_type(ScalarAttributeType::S).build().map_err(failed)?;
    let schema = KeySchemaElement::builder().attribute_name(FOLLOWER).key_type(KeyType::Hash);
    let request = client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(key)
        .key_schema(schema.build().map_err(failed)?);
    request.send().await.map_err(failed)?;
    let active = client.wait_until_table_exists().table_name(&name).wait(WAIT).await;
    active.map(|_| ()).map_err(failed)
}

/// Reads and writes checkpoints.
#[derive(Clone)]
pub(crate) struct Checkpoints {
    client: Client,
    table: String,
}

impl Checkpoints {
    /// The checkpoints of a market's followers, in the table that is there already.
    pub(crate) fn new(client: Client, tables: &TableNames) -> Self {
        Self { client, table: tables.with_stem(STEM) }
    }

    /// The sequence number of the last record that a follower has passed.
    pub(crate) async fn load(&self, follower: &str) -> Result<Option<String>, StoreError> {
        let key = AttributeValue::S(follower.to_owned());
        let request = self.client.get_item().table_name(&self.table).key(FOLLOWER, key);
        let item = request.consistent_read(true).send().await.map_err(failed)?.item;
        let after = item.and_then(|mut item| item.remove(AFTER));
        after.map_or(Ok(None), |after| match after {
            AttributeValue::S(number) => Ok(Some(number)),
            _ => Err(StoreError::Corrupt(format!("the checkpoint of {follower}"))),
        })
    }

    /// Whether no follower has ever come anywhere.
    pub(crate) async fn are_none(&self) -> Result<bool, StoreError> {
        let found = self.client.scan().table_name(&self.table).limit(1).send().await;
        Ok(found.map_err(failed)?.items.unwrap_or_default().is_empty())
    }

    /// Remembers it.
    pub(crate) async fn save(&self, follower: &str, after: &str) -> Result<(), StoreError> {
        let request = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(FOLLOWER, AttributeValue::S(follower.to_owned()))
            .item(AFTER, AttributeValue::S(after.to_owned()));
        request.send().await.map(|_| ()).map_err(failed)
    }
}
