//! How many orders a second the market accepts and matches end to end, what they cost, and
//! whether matching keeps up: what an order costs while many wait. What is fast enough is not
//! decided here.
//!
//!     cargo bench -p tests --bench orders
//!
//! Everything is the market's own: the use cases, its DynamoDB store, the embedded engine, the
//! doorbell and the matcher; only HTTP is left out. `-- --file` has the engine on a disk, where
//! each commit waits for it. Every run ends with an audit of all promises about money and books.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time, which no port does")]
#![expect(clippy::print_stdout, reason = "its figures are what it is for")]
#![expect(clippy::expect_used, reason = "a run that cannot go on fails")]
#![expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^52")]

mod backlog;
mod flow;
mod load;
mod venue;

use std::time::Instant;

use clap::Parser;

/// How many orders wait in a hot market when its matcher comes to it.
const BACKLOGS: [usize; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// Orders a second end to end, and what they cost.
#[derive(Debug, Parser)]
#[command(name = "orders")]
struct Arguments {
    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
    /// Keep the database in a file, in a new directory, and not in memory
    #[arg(long)]
    file: bool,
    /// Orders of an end-to-end run
    #[arg(long, default_value_t = 2_000)]
    orders: usize,
    /// Orders that are being placed at any time
    #[arg(long, default_value_t = 8)]
    placers: usize,
    /// Traders that take turns; every other one buys
    #[arg(long, default_value_t = 64)]
    traders: usize,
    /// Orders for each size of backlog
    #[arg(long, default_value_t = 1_024)]
    backlog_orders: usize,
}

async fn run(arguments: &Arguments) {
    let Arguments { bench: _, file, orders, placers, traders, backlog_orders } = *arguments;
    let place = if file { "on a file" } else { "in memory" };
    println!(
        "{orders} orders by {traders} traders, {placers} at a time, embedded engine {place}\n"
    );
    println!(
        "{:>8}{:>12}{:>12}{:>10}{:>10}{:>10}{:>10}{:>10}{:>12}",
        "markets",
        "accepted/s",
        "matched/s",
        "trades/s",
        "units",
        "placing",
        "matching",
        "commits",
        "matcher's"
    );
    for markets in [1, 3] {
        let venue = venue::Plan { file, markets, traders };
        load::run(&venue, orders, placers).await.print(markets);
    }
    println!("units: write units an order, of placing and of matching; commits: an order\n");

    println!(
        "a hot market whose matcher comes when so many orders wait; beside it, the ratio to 1"
    );
    println!(
        "{:>8}{:>16}{:>8}{:>16}{:>8}{:>16}{:>8}{:>16}{:>8}",
        "backlog", "commits/order", "", "matcher units", "", "units in all", "", "drained/s", ""
    );
    let mut first = None;
    for backlog in BACKLOGS {
        let venue = venue::Plan { file, markets: 1, traders };
        let drained = backlog::run(&venue, backlog_orders, backlog).await;
        drained.print(first.get_or_insert_with(|| drained.clone()));
    }
}

fn main() {
    let arguments = Arguments::parse();
    let began = Instant::now();
    // One thread, as the local market and a function have.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(run(&arguments));
    println!("\nin {:.0} s", began.elapsed().as_secs_f64());
}
