//! Streams of the embedded engine: how they are read, kept quick and kept small. Who reads them,
//! and how far, is not known here.
//!
//! The engine keeps all records in one table of its file, for ever, and looks for the largest
//! number in it at each write; it has no index for that. So each write would cost more the more
//! records there are; with the index below it does not.

#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};

use dynoxide::{
    Database, DynoxideError,
    actions::{
        get_records::GetRecordsRequest, get_shard_iterator::GetShardIteratorRequest,
        list_streams::ListStreamsRequest,
    },
    streams::shard_id,
};
use edge::function::DynamoDbEvent;
use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::{EmbeddedDynamo, EmbeddedError};

/// The most records of one event: what Lambda hands a function by default.
pub const RECORDS_MAX: usize = 100;

/// By the very expression that the engine orders and looks by.
const INDEX: &str = "CREATE INDEX IF NOT EXISTS stream_order
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// The newest record of a table stays, for the engine counts on from it.
const PRUNE: &str = "DELETE FROM _stream_records
    WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) <= ?2
    AND CAST(sequence_number AS INTEGER) < (
        SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1)";

/// What a number in the engine's file lacks against one in a record, which has 21 digits.
const OFFSET: u128 = 100_000_000_000_000_000_000;

/// A second connection to the engine's database, for what the engine has no operation for.
pub(super) struct StreamRecords(Mutex<Connection>);

impl StreamRecords {
    /// Opens the database at the path or address that the engine has opened already.
    pub(super) fn open(name: &str) -> rusqlite::Result<Self> {
        let connection = Connection::open(name)?;
        connection.execute_batch(INDEX)?;
        Ok(Self(Mutex::new(connection)))
    }

    /// Removes records up to this stored number; how many.
    fn prune(&self, table: &str, through: i64) -> rusqlite::Result<usize> {
        self.connection().prepare_cached(PRUNE)?.execute(params![table, through])
    }

    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stream of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    table: String,
    arn: String,
}

impl EmbeddedDynamo {
    /// The stream of the table with this full name, if there is one.
    ///
    /// # Errors
    /// [`EmbeddedError::Stream`].
    pub async fn stream(&self, table: &str) -> Result<Option<Stream>, EmbeddedError> {
        let table = table.to_owned();
        let request =
            ListStreamsRequest { table_name: Some(table.clone()), ..ListStreamsRequest::default() };
        let listed = self.run(move |engine| engine.database.list_streams(request)).await?;
        let stream = listed.map_err(stream_error)?.streams.into_iter().next();
        Ok(stream.map(|stream| Stream { table, arn: stream.stream_arn }))
    }

    /// What came after the record with this sequence number, or from the first record that is
    /// left on; at most [`RECORDS_MAX`] records, as a function is given them.
    ///
    /// # Errors
    /// [`EmbeddedError::Stream`], also if the stream was switched off.
    pub async fn stream_event(
        &self,
        stream: &Stream,
        after: Option<&str>,
    ) -> Result<DynamoDbEvent, EmbeddedError> {
        let (stream, after) = (stream.clone(), after.map(str::to_owned));
        let read = self.run(move |engine| event(&engine.database, &stream, after)).await?;
        read.map_err(stream_error)
    }

    /// Removes a table's records up to the one with this sequence number, and keeps the newest
    /// record whatever it is; how many were removed.
    ///
    /// # Errors
    /// [`EmbeddedError::Prune`]: nothing was removed, and it can be tried again.
    pub async fn prune_stream(&self, table: &str, through: &str) -> Result<usize, EmbeddedError> {
        let stored = through.parse::<u128>().ok().and_then(|number| number.checked_sub(OFFSET));
        let stored = stored.and_then(|number| i64::try_from(number).ok());
        let Some(stored) = stored else { return Ok(0) };
        let table = table.to_owned();
        let pruned = self.run_alone(move |engine| engine.records.prune(&table, stored)).await?;
        pruned.map_err(EmbeddedError::Prune)
    }

    /// The sequence number of a table's newest record, if it has one.
    ///
    /// # Errors
    /// [`EmbeddedError::Prune`].
    pub async fn newest_record(&self, table: &str) -> Result<Option<String>, EmbeddedError> {
        const NEWEST: &str = "SELECT MAX(CAST(sequence_number AS INTEGER))
            FROM _stream_records WHERE table_name = ?1";
        let table = table.to_owned();
        let newest = self.run_alone(move |engine| {
            let connection = engine.records.connection();
            connection.query_row(NEWEST, [table], |row| row.get::<_, Option<i64>>(0))
        });
        let newest = newest.await?.map_err(EmbeddedError::Prune)?;
        let number = newest.and_then(|stored| u128::try_from(stored).ok());
        Ok(number.map(|stored| (OFFSET + stored).to_string()))
    }
}

fn stream_error(error: DynoxideError) -> EmbeddedError {
    EmbeddedError::Stream(Box::new(error))
}

fn event(
    database: &Database,
    stream: &Stream,
    after: Option<String>,
) -> dynoxide::Result<DynamoDbEvent> {
    let from = if after.is_some() { "AFTER_SEQUENCE_NUMBER" } else { "TRIM_HORIZON" };
    let found = database.get_shard_iterator(GetShardIteratorRequest {
        stream_arn: stream.arn.clone(),
        shard_id: shard_id(&stream.table),
        shard_iterator_type: from.to_owned(),
        sequence_number: after,
    })?;
    let read = database.get_records(GetRecordsRequest {
        shard_iterator: found.shard_iterator.unwrap_or_default(),
        limit: Some(RECORDS_MAX),
    })?;
    let records = read.records.iter().map(serde_json::to_value);
    let mut records = records.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    for record in &mut records {
        record["eventSourceARN"] = Value::from(&*stream.arn);
    }
    serde_json::from_value(json!({"Records": records})).map_err(unreadable)
}

fn unreadable(error: serde_json::Error) -> DynoxideError {
    DynoxideError::InternalServerError(error.to_string())
}
