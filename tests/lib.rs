//! What tests of the whole program share: a world with a market on the embedded engine, users
//! in it, and requests through the same edge code as in a function.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test's fixture that fails is a test that fails"
)]

mod asking;
mod engine;
mod following;
mod gateway;
mod guard;
mod rows;
mod venues;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use app::{
    market::Settings,
    matching::match_orders,
    pairs::create_pair,
    ports::{
        Clock, DeadLetters, DeliveryQueue, Doorbell, NotRung, PlacementQueue, Store,
        VenueConnector, WebhookSender,
    },
};
pub use asking::{Answered, Ask};
use async_trait::async_trait;
use domain::{
    amount::Amount,
    command::CommandId,
    currency::{Currency, Scale},
    id::UserId,
    identity::Role,
    pair::{FeeBps, PairId, PairTerms},
    rate::SpreadBps,
    time::{Span, Timestamp},
    universe::{NewUniverse, UniverseId},
};
use dynamo::DynamoStore;
use edge::{
    acting::acting,
    auth::{
        access_token::{AccessTokens, Principal},
        keys::Secrets,
        password::PasswordHasher,
        scopes::Scopes,
    },
    boot::Parts,
    context::Context,
    function::QueueFunction,
    limits::Quotas,
    router::Router,
    sockets::Gateway,
    system::Argon2Passwords,
    venues::feed::VenueFeeds,
};
use engine::Engine;
pub use engine::{ENDPOINT, endpoint};
pub use following::Functions;
pub use gateway::RecordingGateway;
pub use guard::Done;
use guard::GuardedTransport;
use market::embedded::{MeterReading, MeteredTransport};
pub use rows::RawRow;
use serde_json::Value;
use testkit::{
    clock::ManualClock,
    dead_letters::RecordingDeadLetters,
    doorbell::RecordingDoorbell,
    entropy::SeededEntropy,
    tasks::{RecordingDeliveries, RecordingPlacements},
    webhook_sender::RecordingSender,
};
pub use venues::{ScriptedFeeds, ScriptedVenue, Signature, VENUE, state, venue};

/// 2026-11-21T08:00:00Z, when every world begins.
pub const BEGINNING_MS: i64 = 1_795_248_000_000;

/// A user of a world, with an access token.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub id: UserId,
    /// `usr_…`
    pub name: String,
    /// An access token with the scopes of the user's role.
    pub token: String,
    /// The wallet of the home universe's currency.
    pub wallet: String,
}

/// A market of its own with its clock in the test's hand, on an embedded engine in memory or on
/// the DynamoDB at [`endpoint`].
pub struct World {
    /// What handlers work with.
    pub context: Arc<Context>,
    /// The time.
    pub clock: Arc<ManualClock>,
    /// What was rung for.
    pub doorbell: Arc<RecordingDoorbell>,
    /// What no function could handle.
    pub dead_letters: Arc<RecordingDeadLetters>,
    /// What is to be delivered to webhooks.
    pub deliveries: Arc<RecordingDeliveries>,
    /// What was posted to webhooks.
    pub receiver: Arc<RecordingSender>,
    /// What is to be done about orders at venues.
    pub placements: Arc<RecordingPlacements>,
    /// What venues were asked, and answer.
    pub venue: Arc<ScriptedVenue>,
    /// What venues tell.
    pub feeds: Arc<ScriptedFeeds>,
    /// What was posted to connections.
    pub gateway: Arc<RecordingGateway>,
    bell: Arc<Bell>,
    streams: following::Streams,
    router: Arc<Router>,
    meter: MeteredTransport,
    guard: GuardedTransport,
}

