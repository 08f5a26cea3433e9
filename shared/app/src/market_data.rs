//! What the public sees of a pair besides its book: its trades, newest first, as of one numbered
//! event. Whose trades they were is not known here.

use domain::{
    market_event::{MarketEvent, Trade},
    pair::{Pair, PairId},
    refusal::Missing,
    time::Timestamp,
};

use crate::{
    market::Market,
    paging::Listing,
    perform::{Failed, Freshness},
    ports::{EventQuery, EventStretch, Position, StoreError},
};

/// The most events that a store reads at once.
const EVENTS_MAX: u32 = 100;

/// A trade and the event that it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicTrade {
    /// The trade.
    pub trade: Trade,
    /// The event's number.
    pub seq: u64,
    /// When it was.
    pub at: Timestamp,
}

impl PublicTrade {
    /// Its place in the list: an event may have several trades, so the number breaks ties.
    fn position(&self) -> Position {
        let key = i64::try_from(self.seq).unwrap_or(i64::MAX);
        Position { key, tie: self.trade.number.into() }
    }
}

/// A page of a pair's trades, newest first, of no later event than `seq`. It may be short by
/// some and yet have a next one.
///
/// # Errors
/// The store's own.
pub async fn public_trades(
    market: &Market,
    pair: PairId,
    seq: u64,
    after: Option<Position>,
    limit: u32,
) -> Result<Listing<PublicTrade>, StoreError> {
    // The event in which the page before ended may have trades that were not on it.
    let newest = after.map_or(seq, |after| u64::try_from(after.key).unwrap_or_default());
    let stretch = EventStretch::TradesBefore(newest.saturating_add(1));
    // One more, for the first may have given all its trades to the page before.
    let query = EventQuery { pair, stretch, limit: limit.saturating_add(1).min(EVENTS_MAX) };
    let page = market.store.events(&query).await?;
    let below = after.map_or(u128::MAX, |after| after.tie);
    let rows: Vec<_> = page
        .rows
        .iter()
        .flat_map(newest_first)
        .filter(|row| u128::from(row.trade.number) < below)
        .take(usize::try_from(limit).unwrap_or(usize::MAX))
        .collect();
    // Trades are numbered from 1 without gaps, so the last page ends with the first of them.
    let next = rows.last().filter(|row| row.trade.number > 1).map(PublicTrade::position);
    Ok(Listing { rows, next })
}

fn newest_first(event: &MarketEvent) -> impl Iterator<Item = PublicTrade> + '_ {
    let (seq, at) = (event.head.seq, event.at);
    event.trades().rev().map(move |trade| PublicTrade { trade: *trade, seq, at })
}

/// The pair that is meant where none is named: the oldest.
///
/// # Errors
/// [`Missing::Market`] if there is none at all; the store's own.
pub async fn oldest_pair(market: &Market) -> Result<Pair, Failed> {
    let known = market.pairs.all(Freshness::Cached).await?;
    if let Some(oldest) = known.first() {
        return Ok(*oldest);
    }
    let pairs = market.pairs.all(Freshness::Fresh).await?;
    Ok(*pairs.first().ok_or(Missing::Market)?)
}
