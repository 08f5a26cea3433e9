//! One piece of a function's work: an answer, a group of messages, a batch of rows, a schedule's
//! turn. It is done as the function, for whoever asked, and measured until it ends, however it
//! ends. What it does is not known here.

use std::sync::{Arc, Mutex, PoisonError};

use app::{
    ports::{Measurement, Unit},
    tally::{Counter, Tally},
};
use domain::time::Timestamp;

use super::Origin;
use crate::{
    acting::{acting_for, with_current},
    context::Context,
    uses::Use,
};

/// A piece of work. When it is dropped, it is reported.
pub(crate) struct Work<'a> {
    context: &'a Context,
    stem: &'static str,
    uses: &'static [Use],
    /// Whom it is done for.
    pub(crate) origin: Arc<Origin>,
    started: Timestamp,
    counter: Counter,
    /// What else there is to measure about it.
    others: Mutex<Vec<Measurement>>,
    /// What else there is to say about it.
    facts: Mutex<Vec<(&'static str, String)>>,
}

impl<'a> Work<'a> {
    /// Work that begins now.
    pub(crate) fn begin(
        context: &'a Context,
        stem: &'static str,
        uses: &'static [Use],
        origin: Origin,
    ) -> Self {
        let started = context.market.clock.now();
        Self {
            context,
            stem,
            uses,
            origin: Arc::new(origin),
            started,
            counter: Counter::default(),
            others: Mutex::default(),
            facts: Mutex::default(),
        }
    }

    /// Does a part of it.
    pub(crate) async fn run<T>(&self, part: impl Future<Output = T>) -> T {
        let origin = Arc::clone(&self.origin);
        self.counter.counts(acting_for(self.stem, self.uses, origin, part)).await
    }

    /// Milliseconds since it began.
    pub(crate) fn took_ms(&self) -> i64 {
        self.context.market.clock.now().since(self.started).as_millis()
    }

    /// Measures something else about it.
    pub(crate) fn measure(&self, name: &'static str, unit: Unit, value: f64) {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.push(Measurement { name, unit, value });
    }

    /// It has failed, by no fault of whoever asked.
    pub(crate) fn failed(&self) {
        self.measure("Failures", Unit::Count, 1.0);
    }

    /// Says something else about it, which is nothing to count by.
    pub(crate) fn say(&self, name: &'static str, text: Option<String>) {
        let mut facts = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        facts.extend(text.map(|text| (name, text)));
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        let took_ms = i32::try_from(self.took_ms()).unwrap_or(i32::MAX);
        let mut measured = vec![Measurement {
            name: "LatencyMs",
            unit: Unit::Milliseconds,
            value: took_ms.into(),
        }];
        measured.extend(of(&self.counter.tally()));
        measured.append(&mut self.others.lock().unwrap_or_else(PoisonError::into_inner));
        let trace = self.origin.trace.to_string();
        let others =
            std::mem::take(&mut *self.facts.lock().unwrap_or_else(PoisonError::into_inner));
        with_current(|invocation, _| {
            let mut facts = vec![("trace", trace.as_str())];
            facts.extend(invocation.map(|known| ("requestId", known.request_id.as_str())));
            facts.extend(self.origin.request_id.as_deref().map(|id| ("request_id", id)));
            facts.extend(others.iter().map(|(name, text)| (*name, text.as_str())));
            self.context.metrics.report(self.stem, &measured, &facts);
        });
    }
}

/// Round trips always, so that none counts as none; of the rest, what there was.
fn of(tally: &Tally) -> impl Iterator<Item = Measurement> {
    let Tally {
        round_trips,
        read_units,
        write_units,
        conflicts,
        process_hits,
        shared_hits,
        misses,
        backlog,
    } = *tally;
    let others = [
        ("ReadUnits", read_units),
        ("WriteUnits", write_units),
        ("Conflicts", conflicts.into()),
        ("ProcessCacheHits", process_hits.into()),
        ("SharedCacheHits", shared_hits.into()),
        ("CacheMisses", misses.into()),
        ("Backlog", backlog.into()),
    ];
    let others = others.into_iter().filter(|(_, value)| *value > 0.0);
    let all = std::iter::once(("RoundTrips", f64::from(round_trips))).chain(others);
    all.map(|(name, value)| Measurement { name, unit: Unit::Count, value })
}