/// The terms of a market of two currencies with two decimals: ticks of 0.01, lots of 1.00, orders
/// worth 1.00 or more, fees of 10 and 20 basis points, a collar of a tenth.
#[must_use]
pub fn market_terms() -> PairTerms {
    let amount = |minor| Amount::from_minor(minor).expect("an amount");
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

/// A doorbell that remembers its rings, and that a matcher may stand behind.
#[derive(Default)]
struct Bell {
    record: Arc<RecordingDoorbell>,
    matcher: Mutex<Weak<Context>>,
}

#[async_trait]
impl Doorbell for Bell {
    async fn ring(&self, pair: PairId, command: CommandId) -> Result<(), NotRung> {
        self.record.ring(pair, command).await?;
        let matcher = self.matcher.lock().unwrap_or_else(PoisonError::into_inner).upgrade();
        let Some(context) = matcher else { return Ok(()) };
        let QueueFunction { stem, uses, .. } = functions::match_orders::FUNCTION;
        let matched = acting(stem, uses, match_orders(&context.market, pair)).await;
        matched.map(|_| ()).map_err(|failed| NotRung(failed.to_string()))
    }
}

impl World {
    /// A world with the three universes, the market MRC-USD and no users.
    pub async fn new() -> Self {
        Self::with(Quotas::unlimited(), |store| store).await
    }

    /// A world whose store is wrapped, as by a decorator that injects faults.
    pub async fn with(quotas: Quotas, wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) -> Self {
        let engine = Engine::chosen();
        let meter = MeteredTransport::new(engine.http_client());
        let guard = GuardedTransport::new(meter.http_client());
        let client = engine.client_over(guard.http_client());
        let tables = engine.tables(&client).await;
        let streams = following::Streams::new(&engine, tables.clone());
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(BEGINNING_MS)));
        let bell = Arc::new(Bell::default());
        let dead_letters = Arc::new(RecordingDeadLetters::default());
        let gateway = Arc::new(RecordingGateway::default());
        let deliveries = Arc::new(RecordingDeliveries::default());
        let receiver = Arc::new(RecordingSender::default());
        let placements = Arc::new(RecordingPlacements::default());
        let venue = Arc::new(ScriptedVenue::default());
        let feeds = Arc::new(ScriptedFeeds::new(Arc::clone(&clock)));
        let secrets = Secrets::from_base64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
        let parts = Parts {
            store: wrap(Arc::new(DynamoStore::new(client, tables))),
            cache: None,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy: Arc::new(SeededEntropy::new(1)),
            passwords: Arc::new(Argon2Passwords::new(PasswordHasher { memory_kib: 8, passes: 1 })),
            doorbell: Arc::clone(&bell) as Arc<dyn Doorbell>,
            deliveries: Arc::clone(&deliveries) as Arc<dyn DeliveryQueue>,
            placements: Arc::clone(&placements) as Arc<dyn PlacementQueue>,
            dead_letters: Arc::clone(&dead_letters) as Arc<dyn DeadLetters>,
            gateway: Arc::clone(&gateway) as Arc<dyn Gateway>,
            webhook_sender: Arc::clone(&receiver) as Arc<dyn WebhookSender>,
            venue_connector: Arc::clone(&venue) as Arc<dyn VenueConnector>,
            venue_feeds: Arc::clone(&feeds) as Arc<dyn VenueFeeds>,
            access_tokens: AccessTokens {
                issuer: "https://market.test".to_owned(),
                audience: "market".to_owned(),
                secrets: Arc::new(secrets.expect("a secret")),
            },
            quotas,
            settings: Settings::default(),
        };
        let router = Router::new(functions::ENDPOINTS).expect("routable");
        let context = Arc::new(parts.context());
        let (doorbell, router) = (Arc::clone(&bell.record), Arc::new(router));
        let world = Self {
            context,
            clock,
            doorbell,
            dead_letters,
            gateway,
            deliveries,
            receiver,
            placements,
            venue,
            feeds,
            bell,
            streams,
            router,
            meter,
            guard,
        };
        for (name, code, rate) in
            [("Earth", "USD", "1"), ("Mars", "MRC", "2.5"), ("Venus", "VNC", "0.75")]
        {
            world.universe(name, code, 2, rate).await;
        }
        world.market("MRC", "USD").await;
        world
    }

    /// The same world with its store wrapped from now on, and with empty caches.
    #[must_use]
    pub fn wrapped(self, wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) -> Self {
        Self { context: self.elsewhere(wrap), ..self }
    }

    /// What another process of the same market would work with: it has caches of its own.
    #[must_use]
    pub fn elsewhere(&self, wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) -> Arc<Context> {
        let market = &self.context.market;
        let parts = Parts {
            store: wrap(Arc::clone(&market.store)),
            cache: None,
            clock: Arc::clone(&market.clock),
            entropy: Arc::clone(&market.entropy),
            passwords: Arc::clone(&market.passwords),
            doorbell: Arc::clone(&market.doorbell),
            deliveries: Arc::clone(&market.deliveries),
            placements: Arc::clone(&market.placements),
            dead_letters: Arc::clone(&self.context.dead_letters),
            gateway: Arc::clone(&self.context.gateway),
            webhook_sender: Arc::clone(&self.context.webhook_sender),
            venue_connector: Arc::clone(&self.context.venue_connector),
            venue_feeds: Arc::clone(&self.context.venue_feeds),
            access_tokens: self.context.access_tokens.clone(),
            quotas: self.context.limiter.quotas,
            settings: market.settings,
        };
        Arc::new(parts.context())
    }

    /// The same world, whose matcher does from now on at each ring all that waits. Without it
    /// orders wait until [`World::match_orders`].
    #[must_use]
    pub fn trading(self) -> Self {
        let matcher = Arc::downgrade(&self.context);
        *self.bell.matcher.lock().unwrap_or_else(PoisonError::into_inner) = matcher;
        self
    }

    /// Makes a universe.
    pub async fn universe(&self, name: &str, code: &str, decimals: u8, rate: &str) -> UniverseId {
        let wanted = NewUniverse {
            name: name.parse().expect("a name"),
            currency: Currency {
                code: code.parse().expect("a code"),
                scale: Scale::new(decimals).expect("a scale"),
            },
            units_per_base: rate.parse().expect("a rate"),
            spread: SpreadBps::default(),
        };
        let made = app::universes::create_universe(&self.context.market, &wanted).await;
        made.expect("a universe").id
    }

    /// Makes a market of two currencies with [`market_terms`].
    pub async fn market(&self, base: &str, quote: &str) -> PairId {
        let [base, quote] = [base, quote].map(|code| code.parse().expect("a code"));
        let market = &self.context.market;
        create_pair(market, base, quote, market_terms()).await.expect("a market").id()
    }

    /// Lets the matcher of a market do all that waits for it.
    pub async fn match_orders(&self, pair: PairId) {
        match_orders(&self.context.market, pair).await.expect("a matcher");
    }

    /// A trader who calls this universe home, signed up over the API's use case.
    pub async fn trader(&self, name: &str, universe: u32) -> Caller {
        self.caller(name, universe, Role::Trader).await
    }

    /// A trader with a deposit in the home universe's currency, as in `1000.00`.
    pub async fn trader_with(&self, name: &str, universe: u32, deposit: &str) -> Caller {
        let caller = self.trader(name, universe).await;
        let path = format!("/api/v1/wallets/{}/operation", caller.wallet);
        let body = serde_json::json!({"operation_type": "DEPOSIT", "amount": deposit});
        let key = format!("fund-{name}");
        self.send(Ask::post(&path).by(&caller).key(&key).json(&body)).await.expect_status(200);
        caller
    }

    /// An administrator.
    pub async fn admin(&self) -> Caller {
        self.caller("the_admin", 1, Role::Admin).await
    }

    async fn caller(&self, name: &str, universe: u32, role: Role) -> Caller {
        let home = UniverseId::new(universe).expect("a universe");
        let wanted = app::identity::SignUp {
            username: name.parse().expect("a user name"),
            email: format!("{name}@example.com").parse().expect("an address"),
            home,
        };
        let market = &self.context.market;
        let user = app::identity::register(market, wanted, "correct horse", role).await;
        let user = user.expect("a new user");
        let universes = market.rates.current(app::perform::Freshness::Cached).await;
        let universes = universes.expect("universes");
        let code = universes.get(home).expect("the home").currency.code;
        let wallet = domain::id::WalletId { owner: user.id, currency: code };
        Caller {
            id: user.id,
            name: user.id.to_string(),
            token: self.token(user.id, Scopes::for_role(role), home),
            wallet: wallet.to_string(),
        }
    }

    /// An access token as of now with these scopes.
    #[must_use]
    pub fn token(&self, user: UserId, scopes: Scopes, home: UniverseId) -> String {
        let principal = Principal { user, scopes, home };
        self.context.access_tokens.issue(&principal, self.clock.now())
    }

    /// Lists an item of the caller's for sale in the caller's universe; its id.
    pub async fn item(&self, seller: &Caller, name: &str, price: &str, stock: u32) -> String {
        let body = serde_json::json!({"name": name, "price": price, "stock": stock});
        let answer = self.send(Ask::post("/api/v1/items").by(seller).json(&body)).await;
        answer.expect_status(201).text("/id")
    }

    /// Sends a request through the router and the edge, as from one address.
    pub async fn send(&self, ask: Ask) -> Answered {
        self.send_to(&self.context, ask).await
    }

    /// The same to a function that was just started: it finds nothing in its caches.
    pub async fn send_cold(&self, ask: Ask) -> Answered {
        self.send_to(&self.elsewhere(|store| store), ask).await
    }

    async fn send_to(&self, context: &Context, ask: Ask) -> Answered {
        let response = self.router.answer(context, ask.into_request()).await;
        let (parts, bytes) = response.into_parts();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answered { status: parts.status.as_u16(), headers: parts.headers, bytes, body }
    }

    /// Everything in a wallet of a caller's, as in `1000.00`.
    pub async fn posted(&self, caller: &Caller, currency: &str) -> String {
        let wallet = format!("/api/v1/wallets/wal_{}_{currency}", &caller.name[4..]);
        self.send(Ask::get(&wallet).by(caller)).await.expect_status(200).text("/posted")
    }

    /// Moves the clock.
    pub fn pass(&self, span: Span) {
        self.clock.advance(span);
    }

    /// What functions have done in DynamoDB since the last look.
    pub fn done(&self) -> Done {
        self.guard.take()
    }

    /// What has gone to DynamoDB since the last look.
    pub fn traffic(&self) -> MeterReading {
        self.meter.reset()
    }
}
