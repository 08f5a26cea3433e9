//! Projections of what was written before anybody followed the streams: a data directory of an
//! earlier release has accounts, entries and trades, and no stream tells of them any more.

use std::collections::HashMap;

use app::{market::Market, perform::Freshness, ports::StoreError, projecting::rebuild};
use aws_sdk_dynamodb::{Client, types::AttributeValue};
use domain::{id::UserId, ledger::Entry};
use dynamo::{
    TableNames,
    schema::{ACCOUNTS, JOURNAL, Table},
    stream::{StreamRow, stream_row},
};
use edge::problem::Problem;

type Row = HashMap<String, AttributeValue>;

/// Folds all that is there. What was folded already stays as it is, so it may end anywhere and
/// be done again; and it may run although streams tell of some of it once more.
///
/// # Errors
/// The store's own.
pub(crate) async fn backfill(
    client: &Client,
    tables: &TableNames,
    market: &Market,
) -> Result<(), Problem> {
    let (mut users, mut entries) = (Vec::<UserId>::new(), Vec::<Entry>::new());
    for table in [&ACCOUNTS, &JOURNAL] {
        for row in rows(client, tables, table).await? {
            match stream_row(table.stem, Row::new().into(), row.into())? {
                StreamRow::Account { after, .. } => users.push(after.user),
                StreamRow::Entry(entry) => entries.push(entry),
                StreamRow::MarketEvent(_) | StreamRow::Rate(_) | StreamRow::Other => {}
            }
        }
    }
    let pairs = market.pairs.all(Freshness::Fresh).await?;
    if !users.is_empty() {
        let (users, entries) = (users.len(), entries.len());
        tracing::info!(users, entries, "folding what was written before streams were followed");
    }
    Ok(rebuild(market, users, entries, pairs.iter().map(|pair| pair.id())).await?)
}

/// All rows of a table. Only a tool on the operator's own machine may read a table so.
async fn rows(client: &Client, tables: &TableNames, table: &Table) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    let mut start = None;
    loop {
        let page = client.scan().table_name(tables.of(table)).set_exclusive_start_key(start);
        let page = page.consistent_read(true).send().await;
        let page = page.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        rows.extend(page.items.into_iter().flatten());
        start = page.last_evaluated_key;
        if start.is_none() {
            return Ok(rows);
        }
    }
}
