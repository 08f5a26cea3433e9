//! The queues between functions, and the schedule: what is sent comes at least once, late, twice,
//! or, where the queue has failed, not at all.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use app::ports::{
    Clock, DeliveryQueue, DeliveryTask, Doorbell, NotQueued, NotRung, PlacementQueue,
};
use async_trait::async_trait;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use domain::{command::CommandId, pair::PairId, time::Span, venue::Task};
use edge::{
    context::Context,
    function::{
        ScheduleFunction, TaskFunction, handle_queue_event, handle_schedule, handle_task_event,
    },
};
use functions::{audit, beat, deliver_webhooks, match_orders, place_at_venue, sweep};

use crate::{sim::Sim, swarm::Kind};

/// After how long a queue gives out again what nobody has finished.
const VISIBLE_AFTER: Span = Span::seconds(35);
/// How long a function behind a queue or a schedule may take.
const WORKER_LIMIT: Span = Span::seconds(30);
/// How often a message is given out before it is put away.
const RECEIVES_MAX: u32 = 5;
/// The most messages of a batch.
const BATCH_MAX: usize = 10;

/// The queues of one simulated market.
#[derive(Default)]
pub struct Queues {
    groups: Mutex<BTreeMap<PairId, Group>>,
    under_way: Mutex<u64>,
}

#[derive(Default)]
struct Group {
    waiting: Vec<CommandId>,
    working: bool,
}

impl Queues {
    /// Whether nothing is under way in any of them.
    #[must_use]
    pub fn are_quiet(&self) -> bool {
        *self.under_way.lock().unwrap_or_else(PoisonError::into_inner) == 0
    }

