//! Reading rows: one by its key, many by their keys, or a stretch of a table or an index.
//! What the rows are, `store` knows.

use std::time::Duration;

use app::ports::StoreError;
use aws_sdk_dynamodb::{
    Client,
    types::{KeysAndAttributes, ReturnConsumedCapacity},
};

use crate::{
    error::{invalid, store_error},
    expression::names,
    rows::{Row, Stored},
    tally,
    wait::wait,
};

/// How often keys that the service left out are asked for again, after 10 ms doubled each time.
pub(crate) const BATCH_TRIES_MAX: u32 = 6;
pub(crate) const BATCH_PAUSE: Duration = Duration::from_millis(10);

/// A row as of the last commit.
pub(crate) async fn get(
    client: &Client,
    table: String,
    key: Row,
) -> Result<Option<Row>, StoreError> {
    let found = client
        .get_item()
        .table_name(table)
        .set_key(Some(key))
        .consistent_read(true)
        .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
        .send()
        .await;
    tally::round_trip();
    let found = found.map_err(|error| store_error(&error))?;
    tally::read(found.consumed_capacity.as_slice());
    Ok(found.item)
}

/// Rows as of the last commit, in no order; those that are not there are left out.
/// At most 100 keys, the limit of one `BatchGetItem`.
pub(crate) async fn get_all<T: Stored>(
    client: &Client,
    table: &str,
    keys: Vec<Row>,
) -> Result<Vec<T>, StoreError> {
    get_rows(client, table, keys).await?.into_iter().map(T::from_row).collect()
}

/// The rows of [`get_all`] as they are.
pub(crate) async fn get_rows(
    client: &Client,
    table: &str,
    keys: Vec<Row>,
) -> Result<Vec<Row>, StoreError> {
    let mut values = Vec::with_capacity(keys.len());
    let mut left = keys;
    for attempt in 0..BATCH_TRIES_MAX {
        if left.is_empty() {
            return Ok(values);
        }
        if attempt > 0 {
            wait(client, BATCH_PAUSE.saturating_mul(1 << attempt)).await;
        }
        let wanted = KeysAndAttributes::builder().set_keys(Some(left)).consistent_read(true);
        let answer = client
            .batch_get_item()
            .request_items(table, wanted.build().map_err(invalid)?)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .send()
            .await;
        tally::round_trip();
        let answer = answer.map_err(|error| store_error(&error))?;
        tally::read(answer.consumed_capacity());
        values.extend(answer.responses.unwrap_or_default().remove(table).unwrap_or_default());
        let unprocessed = answer.unprocessed_keys.unwrap_or_default().remove(table);
        left = unprocessed.map(|unprocessed| unprocessed.keys).unwrap_or_default();
    }
    if left.is_empty() {
        return Ok(values);
    }
    Err(StoreError::Unavailable(format!("{} rows were left out again and again", left.len())))
}

/// A stretch of a table or an index, in the order of its sort key.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    /// The table's full name.
    pub(crate) table: String,
    /// The index; `None`: the table itself, as of the last commit.
    pub(crate) index: Option<&'static str>,
    /// Which keys.
    pub(crate) keys: String,
    /// Which rows of these; the others are read and paid for as well.
    pub(crate) filter: Option<String>,
    /// The values that both refer to.
    pub(crate) values: Row,
    /// From the first key up.
    pub(crate) ascending: bool,
    /// The most rows.
    pub(crate) limit: usize,
}

/// The rows of a stretch, at most its limit.
pub(crate) async fn query(client: &Client, stretch: &Stretch) -> Result<Vec<Row>, StoreError> {
    let page_size = i32::try_from(stretch.limit).ok();
    let texts = std::iter::once(stretch.keys.as_str()).chain(stretch.filter.as_deref());
    let request = client
        .query()
        .table_name(&stretch.table)
        .set_index_name(stretch.index.map(str::to_owned))
        .consistent_read(stretch.index.is_none())
        .key_condition_expression(&stretch.keys)
        .set_filter_expression(stretch.filter.clone())
        .set_expression_attribute_names(names(texts))
        .set_expression_attribute_values(Some(stretch.values.clone()))
        .scan_index_forward(stretch.ascending)
        .return_consumed_capacity(ReturnConsumedCapacity::Indexes);
    let mut rows = Vec::new();
    let mut resume_at = None;
    loop {
        // The first page is as small as the answer. If a filter drops rows, the next are large.
        let first = resume_at.is_none();
        let page = request
            .clone()
            .set_exclusive_start_key(resume_at)
            .set_limit(page_size.filter(|_| first || stretch.filter.is_none()))
            .send()
            .await;
        tally::round_trip();
        let page = page.map_err(|error| store_error(&error))?;
        tally::read(page.consumed_capacity.as_slice());
        rows.extend(page.items.unwrap_or_default());
        resume_at = page.last_evaluated_key.filter(|key| !key.is_empty());
        if rows.len() >= stretch.limit || resume_at.is_none() {
            rows.truncate(stretch.limit);
            return Ok(rows);
        }
    }
}
