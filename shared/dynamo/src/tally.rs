//! Counts what the store was asked and what it says that it cost. Who wants to know, and of which
//! work, `app::tally` knows.

use app::tally::count;
use aws_sdk_dynamodb::types::ConsumedCapacity;

/// A request was answered or refused. The SDK's own retries are not told apart.
pub(crate) fn round_trip() {
    count(|tally| tally.round_trips = tally.round_trips.saturating_add(1));
}

/// A write came to nothing because others had come between.
pub(crate) fn conflict() {
    count(|tally| tally.conflicts = tally.conflicts.saturating_add(1));
}

/// What rows that were read cost.
pub(crate) fn read(consumed: &[ConsumedCapacity]) {
    count(|tally| tally.read_units += units(consumed));
}

/// What rows that were written cost, indexes included.
pub(crate) fn wrote(consumed: &[ConsumedCapacity]) {
    count(|tally| tally.write_units += units(consumed));
}

fn units(consumed: &[ConsumedCapacity]) -> f64 {
    consumed.iter().filter_map(ConsumedCapacity::capacity_units).sum()
}

#[cfg(test)]
mod tests {
    use app::tally::{Counter, Tally};

    use super::*;

    #[tokio::test]
    async fn a_transactions_units_are_those_of_all_its_tables() {
        let of_table = |units| ConsumedCapacity::builder().capacity_units(units).build();
        let counter = Counter::default();
        let work = async {
            round_trip();
            wrote(&[of_table(4.0), of_table(6.0)]);
            round_trip();
            read(Some(of_table(0.5)).as_slice());
            conflict();
            round_trip();
        };
        counter.counts(work).await;
        let expected = Tally {
            round_trips: 3,
            read_units: 0.5,
            write_units: 10.0,
            conflicts: 1,
            ..Tally::default()
        };
        assert_eq!(counter.tally(), expected);
    }
}
