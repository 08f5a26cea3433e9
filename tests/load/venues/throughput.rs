//! How many orders a second are accepted and placed: here, and by what was here before.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use venue_simulator::Faults;

use crate::{client::Client, world::World};

/// How long it may take until all is placed.
const PATIENCE: Duration = Duration::from_secs(300);

/// What came of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    pub(crate) accepted: f64,
    pub(crate) placed: f64,
}

impl Rates {
    /// Prints it as a line of the table, beside what was before.
    pub(crate) fn print(&self, name: &str, before: Option<Self>) {
        print!("{name:<34}{:>14.1}{:>14.1}", self.accepted, self.placed);
        if let Some(before) = before {
            let (accepted, placed) = (self.accepted / before.accepted, self.placed / before.placed);
            print!("{accepted:>12.0}x{placed:>12.0}x");
        }
        println!();
    }
}

/// One order of the load: its headers and its body.
pub(crate) fn order(tokens: &[String], number: usize) -> (String, String) {
    let token = &tokens[number % tokens.len()];
    let headers = format!("Authorization: Bearer {token}\r\nIdempotency-Key: load-{number}\r\n");
    let body = json!({"instrument": "DOTUSDT00008", "side": "buy", "type": "limit",
        "quantity": "1", "limit_price": "101.00"});
    (headers, body.to_string())
}

pub(crate) const PATH: &str = "/api/v1/venues/nyx/orders";

/// Posts so many orders on so many connections; all must be answered 201.
async fn post_all(
    address: SocketAddr,
    orders: usize,
    connections: usize,
    one: impl Fn(usize) -> (&'static str, String, String) + Send + Sync + 'static,
) -> Duration {
    let (one, began) = (Arc::new(one), Instant::now());
    let mut posting = JoinSet::new();
    for first in 0..connections {
        let one = Arc::clone(&one);
        posting.spawn(async move {
            let mut client = Client::connect(address).await;
            for number in (first..orders).step_by(connections) {
                let (path, headers, body) = one(number);
                let (status, said) = client.post(path, &headers, &body).await;
                assert_eq!(status, 201, "{said}");
            }
        });
    }
    while let Some(posted) = posting.join_next().await {
        posted.expect("posted");
    }
    began.elapsed()
}

/// The local market with a healthy venue.
pub(crate) async fn ours(orders: usize, connections: usize, on_a_file: bool) -> Rates {
    let world = World::open(Faults::NONE, on_a_file);
    let began = Instant::now();
    let tokens = world.tokens.clone();
    let accepted_in = post_all(world.address, orders, connections, move |number| {
        let (headers, body) = order(&tokens, number);
        (PATH, headers, body)
    })
    .await;
    let all_placed = async {
        while world.placed() < orders {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, all_placed).await.expect("placed in time");
    let placed_in = began.elapsed();
    world.close();
    let rate = |time: Duration| orders as f64 / time.as_secs_f64();
    Rates { accepted: rate(accepted_in), placed: rate(placed_in) }
}

/// The predecessor's blocking placement, behind this address.
pub(crate) async fn before(address: SocketAddr, orders: usize, connections: usize) -> Rates {
    let time = post_all(address, orders, connections, |_| {
        let body = json!({"instrument": "DOTUSDT00008", "side": "buy", "type": "limit",
            "quantity": 1, "limit_price": 101});
        ("/orders", String::new(), body.to_string())
    })
    .await;
    let (_, said) = Client::connect(address).await.get("/placed").await;
    let placed = said["placed"].as_f64().expect("a number");
    let seconds = time.as_secs_f64();
    Rates { accepted: orders as f64 / seconds, placed: placed / seconds }
}
