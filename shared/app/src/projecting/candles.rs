//! From the events of a pair to its candles, in the order of their numbers. How the events came,
//! in which batches and how often, makes no difference to a candle.

use std::collections::BTreeMap;

use domain::{
    candle::{Candle, Interval},
    market_event::MarketEvent,
    pair::{PairId, Steps},
    time::{Span, Timestamp},
};

use crate::{
    market::Market,
    perform::{Failed, Freshness},
    ports::{CandleQuery, EventQuery, EventStretch, StoreError},
};

/// The most candles that are put at once: with the head a transaction's hundred rows.
const CANDLES_MAX: usize = 99;
/// The most events that are read at once.
const EVENTS_PER_READ: u32 = 100;

/// Follows events of a pair in the order of their numbers. Those that were folded before are
/// passed over; if some are missing before them, all are read from the pair's log.
///
/// # Errors
/// [`domain::refusal::Missing::Market`]; the store's own; a part may have been folded.
pub async fn follow_market<'a>(
    market: &Market,
    id: PairId,
    events: impl IntoIterator<Item = &'a MarketEvent>,
) -> Result<(), Failed> {
    let head = market.store.candles_head(id).await?;
    let mut new: Vec<_> = events.into_iter().filter(|event| event.head.seq > head).collect();
    new.sort_by_key(|event| event.head.seq);
    new.dedup_by_key(|event| event.head.seq);
    if new.is_empty() {
        return Ok(());
    }
    let gapless =
        new.iter().zip(head.saturating_add(1)..).all(|(event, seq)| event.head.seq == seq);
    if !gapless {
        return catch_up_candles(market, id).await;
    }
    let mut folding = Folding::of(market, id, head).await?;
    for event in new {
        folding.follow(event).await?;
    }
    Ok(folding.put().await?)
}

/// Folds all events of a pair's log that are not folded yet.
///
/// # Errors
/// [`domain::refusal::Missing::Market`]; the store's own; a part may have been folded.
pub async fn catch_up_candles(market: &Market, id: PairId) -> Result<(), Failed> {
    let head = market.store.candles_head(id).await?;
    let mut folding = Folding::of(market, id, head).await?;
    loop {
        let stretch = EventStretch::After(folding.head);
        let query = EventQuery { pair: id, stretch, limit: EVENTS_PER_READ };
        let page = market.store.events(&query).await?;
        for event in &page.rows {
            folding.follow(event).await?;
        }
        folding.put().await?;
        if !page.more {
            return Ok(());
        }
    }
}

/// Candles that events are folded into, before they are put.
struct Folding<'a> {
    market: &'a Market,
    steps: Steps,
    /// The number of the event that was folded last.
    head: u64,
    /// The number of the event up to which all was put.
    put: u64,
    candles: BTreeMap<(Timestamp, Interval), Candle>,
}

impl<'a> Folding<'a> {
    async fn of(market: &'a Market, id: PairId, head: u64) -> Result<Self, Failed> {
        let steps = market.pairs.get(id, Freshness::Cached).await?.steps;
        Ok(Self { market, steps, head, put: head, candles: BTreeMap::new() })
    }

    async fn follow(&mut self, event: &MarketEvent) -> Result<(), StoreError> {
        if event.trades().next().is_some() {
            if self.candles.len().saturating_add(Interval::ALL.len()) > CANDLES_MAX {
                self.put().await?;
            }
            for interval in Interval::ALL {
                self.fold(interval, event).await?;
            }
        }
        self.head = event.head.seq;
        Ok(())
    }

    async fn fold(&mut self, interval: Interval, event: &MarketEvent) -> Result<(), StoreError> {
        let key = (interval.start_of(event.at), interval);
        let mut candle = match self.candles.get(&key) {
            Some(candle) => Some(*candle),
            None => self.stored(interval, key.0).await?,
        };
        for trade in event.trades() {
            match &mut candle {
                Some(candle) => candle.follow(&self.steps, trade),
                None => candle = Some(Candle::of(&self.steps, interval, event.at, trade)),
            }
        }
        self.candles.extend(candle.map(|candle| (key, candle)));
        Ok(())
    }

    /// The candle that begins at this time, if there was a trade in it.
    async fn stored(
        &self,
        interval: Interval,
        start: Timestamp,
    ) -> Result<Option<Candle>, StoreError> {
        let (pair, before) = (self.steps.pair(), start.plus(Span::millis(1)));
        let query = CandleQuery { pair, interval, from: start, before, limit: 1 };
        Ok(self.market.store.candles(&query).await?.into_iter().next())
    }

    async fn put(&mut self) -> Result<(), StoreError> {
        if self.head != self.put {
            let candles: Vec<_> = self.candles.values().copied().collect();
            self.market.store.put_candles(self.steps.pair(), &candles, self.head).await?;
            self.put = self.head;
        }
        // They are read again if they go on, so that a later put finds what then stands there.
        self.candles.clear();
        Ok(())
    }
}
