//! A pair's last 24 hours, from its candles, kept in process for a second.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use domain::{
    candle::{Candle, Interval},
    pair::PairId,
    time::{Span, Timestamp},
};

use crate::{
    market::Market,
    ports::{CandleQuery, StoreError},
};

/// How long they may be served without being read again.
const LIFETIME: Span = Span::seconds(1);
const DAY_MS: i64 = 86_400_000;
/// 288 candles of five minutes are a day; and the one that is under way.
const CANDLES_MAX: u32 = 289;

/// A pair's trades from `from` on, summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayStats {
    /// When the window begins: the last multiple of five minutes at least 24 hours ago, so it is
    /// up to five minutes longer than a day.
    pub from: Timestamp,
    /// All of its trades as one candle; `None`: there were none. Its interval and its start are
    /// of the first of its parts, and mean nothing.
    pub sum: Option<Candle>,
}

/// The statistics of this process.
#[derive(Debug, Default)]
pub struct DayStatsCache(Mutex<BTreeMap<PairId, (Timestamp, DayStats)>>);

impl DayStatsCache {
    fn locked(&self) -> MutexGuard<'_, BTreeMap<PairId, (Timestamp, DayStats)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pair's last 24 hours; at most a second old, and behind the last commit by as much as the
/// candles are.
///
/// # Errors
/// The store's own.
pub async fn day_stats(market: &Market, pair: PairId) -> Result<DayStats, StoreError> {
    let now = market.clock.now();
    let known = market.days.locked().get(&pair).copied();
    if let Some((read_at, stats)) = known
        && now.since(read_at) < LIFETIME
    {
        return Ok(stats);
    }
    let interval = Interval::FiveMinutes;
    let day_ago = Timestamp::from_millis(now.millis().saturating_sub(DAY_MS));
    let (from, before) = (interval.start_of(day_ago), Timestamp::MAX);
    let query = CandleQuery { pair, interval, from, before, limit: CANDLES_MAX };
    let candles = market.store.candles(&query).await?;
    let sum = candles.into_iter().rev().reduce(|mut sum, later| {
        sum.join(&later);
        sum
    });
    let stats = DayStats { from, sum };
    market.days.locked().insert(pair, (now, stats));
    Ok(stats)
}
