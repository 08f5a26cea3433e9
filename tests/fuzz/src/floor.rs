//! A market in memory with a few people in it, always the same one: what requests and events are
//! played on. It has no network, no thread and no time but its own.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context as Waiting, Poll, Waker},
};

use app::{
    catalogue::ListItem,
    identity::{SignUp, register},
    market::{Asked, Settings, entry_id, fingerprint},
    money::Operate,
    pairs::create_pair,
    perform::perform,
    ports::{Clock, DeadLetters, DeliveryQueue, Doorbell, NotRung, PlacementQueue, WebhookSender},
    venues::put_venue,
};
use async_trait::async_trait;
use domain::{
    account::Account,
    amount::{Amount, Money},
    catalogue::{ItemState, NewItem, Stock},
    command::CommandId,
    currency::{Currency, CurrencyCode, Scale},
    id::{ItemId, UserId},
    identity::Role,
    ledger::{Holder, Outcome},
    pair::{FeeBps, PairId, PairTerms},
    rate::SpreadBps,
    universe::{NewUniverse, UniverseId},
    venue::{Listing, Venue},
};
use edge::{
    auth::{
        access_token::{AccessTokens, Principal},
        keys::Secrets,
        scopes::Scopes,
        venue_secret::VenueSecret,
    },
    boot::Parts,
    context::Context,
    function::StreamRow,
    limits::Quotas,
    sockets::NoGateway,
    venues::{NoVenues, feed::NoFeeds},
};
use testkit::{
    builders::start,
    clock::ManualClock,
    dead_letters::RecordingDeadLetters,
    entropy::SeededEntropy,
    memory::{Change, MemoryStore},
    passwords::PlainPasswords,
    tasks::{RecordingDeliveries, RecordingPlacements},
    webhook_sender::RecordingSender,
};

/// Everybody's.
pub(crate) const PASSWORD: &str = "correct horse";
/// The only venue.
pub(crate) const VENUE: &str = "nyx";
/// What is for sale for 10.00 MRC.
pub(crate) const ITEM: ItemId = ItemId::from_bits(2);

/// Somebody with an access token.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) id: UserId,
    pub(crate) token: String,
}

/// The market, and who is in it.
pub(crate) struct Floor {
    pub(crate) context: Context,
    pub(crate) store: MemoryStore,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) letters: Arc<RecordingDeadLetters>,
    pub(crate) venue: VenueSecret,
    /// By their names in scripts.
    pub(crate) callers: BTreeMap<&'static str, Caller>,
    bell: Arc<Bell>,
}

/// Remembers which pairs it was rung for.
#[derive(Default)]
struct Bell(Mutex<Vec<PairId>>);

#[async_trait]
impl Doorbell for Bell {
    async fn ring(&self, pair: PairId, _: CommandId) -> Result<(), NotRung> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(pair);
        Ok(())
    }
}

/// The secret that signs and seals everything.
pub(crate) fn secrets() -> Secrets {
    let secrets = Secrets::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    secrets.expect("a secret")
}

pub(crate) fn access_tokens() -> AccessTokens {
    AccessTokens {
        issuer: "https://market.test".to_owned(),
        audience: "market".to_owned(),
        secrets: Arc::new(secrets()),
    }
}

fn amount(minor: i64) -> Amount {
    Amount::from_minor(minor).expect("an amount")
}

fn code(code: &str) -> CurrencyCode {
    code.parse().expect("a code")
}

fn home(number: u32) -> UniverseId {
    UniverseId::new(number).expect("a universe")
}

