//! How long a POST takes while the venue is healthy, and while it is not. Each run has a market
//! and a venue of its own, so that none pays for the backlog of another.

use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};
use venue_simulator::{Faults, Rate};

use crate::{client::Client, throughput, world::World};

/// Orders before anything is measured.
const BEFORE: usize = 50;

/// What came of runs: all latencies, sorted.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// What so many of a hundred do not pass, in milliseconds.
    fn percentile_ms(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent / 100).min(self.0.len().saturating_sub(1));
        self.0[place].as_secs_f64() * 1000.0
    }

    fn add(&mut self, more: Vec<Duration>) {
        self.0.extend(more);
        self.0.sort();
    }
}

/// Beside each other, in the order A, B, A, B: a healthy venue, and one of whose requests so many
/// of a hundred go wrong.
pub(crate) async fn compare(percent: u8, orders: usize, a_second: u32) {
    let (mut healthy, mut failing) = (Latencies::default(), Latencies::default());
    let mut placed = 0.0;
    for _ in 0..2 {
        healthy.add(run(Faults::NONE, orders, a_second).await.0);
        let (latencies, of_them) = run(Faults::all(Rate::percent(percent)), orders, a_second).await;
        failing.add(latencies);
        placed += of_them / 2.0;
    }
    let [median, p99] = [50, 99]
        .map(|of_hundred| (healthy.percentile_ms(of_hundred), failing.percentile_ms(of_hundred)));
    println!(
        "{percent:>8} %{:>14.2}{:>14.2}{:>10.2}{:>14.2}{:>14.2}{:>10.2}{:>13.0} %",
        median.0,
        median.1,
        median.1 / median.0,
        p99.0,
        p99.1,
        p99.1 / p99.0,
        100.0 * placed,
    );
}

/// Orders at a steady rate, one after another: how long each took, and the share of them that the
/// venue had when the last was answered.
async fn run(faults: Faults, orders: usize, a_second: u32) -> (Vec<Duration>, f64) {
    let world = World::open(faults, false);
    let mut client = Client::connect(world.address).await;
    let mut tick = interval(Duration::from_secs(1) / a_second);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut latencies = Vec::with_capacity(orders);
    for number in 0..BEFORE + orders {
        tick.tick().await;
        let (headers, body) = throughput::order(&world.tokens, number);
        let began = Instant::now();
        let (status, said) = client.post(throughput::PATH, &headers, &body).await;
        assert_eq!(status, 201, "{said}");
        if number >= BEFORE {
            latencies.push(began.elapsed());
        }
    }
    let placed = world.placed() as f64 / (BEFORE + orders) as f64;
    world.close();
    (latencies, placed)
}
