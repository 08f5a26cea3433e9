//! A world's streams: its functions are handed what was written, when the test says so.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use aws_sdk_dynamodb::Client;
use dynamo::TableNames;
use edge::function::{DynamoDbEvent, StreamFunction, handle_stream_event};
use functions::STREAM_FUNCTIONS;
use market::streams::{Reader, Source};

use crate::{World, engine::Engine};

/// How often a record is handed over again before the test has failed.
const TRIES_MAX: usize = 10;

/// Functions, and the stems of the tables that each follows.
pub type Functions<'a> = &'a [(&'a StreamFunction, &'a [&'a str])];

/// A world's engine, and how far each function has come in each table's stream.
pub(crate) struct Streams {
    /// Past every meter and guard.
    pub(crate) client: Client,
    pub(crate) tables: TableNames,
    source: Source,
    passed: Mutex<BTreeMap<(&'static str, String), String>>,
    readers: tokio::sync::Mutex<BTreeMap<(&'static str, String), Reader>>,
}

impl Streams {
    pub(crate) fn new(engine: &Engine, tables: TableNames) -> Self {
        let client = engine.client_over(engine.http_client());
        let (passed, readers) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { client, tables, source: engine.source(), passed, readers }
    }

    /// The last record that a function has passed in a table.
    fn passed_by(&self, place: &(&'static str, String)) -> Option<String> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).get(place).cloned()
    }

    /// Reads a table's stream.
    async fn reader(&self, stem: &str) -> Reader {
        let reader = self.source.reader(&self.tables.with_stem(stem)).await.expect("readable");
        reader.expect("a table with a stream")
    }

    /// What came after a record of a table, at most a batch.
    async fn event(&self, place: &(&'static str, String), after: Option<&str>) -> DynamoDbEvent {
        let mut readers = self.readers.lock().await;
        if !readers.contains_key(place) {
            readers.insert(place.clone(), self.reader(&place.1).await);
        }
        let reader = readers.get_mut(place).expect("the one above");
        reader.event(after).await.expect("readable")
    }
}

impl World {
    /// Hands [`STREAM_FUNCTIONS`] what was written since the last time, until nothing is left: so
    /// also what they write themselves. What they could not handle is in `dead_letters`.
    pub async fn follow_streams(&self) {
        self.follow_with(STREAM_FUNCTIONS).await;
    }

    /// The same with these functions alone. A function goes on where it has come to, by its stem.
    pub async fn follow_with(&self, functions: Functions<'_>) {
        loop {
            let mut handed = false;
            for (function, stems) in functions {
                for stem in *stems {
                    handed |= self.follow_one(function, stem).await;
                }
            }
            if !handed {
                return;
            }
        }
    }

    /// Everything that was ever written to these tables, table by table, in batches as a function
    /// is handed them: to be delivered twice, torn or in another order.
    pub async fn stream_events(&self, stems: &[&str]) -> Vec<DynamoDbEvent> {
        let mut events = Vec::new();
        for stem in stems {
            let mut after: Option<String> = None;
            let mut reader = self.streams.reader(stem).await;
            loop {
                let event = reader.event(after.as_deref()).await.expect("readable");
                let Some(last) = event.records.last() else { break };
                after.clone_from(&last.change.sequence_number);
                events.push(event);
            }
        }
        events
    }

    /// Whether there was anything for the function.
    async fn follow_one(&self, function: &StreamFunction, stem: &str) -> bool {
        let place = (function.stem, stem.to_owned());
        let mut tries = 0;
        let mut handed = false;
        loop {
            let after = self.streams.passed_by(&place);
            let event = self.streams.event(&place, after.as_deref()).await;
            if event.records.is_empty() {
                return handed;
            }
            handed = true;
            let numbers: Vec<String> = event.records.iter().map(number).collect();
            let response = handle_stream_event(&self.context, function, event).await;
            let failed = response.batch_item_failures.into_iter().next();
            let failed = failed.map(|failure| failure.item_identifier.expect("a number"));
            let done = failed.map_or(numbers.len(), |failed| {
                numbers.iter().position(|number| *number == failed).expect("of this batch")
            });
            tries = if done == 0 { tries + 1 } else { 0 };
            assert!(tries < TRIES_MAX, "{} cannot get on in {stem}", function.stem);
            if let Some(last) = numbers.get(..done).and_then(<[String]>::last) {
                let mut passed = self.streams.passed.lock().unwrap_or_else(PoisonError::into_inner);
                passed.insert(place.clone(), last.clone());
            }
        }
    }
}

fn number(record: &aws_lambda_events::dynamodb::EventRecord) -> String {
    record.change.sequence_number.clone().expect("a number")
}
