//! What a function has done besides answering: orders, messages to a listener, rows.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::{Ask, VENUE, World};

use super::stage::Stage;

/// `, the order is open`; nothing if no order was placed.
pub(crate) async fn order_status(stage: &Stage) -> String {
    let Some(order) = &stage.order else { return String::new() };
    // Whoever's it is, an admin may see it.
    let ask = Ask::get(&format!("/api/v1/orders/{order}"));
    let answer = stage.world.send(ask.bearer(stage.admin_token())).await;
    let reason = answer.expect_status(200).body["closed_reason"].as_str();
    let status = answer.text("/status");
    let reason = reason.filter(|reason| *reason != status);
    let reason = reason.map(|reason| format!(" (`{reason}`)")).unwrap_or_default();
    format!(", the order is `{status}`{reason}")
}

/// `, the order is placed`; nothing if the samples speak of no order at a venue.
pub(crate) async fn venue_order_status(stage: &Stage) -> String {
    let Some(order) = stage.venue_order() else { return String::new() };
    let ask = Ask::get(&format!("/api/v1/venues/{VENUE}/orders/{order}"));
    let answer = stage.world.send(ask.bearer(stage.admin_token())).await;
    format!(", the order is `{}`", answer.expect_status(200).text("/routing_status"))
}

/// `, told pong`: what the samples' connection was posted since the last look.
pub(crate) fn told(stage: &Stage) -> String {
    let texts = stage.world.gateway.take(&Stage::connection());
    let kind = |text: &String| {
        let message: Value = serde_json::from_str(text).expect("JSON");
        let kind = message["type"].as_str().expect("a type").to_owned();
        let channel = message["channel"].as_str().filter(|_| message.get("seq").is_some());
        channel.map_or(format!("`{kind}`"), |channel| format!("`{channel}` `{kind}`"))
    };
    let kinds: Vec<_> = texts.iter().map(kind).collect();
    let closed = stage.world.gateway.closed();
    let closed = if closed.is_empty() { "" } else { ", closed" };
    let told = if kinds.is_empty() { String::new() } else { format!(", told {}", kinds.join(" ")) };
    told + closed
}

/// The rows that `project` writes.
pub(crate) struct Rows(BTreeSet<String>);

impl Rows {
    /// As they are now.
    pub(crate) async fn of(world: &World) -> Self {
        let tables = [world.dump("activity").await, world.dump("statements").await];
        Self(tables.into_iter().flatten().collect())
    }

    /// How many are new or changed since then.
    pub(crate) fn not_in(&self, before: &Self) -> usize {
        self.0.difference(&before.0).count()
    }
}
