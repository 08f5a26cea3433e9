//! Sends writes of which an unmet condition is an answer and no failure, and reads many rows at
//! one moment. A transaction that others are in the way of is sent again, a few times. What is
//! written, `store` knows; commits of the ledger are not sent from here.

use std::time::Duration;

use app::ports::StoreError;
use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::{
        put_item::PutItemError, transact_get_items::TransactGetItemsError,
        transact_write_items::TransactWriteItemsError,
    },
    types::{
        CancellationReason, DeleteRequest, Get, ReturnConsumedCapacity, TransactGetItem,
        WriteRequest,
    },
};

use crate::{
    error::{CONDITION, CONFLICT, INVALID, invalid, store_error},
    expression::names,
    read::{BATCH_PAUSE, BATCH_TRIES_MAX},
    rows::Row,
    tally,
    transact::Action,
    wait::wait,
};

/// The limit of one transaction, of writes as of reads.
pub(crate) const ROWS_MAX: usize = 100;

/// How often a transaction is sent, after up to 10 ms doubled each time: 0.3 s in all.
const TRIES_MAX: u32 = 6;
const PAUSE: Duration = Duration::from_millis(10);

/// The limit of one `BatchWriteItem`.
const DELETIONS_MAX: usize = 25;

/// Carries out all actions, or none and says where the conditions that are not met stand.
///
/// Each call has a request token of its own, which the SDK makes and its retries carry: a lost
/// answer has no second effect. A token that follows from the actions, as a commit has, would
/// let the same actions succeed again for ten minutes though their conditions are not met.
pub(crate) async fn all_or_none(
    client: &Client,
    actions: Vec<Action>,
) -> Result<Vec<usize>, StoreError> {
    if actions.len() > ROWS_MAX {
        return Err(invalid("more rows than one transaction has"));
    }
    let items = actions.into_iter().map(Action::into_item).collect::<Result<Vec<_>, _>>();
    let items = items.map_err(invalid)?;
    for attempt in 0..TRIES_MAX {
        pause(client, attempt).await;
        let sent = client
            .transact_write_items()
            .set_transact_items(Some(items.clone()))
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .send()
            .await;
        tally::round_trip();
        let error = match sent {
            Ok(done) => {
                tally::wrote(done.consumed_capacity());
                return Ok(Vec::new());
            }
            Err(error) => error,
        };
        let Some(reasons) = why_not_written(&error) else { return Err(store_error(&error)) };
        let unmet = unmet(reasons);
        if !unmet.is_empty() {
            return Ok(unmet);
        }
        in_the_way(reasons)?;
        tally::conflict();
    }
    Err(StoreError::Unavailable("others are in the way again and again".to_owned()))
}

/// Rows by their keys, in the order asked for, all of one moment.
pub(crate) async fn all_at_once(
    client: &Client,
    table: &str,
    keys: Vec<Row>,
) -> Result<Vec<Option<Row>>, StoreError> {
    let get = |key| {
        let get = Get::builder().table_name(table).set_key(Some(key)).build();
        get.map(|get| TransactGetItem::builder().get(get).build())
    };
    let items = keys.into_iter().map(get).collect::<Result<Vec<_>, _>>().map_err(invalid)?;
    for attempt in 0..TRIES_MAX {
        pause(client, attempt).await;
        let read = client
            .transact_get_items()
            .set_transact_items(Some(items.clone()))
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .send()
            .await;
        tally::round_trip();
        match read {
            Ok(answer) => {
                tally::read(answer.consumed_capacity());
                let rows = answer.responses.unwrap_or_default().into_iter();
                let present = |row: &Row| !row.is_empty();
                return Ok(rows.map(|found| found.item.filter(present)).collect());
            }
            Err(error) => match why_not_read(&error) {
                Some(reasons) => {
                    in_the_way(reasons)?;
                    tally::conflict();
                }
                None => return Err(store_error(&error)),
            },
        }
    }
    Err(StoreError::Unavailable("others are in the way again and again".to_owned()))
}

