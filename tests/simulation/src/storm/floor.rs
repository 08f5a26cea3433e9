//! Everybody who has to do with orders at the venue, in virtual time: clients, the queue, workers
//! that die, the venue's reports, and the sweep.

use std::sync::{Arc, Mutex, OnceLock, Weak};

use app::{
    market::Market,
    ports::{Clock, NotQueued, PlacementQueue, VenueOrders, Venues},
    venues::{
        PlaceVenueOrder, cancel_order, place_order,
        reports::receive,
        routing::{Outside, sweep, work},
    },
};
use async_trait::async_trait;
use domain::{
    amount::Amount,
    id::{UserId, VenueOrderId},
    ledger::Outcome,
    order::Side,
    time::{Span, Timestamp},
    venue::{Pricing, Task, Venue, Wanted},
};
use futures_util::future::{Either, select};
use testkit::{
    builders::{asked, dot, market_by, market_with, nyx, start, usd},
    dead_letters::RecordingDeadLetters,
    doorbell::RecordingDoorbell,
    entropy::SeededEntropy,
    faults::FaultyStore,
    memory::MemoryStore,
    virtual_time::VirtualTime,
};
use venue_simulator::{Exchange, Faults, Terms, Witness};

use crate::{
    oracle::now,
    venue::{Line, report_of},
};

/// How many clients there are, and what each has, in USD.
const USERS: usize = 100;
const DEPOSIT: &str = "10000000.00";
const DEPOSIT_MINOR: i128 = 1_000_000_000;
/// How long after the last order the faults stop, in seconds.
const CALM_AFTER_S: u32 = 120;
/// How long everything may take after that, in virtual hours.
const HOURS_MAX: u32 = 24;
/// After how long a queue gives a message out again whose worker is gone, in seconds.
const VISIBLE_AFTER_S: u32 = 30;

/// What is to happen.
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) orders: u32,
    pub(super) faults: Faults,
}

/// What went wrong on our side.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Stats {
    pub(super) requests: u64,
    pub(super) killed: u64,
    pub(super) lost: u64,
}

/// Everybody.
pub(super) struct Floor {
    pub(super) store: MemoryStore,
    pub(super) users: Vec<UserId>,
    pub(super) letters: RecordingDeadLetters,
    market: Market,
    line: Line,
    time: VirtualTime,
    chance: Arc<SeededEntropy>,
    accepted: Mutex<Vec<VenueOrderId>>,
    stats: Mutex<Stats>,
    over: Mutex<bool>,
}

/// A queue that loses and doubles.
#[derive(Default)]
struct Queue(OnceLock<Weak<Floor>>);

#[async_trait]
impl PlacementQueue for Queue {
    async fn send(&self, task: Task, delay: Span) -> Result<(), NotQueued> {
        let floor = self.0.get().and_then(Weak::upgrade).expect("the floor is open");
        let copies = match floor.chance.next() % 200 {
            0 => 0,
            1 | 2 => 2,
            3 => return Err(NotQueued("the queue is gone".to_owned())),
            _ => 1,
        };
        if copies == 0 {
            floor.count(|stats| stats.lost += 1);
        }
        for _ in 0..copies {
            let (there, time) = (Arc::clone(&floor), floor.time.clone());
            floor.time.spawn(async move {
                time.sleep(delay).await;
                there.handle(task).await;
            });
        }
        Ok(())
    }
}

fn minor(count: u64) -> Amount {
    Amount::from_minor(i64::try_from(count).expect("in range")).expect("in range")
}

/// As large a venue as there can be.
fn venue() -> Venue {
    Venue { concurrency_max: 64, rate_max: 5_000, ..nyx() }
}

