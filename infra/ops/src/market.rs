//! The application's market over a session's tables, so that what the operator does, the use cases
//! of clients do.

use std::sync::Arc;

use app::{
    market::{Market, Ports, Settings},
    ports::{Clock, Doorbell, PlacementQueue, Store},
};
use dynamo::DynamoStore;
use edge::{
    auth::password::PasswordHasher,
    delivery_queue::NoDeliveries,
    placement_queue::{NoPlacements, SqsPlacements},
    queue::{SqsDoorbell, Unrung},
    system::{Argon2Passwords, SystemClock, SystemEntropy},
};

use crate::session::{Session, outputs};

/// The market of a session. Without queues nobody is woken: the sweep finds what waits.
#[must_use]
pub fn market(session: &Session) -> Market {
    let store: Arc<dyn Store> =
        Arc::new(DynamoStore::new(session.dynamodb.clone(), session.tables.clone()));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let doorbell: Arc<dyn Doorbell> = match session.output(outputs::MATCH_QUEUE) {
        Some(url) => Arc::new(SqsDoorbell::new(session.sqs.clone(), url.to_owned())),
        None => Arc::new(Unrung),
    };
    let placements: Arc<dyn PlacementQueue> = match session.output(outputs::VENUE_QUEUE) {
        Some(url) => Arc::new(SqsPlacements::new(session.sqs.clone(), url.to_owned())),
        None => Arc::new(NoPlacements),
    };
    Market::new(Ports {
        store,
        cache: None,
        clock,
        entropy: Arc::new(SystemEntropy::default()),
        passwords: Arc::new(Argon2Passwords::new(PasswordHasher::STANDARD)),
        doorbell,
        deliveries: Arc::new(NoDeliveries),
        placements,
        settings: Settings::default(),
    })
}
