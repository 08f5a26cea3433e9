//! The channel `book`: levels of a market's book, as a snapshot and then as they change.

use std::collections::BTreeMap;

use app::{
    depth::{Depth, touched},
    ports::Topic,
};
use domain::{
    market_event::MarketEvent,
    order::Side,
    pair::{Lots, Pair, Steps, Ticks},
    time::Timestamp,
};
use edge::sockets::Frame;
use serde::Serialize;
use utoipa::ToSchema;

use super::envelope::{self, Change, Heading, text};

/// Levels of a side that a checksum is of.
const CHECKED: usize = 10;
/// Levels of a side in a snapshot: twice as many, with the longest prices and quantities, are
/// 70 KB of the 128 that a message may have.
pub const LEVELS_MAX: usize = 700;

/// Levels of both sides that one message tells of.
const CHANGES_MAX: usize = 2 * LEVELS_MAX;

/// Levels, the best first, as `[price, quantity]`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BookData {
    /// Who buys, the highest price first.
    pub bids: Vec<[String; 2]>,
    /// Who sells, the lowest price first.
    pub asks: Vec<[String; 2]>,
    /// Of the ten best levels of each side after it.
    pub checksum: u32,
    /// What may be done: `trading`, `cancel_only` or `halted`.
    pub status: &'static str,
    /// Whether there are more levels than a snapshot has; they come as they change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated: Option<bool>,
}

/// CRC-32 (ISO 3309, as in zip) of the ten best levels of each side: of `price:quantity` of the
/// best bid, the best ask, the second bid and so on, joined by `:`, where a side that has no more
/// levels is passed over.
#[must_use]
pub fn checksum(steps: &Steps, depth: &Depth) -> u32 {
    let side = |side| depth.levels(side).take(CHECKED).collect::<Vec<_>>();
    let (bids, asks) = (side(Side::Buy), side(Side::Sell));
    let mut words = Vec::with_capacity(4 * CHECKED);
    for place in 0..CHECKED {
        for (price, level) in [bids.get(place), asks.get(place)].into_iter().flatten() {
            words.push(steps.price_text(*price));
            words.push(steps.quantity_text(level.lots));
        }
    }
    crc32fast::hash(words.join(":").as_bytes())
}

/// The whole book, or as much of it as a message may have.
#[must_use]
pub fn snapshot(pair: &Pair, depth: &Depth, now: Timestamp) -> Frame {
    let side = |side| {
        let levels = depth.levels(side).take(LEVELS_MAX);
        levels.map(|(price, level)| row(&pair.steps, price, level.lots)).collect()
    };
    let more = |side| depth.levels(side).nth(LEVELS_MAX).is_some();
    let data = BookData {
        bids: side(Side::Buy),
        asks: side(Side::Sell),
        checksum: checksum(&pair.steps, depth),
        status: depth.head.standing.status.as_str(),
        truncated: Some(more(Side::Buy) || more(Side::Sell)),
    };
    let heading = heading(pair, None, depth, now);
    envelope::snapshot(Topic::Book(pair.id()), &heading, &data)
}

fn heading(pair: &Pair, after: Option<u64>, depth: &Depth, now: Timestamp) -> Heading {
    let (market, at) = (Some(pair.id().to_string()), depth.at.unwrap_or(now));
    Heading { channel: "book", market, after, seq: depth.head.seq, at }
}

fn row(steps: &Steps, price: Ticks, lots: Lots) -> [String; 2] {
    let quantity = if lots.is_zero() { "0".to_owned() } else { steps.quantity_text(lots) };
    [steps.price_text(price), quantity]
}

/// What these events changed, after which the book is this; where that is more than a message may
/// have, the book as a snapshot.
#[must_use]
pub fn update(pair: &Pair, after: u64, events: &[MarketEvent], depth: &Depth) -> Frame {
    let at = depth.at.unwrap_or(Timestamp::from_millis(0));
    let change = Levels::touched(pair, events, depth);
    if change.count() > CHANGES_MAX {
        return snapshot(pair, depth, at);
    }
    envelope::frame(Topic::Book(pair.id()), heading(pair, Some(after), depth, at), change)
}

/// Levels that changed, each as it is after the change.
#[derive(Clone)]
struct Levels {
    steps: Steps,
    bids: BTreeMap<Ticks, Lots>,
    asks: BTreeMap<Ticks, Lots>,
    checksum: u32,
    status: &'static str,
}

impl Levels {
    fn touched(pair: &Pair, events: &[MarketEvent], depth: &Depth) -> Self {
        let (mut bids, mut asks) = (BTreeMap::new(), BTreeMap::new());
        for (side, price) in events.iter().flat_map(touched) {
            let levels = match side {
                Side::Buy => &mut bids,
                Side::Sell => &mut asks,
            };
            levels.insert(price, depth.level(side, price).lots);
        }
        let status = depth.head.standing.status.as_str();
        Self { steps: pair.steps, bids, asks, checksum: checksum(&pair.steps, depth), status }
    }

    fn count(&self) -> usize {
        self.bids.len().saturating_add(self.asks.len())
    }
}

impl Change for Levels {
    fn told(&self, heading: &Heading) -> String {
        let row = |(price, lots): (&Ticks, &Lots)| row(&self.steps, *price, *lots);
        let data = BookData {
            bids: self.bids.iter().rev().map(row).collect(),
            asks: self.asks.iter().map(row).collect(),
            checksum: self.checksum,
            status: self.status,
            truncated: None,
        };
        text(&heading.over(data))
    }

    fn over(&self, older: &Self) -> Option<Self> {
        let mut both = self.clone();
        for (levels, older) in [(&mut both.bids, &older.bids), (&mut both.asks, &older.asks)] {
            for (price, lots) in older {
                levels.entry(*price).or_insert(*lots);
            }
        }
        (both.count() <= CHANGES_MAX).then_some(both)
    }
}
