//! Orders at a venue that answers as it is told, with a queue that loses what it is told to lose.

mod feed;
mod pace;
mod routing;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use app::{
    perform::Failed,
    ports::{VenueConnector, VenueOrders, Venues},
    venues::{
        PlaceVenueOrder,
        reports::{self, Received},
        routing::{Outside, work},
    },
};
use async_trait::async_trait;
use domain::{
    account::Balance,
    amount::Amount,
    id::{UserId, VenueOrderId},
    ledger::Outcome,
    order::Side,
    time::{Span, Timestamp},
    venue::{
        Execution, Pricing, Report, RoutingStatus, SendFailure, Task, Venue, VenueAnswer,
        VenueOrder, VenueState, VenueStatus, Wanted,
    },
};

use super::{account, shared};
use crate::{
    builders::{Fair, asked, dot, market_on, market_with, nyx, start, usd},
    dead_letters::RecordingDeadLetters,
    memory::MemoryStore,
    tasks::RecordingPlacements,
};

/// What a venue is asked, and what it answers.
#[derive(Debug, Default)]
struct Scripted {
    /// Answers in their order; after the last one, that it has the order, and nothing is filled.
    answers: Mutex<VecDeque<VenueAnswer>>,
    asked: Mutex<Vec<&'static str>>,
}

impl Scripted {
    fn answer(&self, what: &'static str) -> VenueAnswer {
        self.asked.lock().expect("no panic").push(what);
        let next = self.answers.lock().expect("no panic").pop_front();
        next.unwrap_or_else(|| VenueAnswer::Known(state(VenueStatus::Open, 0, None)))
    }
}

#[async_trait]
impl VenueConnector for Scripted {
    async fn place(&self, _: &Venue, _: &VenueOrder) -> VenueAnswer {
        self.answer("place")
    }

    async fn find(&self, _: &Venue, _: &VenueOrder) -> VenueAnswer {
        self.answer("ask")
    }

    async fn cancel(&self, _: &Venue, _: &VenueOrder) -> VenueAnswer {
        self.answer("cancel")
    }
}

/// A market with Alice, who has 5,000.00 USD, and the venue.
struct Stand {
    fair: Fair,
    store: MemoryStore,
    queue: Arc<RecordingPlacements>,
    letters: RecordingDeadLetters,
    venue: Scripted,
    alice: UserId,
}

fn minor(count: i64) -> Amount {
    Amount::from_minor(count).expect("in range")
}

fn state(status: VenueStatus, executed: i64, fill: Option<(&str, i64)>) -> VenueState {
    let fill = fill.map(|(name, quantity)| Execution {
        id: name.parse().expect("a reference"),
        quantity: minor(quantity),
        price: minor(9_000),
    });
    VenueState {
        reference: "X-1".parse().expect("a reference"),
        status,
        executed: minor(executed),
        executions: fill.into_iter().collect(),
    }
}

const TIMED_OUT: VenueAnswer = VenueAnswer::Failed(SendFailure::TimedOut);

impl Stand {
    async fn new() -> Self {
        let store = MemoryStore::new();
        let mut fair = market_with(shared(&store)).await;
        let queue = Arc::<RecordingPlacements>::default();
        fair.market.placements = queue.clone();
        let alice = fair.join("alice").await;
        fair.deposit(alice, usd("5000.00")).await;
        assert!(store.put_venue(&nyx()).await.expect("written"));
        let (letters, venue) = (RecordingDeadLetters::default(), Scripted::default());
        Self { fair, store, queue, letters, venue, alice }
    }

    /// The same store, seen by another process.
    fn beside(&self) -> Fair {
        let mut other = market_on(shared(&self.store));
        other.market.placements = self.queue.clone();
        other
    }

    fn outside(&self) -> Outside<'_> {
        Outside { connector: &self.venue, dead_letters: &self.letters }
    }

    fn answers(&self, answers: impl IntoIterator<Item = VenueAnswer>) {
        self.venue.answers.lock().expect("no panic").extend(answers);
    }

    fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.venue.asked.lock().expect("no panic"))
    }

    /// Ten pieces at 100.00 USD at most, under a key.
    async fn buy(&self, key: &str) -> VenueOrderId {
        let wanted = Wanted {
            side: Side::Buy,
            pricing: Pricing::Limit(minor(10_000)),
            instrument: dot(),
            quantity: minor(10),
            valid_until: None,
        };
        let operation = PlaceVenueOrder { venue: nyx().id, wanted };
        let asked = asked(self.alice, key, "this");
        let answer = app::venues::place_order(&self.fair.market, &asked, &operation).await;
        match answer.expect("an answer").entry.outcome {
            Outcome::Routed(terms) => terms.id,
            other => panic!("not accepted: {other:?}"),
        }
    }

    async fn order(&self, id: VenueOrderId) -> VenueOrder {
        self.store.venue_order(id).await.expect("a read").expect("an order")
    }

    async fn status(&self, id: VenueOrderId) -> RoutingStatus {
        self.order(id).await.status()
    }

    async fn work(&self, task: Task) -> Result<(), Failed> {
        work(&self.fair.market, task, self.outside()).await
    }

    /// The tasks that are queued, with the times that they are for; none is queued any more.
    fn queued(&self) -> Vec<(Timestamp, Task)> {
        let now = self.fair.market.clock.now();
        self.queue.take().into_iter().map(|(task, wait)| (now.plus(wait), task)).collect()
    }

    /// Does so many tasks, each at its time.
    async fn run(&self, tasks: usize) {
        let mut waiting = self.queued();
        for _ in 0..tasks {
            waiting.sort();
            if waiting.is_empty() {
                return;
            }
            let (at, task) = waiting.remove(0);
            self.fair.clock.set(at.max(self.fair.market.clock.now()));
            self.work(task).await.expect("done");
            waiting.extend(self.queued());
        }
    }

    async fn report(&self, id: VenueOrderId, state: VenueState) -> Received {
        let report = Report { order: id, state };
        let received = reports::receive(&self.fair.market, nyx().id, &report, &self.letters).await;
        self.fair.clock.advance(Span::millis(1));
        received.expect("received")
    }

    async fn cash(&self) -> Balance {
        account(&self.store, self.alice).await.balance(usd("0").currency.code)
    }

    async fn pieces(&self) -> i64 {
        let balance = account(&self.store, self.alice).await.balance(dot().code());
        assert!(balance.held.is_zero());
        balance.available.minor()
    }
}
