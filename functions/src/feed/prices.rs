//! The channel `ticker`: a market's best and last prices after each of its events.

use std::sync::Arc;

use app::{
    day_stats::{DayStats, day_stats},
    depth::Depth,
    perform::Freshness,
    ports::Topic,
};
use domain::{pair::Pair, time::Timestamp};
use edge::{context::Context, problem::Problem, sockets::Frame};

use super::envelope::{self, Heading, Latest};
use crate::get_ticker::TickerBody;

/// The prices after an event.
#[must_use]
pub fn update(pair: &Pair, after: u64, depth: &Depth, day: &DayStats) -> Frame {
    let at = depth.at.unwrap_or(Timestamp::from_millis(0));
    let heading = heading(pair, Some(after), depth.head.seq, at);
    let prices = Latest(Arc::new(TickerBody::new(pair, depth, day)));
    envelope::frame(Topic::Ticker(pair.id()), heading, prices)
}

/// The prices now.
///
/// # Errors
/// The store's own.
pub async fn snapshot(context: &Context, pair: &Pair) -> Result<Frame, Problem> {
    let market = &context.market;
    let depth = market.depths.get(pair, Freshness::Fresh).await?;
    let day = day_stats(market, pair.id()).await?;
    let heading = heading(pair, None, depth.head.seq, depth.at.unwrap_or(market.clock.now()));
    let prices = TickerBody::new(pair, &depth, &day);
    Ok(envelope::snapshot(Topic::Ticker(pair.id()), &heading, &prices))
}

fn heading(pair: &Pair, after: Option<u64>, seq: u64, at: Timestamp) -> Heading {
    Heading { channel: "ticker", market: Some(pair.id().to_string()), after, seq, at }
}
