//! An end-to-end run: some place orders while the matchers of all pairs are at work.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use app::{
    market::Market,
    matching::{Matched, match_orders},
};
use edge::{problem::Problem, system::SystemClock};
use market::doorbell::{Handle, Sweep, doorbell};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    flow::{self, Planned},
    venue::{Plan, Venue},
};

/// What came of a run.
pub(crate) struct Load {
    orders: usize,
    accepted_in: Duration,
    matched_in: Duration,
    matched: Matched,
    commits: u64,
    write_units: u64,
}

/// Places so many orders, so many at a time, and waits until all of them are matched.
pub(crate) async fn run(plan: &Plan, count: usize, placers: usize) -> Load {
    let (bell, rings) = doorbell();
    let venue = Arc::new(Venue::open(plan, Arc::new(SystemClock), Arc::new(bell)).await);
    let orders: Arc<[Planned]> = flow::orders(&venue, count).into();
    let (sum, mut sums) = watch::channel(Matched::default());
    let sweep: Sweep = Arc::new(|| Box::pin(async { Ok(()) }));
    let answering =
        rings.answer(handle(Arc::clone(&venue.market), sum), sweep, Arc::new(SystemClock));

    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for first in 0..placers {
        let (venue, orders) = (Arc::clone(&venue), Arc::clone(&orders));
        tasks.spawn(async move {
            for planned in orders.iter().skip(first).step_by(placers) {
                flow::place(&venue, planned).await;
            }
        });
    }
    while let Some(placed) = tasks.join_next().await {
        placed.expect("placed");
    }
    let accepted_in = began.elapsed();
    let all = u64::try_from(count).expect("few");
    let matched = *sums.wait_for(|sum| sum.commands >= all).await.expect("matched");
    let matched_in = began.elapsed();

    answering.shutdown().await;
    let reading = venue.meter.snapshot();
    let venue = Arc::into_inner(venue).expect("nobody else has it");
    let audited = venue.close().await;
    assert_eq!(u64::try_from(audited.trades).expect("few"), matched.trades);
    let commits = reading.of("commit");
    let write_units = reading.write_units;
    Load { orders: count, accepted_in, matched_in, matched, commits, write_units }
}

/// The matcher, as the local market runs it, which adds up what it has done.
fn handle(market: Arc<Market>, sum: watch::Sender<Matched>) -> Handle {
    let sum = Arc::new(sum);
    Arc::new(move |pair| {
        let (market, sum) = (Arc::clone(&market), Arc::clone(&sum));
        Box::pin(async move {
            let done = match_orders(&market, pair).await.map_err(Problem::from)?;
            sum.send_modify(|sum| {
                sum.commands += done.commands;
                sum.commits += done.commits;
                sum.trades += done.trades;
                sum.write_units += done.write_units;
            });
            Ok(())
        })
    })
}

impl Load {
    /// Prints it as a line of the table.
    pub(crate) fn print(&self, markets: usize) {
        let orders = self.orders as f64;
        let rate = |count: f64, time: Duration| count / time.as_secs_f64();
        let placing = self.write_units - self.matched.write_units;
        println!(
            "{markets:>8}{:>12.0}{:>12.0}{:>10.0}{:>10.2}{:>10.2}{:>10.2}{:>10.2}{:>12.2}",
            rate(orders, self.accepted_in),
            rate(orders, self.matched_in),
            rate(self.matched.trades as f64, self.matched_in),
            self.write_units as f64 / orders,
            placing as f64 / orders,
            self.matched.write_units as f64 / orders,
            self.commits as f64 / orders,
            self.matched.commits as f64 / orders,
        );
    }
}
