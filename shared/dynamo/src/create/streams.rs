//! Switches on a table's stream, if it came after the table was made.

use app::ports::StoreError;
use aws_sdk_dynamodb::Client;

use super::{stream, wait};
use crate::{
    error::{invalid, store_error},
    schema::Images,
};

/// Enabling what is enabled already is an error of the service's, so it is asked first. A stream
/// with other images is left as it is: it would have to end, and what nobody has read with it.
pub(super) async fn switch_on(
    client: &Client,
    images: Images,
    name: &str,
) -> Result<(), StoreError> {
    if is_on(client, name).await? {
        return Ok(());
    }
    let specification = stream(images).map_err(invalid)?;
    let updated = client.update_table().table_name(name).stream_specification(specification);
    match updated.send().await {
        // Or another process was faster.
        Err(error) if !is_on(client, name).await? => Err(store_error(&error)),
        _ => wait(client, name).await,
    }
}

async fn is_on(client: &Client, name: &str) -> Result<bool, StoreError> {
    let described = client.describe_table().table_name(name).send().await;
    let table = described.map_err(|error| store_error(&error))?.table;
    let stream = table.and_then(|table| table.stream_specification);
    Ok(stream.is_some_and(|stream| stream.stream_enabled))
}
