//! All ports and caches that use cases work with, in one place.

use std::sync::Arc;

use domain::{
    command::CommandId,
    commit::Commit,
    id::{EntryId, UserId},
    ledger::{Fingerprint, Guard},
    pair::PairId,
    time::Span,
    venue::VenueId,
    webhook::Reach,
};
use sha2::{Digest, Sha256};

use crate::{
    day_stats::DayStatsCache,
    depth::DepthCache,
    item_cache::ItemCache,
    matching::Desks,
    pair_cache::PairCache,
    ports::{
        Clock, CommitError, DeliveryQueue, Doorbell, Entropy, Passwords, PlacementQueue, Store,
        StoreError,
    },
    rate_cache::{RateCache, SharedCache},
    tape::Tapes,
    venue_cache::VenueCache,
};

/// What an operator may set.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How many times a rate may rise or fall in one step without being confirmed.
    pub rate_jump_factor_max: u32,
    /// How far webhooks may reach.
    pub webhooks: Reach,
}

impl Default for Settings {
    fn default() -> Self {
        Self { rate_jump_factor_max: 2, webhooks: Reach::Public }
    }
}

/// The market: ports, caches and settings.
pub struct Market {
    /// Everything that lasts.
    pub store: Arc<dyn Store>,
    /// Universes and rates, cached.
    pub rates: RateCache,
    /// Items, cached.
    pub items: ItemCache,
    /// Pairs, cached.
    pub pairs: PairCache,
    /// External venues, cached.
    pub venues: VenueCache,
    /// Books as the public sees them, cached.
    pub depths: DepthCache,
    /// What listeners to markets were told by this process.
    pub tapes: Tapes,
    /// Pairs' last 24 hours, cached.
    pub days: DayStatsCache,
    /// Books of matchers that ran in this process.
    pub desks: Desks,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Unguessable bits.
    pub entropy: Arc<dyn Entropy>,
    /// Slow hashes.
    pub passwords: Arc<dyn Passwords>,
    /// Wakes matchers.
    pub doorbell: Arc<dyn Doorbell>,
    /// Wakes whoever delivers events to webhooks.
    pub deliveries: Arc<dyn DeliveryQueue>,
    /// Wakes whoever sees to orders at external venues.
    pub placements: Arc<dyn PlacementQueue>,
    /// What an operator has set.
    pub settings: Settings,
}

/// How often a conflict is tried again before the client is asked to.
pub const TRIES_MAX: u32 = 6;

impl Market {
    /// Commits what was decided without an idempotency key. `false`: nothing was written, for
    /// something came between; load and decide again. Waits before it says so.
    pub(crate) async fn commit_try(
        &self,
        commit: &Commit,
        attempt: u32,
    ) -> Result<bool, StoreError> {
        match self.store.commit(commit).await {
            Ok(()) => Ok(true),
            Err(CommitError::Store(error)) => Err(error),
            Err(CommitError::Conflict | CommitError::Refused(_)) => {
                self.back_off(attempt).await;
                Ok(false)
            }
        }
    }

    /// Rings for the matcher of a pair. If the bell fails, the sweep finds what waits.
    pub(crate) async fn ring(&self, pair: PairId, command: CommandId) {
        if let Err(error) = self.doorbell.ring(pair, command).await {
            tracing::warn!(%error, %pair, "the matcher was not rung for");
        }
    }

    /// Waits before try number `attempt` (from 0): full jitter, at most 25 ms doubled each time.
    pub async fn back_off(&self, attempt: u32) {
        let ceiling_ms = 25_u32.saturating_mul(2_u32.saturating_pow(attempt));
        let share = u32::try_from(self.entropy.bits() & 0xffff).unwrap_or(0xffff);
        let wait_ms = u64::from(ceiling_ms) * u64::from(share) / 0xffff;
        self.clock.sleep(Span::millis(u32::try_from(wait_ms).unwrap_or(ceiling_ms))).await;
    }
}

/// What a market is made of.
pub struct Ports {
    /// Everything that lasts.
    pub store: Arc<dyn Store>,
    /// The cache cluster, if there is one.
    pub cache: Option<Arc<dyn SharedCache>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Unguessable bits.
    pub entropy: Arc<dyn Entropy>,
    /// Slow hashes.
    pub passwords: Arc<dyn Passwords>,
    /// Wakes matchers.
    pub doorbell: Arc<dyn Doorbell>,
    /// Wakes whoever delivers events to webhooks.
    pub deliveries: Arc<dyn DeliveryQueue>,
    /// Wakes whoever sees to orders at external venues.
    pub placements: Arc<dyn PlacementQueue>,
    /// What an operator has set.
    pub settings: Settings,
}

impl Market {
    /// A market with empty caches.
    #[must_use]
    pub fn new(ports: Ports) -> Self {
        let Ports { store, cache, clock, entropy, passwords, .. } = ports;
        Self {
            rates: RateCache::new(Arc::clone(&store), cache, Arc::clone(&clock)),
            items: ItemCache::new(Arc::clone(&store), Arc::clone(&clock)),
            pairs: PairCache::new(Arc::clone(&store), Arc::clone(&clock)),
            venues: VenueCache::new(Arc::clone(&store), Arc::clone(&clock)),
            depths: DepthCache::new(Arc::clone(&store), Arc::clone(&clock)),
            tapes: Tapes::default(),
            days: DayStatsCache::default(),
            desks: Desks::default(),
            store,
            clock,
            entropy,
            passwords,
            doorbell: ports.doorbell,
            deliveries: ports.deliveries,
            placements: ports.placements,
            settings: ports.settings,
        }
    }
}

/// What a client asks under an idempotency key, before it is decided.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Who asks.
    pub actor: UserId,
    /// The one entry that the request can ever have: see [`entry_id`].
    pub entry: EntryId,
    /// Of the endpoint, the path and the body.
    pub fingerprint: Fingerprint,
    /// Names the request in logs.
    pub request_id: String,
}

impl Asked {
    /// The guard of a decision made at the market's time.
    #[must_use]
    pub fn guard(&self, market: &Market) -> Guard {
        Guard {
            entry: self.entry,
            actor: self.actor,
            fingerprint: self.fingerprint,
            request_id: self.request_id.clone(),
            at: market.clock.now(),
        }
    }
}

/// The one journal entry that (principal, idempotency key) can ever have. A key has 1 to 255
/// printable characters.
#[must_use]
pub fn entry_id(principal: UserId, key: &str) -> EntryId {
    derived(b"entry\0", principal, key)
}

/// The one journal entry that (user, the user's own id of an order) can ever have.
#[must_use]
pub fn client_order_entry(user: UserId, client_order_id: &str) -> EntryId {
    derived(b"client order\0", user, client_order_id)
}

/// The one journal entry that (venue, the venue's own name of a fill) can ever have.
#[must_use]
pub fn venue_fill_entry(venue: VenueId, execution: &str) -> EntryId {
    // A venue's name holds no blank, so no two fills share a text.
    hashed(&[b"venue fill\0", venue.as_str().as_bytes(), b" ", execution.as_bytes()])
}

fn derived(domain: &[u8], user: UserId, text: &str) -> EntryId {
    hashed(&[domain, &user.bits().to_be_bytes(), text.as_bytes()])
}

fn hashed(parts: &[&[u8]]) -> EntryId {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    EntryId::from_bits(u128::from_be_bytes(first_half(&hash.finalize())))
}

/// The fingerprint of what is asked: an endpoint's name, a path and a canonical body.
#[must_use]
pub fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Fingerprint {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    Fingerprint(first_half(&hash.finalize()))
}

fn first_half(digest: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    half
}
