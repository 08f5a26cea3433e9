//! Getting orders to their venues: one attempt at a time, written down before it is made. What
//! an attempt makes of an order, the domain decides.

use domain::{
    time::{Span, Timestamp},
    venue::{Breaker, Ended, Gate, LEASE, Step, Task, Todo, Venue, VenueAnswer, VenueOrder},
};

use super::{reports::settle_fills, unavailable};
use crate::{
    market::{Market, TRIES_MAX},
    perform::{Failed, Freshness},
    ports::{CommitError, DeadLetter, DeadLetters, StoreError, VENUE_DUE_PARTS, VenueConnector},
};

/// How long after its time an order is left to the queue before the sweep wakes it as well.
const SWEPT_AFTER: Span = Span::seconds(60);
/// How long an order may be late before it is given a new time.
const POSTPONED_AFTER: Span = Span::seconds(30);
/// The most that one sweep wakes of one part.
const SWEPT_MAX: u32 = 100;
/// How many slots are tried before an order waits.
const SLOTS_TRIED: u16 = 4;

/// What talks to venues, and what keeps what nobody can handle.
#[derive(Clone, Copy)]
pub struct Outside<'a> {
    /// Talks to venues.
    pub connector: &'a dyn VenueConnector,
    /// Keeps what somebody must look at.
    pub dead_letters: &'a dyn DeadLetters,
}

/// Does what a task is for, if it is still to be done and its time has come; and queues what
/// comes next.
///
/// # Errors
/// Whatever passes: the same task again.
pub async fn work(market: &Market, task: Task, outside: Outside<'_>) -> Result<(), Failed> {
    let Some(order) = market.store.venue_order(task.order).await? else { return Ok(()) };
    if order.task() != task {
        // What has been begun since is somebody else's to see to. But if it is what this very
        // task began, it comes again because whoever had it is gone.
        if task.round.checked_add(1) == Some(order.round) {
            market.wake(&order).await;
        }
        return Ok(());
    }
    let now = market.clock.now();
    let hand = u32::try_from(market.entropy.bits() >> 96).unwrap_or(0);
    match order.todo(now, hand) {
        Todo::Nothing => {
            // A queue holds nothing for longer than a quarter of an hour.
            market.wake(&order).await;
            Ok(())
        }
        Todo::End(ended) => write(market, &order, &ended).await.map(|_| ()),
        Todo::Attempt(step, leased) => attempt(market, &order, step, &leased, outside).await,
    }
}

/// Writes an order in the place of another. `false`: somebody else was first, and sees to it.
async fn write(market: &Market, before: &VenueOrder, after: &VenueOrder) -> Result<bool, Failed> {
    let commit = after.replacing(before);
    for attempt in 0..TRIES_MAX {
        match market.store.commit(&commit).await {
            Ok(()) => return Ok(true),
            // Its owner's account is busy with something else.
            Err(CommitError::Conflict) => market.back_off(attempt).await,
            Err(CommitError::Store(error)) => return Err(error.into()),
            Err(CommitError::Refused(_)) => {
                market.wake(before).await;
                return Ok(false);
            }
        }
    }
    Err(Failed::Busy)
}

async fn attempt(
    market: &Market,
    order: &VenueOrder,
    step: Step,
    leased: &VenueOrder,
    outside: Outside<'_>,
) -> Result<(), Failed> {
    let venue = market.venues.get(order.terms.venue, Freshness::Cached).await?;
    let Some(slot) = pass(market, &venue, order).await? else { return Ok(()) };
    let done = match write(market, order, leased).await {
        Ok(true) => {
            let answer = ask(outside.connector, step, &venue, leased).await;
            note(market, &venue, slot.breaker, &answer).await;
            let chance = u16::try_from(market.entropy.bits() & 0xffff).unwrap_or(0);
            let ended = Ended::of(step, order, leased, answer, chance);
            finish(market, leased, &ended, outside).await
        }
        Ok(false) => Ok(()),
        Err(failed) => Err(failed),
    };
    slot.free(market, &venue).await;
    done
}

async fn ask(
    connector: &dyn VenueConnector,
    step: Step,
    venue: &Venue,
    order: &VenueOrder,
) -> VenueAnswer {
    match step {
        Step::Place => connector.place(venue, order).await,
        Step::Ask => connector.find(venue, order).await,
        Step::Cancel => connector.cancel(venue, order).await,
    }
}

/// Writes what came of an attempt. If the order has changed in the meantime, by a report of the
/// venue's, both are true.
async fn finish(
    market: &Market,
    leased: &VenueOrder,
    ended: &Ended,
    outside: Outside<'_>,
) -> Result<(), Failed> {
    let id = leased.terms.id;
    if let VenueAnswer::Known(state) = &ended.answer {
        settle_fills(market, id, state, outside.dead_letters).await?;
    }
    // Unless fills have been settled, it is most likely as it was.
    let mut order = leased.clone();
    for attempt in 0..TRIES_MAX {
        if attempt > 0 || ended.answer.has_fills() {
            let there = market.store.venue_order(id).await?;
            order = there.ok_or_else(|| unavailable("an order is not there"))?;
        }
        let after = order.after(ended, market.clock.now());
        if market.commit_try(&after.replacing(&order), attempt).await? {
            let (step, outcome) = (ended.step.as_str(), ended.answer.outcome());
            let (status, venue) = (after.status().as_str(), after.terms.venue);
            tracing::info!(order = %id, %venue, step, %outcome, status, "asked a venue");
            // Whoever began another attempt in the meantime sees to the order.
            if after.round == leased.round {
                market.wake(&after).await;
            }
            return Ok(());
        }
    }
    Err(Failed::Busy)
}

