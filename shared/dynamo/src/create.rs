//! Creates the tables and indexes that are missing: for the local market and for tests. On AWS
//! the deployment makes them.

mod indexes;
mod streams;

use std::time::Duration;

use app::ports::StoreError;
use aws_sdk_dynamodb::{
    Client,
    client::Waiters,
    error::BuildError,
    operation::create_table::CreateTableError,
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
        ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
        TimeToLiveSpecification, TimeToLiveStatus,
    },
};

use crate::{
    error::{invalid, store_error},
    schema::{Images, Index, Projection, TABLES, Table, TableNames},
};

/// How long one table may take until it can be used.
const WAIT: Duration = Duration::from_secs(60);

/// Whether tables get the streams that [`TABLES`] declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    /// As declared.
    Declared,
    /// None are switched on, for nobody reads them: an embedded engine keeps every record until
    /// somebody removes it.
    None,
}

/// Creates every table that is not there yet, adds to the others the indexes and streams that
/// they lack, and waits until all can be used. A stream that is added tells of nothing that was
/// before. Safe to call again, and by two processes at once.
///
/// # Errors
/// [`StoreError::Unavailable`] if a table or an index is not ready after two minutes;
/// the service's own.
pub async fn create_missing_tables(
    client: &Client,
    tables: &TableNames,
    streams: Streams,
) -> Result<(), StoreError> {
    let stream = |table: &Table| table.stream.filter(|_| streams == Streams::Declared);
    for table in TABLES {
        create(client, table, stream(table), &tables.of(table)).await?;
    }
    for table in TABLES {
        let name = tables.of(table);
        wait(client, &name).await?;
        indexes::add_missing(client, table, &name).await?;
        if let Some(images) = stream(table) {
            streams::switch_on(client, images, &name).await?;
        }
        expire(client, table, &name).await?;
    }
    Ok(())
}

/// Until the table can be used.
async fn wait(client: &Client, name: &str) -> Result<(), StoreError> {
    let active = client.wait_until_table_exists().table_name(name).wait(WAIT).await;
    active.map(|_| ()).map_err(|error| StoreError::Unavailable(format!("{name}: {error}")))
}

async fn create(
    client: &Client,
    table: &Table,
    images: Option<Images>,
    name: &str,
) -> Result<(), StoreError> {
    let definitions = table.key_attributes().into_iter().map(definition);
    let definitions = definitions.collect::<Result<_, _>>().map_err(invalid)?;
    let indexes =
        table.indexes.iter().map(index).collect::<Result<Vec<_>, _>>().map_err(invalid)?;
    let created = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(definitions))
        .set_key_schema(Some(key_schema(table.partition, table.sort).map_err(invalid)?))
        .set_global_secondary_indexes(Some(indexes).filter(|indexes| !indexes.is_empty()))
        .set_stream_specification(images.map(stream).transpose().map_err(invalid)?)
        .send()
        .await;
    match created {
        Ok(_) => Ok(()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(CreateTableError::is_resource_in_use_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(store_error(&error)),
    }
}

fn definition(name: &str) -> Result<AttributeDefinition, BuildError> {
    AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(ScalarAttributeType::S)
        .build()
}

fn key_schema(partition: &str, sort: Option<&str>) -> Result<Vec<KeySchemaElement>, BuildError> {
    let element = |(name, kind): (&str, KeyType)| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build()
    };
    let sort = sort.map(|name| (name, KeyType::Range));
    std::iter::once((partition, KeyType::Hash)).chain(sort).map(element).collect()
}

fn index(index: &Index) -> Result<GlobalSecondaryIndex, BuildError> {
    let projection = aws_sdk_dynamodb::types::Projection::builder();
    GlobalSecondaryIndex::builder()
        .index_name(index.name)
        .set_key_schema(Some(key_schema(index.partition, Some(index.sort))?))
        .projection(projection.projection_type(projection_type(index)).build())
        .build()
}

fn projection_type(index: &Index) -> ProjectionType {
    match index.projection {
        Projection::Keys => ProjectionType::KeysOnly,
        Projection::Everything => ProjectionType::All,
    }
}

fn stream(images: Images) -> Result<StreamSpecification, BuildError> {
    let view = match images {
        Images::New => StreamViewType::NewImage,
        Images::NewAndOld => StreamViewType::NewAndOldImages,
    };
    StreamSpecification::builder().stream_enabled(true).stream_view_type(view).build()
}

/// Enabling what is enabled already is an error of the service's, so it is asked first.
async fn expire(client: &Client, table: &Table, name: &str) -> Result<(), StoreError> {
    let Some(attribute) = table.expires else { return Ok(()) };
    let described = client.describe_time_to_live().table_name(name).send().await;
    let described = described.map_err(|error| store_error(&error))?;
    let status = described.time_to_live_description().and_then(|ttl| ttl.time_to_live_status());
    if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
        return Ok(());
    }
    let specification = TimeToLiveSpecification::builder().enabled(true).attribute_name(attribute);
    let specification = specification.build().map_err(invalid)?;
    let enabled =
        client.update_time_to_live().table_name(name).time_to_live_specification(specification);
    enabled.send().await.map(|_| ()).map_err(|error| store_error(&error))
}
