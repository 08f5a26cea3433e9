//! Books as the public sees them: levels, last price, best prices, each as of one numbered
//! event. They are folded from events, never asked of a matcher; they decide nothing but the
//! collar of market orders, and a stale one is a little narrow or wide there.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{
    commit::Resting,
    id::OrderId,
    market_event::{Change, Head, MarketEvent},
    order::Side,
    pair::{Lots, Pair, PairId, Ticks},
    time::{Span, Timestamp},
};

use crate::{
    perform::Freshness,
    ports::{Clock, EventQuery, EventStretch, Store, StoreError},
};

/// How long a book may be served without looking for newer events.
const LIFETIME: Span = Span::millis(250);
const EVENTS_PER_READ: u32 = 100;
/// With more events than this to catch up with, the resting orders are read instead.
const CATCH_UP_MAX: usize = 1_000;

/// An order as the public sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    side: Side,
    price: Ticks,
    lots: Lots,
    /// The event that changed it last.
    seq: u64,
}

/// What rests at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Level {
    /// How much.
    pub lots: Lots,
    /// In how many orders.
    pub orders: u32,
}

/// A book as of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depth {
    /// The head after that event; its number is the book's.
    pub head: Head,
    /// When that event was; `None` before the first.
    pub at: Option<Timestamp>,
    orders: BTreeMap<OrderId, Shown>,
    bids: BTreeMap<Ticks, Level>,
    asks: BTreeMap<Ticks, Level>,
}

impl Depth {
    /// The book of these resting orders, each as it was at some time after `head`.
    #[must_use]
    pub fn of(head: Head, at: Option<Timestamp>, resting: &[Resting]) -> Self {
        let (bids, asks) = (BTreeMap::new(), BTreeMap::new());
        let mut depth = Self { head, at, orders: BTreeMap::new(), bids, asks };
        for Resting { working, seq, .. } in resting {
            let (order, lots) = (working.order, working.tally.open);
            depth.add(order.id, Shown { side: order.side, price: order.price, lots, seq: *seq });
        }
        depth
    }

    /// Follows the next event. What an order has gone through already is passed over.
    pub fn follow(&mut self, event: &MarketEvent) {
        let seq = event.head.seq;
        for change in &event.changes {
            let (order, less) = match *change {
                Change::Rested { order, side, price, lots } => {
                    if self.orders.get(&order).is_none_or(|shown| shown.seq < seq) {
                        self.add(order, Shown { side, price, lots, seq: seq.saturating_sub(1) });
                    }
                    continue;
                }
                Change::Traded(trade) => (trade.maker, trade.lots),
                Change::Removed { order, lots, .. } => (order, lots),
            };
            if self.orders.get(&order).is_some_and(|shown| shown.seq < seq) {
                self.take(order, less);
            }
        }
        self.head = event.head;
        self.at = Some(event.at);
    }

    fn add(&mut self, order: OrderId, shown: Shown) {
        self.take(order, Lots::MAX);
        if shown.lots.is_zero() {
            return;
        }
        let level = self.side_mut(shown.side).entry(shown.price).or_default();
        level.lots = level.lots.plus(shown.lots);
        level.orders += 1;
        self.orders.insert(order, shown);
    }

    /// Lots leave an order, at most all.
    fn take(&mut self, order: OrderId, less: Lots) {
        let Some(shown) = self.orders.get_mut(&order) else { return };
        let less = less.min(shown.lots);
        shown.lots = shown.lots.minus(less);
        let Shown { side, price, lots, .. } = *shown;
        if lots.is_zero() {
            self.orders.remove(&order);
        }
        let levels = self.side_mut(side);
        if let Some(level) = levels.get_mut(&price) {
            level.lots = level.lots.minus(less);
            level.orders = level.orders.saturating_sub(u32::from(lots.is_zero()));
            if level.orders == 0 {
                levels.remove(&price);
            }
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut BTreeMap<Ticks, Level> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// The levels of a side, the best first.
    pub fn levels(&self, side: Side) -> Box<dyn Iterator<Item = (Ticks, Level)> + Send + '_> {
        let level = |(price, level): (&Ticks, &Level)| (*price, *level);
        match side {
            Side::Buy => Box::new(self.bids.iter().rev().map(level)),
            Side::Sell => Box::new(self.asks.iter().map(level)),
        }
    }

    /// What rests at a price of a side.
    #[must_use]
    pub fn level(&self, side: Side, price: Ticks) -> Level {
        let levels = match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        };
        levels.get(&price).copied().unwrap_or_default()
    }