impl Floor {
    /// Opens, lets everything happen, and returns when nothing is left to happen.
    pub(super) fn run(plan: &Plan) -> Arc<Self> {
        let floor = Self::open(plan);
        floor.spawn(|floor| async move { floor.reports().await });
        floor.spawn(|floor| async move { floor.sweeps().await });
        let mut at = Span::millis(0);
        for number in 0..plan.orders {
            let wait = u32::try_from(floor.chance.next() % 20).expect("small");
            at = Span::of_millis(at.as_millis() + i64::from(wait));
            floor.spawn(move |floor| async move { floor.client(number, at).await });
        }
        let calm = Span::of_millis(at.as_millis() + i64::from(CALM_AFTER_S) * 1_000);
        floor.spawn(move |floor| async move { floor.calm_down(calm).await });
        floor.time.run();
        floor
    }

    fn open(plan: &Plan) -> Arc<Self> {
        let (store, time) = (MemoryStore::new(), VirtualTime::from(start()));
        let chance = Arc::new(SeededEntropy::new(plan.seed));
        let fair = now(market_with(Arc::new(store.clone())));
        let users = (0..USERS).map(|number| {
            let user = now(fair.join(&format!("trader{number}")));
            now(fair.deposit(user, usd(DEPOSIT)));
            user
        });
        let users = users.collect();
        assert!(now(store.put_venue(&venue())).expect("written"));
        let faulty = Arc::new(FaultyStore::seeded(Arc::new(store.clone()), plan.seed, 3));
        let doorbell = Arc::new(RecordingDoorbell::default());
        let mut market = market_by(faulty, Arc::new(time.clone()), doorbell);
        let queue = Arc::new(Queue::default());
        market.placements = queue.clone();
        let listing = venue_simulator::Listing { instrument: dot().to_string(), price: 10_000 };
        let terms = Terms {
            faults: plan.faults,
            listings: vec![listing],
            price_every_ms: Some(1_000),
            ..Terms::new(plan.seed)
        };
        let exchange = Arc::new(Mutex::new(Exchange::new(terms, start().millis())));
        let requests = Arc::default();
        let line = Line { time: time.clone(), exchange, chance: Arc::clone(&chance), requests };
        let floor = Arc::new(Self {
            store,
            users,
            letters: RecordingDeadLetters::default(),
            market,
            line,
            time,
            chance,
            accepted: Mutex::default(),
            stats: Mutex::default(),
            over: Mutex::new(false),
        });
        queue.0.set(Arc::downgrade(&floor)).expect("opened once");
        floor
    }

