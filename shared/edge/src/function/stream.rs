//! A Lambda function that follows tables' streams. Decides what comes again and what never will;
//! what a row means to the function, the function knows.
//!
//! Rows come in the order of their stream, at least once: again after a failure, and all of a
//! batch again after a panic. A record that no retry helps with is put into the failure queue,
//! and those behind it go on.

use std::{collections::BTreeMap, panic::AssertUnwindSafe, pin::Pin, sync::Arc};

use app::ports::{DeadLetter, Unit};
use aws_lambda_events::dynamodb::EventRecord;
use aws_lambda_events::streams::DynamoDbBatchItemFailure;
pub use aws_lambda_events::{dynamodb::Event as DynamoDbEvent, streams::DynamoDbEventResponse};
pub use dynamo::stream::StreamRow;
use dynamo::{schema::stem_of, stream::stream_row};
use futures_util::FutureExt;
use lambda_runtime::{Error, LambdaEvent, service_fn};

use crate::{
    acting::{Invocation, invoked},
    context::Context,
    problem::Problem,
    telemetry::{Origin, Work},
    uses::Use,
};

use super::{
    followed::{entry_of, lag_ms, names, request_of},
    primed_context, start,
};

/// How far a function came with a batch.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Rows handled, from the first on.
    pub done: usize,
    /// Why the next one was not; `None`: all were handled.
    pub stopped: Option<Problem>,
}

/// What a function does with a batch.
pub type Following<'a> = Pin<Box<dyn Future<Output = Progress> + Send + 'a>>;

/// A function behind the streams of tables.
#[derive(Clone, Copy)]
pub struct StreamFunction {
    /// `project`: verb first.
    pub stem: &'static str,
    /// What it needs of the world.
    pub uses: &'static [Use],
    /// Handles rows in their order; a row that it has handled before, without another effect.
    pub handle: for<'a> fn(&'a Context, &'a [StreamRow]) -> Following<'a>,
}

/// Runs a function behind streams, for ever.
///
/// # Errors
/// The environment does not say what is needed, or the runtime API is gone.
pub fn run_stream(function: &'static StreamFunction) -> Result<(), Error> {
    start(async move {
        let context = primed_context(function.uses).await?;
        lambda_runtime::run(service_fn(move |event: LambdaEvent<DynamoDbEvent>| {
            let context = Arc::clone(&context);
            async move {
                let invocation = Invocation::from(&event.context);
                let handling = handle_stream_event(&context, function, event.payload);
                Ok::<_, Error>(invoked(invocation, handling).await)
            }
        }))
        .await
    })
}

/// Handles a batch. Names at most one record that is to come again, with all behind it.
pub async fn handle_stream_event(
    context: &Context,
    function: &StreamFunction,
    event: DynamoDbEvent,
) -> DynamoDbEventResponse {
    let origin = Origin::own(context.market.entropy.as_ref());
    let work = Work::begin(context, function.stem, function.uses, origin);
    let batch = Batch::read(context, function, event.records);
    if let Some(lag_ms) = lag_ms(&batch.records, context.market.clock.now()) {
        let lag_ms = i32::try_from(lag_ms).unwrap_or(i32::MAX);
        work.measure("StreamLagMs", Unit::Milliseconds, lag_ms.into());
    }
    let entries = names(batch.rows.iter().filter_map(entry_of).map(|entry| entry.to_string()));
    let requests = names(batch.rows.iter().filter_map(request_of).map(str::to_owned));
    let handled = work.run(async {
        let again = batch.handle().await;
        let (stem, records, took_ms) = (function.stem, batch.records.len(), work.took_ms());
        tracing::debug!(function = stem, records, again, took_ms, entries, requests, "followed");
        again
    });
    let again = handled.await;
    if again.is_some() {
        work.failed();
    }
    work.say("entries", entries);
    work.say("requests", requests);
    let mut response = DynamoDbEventResponse::default();
    if let Some(record) = again.and_then(|place| batch.records.get(place)) {
        // An empty number, which no record has, makes the whole batch come again.
        let number = record.change.sequence_number.clone().unwrap_or_default();
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(number);
        response.batch_item_failures.push(failure);
    }
    response
}

/// The full name of a record's table, from `arn:aws:dynamodb:…:table/{name}/stream/{label}`.
fn table_of(record: &EventRecord) -> Option<&str> {
    let (_, resource) = record.event_source_arn.as_deref()?.split_once(":table/")?;
    resource.split_once("/stream/").map(|(name, _)| name)
}

fn row_of(record: &EventRecord) -> Result<StreamRow, String> {
    let table = table_of(record).ok_or("a record of no table")?;
    let Some(stem) = stem_of(table) else { return Ok(StreamRow::Other) };
    let (before, after) = (record.change.old_image.clone(), record.change.new_image.clone());
    stream_row(stem, before, after).map_err(|error| error.to_string())
}

