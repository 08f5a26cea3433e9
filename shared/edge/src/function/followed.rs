//! Whose requests a batch of rows follows from, as far as rows say: a change of an account and an
//! entry name the journal entry; an entry names the request only if that was refused. Events of
//! a market and rates name neither.

use aws_lambda_events::dynamodb::EventRecord;
use domain::{id::EntryId, ledger::Outcome, time::Timestamp};

use super::StreamRow;

/// The most that is named of a batch.
const NAMES_MAX: usize = 20;

/// The journal entry that a row belongs to.
pub(super) fn entry_of(row: &StreamRow) -> Option<EntryId> {
    match row {
        StreamRow::Account { after, .. } => after.last_entry,
        StreamRow::Entry(entry) => Some(entry.id),
        StreamRow::MarketEvent(_) | StreamRow::Rate(_) | StreamRow::Other => None,
    }
}

/// The request that a row belongs to.
pub(super) fn request_of(row: &StreamRow) -> Option<&str> {
    let StreamRow::Entry(entry) = row else { return None };
    match &entry.outcome {
        Outcome::Refused { request_id, .. } => Some(request_id),
        _ => None,
    }
}

/// Each name once and in order of appearance, with a comma between; `None`: there are none.
pub(super) fn names(all: impl Iterator<Item = String>) -> Option<String> {
    let mut names: Vec<String> = Vec::new();
    for name in all {
        if names.len() < NAMES_MAX && !names.contains(&name) {
            names.push(name);
        }
    }
    Some(names.join(",")).filter(|names| !names.is_empty())
}

/// How long the oldest of these changes has waited; `None`: no record says. The service tells
/// of seconds, so it may be up to one second less.
pub(super) fn lag_ms(records: &[EventRecord], now: Timestamp) -> Option<i64> {
    let written = records.iter().map(|record| &record.change.approximate_creation_date_time);
    let oldest = written.map(|at| at.timestamp_millis()).filter(|millis| *millis > 0).min()?;
    Some(now.millis().saturating_sub(oldest).max(0))
}
