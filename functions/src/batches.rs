//! Rows of a batch of a stream that are handled together, and what becomes of the batch if one
//! of them fails.

use std::collections::BTreeMap;

use edge::{function::Progress, problem::Problem};

/// Rows of a batch that are handled together, with the place of the first of them.
pub(crate) struct Together<T> {
    /// Where in the batch the first of them is.
    pub(crate) first: usize,
    /// The rows, in their order.
    pub(crate) rows: Vec<T>,
}

/// Rows by what they are of, each in its order.
pub(crate) type By<K, T> = BTreeMap<K, Together<T>>;

/// Adds a row to those of its kind.
pub(crate) fn put<K: Ord, T>(by: &mut By<K, T>, key: K, place: usize, row: T) {
    by.entry(key).or_insert_with(|| Together { first: place, rows: Vec::new() }).rows.push(row);
}

/// What failed first, by its place in the batch: everything before it was handled, and so may
/// have been what is behind it, which then comes again.
pub(crate) struct Failures {
    end: usize,
    stopped: Option<Problem>,
}

impl Failures {
    /// None yet, of a batch of so many rows.
    pub(crate) fn none_of(rows: usize) -> Self {
        Self { end: rows, stopped: None }
    }

    /// Notes what became of the row at a place.
    pub(crate) fn note(&mut self, place: usize, outcome: Result<(), Problem>) {
        if let Err(problem) = outcome
            && place < self.end
        {
            (self.end, self.stopped) = (place, Some(problem));
        }
    }

    /// How far the batch came.
    pub(crate) fn progress(self) -> Progress {
        Progress { done: self.end, stopped: self.stopped }
    }
}