struct Batch<'a> {
    context: &'a Context,
    function: &'a StreamFunction,
    records: Vec<EventRecord>,
    /// One a record. What cannot be read has a row all the same, which is never handled.
    rows: Vec<StreamRow>,
    /// Why not, by the record's place.
    unreadable: BTreeMap<usize, String>,
}

impl<'a> Batch<'a> {
    fn read(context: &'a Context, function: &'a StreamFunction, records: Vec<EventRecord>) -> Self {
        let mut unreadable = BTreeMap::new();
        let row = |(place, record)| {
            row_of(record).unwrap_or_else(|reason| {
                unreadable.insert(place, reason);
                StreamRow::Other
            })
        };
        let rows = records.iter().enumerate().map(row).collect();
        Self { context, function, records, rows, unreadable }
    }

    /// The place of the record that is to come again, if there is one.
    async fn handle(&self) -> Option<usize> {
        let mut next = 0;
        // Rows before this place are handled one by one, for one of them makes it panic.
        let mut alone_until = 0;
        while next < self.records.len() {
            let end = if next < alone_until { next + 1 } else { self.readable_until(next) };
            match self.attempt(next, end).await {
                Came::Through => next = end,
                Came::Panicked => alone_until = end,
                Came::ToFailure(place) => return Some(place),
                Came::ToPoison(place, reason) => {
                    if !self.bury(place, reason).await {
                        return Some(place);
                    }
                    next = place + 1;
                }
            }
        }
        None
    }

    /// The place behind the last row that can be handed over with this one.
    fn readable_until(&self, place: usize) -> usize {
        let next_unreadable = self.unreadable.range(place + 1..).next();
        next_unreadable.map_or(self.records.len(), |(place, _)| *place)
    }

    async fn attempt(&self, from: usize, end: usize) -> Came {
        if let Some(reason) = self.unreadable.get(&from) {
            return Came::ToPoison(from, reason.clone());
        }
        let rows = self.rows.get(from..end).unwrap_or_default();
        let following = async { (self.function.handle)(self.context, rows).await };
        let Ok(Progress { done, stopped }) = AssertUnwindSafe(following).catch_unwind().await
        else {
            let alone = rows.len() <= 1;
            let reason = "the function panicked".to_owned();
            return if alone { Came::ToPoison(from, reason) } else { Came::Panicked };
        };
        let place = from + done.min(rows.len());
        match stopped {
            _ if place == end => Came::Through,
            None => Came::ToPoison(place, "the function stopped and did not say why".to_owned()),
            Some(Problem { code, detail, retryable: true, .. }) => {
                let (function, source) = (self.function.stem, self.source(place));
                let (entry, request) = self.follows(place);
                tracing::warn!(function, source, entry, request, code, detail, "comes again");
                Came::ToFailure(place)
            }
            Some(Problem { code, detail, cause, .. }) => {
                Came::ToPoison(place, format!("{code}: {}", cause.unwrap_or(detail)))
            }
        }
    }

    /// Whether the failure queue has taken the record.
    async fn bury(&self, place: usize, reason: String) -> bool {
        let (function, source) = (self.function.stem, self.source(place));
        let (entry, request) = self.follows(place);
        tracing::error!(
            function,
            source,
            entry,
            request,
            reason,
            "a record that cannot be handled"
        );
        let body = self.records.get(place).map(serde_json::to_string);
        // A record came as JSON, so it can be JSON again.
        let body = body.and_then(Result::ok).unwrap_or_default();
        let letter = DeadLetter { function, source, reason, body };
        let kept = self.context.dead_letters.put(&letter).await;
        if let Err(error) = &kept {
            tracing::error!(function, source = letter.source, %error, "comes again");
        }
        kept.is_ok()
    }

    /// The journal entry and the request that the record belongs to.
    fn follows(&self, place: usize) -> (Option<String>, Option<&str>) {
        let row = self.rows.get(place);
        let entry = row.and_then(entry_of).map(|entry| entry.to_string());
        (entry, row.and_then(request_of))
    }

    /// The record's table and sequence number.
    fn source(&self, place: usize) -> String {
        let record = self.records.get(place);
        let table = record.and_then(table_of).unwrap_or("?");
        let number = record.and_then(|record| record.change.sequence_number.as_deref());
        format!("{table}/{}", number.unwrap_or("?"))
    }
}

/// How far a stretch of rows was handled.
enum Came {
    /// All of it.
    Through,
    /// Nobody knows: one of them made the function panic.
    Panicked,
    /// To this place, which may be handled later.
    ToFailure(usize),
    /// To this place, which will never be handled, and why.
    ToPoison(usize, String),
}