impl Floor {
    /// Earth, Mars and Venus; the market MRC-USD; a trader from Earth with 1000.00 USD, another
    /// from Mars with 1000.00 MRC who sells rocks, and an administrator; a venue.
    pub(crate) fn open() -> Self {
        let store = MemoryStore::new();
        store.follow();
        let clock = Arc::new(ManualClock::at(start()));
        let bell = Arc::new(Bell::default());
        let letters = Arc::new(RecordingDeadLetters::default());
        let parts = Parts {
            store: Arc::new(store.clone()),
            cache: None,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(SeededEntropy::new(1)),
            passwords: Arc::new(PlainPasswords),
            doorbell: Arc::clone(&bell) as Arc<dyn Doorbell>,
            deliveries: Arc::new(RecordingDeliveries::default()) as Arc<dyn DeliveryQueue>,
            placements: Arc::new(RecordingPlacements::default()) as Arc<dyn PlacementQueue>,
            dead_letters: Arc::clone(&letters) as Arc<dyn DeadLetters>,
            gateway: Arc::new(NoGateway::default()),
            webhook_sender: Arc::new(RecordingSender::default()) as Arc<dyn WebhookSender>,
            venue_connector: Arc::new(NoVenues),
            venue_feeds: Arc::new(NoFeeds),
            access_tokens: access_tokens(),
            quotas: Quotas::unlimited(),
            settings: Settings::default(),
        };
        let context = parts.context();
        let secret = VenueSecret::random(context.market.entropy.as_ref());
        let callers = BTreeMap::new();
        let mut floor = Self { context, store, clock, letters, venue: secret, callers, bell };
        now(floor.furnish());
        floor
    }

    async fn furnish(&mut self) {
        for (name, code, rate) in
            [("Earth", "USD", "1"), ("Mars", "MRC", "2.5"), ("Venus", "VNC", "0.75")]
        {
            self.universe(name, code, rate).await;
        }
        let made = create_pair(&self.context.market, code("MRC"), code("USD"), terms()).await;
        made.expect("a market");
        self.put_venue().await;
        let people = [
            ("trader", 1, Role::Trader, "USD"),
            ("other", 2, Role::Trader, "MRC"),
            ("admin", 1, Role::Admin, "USD"),
        ];
        for (name, universe, role, code) in people {
            let caller = self.caller(name, universe, role).await;
            self.deposit(caller.id, code).await;
            self.callers.insert(name, caller);
        }
        self.list_rocks().await;
    }

    async fn universe(&self, name: &str, code: &str, rate: &str) {
        let scale = Scale::new(2).expect("a scale");
        let wanted = NewUniverse {
            name: name.parse().expect("a name"),
            currency: Currency { code: code.parse().expect("a code"), scale },
            units_per_base: rate.parse().expect("a rate"),
            spread: SpreadBps::default(),
        };
        let made = app::universes::create_universe(&self.context.market, &wanted).await;
        made.expect("a universe");
    }

    async fn put_venue(&self) {
        let id = VENUE.parse().expect("a venue's name");
        let entropy = self.context.market.entropy.as_ref();
        let secret = self.venue.seal(self.context.secrets(), id, entropy).expect("sealed");
        let instrument = "DOTUSDT00008".parse().expect("an instrument");
        let venue = Venue {
            id,
            name: "New York Cross".parse().expect("a name"),
            currency: Currency { code: code("USD"), scale: Scale::new(2).expect("a scale") },
            url: "https://127.0.0.1/v1".to_owned(),
            secret,
            listings: [Listing { instrument, reference: Some(amount(10_000)) }].into(),
            collar_bps: 500,
            concurrency_max: 4,
            rate_max: 1_000,
            suspended: false,
            created_at: start(),
            version: 1,
        };
        put_venue(&self.context.market, id, |_| Some(venue.clone())).await.expect("a venue");
    }

    async fn caller(&self, name: &str, universe: u32, role: Role) -> Caller {
        let wanted = SignUp {
            username: format!("the_{name}").parse().expect("a user name"),
            email: format!("{name}@example.com").parse().expect("an address"),
            home: home(universe),
        };
        let user = register(&self.context.market, wanted, PASSWORD, role).await;
        let id = user.expect("a new user").id;
        let principal =
            Principal { user: id, scopes: Scopes::for_role(role), home: home(universe) };
        Caller { id, token: self.context.access_tokens.issue(&principal, start()) }
    }

