//! What the service's errors mean for a store: whether anything was written, and whether the
//! same request may be sent again. A throttle and a failed condition are never the same.

use std::fmt;

use app::ports::{CommitError, Failure, Found, StoreError};
use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
    types::CancellationReason,
};
use domain::{
    account::Account,
    commit::{Commit, Write},
    ledger::Entry,
};

use crate::rows::{Row, Stored};

/// Errors that no retry helps with: the request, or the deployment, is wrong.
const OURS: &[&str] = &[
    "AccessDeniedException",
    "IdempotentParameterMismatchException",
    "ResourceNotFoundException",
    "SerializationException",
    "ValidationException",
];

/// Errors whose messages repeat what was signed, a session's token among it: they are left out.
const SIGNING: &[&str] = &[
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

pub(crate) const CONDITION: &str = "ConditionalCheckFailed";
pub(crate) const CONFLICT: &str = "TransactionConflict";
pub(crate) const INVALID: &str = "ValidationError";

/// An error of any operation.
pub(crate) fn store_error<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> StoreError {
    match error {
        SdkError::ServiceError(context) => {
            let code = context.err().code().unwrap_or("an error without a code");
            let message = context.err().message().filter(|_| !SIGNING.contains(&code));
            let message = message.unwrap_or("without a message");
            let text = format!("{code}: {message}");
            if OURS.contains(&code) {
                StoreError::Corrupt(text)
            } else {
                StoreError::Unavailable(text)
            }
        }
        SdkError::ConstructionFailure(_) => invalid("the request could not be built"),
        SdkError::TimeoutError(_) => StoreError::Unavailable("no answer in time".to_owned()),
        SdkError::DispatchFailure(_) => StoreError::Unavailable("no connection".to_owned()),
        _ => StoreError::Unavailable("no readable answer".to_owned()),
    }
}

/// A request that could not be made. It is always a bug of ours.
pub(crate) fn invalid(what: impl fmt::Display) -> StoreError {
    StoreError::Corrupt(what.to_string())
}

/// An error of a transaction.
pub(crate) fn commit_error<R>(
    commit: &Commit,
    error: &SdkError<TransactWriteItemsError, R>,
) -> CommitError {
    if let SdkError::ServiceError(context) = error
        && let TransactWriteItemsError::TransactionCanceledException(cancelled) = context.err()
    {
        return why_cancelled(commit, cancelled.cancellation_reasons());
    }
    store_error(error).into()
}

/// Each reason stands in the place of its write. A guard that was used already has the last
/// word; otherwise a conflict has, for what the other conditions saw may change with it.
fn why_cancelled(commit: &Commit, reasons: &[CancellationReason]) -> CommitError {
    let failures = match failures(commit, reasons) {
        Ok(failures) => failures,
        Err(error) => return error.into(),
    };
    let guard_used = failures
        .first()
        .is_some_and(|first| first.write == 0 && matches!(first.found, Found::Entry(_)));
    let with_code = |code| reasons.iter().find(|reason| reason.code() == Some(code));
    if guard_used {
        CommitError::Refused(failures)
    } else if with_code(CONFLICT).is_some() {
        CommitError::Conflict
    } else if let Some(reason) = with_code(INVALID) {
        invalid(reason.message().unwrap_or(INVALID)).into()
    } else if failures.is_empty() {
        let codes: Vec<_> = reasons.iter().filter_map(CancellationReason::code).collect();
        StoreError::Unavailable(format!("cancelled: {}", codes.join(", "))).into()
    } else {
        CommitError::Refused(failures)
    }
}

fn failures(commit: &Commit, reasons: &[CancellationReason]) -> Result<Vec<Failure>, StoreError> {
    commit
        .writes()
        .iter()
        .zip(reasons)
        .enumerate()
        .filter(|(_, (_, reason))| reason.code() == Some(CONDITION))
        .map(|(place, (write, reason))| {
            Ok(Failure { write: place, found: found(write, reason.item().cloned())? })
        })
        .collect()
}

fn found(write: &Write, row: Option<Row>) -> Result<Found, StoreError> {
    let Some(row) = row.filter(|row| !row.is_empty()) else { return Ok(Found::Nothing) };
    Ok(match write {
        Write::PutEntry(_) => Found::Entry(Box::new(Entry::from_row(row)?)),
        Write::OpenAccount(_) | Write::OpenWallet { .. } | Write::MoveFunds { .. } => {
            Found::Account(Box::new(Account::from_row(row)?))
        }
        _ => Found::Other,
    })
}

#[cfg(test)]
mod tests;