/// Puts a row if its condition is met, and says whether it was.
pub(crate) async fn put(client: &Client, action: Action) -> Result<bool, StoreError> {
    let Action { table, row, condition, values, .. } = action;
    let sent = client
        .put_item()
        .table_name(table)
        .set_item(Some(row))
        .set_expression_attribute_names(names(condition.as_deref()))
        .set_expression_attribute_values(Some(values).filter(|values| !values.is_empty()))
        .set_condition_expression(condition)
        .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
        .send()
        .await;
    tally::round_trip();
    match sent {
        Ok(done) => {
            tally::wrote(done.consumed_capacity.as_slice());
            Ok(true)
        }
        Err(error)
            if error
                .as_service_error()
                .is_some_and(PutItemError::is_conditional_check_failed_exception) =>
        {
            Ok(false)
        }
        Err(error) => Err(store_error(&error)),
    }
}

/// Deletes rows by their keys, whether or not they are there, in no order.
pub(crate) async fn delete_all(
    client: &Client,
    table: &str,
    keys: Vec<Row>,
) -> Result<(), StoreError> {
    let deletion = |key| {
        let deletion = DeleteRequest::builder().set_key(Some(key)).build();
        deletion.map(|deletion| WriteRequest::builder().delete_request(deletion).build())
    };
    let deletions = keys.into_iter().map(deletion).collect::<Result<Vec<_>, _>>();
    for batch in deletions.map_err(invalid)?.chunks(DELETIONS_MAX) {
        delete_batch(client, table, batch.to_vec()).await?;
    }
    Ok(())
}

async fn delete_batch(
    client: &Client,
    table: &str,
    mut left: Vec<WriteRequest>,
) -> Result<(), StoreError> {
    for attempt in 0..BATCH_TRIES_MAX {
        if attempt > 0 {
            wait(client, BATCH_PAUSE.saturating_mul(1 << attempt)).await;
        }
        let answer = client
            .batch_write_item()
            .request_items(table, left)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .send()
            .await;
        tally::round_trip();
        let answer = answer.map_err(|error| store_error(&error))?;
        tally::wrote(answer.consumed_capacity());
        left = answer.unprocessed_items.unwrap_or_default().remove(table).unwrap_or_default();
        if left.is_empty() {
            return Ok(());
        }
    }
    Err(StoreError::Unavailable(format!("{} rows were left again and again", left.len())))
}

fn why_not_written<R>(
    error: &SdkError<TransactWriteItemsError, R>,
) -> Option<&[CancellationReason]> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
            Some(cancelled.cancellation_reasons())
        }
        _ => None,
    }
}

fn why_not_read<R>(error: &SdkError<TransactGetItemsError, R>) -> Option<&[CancellationReason]> {
    match error.as_service_error()? {
        TransactGetItemsError::TransactionCanceledException(cancelled) => {
            Some(cancelled.cancellation_reasons())
        }
        _ => None,
    }
}

/// Where the conditions that are not met stand. They have the last word, for no condition of
/// ours is met again once it is not.
fn unmet(reasons: &[CancellationReason]) -> Vec<usize> {
    let places = reasons.iter().enumerate();
    places.filter(|(_, reason)| reason.code() == Some(CONDITION)).map(|(place, _)| place).collect()
}

/// Whether it may be sent again at once.
///
/// # Errors
/// Why it may not.
fn in_the_way(reasons: &[CancellationReason]) -> Result<(), StoreError> {
    let with_code = |code| reasons.iter().find(|reason| reason.code() == Some(code));
    if let Some(reason) = with_code(INVALID) {
        return Err(invalid(reason.message().unwrap_or(INVALID)));
    }
    if with_code(CONFLICT).is_some() {
        return Ok(());
    }
    let codes: Vec<_> = reasons.iter().filter_map(CancellationReason::code).collect();
    Err(StoreError::Unavailable(format!("cancelled: {}", codes.join(", "))))
}

/// Some part of a time that doubles with each attempt, so that no two go on in step.
async fn pause(client: &Client, attempt: u32) {
    if attempt > 0 {
        // The chance that the SDK waits by too; nothing that is decided depends on it.
        let part = fastrand::u32(..256);
        wait(client, PAUSE.saturating_mul(part << attempt) / 512).await;
    }
}

#[cfg(test)]
mod tests;