    /// The best price of a side.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<Ticks> {
        self.levels(side).next().map(|(price, _)| price)
    }

    /// The price that a market order of this side is held to: what it would trade at first, or
    /// the last trade's.
    #[must_use]
    pub fn reference(&self, side: Side) -> Option<Ticks> {
        self.best(side.opposite()).or(self.head.standing.last_price)
    }

    /// The resting orders: side, price and lots.
    pub fn orders(&self) -> impl Iterator<Item = (OrderId, Side, Ticks, Lots)> + '_ {
        self.orders.iter().map(|(id, shown)| (*id, shown.side, shown.price, shown.lots))
    }
}

/// Where an event changed the book: sides and prices, each perhaps several times.
pub fn touched(event: &MarketEvent) -> impl Iterator<Item = (Side, Ticks)> + '_ {
    event.changes.iter().map(|change| match *change {
        Change::Rested { side, price, .. } | Change::Removed { side, price, .. } => (side, price),
        Change::Traded(trade) => (trade.taker_side.opposite(), trade.price),
    })
}

/// Books of this process.
pub struct DepthCache {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    books: Mutex<BTreeMap<PairId, (Timestamp, Arc<Depth>)>>,
}

impl DepthCache {
    /// An empty cache in front of a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, books: Mutex::default() }
    }

    /// A pair's book, as fresh as asked.
    ///
    /// # Errors
    /// The store's own.
    pub async fn get(&self, pair: &Pair, freshness: Freshness) -> Result<Arc<Depth>, StoreError> {
        let now = self.clock.now();
        let known = {
            let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
            books.get(&pair.id()).cloned()
        };
        if let Some((read_at, depth)) = &known
            && freshness == Freshness::Cached
            && now.since(*read_at) < LIFETIME
        {
            return Ok(Arc::clone(depth));
        }
        let mut depth = match known {
            Some((_, depth)) => depth,
            None => Arc::new(self.read(pair).await?),
        };
        if !self.catch_up(pair.id(), &mut depth).await? {
            depth = Arc::new(self.read(pair).await?);
            self.catch_up(pair.id(), &mut depth).await?;
        }
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let newer = books.get(&pair.id()).is_none_or(|(_, other)| other.head.seq <= depth.head.seq);
        if newer {
            books.insert(pair.id(), (now, Arc::clone(&depth)));
        }
        Ok(depth)
    }

    /// The head first, then the orders: what they went through in between, `catch_up` tells
    /// from their numbers.
    async fn read(&self, pair: &Pair) -> Result<Depth, StoreError> {
        let stretch = EventStretch::Before(u64::MAX);
        let newest = EventQuery { pair: pair.id(), stretch, limit: 1 };
        let newest = self.store.events(&newest).await?.rows.into_iter().next();
        let head = newest.as_ref().map_or_else(|| Head::of_new(pair), |event| event.head);
        let resting = self.store.resting(pair.id()).await?;
        Ok(Depth::of(head, newest.map(|event| event.at), &resting))
    }

    /// Follows all newer events; `false` if there are too many, or some are gone.
    async fn catch_up(&self, pair: PairId, depth: &mut Arc<Depth>) -> Result<bool, StoreError> {
        let mut followed = 0;
        loop {
            let stretch = EventStretch::After(depth.head.seq);
            let query = EventQuery { pair, stretch, limit: EVENTS_PER_READ };
            let page = self.store.events(&query).await?;
            for event in &page.rows {
                if event.head.seq != depth.head.seq.saturating_add(1) {
                    return Ok(false);
                }
                Arc::make_mut(depth).follow(event);
            }
            followed += page.rows.len();
            if !page.more {
                return Ok(true);
            }
            if followed > CATCH_UP_MAX {
                return Ok(false);
            }
        }
    }
}
