//! A hot market whose matcher comes now and then: what it does about all that has gathered.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use app::matching::match_orders;
use domain::time::Span;
use testkit::{builders::start, clock::ManualClock, doorbell::RecordingDoorbell};

use crate::{
    flow::{self, Planned},
    venue::{Plan, Venue},
};

/// Orders that are placed before anything is measured, so that the book is not empty.
const BEFORE: usize = 128;

/// What came of draining backlogs of one size.
#[derive(Debug, Clone)]
pub(crate) struct Drained {
    backlog: usize,
    orders: usize,
    commits: u64,
    matcher_units: u64,
    units: u64,
    trades: u64,
    time: Duration,
}

/// Lets so many orders gather, and matches them, until all have been placed. The time is that of
/// matching alone.
pub(crate) async fn run(plan: &Plan, count: usize, backlog: usize) -> Drained {
    // A millisecond for each order: they are matched in the order in which they were placed.
    let clock = Arc::new(ManualClock::at(start()));
    let bell = Arc::new(RecordingDoorbell::default());
    let venue = Venue::open(plan, Arc::clone(&clock) as _, Arc::clone(&bell) as _).await;
    let orders = flow::orders(&venue, BEFORE + count);
    let (before, measured) = orders.split_at(BEFORE);
    let place = async |some: &[Planned]| {
        for planned in some {
            flow::place(&venue, planned).await;
            clock.advance(Span::millis(1));
        }
        bell.take();
    };
    place(before).await;
    match_orders(&venue.market, venue.pairs[0]).await.expect("matched");
    venue.meter.reset();

    let mut drained = Drained {
        backlog,
        orders: count,
        commits: 0,
        matcher_units: 0,
        units: 0,
        trades: 0,
        time: Duration::ZERO,
    };
    for some in measured.chunks(backlog) {
        place(some).await;
        let began = Instant::now();
        let matched = match_orders(&venue.market, venue.pairs[0]).await.expect("matched");
        drained.time += began.elapsed();
        assert_eq!(matched.commands, u64::try_from(some.len()).expect("few"));
        drained.commits += matched.commits;
        drained.matcher_units += matched.write_units;
        drained.trades += matched.trades;
    }
    drained.units = venue.meter.snapshot().write_units;
    venue.close().await;
    drained
}

impl Drained {
    /// Prints it as a line of the table, beside the first, which has the same trades.
    pub(crate) fn print(&self, first: &Self) {
        assert_eq!(self.trades, first.trades, "a backlog changes nothing about what is traded");
        let each = |value: u64, of: &Self| value as f64 / of.orders as f64;
        let rate = |of: &Self| of.orders as f64 / of.time.as_secs_f64();
        let column = |value: f64, first: f64, decimals: usize| {
            format!("{value:>16.decimals$}{:>7.2}x", value / first)
        };
        println!(
            "{:>8}{}{}{}{}",
            self.backlog,
            column(each(self.commits, self), each(first.commits, first), 3),
            column(each(self.matcher_units, self), each(first.matcher_units, first), 2),
            column(each(self.units, self), each(first.units, first), 2),
            column(rate(self), rate(first), 0),
        );
    }
}
