//! How many orders for an external venue the local market accepts and places over HTTP, and how
//! long a POST takes while the venue fails. What is fast enough is not decided here.
//!
//!     .ci/venues.sh
//!
//! It starts the predecessor's blocking placement beside it, so that both rates are of the same
//! machine and the same run. Market and venue are the local market's own, in threads of one
//! program; requests go over sockets.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time, which no port does")]
#![expect(clippy::print_stdout, reason = "its figures are what it is for")]
#![expect(clippy::expect_used, reason = "a run that cannot go on fails")]
#![expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]

mod client;
mod latency;
mod throughput;
mod world;

use std::{net::SocketAddr, time::Instant};

use clap::Parser;

/// How many of a hundred requests to the venue go wrong.
const FAILING: [u8; 3] = [10, 50, 90];

/// Orders for a venue over HTTP: rates and latencies.
#[derive(Debug, Parser)]
#[command(name = "venues")]
struct Arguments {
    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
    /// Where the predecessor's placement listens; without it nothing is compared
    #[arg(long, value_name = "ADDRESS")]
    predecessor: Option<SocketAddr>,
    /// Orders of a run
    #[arg(long, default_value_t = 2_000)]
    orders: usize,
    /// Orders of the predecessor's run: half a second each
    #[arg(long, default_value_t = 32)]
    predecessor_orders: usize,
    /// Connections that post at the same time
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Orders of a run that measures latency
    #[arg(long, default_value_t = 400)]
    latency_orders: usize,
    /// Orders a second while latency is measured
    #[arg(long, default_value_t = 50)]
    rate: u32,
}

async fn run(arguments: &Arguments) {
    let Arguments { orders, predecessor_orders, connections, latency_orders, rate, .. } =
        *arguments;
    println!("{connections} connections; accepted: answered 201; placed: the venue has it\n");
    println!("{:<34}{:>14}{:>14}{:>13}{:>13}", "", "accepted/s", "placed/s", "", "");
    let mut before = None;
    if let Some(address) = arguments.predecessor {
        let rates = throughput::before(address, predecessor_orders, connections).await;
        rates.print("predecessor, blocking, one worker", None);
        before = Some(rates);
    }
    throughput::ours(orders, connections, false).await.print("ours, engine in memory", before);
    throughput::ours(orders, connections, true).await.print("ours, engine on a file", before);

    println!(
        "\nPOST at {rate} orders a second, in milliseconds: healthy venue, failing venue, ratio"
    );
    println!(
        "{:>10}{:>14}{:>14}{:>10}{:>14}{:>14}{:>10}{:>15}",
        "failing", "median", "median", "ratio", "p99", "p99", "ratio", "placed by then"
    );
    for percent in FAILING {
        latency::compare(percent, latency_orders, rate).await;
    }
}

fn main() {
    let arguments = Arguments::parse();
    let began = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(run(&arguments));
    println!("\nin {:.0} s", began.elapsed().as_secs_f64());
}
