//! The channel `heartbeat`: a sign of life, and how far each market has come, so that a listener
//! to a quiet channel knows whether the last message of it was lost.

use std::collections::BTreeMap;

use app::perform::Freshness;
use edge::{context::Context, problem::Problem, sockets::Frame, wire::rfc3339};
use serde::Serialize;
use utoipa::ToSchema;

use super::envelope::{Envelope, text};

/// How far all markets have come.
#[derive(Serialize, ToSchema)]
pub struct BeatData {
    /// The number of the last event and of the last trade, by market.
    markets: BTreeMap<String, MarketHeads>,
}

/// How far a market has come.
#[derive(Serialize, ToSchema)]
pub struct MarketHeads {
    /// The number of its last event.
    seq: u64,
    /// The number of its last trade.
    trades: u64,
}

/// A beat.
///
/// # Errors
/// The store's own.
pub async fn frame(context: &Context) -> Result<Frame, Problem> {
    let market = &context.market;
    let mut markets = BTreeMap::new();
    for pair in market.pairs.all(Freshness::Cached).await?.iter() {
        let head = market.depths.get(pair, Freshness::Fresh).await?.head;
        let heads = MarketHeads { seq: head.seq, trades: head.standing.trades };
        markets.insert(pair.id().to_string(), heads);
    }
    let beat = Envelope {
        channel: "heartbeat",
        market: None,
        seq: None,
        prev_seq: None,
        ts: rfc3339(market.clock.now()),
        kind: "beat",
        data: BeatData { markets },
    };
    Ok(Frame::plain(text(&beat)))
}
