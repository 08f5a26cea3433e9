//! Items that were read lately. A stale one is harmless: a purchase's commit expects the
//! item's price, state and stock, and a refusal is decided on a fresh read.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{
    catalogue::Item,
    id::ItemId,
    refusal::Missing,
    time::{Span, Timestamp},
};

use crate::{
    perform::{Failed, Freshness},
    ports::{Clock, Store},
    tally,
};

/// How long an item may be served without being read again.
const LIFETIME: Span = Span::seconds(10);
/// About 1 KB each, so at most a megabyte of a 128 MB function.
const ITEMS_MAX: usize = 1000;

/// The cache, in process.
pub struct ItemCache {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    items: Mutex<BTreeMap<ItemId, (Timestamp, Item)>>,
}

impl ItemCache {
    /// An empty cache in front of a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, items: Mutex::default() }
    }

    /// An item, as fresh as asked.
    ///
    /// # Errors
    /// [`Missing::Item`]; the store's own.
    pub async fn get(&self, id: ItemId, freshness: Freshness) -> Result<Item, Failed> {
        let now = self.clock.now();
        if freshness == Freshness::Cached {
            if let Some(item) = self.cached(id, now) {
                tally::count(|tally| tally.process_hits += 1);
                return Ok(item);
            }
            tally::count(|tally| tally.misses += 1);
        }
        let item = self.store.item(id).await?.ok_or(Missing::Item)?;
        self.keep(&item, now);
        Ok(item)
    }

    fn cached(&self, id: ItemId, now: Timestamp) -> Option<Item> {
        let items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, item) = items.get(&id)?;
        (now.since(*read_at) < LIFETIME).then(|| item.clone())
    }

    fn keep(&self, item: &Item, now: Timestamp) {
        let mut items = self.items.lock().unwrap_or_else(PoisonError::into_inner);
        if items.len() >= ITEMS_MAX {
            items.retain(|_, (read_at, _)| now.since(*read_at) < LIFETIME);
        }
        if items.len() < ITEMS_MAX {
            items.insert(item.id, (now, item.clone()));
        }
    }
}