    fn spawn<F>(self: &Arc<Self>, what: impl FnOnce(Arc<Self>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.time.spawn(what(Arc::clone(self)));
    }

    fn count(&self, add: impl FnOnce(&mut Stats)) {
        add(&mut self.stats.lock().expect("no panic"));
    }

    fn is_over(&self) -> bool {
        *self.over.lock().expect("no panic")
    }

    /// Does what a message says, on a worker that may die; the queue gives it out again then.
    async fn handle(&self, task: Task) {
        for _ in 0..4 {
            let outside = Outside { connector: &self.line, dead_letters: &self.letters };
            let working = Box::pin(work(&self.market, task, outside));
            let lives_ms = match self.chance.next() % 50 {
                0 => self.chance.next() % 40,
                1 => self.chance.next() % 6_000,
                _ => 60_000_000,
            };
            let life = Span::of_millis(i64::try_from(lives_ms).expect("a while"));
            let death = Box::pin(self.time.sleep(life));
            match select(working, death).await {
                Either::Left((Ok(()), _)) => return,
                Either::Left((Err(_), _)) => {}
                Either::Right(_) => self.count(|stats| stats.killed += 1),
            }
            self.time.sleep(Span::seconds(VISIBLE_AFTER_S)).await;
        }
    }

    /// One order of one client, asked for until there is an answer; a few are cancelled.
    async fn client(&self, number: u32, at: Span) {
        self.time.sleep(at).await;
        let user = self.users[usize::try_from(self.chance.next()).expect("64 bits") % USERS];
        let roll = self.chance.next() % 100;
        let price = 9_900 + self.chance.next() % 200;
        let valid_for = Span::seconds(600 + u32::try_from(roll).expect("small") * 30);
        let wanted = Wanted {
            side: if roll < 8 { Side::Sell } else { Side::Buy },
            pricing: if roll.is_multiple_of(5) {
                Pricing::Market
            } else {
                Pricing::Limit(minor(price))
            },
            instrument: dot(),
            quantity: minor(1 + self.chance.next() % 20),
            valid_until: Some(self.time.now().plus(valid_for)),
        };
        let operation = PlaceVenueOrder { venue: nyx().id, wanted };
        let asked = asked(user, &format!("order {number}"), "this");
        let answer = loop {
            match place_order(&self.market, &asked, &operation).await {
                Ok(answer) => break answer,
                Err(_) => self.time.sleep(Span::seconds(1)).await,
            }
        };
        let Outcome::Routed(terms) = answer.entry.outcome else { return };
        self.accepted.lock().expect("no panic").push(terms.id);
        if roll >= 95 {
            let ms = i64::try_from(self.chance.next() % 5_000).expect("a while");
            self.time.sleep(Span::of_millis(ms)).await;
            while cancel_order(&self.market, nyx().id, terms.id, user).await.is_err() {
                self.time.sleep(Span::seconds(1)).await;
            }
        }
    }

    /// Carries the venue's reports, each until it is received.
    async fn reports(self: Arc<Self>) {
        while !self.is_over() {
            let next = self.exchange(|exchange| exchange.next_event_at());
            let soon = self.time.now().plus(Span::millis(250));
            let until = next.map_or(soon, |at| Timestamp::from_millis(at).min(soon));
            self.time.sleep(until.since(self.time.now()).max(Span::millis(1))).await;
            let at = self.time.now().millis();
            for outgoing in self.exchange(|exchange| exchange.due_reports(at)) {
                self.spawn(|floor| async move { floor.receive(&outgoing.report).await });
            }
        }
    }

    async fn receive(&self, report: &venue_simulator::Report) {
        let report = report_of(report);
        let way = u32::try_from(self.chance.next() % 50).expect("small");
        self.time.sleep(Span::millis(way)).await;
        while receive(&self.market, nyx().id, &report, &self.letters).await.is_err() {
            self.time.sleep(Span::seconds(1)).await;
        }
    }

    async fn sweeps(&self) {
        while !self.is_over() {
            self.time.sleep(Span::seconds(60)).await;
            // What failed is done by the next one.
            let _woken = sweep(&self.market).await;
        }
    }

    /// Ends the faults, and everything once no order is under way any more.
    async fn calm_down(&self, after: Span) {
        self.time.sleep(after).await;
        self.exchange(|exchange| exchange.set_faults(Faults::NONE));
        let latest = self.time.now().plus(Span::seconds(HOURS_MAX * 3_600));
        while !self.all_over() && self.time.now() < latest {
            self.time.sleep(Span::seconds(60)).await;
        }
        *self.over.lock().expect("no panic") = true;
    }

    fn all_over(&self) -> bool {
        let is_over = |id: &VenueOrderId| {
            let order = now(self.store.venue_order(*id)).expect("a read");
            order.is_some_and(|order| order.is_over())
        };
        self.accepted.lock().expect("no panic").iter().all(is_over)
    }

    fn exchange<T>(&self, use_it: impl FnOnce(&mut Exchange) -> T) -> T {
        use_it(&mut self.line.exchange.lock().expect("no panic"))
    }

    pub(super) fn witness(&self) -> Witness {
        self.exchange(|exchange| exchange.witness())
    }

    pub(super) fn accepted(&self) -> Vec<VenueOrderId> {
        self.accepted.lock().expect("no panic").clone()
    }

    pub(super) fn deposited(&self) -> i128 {
        DEPOSIT_MINOR * i128::try_from(USERS).expect("small")
    }

    pub(super) fn stats(&self) -> Stats {
        let requests = *self.line.requests.lock().expect("no panic");
        Stats { requests, ..*self.stats.lock().expect("no panic") }
    }
}
