//! The channel `trades`: what was traded in a market, numbered by the market's trades.

use app::market_data::PublicTrade;
use domain::{market_event::MarketEvent, pair::Pair, time::Timestamp};
use edge::sockets::Frame;
use serde::Serialize;
use utoipa::ToSchema;

use super::envelope::{Heading, text};
use crate::list_market_trades::TradeBody;

/// Trades of one message: with about 200 bytes each they are 30 KB, one frame.
const TRADES_PER_MESSAGE: usize = 150;
/// Trades of a snapshot.
pub const SNAPSHOT: u32 = 50;

/// Trades, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct TradesData {
    /// The trades.
    pub trades: Vec<TradeBody>,
}

/// The trades of events, in order.
pub fn of(events: &[MarketEvent]) -> impl Iterator<Item = PublicTrade> + '_ {
    events.iter().flat_map(|event| {
        let (seq, at) = (event.head.seq, event.at);
        event.trades().map(move |trade| PublicTrade { trade: *trade, seq, at })
    })
}

/// Messages with these trades, which follow one another without a gap.
#[must_use]
pub fn updates(pair: &Pair, trades: &[PublicTrade]) -> Vec<Frame> {
    trades.chunks(TRADES_PER_MESSAGE).filter_map(|trades| update(pair, trades)).collect()
}

/// The newest trades, oldest first; `newest` is the number of the last trade there was.
#[must_use]
pub fn snapshot(pair: &Pair, trades: &[PublicTrade], newest: u64, now: Timestamp) -> Frame {
    let heading = heading(pair, None, newest, trades.last().map_or(now, |last| last.at));
    let trades = trades.iter().map(|trade| TradeBody::new(pair, trade)).collect();
    Frame::plain(text(&heading.over(TradesData { trades })))
}

fn update(pair: &Pair, trades: &[PublicTrade]) -> Option<Frame> {
    let (first, last) = (trades.first()?, trades.last()?);
    let after = first.trade.number.saturating_sub(1);
    let heading = heading(pair, Some(after), last.trade.number, last.at);
    let trades = trades.iter().map(|trade| TradeBody::new(pair, trade)).collect();
    Some(Frame::plain(text(&heading.over(TradesData { trades }))))
}

fn heading(pair: &Pair, after: Option<u64>, seq: u64, at: Timestamp) -> Heading {
    Heading { channel: "trades", market: Some(pair.id().to_string()), after, seq, at }
}