    async fn deposit(&self, user: UserId, currency: &str) {
        let (code, scale) = (code(currency), Scale::new(2).expect("a scale"));
        let money = Money { amount: amount(100_000), currency: Currency { code, scale } };
        let asked = asked(user, "deposit");
        perform(&self.context.market, &asked, &Operate::Deposit(money)).await.expect("a deposit");
    }

    async fn list_rocks(&self) {
        let item = NewItem {
            id: ITEM,
            name: "Mars Rocks".parse().expect("a name"),
            description: "Red.".parse().expect("a description"),
            price: amount(1_000),
            stock: Stock::new(50).expect("a stock"),
            state: ItemState::Active,
        };
        let seller = self.callers["other"].id;
        let listing = ListItem { universe: home(2), item };
        let listed = perform(&self.context.market, &asked(seller, "rocks"), &listing).await;
        listed.expect("listed");
    }

    /// Lets the matchers do what they were rung for.
    pub(crate) fn match_orders(&self) {
        let rung = std::mem::take(&mut *self.bell.0.lock().unwrap_or_else(PoisonError::into_inner));
        for pair in rung {
            let matched = now(app::matching::match_orders(&self.context.market, pair));
            matched.expect("a matcher");
        }
    }

    /// Lets what follows the streams see what was written since the last look.
    pub(crate) fn follow_streams(&self) {
        let changes = self.store.take_changes().into_iter().map(|change| match change {
            Change::Account { before, after } => StreamRow::Account { before, after },
            Change::Entry(entry) => StreamRow::Entry(entry),
            Change::MarketEvent(event) => StreamRow::MarketEvent(event),
            Change::Rate(rate) => StreamRow::Rate(rate),
        });
        let rows: Vec<_> = changes.collect();
        for function in [&functions::project::FUNCTION, &functions::publish::FUNCTION] {
            let progress = now((function.handle)(&self.context, &rows));
            let stopped = progress.stopped;
            assert!(progress.done == rows.len(), "{}: {stopped:?}", function.stem);
        }
    }

    /// A number that is another one if anything in the store is.
    pub(crate) fn state(&self) -> u64 {
        let mut digest = Digest(0xcbf2_9ce4_8422_2325);
        write!(digest, "{:?}", self.store).expect("a digest takes everything");
        digest.0
    }

    /// Every account has what its journal entries moved, no more and no less (I1, I10).
    pub(crate) fn is_conserved(&self) {
        let mut nets: BTreeMap<(UserId, CurrencyCode), i128> = BTreeMap::new();
        for entry in self.store.entries_in_order() {
            let Outcome::Moved(movement) = &entry.outcome else { continue };
            for posting in movement.postings.all() {
                let minor = i128::from(posting.money.amount.minor());
                for (holder, minor) in [(posting.from, -minor), (posting.to, minor)] {
                    if let Holder::User(user) = holder {
                        *nets.entry((user, posting.money.currency.code)).or_default() += minor;
                    }
                }
            }
        }
        for ((user, code), net) in nets {
            let account = now(app::ports::Ledger::account(&self.store, user)).expect("a read");
            assert_eq!(posted(&account.expect("an account"), code), net, "{user} {code}");
        }
    }
}

fn posted(account: &Account, code: CurrencyCode) -> i128 {
    account.wallets.get(&code).map_or(0, |balance| {
        i128::from(balance.available.minor()) + i128::from(balance.held.minor())
    })
}

fn asked(actor: UserId, what: &str) -> Asked {
    Asked {
        actor,
        entry: entry_id(actor, what),
        fingerprint: fingerprint([what.as_bytes()]),
        request_id: what.to_owned(),
    }
}

fn terms() -> PairTerms {
    PairTerms {
        price_scale: Scale::new(2).expect("a scale"),
        tick: amount(1),
        lot: amount(100),
        min_notional: amount(100),
        maker_fee: FeeBps::new(10).expect("a fee"),
        taker_fee: FeeBps::new(20).expect("a fee"),
        collar_bps: 1_000,
    }
}

/// FNV-1a: what is written to it, in one number.
struct Digest(u64);

impl fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}

/// The store in memory lets others go first, but never waits.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut waiting = Waiting::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut waiting) {
            return done;
        }
    }
}
