//! Costs as the transport counts them, and their table in Markdown.

use domain::time::Span;
use tests::{Ask, World};

/// What one request cost.
#[derive(Debug, Clone)]
pub(crate) struct Cost {
    name: String,
    status: u16,
    pub(crate) replayed: bool,
    pub(crate) round_trips: u64,
    pub(crate) write_milliunits: u64,
    read_milliunits: u64,
}

/// What several requests cost.
#[derive(Default)]
pub(crate) struct Costs(Vec<Cost>);

impl Costs {
    /// Sends a request and counts what went to DynamoDB for it.
    pub(crate) async fn measure(
        &mut self,
        world: &World,
        name: &str,
        status: u16,
        ask: Ask,
    ) -> Cost {
        // Later than the request before it: else DynamoDB takes the same transaction for a
        // repeated delivery, and the guard of a replay is not asked.
        world.pass(Span::millis(1));
        world.traffic();
        let answer = world.send(ask).await;
        let traffic = world.traffic();
        answer.expect_status(status);
        let cost = Cost {
            name: name.to_owned(),
            status,
            replayed: answer.header("idempotency-replayed") == Some("true"),
            round_trips: traffic.total_round_trips(),
            write_milliunits: traffic.write_milliunits,
            read_milliunits: traffic.read_milliunits,
        };
        self.0.push(cost.clone());
        cost
    }

    /// The table. Units include those of indexes. Write units are those that DynamoDB reports:
    /// a transaction that it refuses, as it does a replay, is billed but not reported.
    pub(crate) fn table(&self) -> String {
        let mut table = "| request | status | round trips | write units reported | read units |\n\
                         |---|---|---|---|---|"
            .to_owned();
        for cost in &self.0 {
            let (writes, reads) = (units(cost.write_milliunits), units(cost.read_milliunits));
            let Cost { name, status, round_trips, .. } = cost;
            table
                .push_str(&format!("\n| {name} | {status} | {round_trips} | {writes} | {reads} |"));
        }
        table
    }
}

/// `2500` thousandths are `2.5`.
fn units(milliunits: u64) -> String {
    match milliunits % 1_000 {
        0 => (milliunits / 1_000).to_string(),
        rest => format!("{}.{}", milliunits / 1_000, format!("{rest:03}").trim_end_matches('0')),
    }
}
