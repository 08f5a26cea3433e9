//! The channel `candles`: a market's candles of one interval, numbered by the market's trades.

use app::{
    ports::{CandleQuery, StoreError, Topic},
    tape,
};
use domain::{
    candle::{Candle, Interval},
    market_event::MarketEvent,
    pair::{Pair, Steps},
    time::Timestamp,
};
use edge::{context::Context, sockets::Frame};
use serde::Serialize;
use utoipa::ToSchema;

use super::envelope::{self, Change, Heading, text};
use crate::list_candles::CandleBody;

/// Candles of a message: with 300 bytes each they are 30 KB, one frame.
const CANDLES_MAX: usize = 100;

/// Candles, the oldest first.
#[derive(Serialize, ToSchema)]
pub struct CandlesData {
    /// How long they are: `1m`, `5m`, `1h` or `1d`.
    pub interval: &'static str,
    /// The candles; of an update those that changed, as they are after it.
    pub candles: Vec<CandleBody>,
}

/// Candles of a market, oldest first.
#[derive(Clone)]
struct Candles {
    steps: Steps,
    interval: Interval,
    rows: Vec<Candle>,
}

impl Candles {
    /// The newest of those that begin at a time or later, up to an event: what is kept of them,
    /// and what the log has beyond that.
    async fn read(
        context: &Context,
        pair: &Pair,
        interval: Interval,
        (from, until): (Timestamp, u64),
    ) -> Result<Self, StoreError> {
        let (market, steps) = (&context.market, pair.steps);
        let folded = market.store.candles_head(pair.id()).await?;
        let (before, limit) = (Timestamp::MAX, u32::try_from(CANDLES_MAX).unwrap_or(u32::MAX));
        let query = CandleQuery { pair: pair.id(), interval, from, before, limit };
        let mut rows = market.store.candles(&query).await?;
        rows.reverse();
        let events = tape::read(market, pair.id(), folded, until).await?;
        for event in events.iter().filter(|event| event.at >= from) {
            for trade in event.trades() {
                match rows.last_mut() {
                    Some(candle) if candle.covers(event.at) => candle.follow(&steps, trade),
                    Some(candle) if candle.last >= trade.number => {}
                    _ => rows.push(Candle::of(&steps, interval, event.at, trade)),
                }
            }
        }
        let older = rows.len().saturating_sub(CANDLES_MAX);
        rows.drain(..older);
        Ok(Self { steps, interval, rows })
    }

    fn data(&self) -> CandlesData {
        let candles = self.rows.iter().map(|candle| CandleBody::new(&self.steps, candle));
        CandlesData { interval: self.interval.as_str(), candles: candles.collect() }
    }
}

impl Change for Candles {
    fn told(&self, heading: &Heading) -> String {
        text(&heading.over(self.data()))
    }

    fn over(&self, older: &Self) -> Option<Self> {
        let mut both = older.clone();
        let first = self.rows.first()?.start;
        both.rows.retain(|candle| candle.start < first);
        both.rows.extend(&self.rows);
        (both.rows.len() <= CANDLES_MAX).then_some(both)
    }
}

/// A message with the candles that the trades of these events are in, if there are any.
///
/// # Errors
/// The store's own.
pub async fn update(
    context: &Context,
    pair: &Pair,
    interval: Interval,
    events: &[MarketEvent],
) -> Result<Option<Frame>, StoreError> {
    let traded = events.iter().find_map(|event| Some((event.at, event.trades().next()?.number)));
    let (Some((at, number)), Some(last)) = (traded, events.last()) else { return Ok(None) };
    let stretch = (interval.start_of(at), last.head.seq);
    let candles = Candles::read(context, pair, interval, stretch).await?;
    let (Some(oldest), Some(newest)) = (candles.rows.first(), candles.rows.last()) else {
        return Ok(None);
    };
    // Where there are more than one message has, the client finds the gap.
    let after = number.max(oldest.first).saturating_sub(1);
    let heading = heading(pair, Some(after), newest.last, last.at);
    Ok(Some(envelope::frame(Topic::Candles(pair.id(), interval), heading, candles)))
}

/// The newest candles up to an event.
///
/// # Errors
/// The store's own.
pub async fn snapshot(
    context: &Context,
    pair: &Pair,
    interval: Interval,
    until: u64,
) -> Result<Frame, StoreError> {
    let stretch = (Timestamp::from_millis(0), until);
    let candles = Candles::read(context, pair, interval, stretch).await?;
    let seq = candles.rows.last().map_or(0, |candle| candle.last);
    let heading = heading(pair, None, seq, context.market.clock.now());
    Ok(envelope::snapshot(Topic::Candles(pair.id(), interval), &heading, &candles.data()))
}

fn heading(pair: &Pair, after: Option<u64>, seq: u64, at: Timestamp) -> Heading {
    Heading { channel: "candles", market: Some(pair.id().to_string()), after, seq, at }
}
