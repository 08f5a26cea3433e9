//! Adds to a table the indexes that came after it was made. The service makes one at a time,
//! and fills it from the rows that are there.

use std::{collections::HashMap, time::Duration};

use app::ports::StoreError;
use aws_sdk_dynamodb::{
    Client,
    types::{
        CreateGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate, IndexStatus,
        Projection as WireProjection,
    },
};

use super::{definition, key_schema, projection_type};
use crate::{
    error::{invalid, store_error},
    schema::{Index, Table},
    wait::wait,
};

/// With the pauses two minutes: the tables that this is for are small.
const LOOKS_MAX: u32 = 120;
const PAUSE: Duration = Duration::from_secs(1);

/// Adds every index that the table lacks and waits until all can be used.
pub(super) async fn add_missing(
    client: &Client,
    table: &Table,
    name: &str,
) -> Result<(), StoreError> {
    let mut refused = None;
    for _ in 0..LOOKS_MAX {
        let there = indexes_of(client, name).await?;
        let being_made = there.values().any(|status| *status != IndexStatus::Active);
        let missing = table.indexes.iter().find(|index| !there.contains_key(index.name));
        match (missing, refused.take()) {
            (None, _) if !being_made => return Ok(()),
            (Some(_), Some(error)) if !being_made => return Err(error),
            // Another process may have been faster: then the next look finds the index.
            (Some(index), _) if !being_made => refused = add(client, index, name).await.err(),
            _ => wait(client, PAUSE).await,
        }
    }
    Err(StoreError::Unavailable(format!("{name}: its indexes are still being made")))
}

async fn indexes_of(
    client: &Client,
    name: &str,
) -> Result<HashMap<String, IndexStatus>, StoreError> {
    let described = client.describe_table().table_name(name).send().await;
    let table = described.map_err(|error| store_error(&error))?.table;
    let indexes = table.and_then(|table| table.global_secondary_indexes).unwrap_or_default();
    let status = |status: Option<IndexStatus>| status.unwrap_or(IndexStatus::Active);
    Ok(indexes
        .into_iter()
        .filter_map(|index| Some((index.index_name?, status(index.index_status))))
        .collect())
}

async fn add(client: &Client, index: &Index, name: &str) -> Result<(), StoreError> {
    let create = CreateGlobalSecondaryIndexAction::builder()
        .index_name(index.name)
        .set_key_schema(Some(key_schema(index.partition, Some(index.sort)).map_err(invalid)?))
        .projection(WireProjection::builder().projection_type(projection_type(index)).build())
        .build()
        .map_err(invalid)?;
    let updated = client
        .update_table()
        .table_name(name)
        .attribute_definitions(definition(index.partition).map_err(invalid)?)
        .attribute_definitions(definition(index.sort).map_err(invalid)?)
        .global_secondary_index_updates(
            GlobalSecondaryIndexUpdate::builder().create(create).build(),
        )
        .send()
        .await;
    updated.map(|_| ()).map_err(|error| store_error(&error))
}
