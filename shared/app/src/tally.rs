//! What is done for one piece of work, counted: by whoever does it, for whoever asked for it.
//! What becomes of the numbers is not known here. Work that nobody counts costs nothing.

use std::sync::{Arc, Mutex, PoisonError};

/// What has been done.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// Requests to the store that it has answered or refused.
    pub round_trips: u32,
    /// Read units as the store says. An eventual read of up to 4 KB is half of one.
    pub read_units: f64,
    /// Write units as the store says. It says nothing of a write whose condition was not met.
    pub write_units: f64,
    /// Writes that came to nothing because others had come between.
    pub conflicts: u32,
    /// What a cache in this process held.
    pub process_hits: u32,
    /// What the cache that functions share held.
    pub shared_hits: u32,
    /// What no cache held.
    pub misses: u32,
    /// Commands that waited in markets' logs.
    pub backlog: u32,
}

/// A tally that is kept while work goes on. Its clones are the same tally.
#[derive(Debug, Clone, Default)]
pub struct Counter(Arc<Mutex<Tally>>);

tokio::task_local! {
    static COUNTER: Counter;
}

impl Counter {
    /// What has been counted so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts what is done by this work. What it spawns is not part of it.
    pub async fn counts<T>(&self, work: impl Future<Output = T>) -> T {
        COUNTER.scope(self.clone(), work).await
    }
}

/// Counts something that is being done.
pub fn count(add: impl FnOnce(&mut Tally)) {
    // Nobody may be counting, and that is no failure.
    let _counted = COUNTER.try_with(|counter| {
        add(&mut counter.0.lock().unwrap_or_else(PoisonError::into_inner));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_counted_by_its_own_counter_alone() {
        let [one, other] = [(); 2].map(|()| Counter::default());
        let twice = async {
            count(|tally| tally.round_trips += 1);
            tokio::task::yield_now().await;
            count(|tally| tally.round_trips += 1);
        };
        let once = async { count(|tally| tally.conflicts += 1) };
        tokio::join!(one.counts(twice), other.counts(once));
        assert_eq!(one.tally(), Tally { round_trips: 2, ..Tally::default() });
        assert_eq!(other.tally(), Tally { conflicts: 1, ..Tally::default() });
    }

    #[test]
    fn what_nobody_counts_is_not_counted() {
        count(|_| panic!("counted"));
    }
}
