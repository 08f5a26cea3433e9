//! One simulated market: everything that it runs on, and how its phases follow one another.

use std::sync::{
    Arc, Mutex, PoisonError, Weak,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use app::{
    market::Settings,
    ports::{Clock, DeadLetters, Entropy, Store},
};
use domain::time::{Span, Timestamp};
use edge::{
    auth::{access_token::AccessTokens, keys::Secrets},
    boot::Parts,
    context::Context,
    limits::Quotas,
    router::Router,
    venues::feed::NoFeeds,
};
use functions::STREAM_FUNCTIONS;
use testkit::{
    builders::start, dead_letters::RecordingDeadLetters, entropy::SeededEntropy,
    passwords::PlainPasswords, virtual_time::VirtualTime,
};
use venue_simulator::{Exchange, Faults, Listing, Rate, Terms};

use crate::{
    cache::BadCache,
    chaos::{Chaos, StorePlan},
    dice::Dice,
    exhaustive::aim::Aim,
    fleet::Fleet,
    history::History,
    life::Life,
    plan::Plan,
    planted::Planted,
    queues::{Queues, SCHEDULED, Wires},
    seam::Seam,
    sockets::{LISTENERS, Lines, Pipe},
    streams::Streams,
    swarm::Kind,
    town::Town,
    venue::Line,
    webhooks::{Post, Received},
};

/// How long everything may take once the faults have stopped, in virtual minutes.
const CALM_MINUTES_MAX: u32 = 240;
/// How many invocations a run may take, and how many more for each request of its plan: many
/// times what it takes. More is a market that never comes to rest.
const INVOCATIONS_MAX: (usize, usize) = (20_000, 60);
/// How long after the last request the faults stop, in milliseconds.
const CALM_AFTER_MS: u32 = 2_000;

/// A simulated market.
pub struct Sim {
    /// The time.
    pub time: VirtualTime,
    /// Chance.
    pub chaos: Arc<Chaos>,
    /// The store.
    pub seam: Arc<dyn Seam>,
    /// All processes.
    pub fleet: Fleet,
    /// Which endpoint a request is for.
    pub router: Router,
    /// Signs access tokens.
    pub tokens: AccessTokens,
    /// The queues.
    pub queues: Queues,
    /// What is followed of the tables' streams.
    pub streams: Streams,
    /// The venue.
    pub line: Line,
    /// What no function could handle.
    pub letters: Arc<RecordingDeadLetters>,
    /// The connections.
    pub lines: Lines,
    /// What receivers of webhooks had.
    pub received: Received,
    /// At which store calls something goes wrong.
    pub aim: Arc<Aim>,
    /// Which bug is in the market.
    pub planted: Planted,
    /// Who is there.
    pub town: Town,
    /// What was asked and answered.
    pub history: History,
    /// What happens.
    pub plan: Plan,
    over: AtomicBool,
    left: AtomicUsize,
    stuck: Mutex<Vec<String>>,
    me: Weak<Sim>,
}

/// The secret that signs, which everybody may know here.
const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

impl Sim {
    /// A market as a plan has it, over a store, before anything has happened in it.
    ///
    /// # Panics
    /// If the endpoints cannot be routed, which tests would have found.
    #[must_use]
    pub fn new(plan: Plan, seam: Arc<dyn Seam>, time: VirtualTime) -> Arc<Self> {
        let chaos = Arc::new(Chaos::new(plan.seed, plan.swarm.clone()));
        chaos.set(false);
        let letters = Arc::new(RecordingDeadLetters::default());
        let secrets = Secrets::from_base64(SECRET).expect("a secret");
        let tokens = AccessTokens {
            issuer: "https://market.test".to_owned(),
            audience: "market".to_owned(),
            secrets: Arc::new(secrets),
        };
        let exchange = Arc::new(Mutex::new(exchange_of(&plan)));
        let chance = Arc::new(SeededEntropy::new(Dice::new(plan.seed, 4).bits()));
        let (requests, there) = (Arc::default(), time.clone());
        let line = Line { time: there, exchange, chance, requests };
        let aim = Arc::new(Aim::default());
        Arc::new_cyclic(|me: &Weak<Self>| {
            let fleet = Fleet::new(
                time.clone(),
                Arc::clone(&chaos),
                processes(me, &plan, &seam, &time, &chaos, &letters, &tokens, &line, &aim),
                INVOCATIONS_MAX.0 + INVOCATIONS_MAX.1 * plan.ops.len(),
            );
            Self {
                fleet,
                aim: Arc::clone(&aim),
                router: Router::new(functions::ENDPOINTS).expect("routable"),
                queues: Queues::default(),
                streams: Streams::default(),
                lines: Lines::default(),
                received: Received::default(),
                planted: plan.planted,
                town: Town::default(),
                history: History::default(),
                left: AtomicUsize::new(plan.ops.len()),
                over: AtomicBool::new(false),
                stuck: Mutex::default(),
                me: me.clone(),
                time,
                chaos,
                seam,
                tokens,
                line,
                letters,
                plan,
            }
        })
    }

    /// Lets everything happen: the town is founded, requests are asked while everything fails,
    /// the faults stop, every client learns what became of its requests, and all falls quiet.
    pub fn run(self: &Arc<Self>) {
        self.clone().spawn(|sim| async move { sim.found().await });
        self.time.run();
        self.chaos.set(true);
        let last = self.plan.ops.iter().map(|op| self.plan.moment(*op)).max();
        let end = Span::of_millis(last.map_or(0, Span::as_millis) + i64::from(CALM_AFTER_MS));
        for op in self.plan.ops.clone() {
            let at = self.plan.moment(op);
            self.clone().spawn(move |sim| async move {
                sim.time.sleep(at).await;
                sim.act(op).await;
                sim.left.fetch_sub(1, Ordering::Relaxed);
            });
        }
        for function in SCHEDULED {
            self.clone().spawn(move |sim| sim.keep_schedule(function));
        }
        for (function, tables) in STREAM_FUNCTIONS {
            for table in *tables {
                self.clone().spawn(move |sim| sim.follow(function, table));
            }
        }
        for who in LISTENERS {
            self.clone().spawn(move |sim| sim.listen(who));
        }
        self.clone().spawn(|sim| async move { sim.carry_reports().await });
        self.clone().spawn(move |sim| async move { sim.conduct(end).await });
        self.time.run();
    }

    /// Ends the faults, and everything once nothing is under way any more.
    async fn conduct(&self, end: Span) {
        self.time.sleep(end).await;
        self.chaos.set(false);
        self.exchange(|exchange| exchange.set_faults(Faults::NONE));
        let mut quiet = 0;
        for _ in 0..CALM_MINUTES_MAX * 6 {
            self.time.sleep(Span::seconds(10)).await;
            quiet = if self.is_quiet().await { quiet + 1 } else { 0 };
            // A schedule's turn may still find something: it has two of them.
            if quiet > 12 && self.reopen().await {
                self.check_listeners().await;
                self.check_receivers().await;
                self.over.store(true, Ordering::Relaxed);
                return;
            }
        }
        let left = self.left.load(Ordering::Relaxed);
        let found = format!(
            "not quiet for long: {left} requests, queues {}, streams {}",
            self.queues.are_quiet(),
            self.streams.are_quiet()
        );
        self.complain(found);
        self.over.store(true, Ordering::Relaxed);
    }

    async fn is_quiet(&self) -> bool {
        self.hear_streams().await;
        self.left.load(Ordering::Relaxed) == 0
            && self.queues.are_quiet()
            && self.streams.are_quiet()
            && self.receivers_are_quiet().await
    }

    /// Notes that something is not as it must be.
    pub fn complain(&self, what: String) {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// Everything that was not as it must be.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether nothing happens any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Nothing happens any more.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Lets something happen beside everything else.
    pub fn spawn<F>(self: Arc<Self>, what: impl FnOnce(Arc<Self>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let time = self.time.clone();
        time.spawn(what(self));
    }

    /// The simulated market as something that outlives a call.
    ///
    /// # Panics
    /// If it is being dropped.
    #[must_use]
    pub fn shared(&self) -> Arc<Self> {
        self.me.upgrade().expect("it is there")
    }

    /// The venue itself.
    pub fn exchange<T>(&self, use_it: impl FnOnce(&mut Exchange) -> T) -> T {
        use_it(&mut self.line.exchange.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Carries the venue's reports, each until it is received.
    pub(crate) async fn carry_reports(self: Arc<Self>) {
        while !self.is_over() {
            let next = self.exchange(|exchange| exchange.next_event_at());
            let soon = self.time.now().plus(Span::millis(1_000));
            let until = next.map_or(soon, |at| Timestamp::from_millis(at).min(soon));
            self.time.sleep(until.since(self.time.now()).max(Span::millis(1))).await;
            let at = self.time.now().millis();
            for outgoing in self.exchange(|exchange| exchange.due_reports(at)) {
                self.clone().spawn(|sim| async move { sim.report(&outgoing.report).await });
            }
        }
    }
}

fn exchange_of(plan: &Plan) -> Exchange {
    let percent = u8::try_from(plan.swarm.rate(Kind::Venue) / 100).unwrap_or(100);
    let listing = Listing { instrument: testkit::builders::dot().to_string(), price: 10_000 };
    let terms = Terms {
        faults: Faults::all(Rate::percent(percent)),
        listings: vec![listing],
        price_every_ms: Some(1_000),
        ..Terms::new(plan.seed)
    };
    Exchange::new(terms, start().millis())
}

#[expect(clippy::too_many_arguments, reason = "all that a process is made of")]
fn processes(
    me: &Weak<Sim>,
    plan: &Plan,
    seam: &Arc<dyn Seam>,
    time: &VirtualTime,
    chaos: &Arc<Chaos>,
    letters: &Arc<RecordingDeadLetters>,
    tokens: &AccessTokens,
    line: &Line,
    aim: &Arc<Aim>,
) -> crate::fleet::Start {
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(Dice::new(plan.seed, 5).bits()));
    let cache = Arc::new(BadCache::new(time.clone(), Arc::clone(chaos)));
    let (me, seam, time, chaos) = (me.clone(), Arc::clone(seam), time.clone(), Arc::clone(chaos));
    let (letters, tokens, line) = (Arc::clone(letters), tokens.clone(), line.clone());
    let aim = Arc::clone(aim);
    Box::new(move |stem, life: Arc<Life>| -> Context {
        let forgetful = Arc::clone(&seam);
        let plan = StorePlan {
            chaos: Arc::clone(&chaos),
            time: time.clone(),
            life: Arc::clone(&life),
            forget: Arc::new(move || forgetful.forget_commits()),
            stem,
            aim: Arc::clone(&aim),
            then: Mutex::default(),
        };
        let wires = Arc::new(Wires(me.clone()));
        let store: Arc<dyn Store> = seam.of_process(Arc::new(plan), &life);
        let parts = Parts {
            store,
            cache: Some(cache.clone()),
            clock: Arc::new(time.clone()),
            entropy: Arc::clone(&entropy),
            passwords: Arc::new(PlainPasswords),
            doorbell: wires.clone(),
            deliveries: wires.clone(),
            placements: wires,
            dead_letters: Arc::clone(&letters) as Arc<dyn DeadLetters>,
            gateway: Arc::new(Pipe(me.clone())),
            webhook_sender: Arc::new(Post(me.clone())),
            venue_connector: Arc::new(line.clone()),
            venue_feeds: Arc::new(NoFeeds),
            access_tokens: tokens.clone(),
            quotas: Quotas::unlimited(),
            settings: Settings::default(),
        };
        parts.context()
    })
}
