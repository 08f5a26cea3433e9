//! Candles: the trades of a market, summed up by stretches of time. They are folded from the
//! market's events in order; where they are kept is not known here.

use std::str::FromStr;

use crate::{
    market_event::Trade,
    pair::{PairId, Steps, Ticks},
    time::{Span, Timestamp},
};

/// How long a candle is. Candles begin at multiples of it since 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interval {
    /// A minute.
    Minute,
    /// Five minutes.
    FiveMinutes,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

impl Interval {
    /// All of them, the shortest first.
    pub const ALL: [Self; 4] = [Self::Minute, Self::FiveMinutes, Self::Hour, Self::Day];

    /// `1m`, `5m`, `1h` or `1d`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "1m",
            Self::FiveMinutes => "5m",
            Self::Hour => "1h",
            Self::Day => "1d",
        }
    }

    /// How long it is.
    #[must_use]
    pub const fn span(self) -> Span {
        match self {
            Self::Minute => Span::seconds(60),
            Self::FiveMinutes => Span::seconds(300),
            Self::Hour => Span::seconds(3_600),
            Self::Day => Span::seconds(86_400),
        }
    }

    /// When the candle begins that a time is in.
    #[must_use]
    pub fn start_of(self, at: Timestamp) -> Timestamp {
        let into = at.millis().checked_rem(self.span().as_millis()).unwrap_or(0);
        Timestamp::from_millis(at.millis().saturating_sub(into))
    }
}

/// The text is no interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1m, 5m, 1h or 1d")]
pub struct InvalidInterval;

impl FromStr for Interval {
    type Err = InvalidInterval;

    fn from_str(text: &str) -> Result<Self, InvalidInterval> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or(InvalidInterval)
    }
}

/// A market's trades in one stretch of time; there is none without a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candle {
    /// Of which market.
    pub pair: PairId,
    /// How long it is.
    pub interval: Interval,
    /// When it begins; it ends where the next one begins.
    pub start: Timestamp,
    /// The price of its first trade.
    pub open: Ticks,
    /// The highest price.
    pub high: Ticks,
    /// The lowest price.
    pub low: Ticks,
    /// The price of its last trade.
    pub close: Ticks,
    /// How many lots were traded.
    pub lots: i128,
    /// What they were worth, in minor units of the quote currency.
    pub notional: i128,
    /// The number of its first trade.
    pub first: u64,
    /// The number of its last trade.
    pub last: u64,
}

impl Candle {
    /// The candle of one trade.
    #[must_use]
    pub fn of(steps: &Steps, interval: Interval, at: Timestamp, trade: &Trade) -> Self {
        Self {
            pair: steps.pair(),
            interval,
            start: interval.start_of(at),
            open: trade.price,
            high: trade.price,
            low: trade.price,
            close: trade.price,
            lots: trade.lots.count().into(),
            notional: steps.cost(trade.price, trade.lots).minor().into(),
            first: trade.number,
            last: trade.number,
        }
    }

    /// How many trades it has: they are numbered without gaps.
    #[must_use]
    pub fn trades(&self) -> u64 {
        self.last.saturating_sub(self.first).saturating_add(1)
    }

    /// Whether this trade, made at this time, is in its stretch.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.interval.start_of(at) == self.start
    }

    /// Follows a trade of its stretch. One that it has already changes nothing; the same holds
    /// of one that is not the next: it is folded from the log, in order.
    pub fn follow(&mut self, steps: &Steps, trade: &Trade) {
        if self.last.checked_add(1) == Some(trade.number) {
            self.join(&Self::of(steps, self.interval, self.start, trade));
        }
    }

    /// Follows later trades of the same market, summed up.
    pub fn join(&mut self, later: &Self) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.lots = self.lots.saturating_add(later.lots);
        self.notional = self.notional.saturating_add(later.notional);
        self.last = later.last;
    }
}

#[cfg(test)]
mod tests;
