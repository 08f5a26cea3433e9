//! What listeners to a market are told, in order: each event once, and with it the book right
//! after it. Where a process does not know the book before an event, several events are told as
//! one. Who listens, and how a message looks, is not known here.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use domain::{
    market_event::MarketEvent,
    pair::{Pair, PairId},
};

use crate::{
    depth::Depth,
    market::Market,
    perform::Freshness,
    ports::{EventQuery, EventStretch, StoreError},
};

const EVENTS_PER_READ: u32 = 100;
/// With more events than this at once, listeners are told of all of them together.
const ONE_BY_ONE_MAX: usize = 20;
/// Events before the newest that are read to be told: whoever has missed more finds the gap, and
/// resumes.
const BEHIND_MAX: u64 = 1_000;

/// What was told last in this process, by pair.
#[derive(Default)]
pub struct Tapes(Mutex<BTreeMap<PairId, Depth>>);

/// Events that are told together, and the book after them.
pub struct Told<'a> {
    /// The number of the event before them.
    pub after: u64,
    /// The events, in order, without a gap; at least one.
    pub events: &'a [MarketEvent],
    /// The book after the last of them.
    pub depth: &'a Depth,
}

impl Tapes {
    fn take(&self, pair: PairId) -> Option<Depth> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&pair)
    }

    fn keep(&self, pair: PairId, depth: Depth) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(pair, depth);
    }
}

/// The book as of what was told last. It must be given back by [`Following::told`] once listeners
/// have really been told; dropped, the same events are told again, as one.
pub struct Following {
    pair: PairId,
    depth: Depth,
}

impl Following {
    /// Remembers that listeners were told.
    pub fn told(self, tapes: &Tapes) {
        tapes.keep(self.pair, self.depth);
    }
}

/// Follows events of one pair, and calls `tell` for each, or for several at once, in order. What
/// was told already is passed over; what is missing before or between them is read from the log.
///
/// # Errors
/// The store's own; then perhaps some were told, and all come again.
pub async fn follow(
    market: &Market,
    pair: &Pair,
    events: &[MarketEvent],
    mut tell: impl FnMut(Told<'_>),
) -> Result<Option<Following>, StoreError> {
    let id = pair.id();
    let numbers = events.iter().map(|event| event.head.seq);
    let (Some(first), Some(last)) = (numbers.clone().min(), numbers.max()) else {
        return Ok(None);
    };
    let known = market.tapes.take(id);
    let near = known.filter(|depth| last.saturating_sub(depth.head.seq) <= BEHIND_MAX);
    let Some(mut depth) = near else {
        let depth = market.depths.get(pair, Freshness::Fresh).await?;
        let newest = depth.head.seq;
        let after = first.saturating_sub(1).max(newest.saturating_sub(BEHIND_MAX)).min(newest);
        let events = read(market, id, after, newest).await?;
        if !events.is_empty() {
            tell(Told { after, events: &events, depth: &depth });
        }
        return Ok(Some(Following { pair: id, depth: (*depth).clone() }));
    };
    let after = depth.head.seq;
    if after >= last {
        return Ok(Some(Following { pair: id, depth }));
    }
    let mut next = in_order(events, after);
    if next.last().map(|event| event.head.seq) != Some(last) {
        next = read(market, id, after, last).await?;
    }
    if next.len() > ONE_BY_ONE_MAX {
        next.iter().for_each(|event| depth.follow(event));
        tell(Told { after, events: &next, depth: &depth });
    } else {
        for event in &next {
            let after = depth.head.seq;
            depth.follow(event);
            tell(Told { after, events: std::slice::from_ref(event), depth: &depth });
        }
    }
    Ok(Some(Following { pair: id, depth }))
}

/// As much of these events as follows a number without a gap, each once.
fn in_order(events: &[MarketEvent], after: u64) -> Vec<MarketEvent> {
    let mut sorted: Vec<_> = events.iter().filter(|event| event.head.seq > after).collect();
    sorted.sort_by_key(|event| event.head.seq);
    sorted.dedup_by_key(|event| event.head.seq);
    let next = sorted.into_iter().zip(after.saturating_add(1)..);
    next.take_while(|(event, seq)| event.head.seq == *seq).map(|(event, _)| event.clone()).collect()
}

/// All events of a pair after one number up to another, from its log.
///
/// # Errors
/// The store's own.
pub async fn read(
    market: &Market,
    pair: PairId,
    after: u64,
    until: u64,
) -> Result<Vec<MarketEvent>, StoreError> {
    let mut events: Vec<MarketEvent> = Vec::new();
    let mut reached = after;
    while reached < until {
        let stretch = EventStretch::After(reached);
        let missing = u32::try_from(until.saturating_sub(reached)).unwrap_or(EVENTS_PER_READ);
        let limit = missing.min(EVENTS_PER_READ);
        let query = EventQuery { pair, stretch, limit };
        let page = market.store.events(&query).await?;
        let Some(last) = page.rows.last() else { break };
        reached = last.head.seq;
        events.extend(page.rows.into_iter().filter(|event| event.head.seq <= until));
    }
    Ok(events)
}