    fn add(&self) {
        *self.under_way.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    fn remove(&self) {
        *self.under_way.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
    }

    fn groups<T>(&self, use_it: impl FnOnce(&mut BTreeMap<PairId, Group>) -> T) -> T {
        use_it(&mut self.groups.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What processes send by.
pub struct Wires(pub Weak<Sim>);

impl Wires {
    fn sim(&self) -> Option<Arc<Sim>> {
        self.0.upgrade()
    }
}

#[async_trait]
impl Doorbell for Wires {
    async fn ring(&self, pair: PairId, command: CommandId) -> Result<(), NotRung> {
        let Some(sim) = self.sim() else { return Ok(()) };
        sim.time.sleep(sim.chaos.span(1, 10)).await;
        if sim.chaos.strikes(Kind::QueueLost) {
            return if sim.chaos.dice.percent(50) {
                Err(NotRung("the queue is gone".to_owned()))
            } else {
                Ok(())
            };
        }
        let again = sim.chaos.strikes(Kind::QueueDuplicate);
        let late = sim.chaos.strikes(Kind::QueueLate);
        let both = sim.chaos.strikes(Kind::TwoMatchers);
        for _ in 0..=u8::from(again) {
            let delay = if late { sim.chaos.span(1_000, 60_000) } else { sim.chaos.span(5, 60) };
            sim.clone().spawn(move |sim| async move {
                sim.queues.add();
                sim.time.sleep(delay).await;
                sim.knock(pair, command, both).await;
                sim.queues.remove();
            });
        }
        Ok(())
    }
}

#[async_trait]
impl DeliveryQueue for Wires {
    async fn send(&self, task: DeliveryTask, delay: Span) -> Result<(), NotQueued> {
        let Some(sim) = self.sim() else { return Ok(()) };
        sim.send_task(&deliver_webhooks::FUNCTION, task.to_string(), delay).await
    }
}

#[async_trait]
impl PlacementQueue for Wires {
    async fn send(&self, task: Task, delay: Span) -> Result<(), NotQueued> {
        let Some(sim) = self.sim() else { return Ok(()) };
        sim.send_task(&place_at_venue::FUNCTION, task.to_string(), delay).await
    }
}

impl Sim {
    /// A message of a group has come: whoever works on the group takes it with all that wait.
    async fn knock(&self, pair: PairId, command: CommandId, both: bool) {
        let begins = self.queues.groups(|groups| {
            let group = groups.entry(pair).or_default();
            group.waiting.push(command);
            let begins = !group.working;
            group.working |= begins;
            begins
        });
        if !begins && !both {
            return;
        }
        loop {
            let batch: Vec<_> = self.queues.groups(|groups| {
                let waiting = &mut groups.entry(pair).or_default().waiting;
                let some = waiting.len().min(BATCH_MAX);
                waiting.drain(..some).collect()
            });
            if batch.is_empty() {
                break;
            }
            self.match_batch(pair, &batch).await;
        }
        if begins {
            self.queues.groups(|groups| groups.entry(pair).or_default().working = false);
        }
    }

    async fn match_batch(&self, pair: PairId, batch: &[CommandId]) {
        for _ in 0..RECEIVES_MAX {
            let event = event_of(batch.iter().map(|id| (id.to_string(), None)), Some(pair));
            let done = self.fleet.invoke(match_orders::FUNCTION.stem, WORKER_LIMIT, |context| {
                Box::pin(async move {
                    let function = &match_orders::FUNCTION;
                    let response = handle_queue_event(context, function, event).await;
                    response.batch_item_failures.is_empty()
                })
            });
            match done.await {
                Ok(true) => return,
                Ok(false) if self.planted.ignores_failures() => return,
                Ok(false) | Err(_) => self.time.sleep(VISIBLE_AFTER).await,
            }
        }
    }

    async fn send_task(
        self: Arc<Self>,
        function: &'static TaskFunction,
        body: String,
        delay: Span,
    ) -> Result<(), NotQueued> {
        self.time.sleep(self.chaos.span(1, 10)).await;
        if self.chaos.strikes(Kind::QueueLost) {
            return if self.chaos.dice.percent(50) {
                Err(NotQueued("the queue is gone".to_owned()))
            } else {
                Ok(())
            };
        }
        for _ in 0..=u8::from(self.chaos.strikes(Kind::QueueDuplicate)) {
            let late = self.chaos.strikes(Kind::QueueLate);
            let wait = if late { self.chaos.span(1_000, 60_000) } else { self.chaos.span(5, 60) };
            let body = body.clone();
            self.clone().spawn(move |sim| async move {
                sim.queues.add();
                sim.time.sleep(delay).await;
                sim.time.sleep(wait).await;
                sim.do_task(function, &body).await;
                sim.queues.remove();
            });
        }
        Ok(())
    }

    async fn do_task(&self, function: &'static TaskFunction, body: &str) {
        for _ in 0..RECEIVES_MAX {
            let event = event_of([("message".to_owned(), Some(body.to_owned()))], None);
            let done = self.fleet.invoke(function.stem, WORKER_LIMIT, |context| {
                Box::pin(async move {
                    let response = handle_task_event(context, function, event).await;
                    response.batch_item_failures.is_empty()
                })
            });
            match done.await {
                Ok(true) => return,
                Ok(false) if self.planted.ignores_failures() => return,
                Ok(false) | Err(_) => self.time.sleep(VISIBLE_AFTER).await,
            }
        }
    }

    /// The functions that run each minute, until all is over.
    pub async fn keep_schedule(self: Arc<Self>, function: &'static ScheduleFunction) {
        self.time.sleep(self.chaos.span(0, 60_000)).await;
        while !self.is_over() {
            // What a turn leaves undone is done by the next one.
            let _done = self.turn(function).await;
            self.time.sleep(Span::seconds(60)).await;
        }
    }

    /// One turn of a schedule; whether all went well.
    pub async fn turn(&self, function: &'static ScheduleFunction) -> bool {
        let done = self.fleet.invoke(function.stem, WORKER_LIMIT, |context: &Context| {
            Box::pin(async move { handle_schedule(context, function).await.is_ok() })
        });
        done.await == Ok(true)
    }
}

/// What runs each minute.
pub const SCHEDULED: [&ScheduleFunction; 3] = [&sweep::FUNCTION, &beat::FUNCTION, &audit::FUNCTION];

fn event_of(
    messages: impl IntoIterator<Item = (String, Option<String>)>,
    group: Option<PairId>,
) -> SqsEvent {
    let mut event = SqsEvent::default();
    for (id, body) in messages {
        let mut message = SqsMessage::default();
        message.message_id = Some(id);
        message.body = body;
        if let Some(pair) = group {
            message.attributes.insert("MessageGroupId".to_owned(), pair.to_string());
        }
        event.records.push(message);
    }
    event
}
