//! The functions that queues and the clock wake, in this process. What they do is not known here.

use std::sync::Arc;

use app::{
    market::Market,
    ports::{DeliveryQueue, DeliveryTask, Doorbell, PlacementQueue, StoreError, VENUE_DUE_PARTS},
};
use domain::{
    time::{Span, Timestamp},
    venue::Task,
};
use edge::{function::handle_task, system::SystemClock};
use functions::{deliver_webhooks, match_orders, place_at_venue, sweep};
use tokio::task::JoinSet;

use crate::{
    doorbell::{Answering, Handle, LocalDoorbell, Rings, Sweep},
    serve::Served,
    tasks::{self, Pace, Tasks, tasks},
};

/// How many messages to webhooks are on their way at once: each may take 10 s.
const DELIVERING: Pace = Pace { at_once: 16, again: 0 };
/// How many orders at venues are seen to at once: each may take 5 s.
const PLACING: Pace = Pace { at_once: 64, again: 5 };

/// The functions that the queue and the schedule wake, in this process. They wait by the
/// system's clock: a market's own may be in the hand of a test, and take no time.
pub(crate) fn answer(rings: Rings, served: &Arc<Served>) -> Answering {
    let matching = Arc::clone(served);
    let handle: Handle = Arc::new(move |pair| {
        let served = Arc::clone(&matching);
        Box::pin(async move { (match_orders::FUNCTION.handle)(&served.context, pair).await })
    });
    let sweeping = Arc::clone(served);
    let sweep: Sweep = Arc::new(move || {
        let served = Arc::clone(&sweeping);
        Box::pin(async move { (sweep::FUNCTION.handle)(&served.context).await })
    });
    rings.answer(handle, sweep, Arc::new(SystemClock))
}

/// How many orders at venues of each part are queued at a start: those that are due first. The
/// sweep finds the others.
const RECALLED_MAX: u32 = 100;

/// Queues orders at venues again that an earlier process had in its queue, which is gone.
pub(crate) async fn recall(market: &Market) -> Result<(), StoreError> {
    let (store, ever) = (&market.store, Timestamp::from_millis(i64::MAX));
    for part in 0..VENUE_DUE_PARTS {
        for id in store.due_venue_orders(part, ever, RECALLED_MAX).await? {
            let Some(order) = store.venue_order(id).await? else { continue };
            let wait = order.next_at.since(market.clock.now()).max(Span::millis(0));
            if let Err(error) = market.placements.send(order.task(), wait).await {
                tracing::warn!(%error, order = %id, "the sweep will find it");
            }
        }
    }
    Ok(())
}

/// What functions are woken by.
pub(crate) struct Queues {
    pub(crate) doorbell: Arc<dyn Doorbell>,
    pub(crate) deliveries: Arc<dyn DeliveryQueue>,
    pub(crate) placements: Arc<dyn PlacementQueue>,
}

/// Empty queues, and what becomes of their tasks.
pub(crate) fn queues(bell: LocalDoorbell) -> (Queues, Tasks<DeliveryTask>, Tasks<Task>) {
    let (deliveries, to_deliver) = tasks();
    let (placements, to_place) = tasks();
    let queues = Queues {
        doorbell: Arc::new(bell),
        deliveries: Arc::new(deliveries),
        placements: Arc::new(placements),
    };
    (queues, to_deliver, to_place)
}

/// The function that the queue of orders at venues wakes, in this process.
pub(crate) fn place(tasks: Tasks<Task>, served: &Arc<Served>) -> JoinSet<()> {
    let served = Arc::clone(served);
    let place: tasks::Handle<Task> = Arc::new(move |task| {
        let served = Arc::clone(&served);
        Box::pin(async move {
            let function = &place_at_venue::FUNCTION;
            handle_task(&served.context, function, &task.to_string()).await
        })
    });
    tasks.hand_over(place, PLACING, Arc::new(SystemClock))
}

/// The function that the queue of deliveries wakes, in this process.
pub(crate) fn deliver(tasks: Tasks<DeliveryTask>, served: &Arc<Served>) -> JoinSet<()> {
    let served = Arc::clone(served);
    let deliver: tasks::Handle<DeliveryTask> = Arc::new(move |task| {
        let served = Arc::clone(&served);
        Box::pin(async move {
            let function = &deliver_webhooks::FUNCTION;
            handle_task(&served.context, function, &task.to_string()).await
        })
    });
    tasks.hand_over(deliver, DELIVERING, Arc::new(SystemClock))
}
