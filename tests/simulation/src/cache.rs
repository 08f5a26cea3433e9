//! The cache cluster on a bad day: empty, late, or full of what was true long ago.

use std::sync::{Arc, Mutex, PoisonError};

use app::{
    ports::Clock,
    rate_cache::{CacheUnavailable, SharedCache, Snapshot},
};
use async_trait::async_trait;
use domain::time::Span;
use testkit::virtual_time::VirtualTime;

use crate::{chaos::Chaos, swarm::Kind};

/// A cache that all processes share.
pub struct BadCache {
    time: VirtualTime,
    chaos: Arc<Chaos>,
    /// The first snapshot ever, and the newest.
    held: Mutex<(Option<Snapshot>, Option<Snapshot>)>,
}

impl BadCache {
    /// An empty one.
    #[must_use]
    pub fn new(time: VirtualTime, chaos: Arc<Chaos>) -> Self {
        Self { time, chaos, held: Mutex::default() }
    }

    async fn pass(&self) -> Result<(), CacheUnavailable> {
        if self.chaos.strikes(Kind::CacheSlow) {
            self.time.sleep(Span::millis(50)).await;
            return Err(CacheUnavailable("no answer in time".to_owned()));
        }
        self.time.sleep(Span::millis(1)).await;
        Ok(())
    }
}

#[async_trait]
impl SharedCache for BadCache {
    async fn get(&self) -> Result<Option<Snapshot>, CacheUnavailable> {
        self.pass().await?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if self.chaos.strikes(Kind::CacheEmpty) {
            held.1 = None;
        }
        if self.chaos.strikes(Kind::CacheWrong) {
            return Ok(held.0.clone());
        }
        Ok(held.1.clone())
    }

    async fn put(&self, snapshot: &Snapshot) -> Result<(), CacheUnavailable> {
        self.pass().await?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.0.get_or_insert_with(|| snapshot.clone());
        if held.1.as_ref().is_none_or(|known| known.read_at <= snapshot.read_at) {
            held.1 = Some(snapshot.clone());
        }
        Ok(())
    }
}
