//! The application's market over a session's tables, so that what the operator does, the use cases
//! of clients do.

use std::sync::Arc;

use app::{
    day_stats::DayStatsCache,
    depth::DepthCache,
    item_cache::ItemCache,
    market::{Market, Settings},
    matching::Desks,
    pair_cache::PairCache,
    ports::{Clock, Doorbell, Store},
    rate_cache::RateCache,
    tape::Tapes,
};
use dynamo::DynamoStore;
use edge::{
    auth::password::PasswordHasher,
    delivery_queue::NoDeliveries,
    queue::{SqsDoorbell, Unrung},
    system::{Argon2Passwords, SystemClock, SystemEntropy},
};

use crate::session::{Session, outputs};

/// The market of a session. Without a queue nobody is rung for: the sweep finds what waits.
#[must_use]
pub fn market(session: &Session) -> Market {
    let store: Arc<dyn Store> =
        Arc::new(DynamoStore::new(session.dynamodb.clone(), session.tables.clone()));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let doorbell: Arc<dyn Doorbell> = match session.output(outputs::MATCH_QUEUE) {
        Some(url) => Arc::new(SqsDoorbell::new(session.sqs.clone(), url.to_owned())),
        None => Arc::new(Unrung),
    };
    Market {
        rates: RateCache::new(Arc::clone(&store), None, Arc::clone(&clock)),
        items: ItemCache::new(Arc::clone(&store), Arc::clone(&clock)),
        pairs: PairCache::new(Arc::clone(&store), Arc::clone(&clock)),
        depths: DepthCache::new(Arc::clone(&store), Arc::clone(&clock)),
        tapes: Tapes::default(),
        days: DayStatsCache::default(),
        desks: Desks::default(),
        store,
        clock,
        entropy: Arc::new(SystemEntropy::default()),
        passwords: Arc::new(Argon2Passwords::new(PasswordHasher::STANDARD)),
        doorbell,
        deliveries: Arc::new(NoDeliveries),
        settings: Settings::default(),
    }
}