/// A place among those who may send to a venue at the same time.
struct Slot {
    /// The breaker that let it pass.
    breaker: Breaker,
    number: u16,
    taken_at: Timestamp,
    until: Timestamp,
}

impl Slot {
    /// Gives it back, but not so soon that the venue is sent more than it allows.
    async fn free(self, market: &Market, venue: &Venue) {
        let at = self.taken_at.plus(Span::millis(venue.slot_ms())).max(market.clock.now());
        let freed = market.store.free_slot(venue.id, self.number, self.until, at).await;
        if let Err(error) = freed {
            tracing::warn!(%error, venue = %venue.id, "a slot frees itself in a while");
        }
    }
}

/// A slot, if the venue may be sent something now; else the order is queued again.
async fn pass(
    market: &Market,
    venue: &Venue,
    order: &VenueOrder,
) -> Result<Option<Slot>, StoreError> {
    let now = market.clock.now();
    let breaker = market.store.breaker(venue.id).await?;
    let wait = match breaker.gate(now) {
        Gate::Wait(until) => Some(until.since(now)),
        Gate::Pass => None,
        Gate::Probe(probe) => {
            let first = market.store.replace_breaker(&probe).await?;
            (!first).then(|| Span::seconds(1))
        }
    };
    let breaker = match breaker.gate(now) {
        Gate::Probe(probe) => probe,
        Gate::Pass | Gate::Wait(_) => breaker,
    };
    if let Some(wait) = wait {
        queue_again(market, order, wait).await?;
        return Ok(None);
    }
    let until = now.plus(LEASE);
    let places = venue.concurrency_max.max(1);
    let first = u16::try_from(market.entropy.bits() % u128::from(places)).unwrap_or(0);
    for step in 0..SLOTS_TRIED.min(places) {
        let number = first.saturating_add(step) % places;
        if market.store.take_slot(venue.id, number, now, until).await? {
            return Ok(Some(Slot { breaker, number, taken_at: now, until }));
        }
    }
    queue_again(market, order, Span::millis(venue.slot_ms().max(200))).await?;
    Ok(None)
}

/// Has an order seen to again after one to two times a wait, or as long as it has waited already:
/// so a crowd does not ask all the time. One that has waited for long is given a new time, so
/// that the sweep does not take its task for lost.
async fn queue_again(market: &Market, order: &VenueOrder, wait: Span) -> Result<(), StoreError> {
    let now = market.clock.now();
    let wait = jittered(market, wait.max(now.since(order.next_at)));
    let until = now.plus(wait);
    if until.since(order.next_at) < POSTPONED_AFTER {
        market.wake_after(order, wait).await;
        return Ok(());
    }
    let later = order.postponed(until, now);
    match market.store.commit(&later.replacing(order)).await {
        Ok(()) => market.wake(&later).await,
        Err(CommitError::Store(error)) => return Err(error),
        Err(CommitError::Conflict | CommitError::Refused(_)) => {
            market.wake_after(order, wait).await;
        }
    }
    Ok(())
}

/// One to two times a wait, so that not all come back at once.
fn jittered(market: &Market, wait: Span) -> Span {
    let share = i64::try_from(market.entropy.bits() & 0xffff).unwrap_or(0);
    let more = wait.as_millis().saturating_mul(share) / 0xffff;
    Span::of_millis(wait.as_millis().saturating_add(more))
}

/// Tells the venue's breaker what came of a request. Nobody need hear of it: the next one tells.
async fn note(market: &Market, venue: &Venue, passed: Breaker, answer: &VenueAnswer) {
    if !answer.is_trouble() && passed.succeeded().is_none() {
        return;
    }
    let told = async {
        let breaker = market.store.breaker(venue.id).await?;
        let now = market.clock.now();
        let next = if answer.is_trouble() { breaker.failed(now) } else { breaker.succeeded() };
        let Some(next) = next else { return Ok(()) };
        if market.store.replace_breaker(&next).await? && breaker.is_closed() != next.is_closed() {
            let closed = next.is_closed();
            tracing::warn!(venue = %venue.id, closed, "the breaker of a venue has changed");
        }
        Ok::<_, StoreError>(())
    };
    if let Err(error) = told.await {
        tracing::warn!(%error, venue = %venue.id, "the breaker was not told");
    }
}

/// Wakes orders whose time has passed without anybody seeing to them. How many that were.
///
/// # Errors
/// The store's own.
pub async fn sweep(market: &Market) -> Result<usize, StoreError> {
    let until = market.clock.now().minus(SWEPT_AFTER);
    let mut woken = 0_usize;
    for part in 0..VENUE_DUE_PARTS {
        for id in market.store.due_venue_orders(part, until, SWEPT_MAX).await? {
            let Some(order) = market.store.venue_order(id).await? else { continue };
            if order.due_at().is_some_and(|due| due <= until) {
                market.wake(&order).await;
                woken = woken.saturating_add(1);
            }
        }
    }
    Ok(woken)
}

/// Puts a fill away that nobody may settle.
pub(super) fn letter(source: String, reason: String, body: String) -> DeadLetter {
    DeadLetter { function: "place-at-venue", source, reason, body }
}
