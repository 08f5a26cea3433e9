//! How soon listeners of the local market are told, and whether all are: many sockets that follow
//! one book while orders are placed. What is soon enough is not decided here.
//!
//!     cargo bench -p tests --bench sockets
//!
//! The market is the real one with its socket server, on one thread as the program has; its
//! clients are on another. Latency is counted from the decision of the matcher's commit, which a
//! message names, to the moment at which a client has read the frame: so it holds the commit, the
//! stream, the functions, both ends of the socket, and a millisecond of rounding.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time, which no port does")]
#![expect(clippy::print_stdout, reason = "its figures are what it is for")]
#![expect(clippy::expect_used, reason = "a run that cannot go on fails")]

mod listener;
mod venue;

use std::{sync::mpsc, thread, time::Duration};

use clap::Parser;
use tokio::task::JoinSet;

use listener::{Heard, listen};

/// Sockets on the local market, and how soon they are told.
#[derive(Debug, Clone, Parser)]
#[command(name = "sockets")]
struct Arguments {
    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
    /// Sockets that are open
    #[arg(long, default_value_t = 1_000)]
    sockets: usize,
    /// Orders a second: each is a message to every socket
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// How long, in seconds
    #[arg(long, default_value_t = 20)]
    seconds: u32,
}

/// The values below which so many in a thousand lie.
fn permille(sorted: &[u32], share: usize) -> u32 {
    let place = sorted.len().saturating_mul(share) / 1_000;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

async fn hear(arguments: &Arguments, opened: venue::Opened) -> Vec<Heard> {
    let mut tasks = JoinSet::new();
    let mut ready = Vec::new();
    let (last, told) = tokio::sync::watch::channel(None);
    for ticket in opened.tickets {
        let (subscribed, is_subscribed) = tokio::sync::oneshot::channel();
        tasks.spawn(listen(format!("{}?ticket={ticket}", opened.url), subscribed, told.clone()));
        ready.push(is_subscribed);
    }
    for one in ready {
        one.await.expect("subscribed");
    }
    println!("{} sockets are open and subscribed", arguments.sockets);
    opened.go.send(()).expect("the market waits");
    let newest = opened.done.await.expect("all orders are matched");
    last.send(Some(newest)).expect("listeners");
    let mut heard = Vec::new();
    while let Some(one) = tasks.join_next().await {
        heard.push(one.expect("a listener"));
    }
    opened.stop.send(()).expect("the market waits");
    heard
}

fn main() {
    let arguments = Arguments::parse();
    let (send, receive) = mpsc::channel();
    let of_market = arguments.clone();
    let market = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(venue::run(&of_market, &send));
    });
    let opened = receive.recv_timeout(Duration::from_secs(60)).expect("a market");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let heard = runtime.expect("a runtime").block_on(hear(&arguments, opened));
    market.join().expect("the market ends");

    let mut latencies: Vec<u32> =
        heard.iter().flat_map(|one| one.latencies_ms.iter().copied()).collect();
    latencies.sort_unstable();
    let frames: usize = heard.iter().map(|one| one.frames).sum();
    let gaps: usize = heard.iter().map(|one| one.gaps).sum();
    let unfinished = heard.iter().filter(|one| !one.finished).count();
    let events = heard.iter().map(|one| one.events).max().unwrap_or_default();
    println!(
        "{} sockets, {} orders/s for {} s: {events} events of the book, {frames} frames, \
         {gaps} gaps, {unfinished} sockets that did not hear the last event",
        arguments.sockets, arguments.rate, arguments.seconds,
    );
    println!(
        "from decision to frame, ms: median {}, p90 {}, p99 {}, p99.9 {}, most {}",
        permille(&latencies, 500),
        permille(&latencies, 900),
        permille(&latencies, 990),
        permille(&latencies, 999),
        latencies.last().copied().unwrap_or_default(),
    );
    assert_eq!((gaps, unfinished), (0, 0), "something was lost");
}
