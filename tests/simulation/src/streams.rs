//! The streams of the tables: each function follows each of its tables by itself, in order and
//! at least once; a batch may come twice, late, or end in the middle of a transaction.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use app::ports::Clock;
use domain::time::Span;
use edge::function::{StreamFunction, StreamRow};
use functions::STREAM_FUNCTIONS;

use crate::{sim::Sim, swarm::Kind};

/// The most rows of a batch.
const BATCH_MAX: usize = 100;
/// The same while everything fails, when the service would halve what fails again and again.
const BATCH_IN_STORM_MAX: usize = 12;
/// How long a function behind a stream may take.
const LIMIT: Span = Span::seconds(30);

/// What each function has not followed yet, by its stem and the table's.
#[derive(Default)]
pub struct Streams {
    waiting: Mutex<BTreeMap<(&'static str, &'static str), VecDeque<StreamRow>>>,
}

type Place = (&'static str, &'static str);

impl Streams {
    /// Whether every function has followed everything.
    #[must_use]
    pub fn are_quiet(&self) -> bool {
        self.with(|waiting| waiting.values().all(VecDeque::is_empty))
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut BTreeMap<Place, VecDeque<StreamRow>>) -> T) -> T {
        use_it(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Sim {
    /// Takes what the store has told, for every function that follows the table.
    pub async fn hear_streams(&self) {
        let told = self.seam.told().await;
        self.streams.with(|waiting| {
            for (table, row) in told {
                for (function, tables) in STREAM_FUNCTIONS {
                    if tables.contains(&table) {
                        waiting.entry((function.stem, table)).or_default().push_back(row.clone());
                    }
                }
            }
        });
    }

    /// Has a function follow a table until all is over.
    pub async fn follow(self: Arc<Self>, function: &'static StreamFunction, table: &'static str) {
        while !self.is_over() {
            self.time.sleep(self.chaos.span(50, 250)).await;
            if self.chaos.strikes(Kind::StreamLate) {
                self.time.sleep(self.chaos.span(1_000, 60_000)).await;
            }
            self.hear_streams().await;
            self.follow_batch(function, (function.stem, table)).await;
        }
    }

    /// Has a function follow the next rows of a table, by their stems.
    pub(crate) async fn follow_batch(&self, function: &'static StreamFunction, place: Place) {
        let batch: Vec<StreamRow> = self.streams.with(|waiting| {
            let rows = waiting.entry(place).or_default();
            let torn = self.chaos.strikes(Kind::StreamTorn);
            let most = match (torn, self.chaos.is_on()) {
                (true, _) => 3,
                (false, true) => BATCH_IN_STORM_MAX,
                (false, false) => BATCH_MAX,
            };
            let most = 1 + self.chaos.dice.place(most);
            rows.iter().take(most).cloned().collect()
        });
        if batch.is_empty() {
            return;
        }
        let rows = batch.len();
        for _ in 0..=u8::from(self.chaos.strikes(Kind::StreamDuplicate)) {
            let batch = batch.clone();
            let done = self.fleet.invoke(function.stem, LIMIT, |context| {
                Box::pin(async move { (function.handle)(context, &batch).await.done })
            });
            let done = match done.await {
                Ok(_) | Err(_) if self.planted.ignores_failures() => rows,
                Ok(done) => done.min(rows),
                Err(_) => 0,
            };
            // The second time all of it comes again, and nothing is forgotten for it.
            if done == rows {
                continue;
            }
            self.streams.with(|waiting| {
                drop(waiting.entry(place).or_default().drain(..done));
            });
            return;
        }
        self.streams.with(|waiting| {
            drop(waiting.entry(place).or_default().drain(..rows));
        });
    }
}
