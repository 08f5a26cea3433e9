//! A market behind real sockets: the embedded engine as a DynamoDB server, with tables,
//! universes, a pair, people and an item, and the environment of functions that work on it.

use std::sync::Arc;

use ::market::embedded::EmbeddedDynamo;
use app::{
    catalogue::ListItem,
    identity::{SignUp, register},
    market::{Asked, Market, Settings, entry_id, fingerprint},
    money::Operate,
    orders::{OrderView, find_order},
    pairs::create_pair,
    perform::{Operation, perform},
    universes::create_universe,
};
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, response::IntoResponse};
use domain::{
    amount::{Amount, Money},
    catalogue::{ItemState, NewItem, Stock},
    currency::{Currency, Scale},
    id::ItemId,
    identity::{Role, User},
    ledger::Outcome,
    rate::SpreadBps,
    universe::{NewUniverse, UniverseId},
};
use dynamo::{DynamoStore, Streams, TableNames, create_missing_tables};
use edge::{
    auth::{
        access_token::{AccessTokens, Principal},
        keys::Secrets,
        password::PasswordHasher,
        scopes::Scopes,
    },
    boot::{self, Parts},
    context::Context,
    dead_letters::NoFailureQueue,
    limits::Quotas,
    queue::Unrung,
    sockets::NoGateway,
    system::{Argon2Passwords, SystemClock, SystemEntropy},
};
use serde_json::Value;
use tests::market_terms;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::function::Environment;

const SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const ISSUER: &str = "https://market.test";
const AUDIENCE: &str = "market";
const PREFIX: &str = "test";
/// The one that the events log in with.
const PASSWORD: &str = "earth-demo-1";

/// The market. Its server ends when it is dropped.
pub(crate) struct Running {
    pub(crate) context: Context,
    /// Who buys, from Earth, with 1000.00 USD.
    pub(crate) buyer: User,
    /// Who sells `itm_…02`, Mars Rocks at 10.00 MRC, and has 100.00 MRC.
    pub(crate) seller: User,
    endpoint: String,
    server: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn start() -> Self {
        let engine = EmbeddedDynamo::in_memory().expect("an engine");
        let tables = TableNames::prefixed(PREFIX);
        create_missing_tables(&engine.client(), &tables, Streams::None).await.expect("tables");
        let context = context(DynamoStore::new(engine.client(), tables));
        let market = &context.market;
        for (name, code, rate) in
            [("Earth", "USD", "1"), ("Mars", "MRC", "2.5"), ("Venus", "VNC", "0.75")]
        {
            let wanted = NewUniverse {
                name: name.parse().expect("a name"),
                currency: currency(code),
                units_per_base: rate.parse().expect("a rate"),
                spread: SpreadBps::default(),
            };
            create_universe(market, &wanted).await.expect("a universe");
        }
        let [base, quote] = ["MRC", "USD"].map(|code| currency(code).code);
        create_pair(market, base, quote, market_terms()).await.expect("a pair");
        let buyer = user(market, "john_earth", 1).await;
        let seller = user(market, "mary_mars", 2).await;
        once(market, &buyer, "money", &Operate::Deposit(money("1000.00", "USD"))).await;
        once(market, &seller, "money", &Operate::Deposit(money("100.00", "MRC"))).await;
        once(market, &seller, "item", &rocks()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let router = Router::new().fallback(answer).with_state(engine);
        let serving = async move { axum::serve(listener, router).await.expect("a server") };
        let endpoint = format!("http://127.0.0.1:{port}");
        Self { context, buyer, seller, endpoint, server: tokio::spawn(serving) }
    }

    /// The environment of a function that works on this market.
    pub(crate) fn environment(&self) -> Environment {
        vec![
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            (boot::DYNAMODB_ENDPOINT, self.endpoint.clone()),
            (boot::TABLE_PREFIX, PREFIX.to_owned()),
            (boot::TOKEN_SECRET, SECRET.to_owned()),
            (boot::TOKEN_ISSUER, ISSUER.to_owned()),
            (boot::TOKEN_AUDIENCE, AUDIENCE.to_owned()),
        ]
    }

    /// An access token of a user's.
    pub(crate) fn token(&self, user: &User) -> String {
        let scopes = Scopes::for_role(user.role);
        let principal = Principal { user: user.id, scopes, home: user.home };
        self.context.access_tokens.issue(&principal, self.context.market.clock.now())
    }

    /// What a user has, in minor units.
    pub(crate) async fn available(&self, user: &User, code: &str) -> i64 {
        let account = self.context.market.store.account(user.id).await.expect("a read");
        account.expect("an account").balance(currency(code).code).available.minor()
    }

    /// The order of an answer's id.
    pub(crate) async fn order(&self, id: &Value) -> OrderView {
        let id = id.as_str().and_then(|id| id.parse().ok()).expect("an id");
        let admin = true;
        find_order(&self.context.market, id, self.buyer.id, admin).await.expect("an order")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// DynamoDB's protocol in front of the engine.
async fn answer(
    State(engine): State<EmbeddedDynamo>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    let answer = engine.answer(target.unwrap_or_default().to_owned(), body).await;
    let answer = answer.expect("an engine that runs");
    let status = axum::http::StatusCode::from_u16(answer.status).expect("a status");
    (status, [("content-type", "application/x-amz-json-1.0")], answer.body)
}

fn context(store: DynamoStore) -> Context {
    let secrets = Secrets::from_base64(SECRET).expect("a secret");
    let parts = Parts {
        store: Arc::new(store),
        cache: None,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy::default()),
        passwords: Arc::new(Argon2Passwords::new(PasswordHasher { memory_kib: 8, passes: 1 })),
        doorbell: Arc::new(Unrung),
        deliveries: Arc::new(edge::delivery_queue::NoDeliveries),
        placements: Arc::new(edge::placement_queue::NoPlacements),
        dead_letters: Arc::new(NoFailureQueue),
        gateway: Arc::new(NoGateway::default()),
        webhook_sender: Arc::new(edge::webhook_sender::NoWebhookSender),
        venue_connector: Arc::new(edge::venues::NoVenues),
        venue_feeds: Arc::new(edge::venues::feed::NoFeeds),
        access_tokens: AccessTokens {
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            secrets: Arc::new(secrets),
        },
        quotas: Quotas::default(),
        settings: Settings::default(),
    };
    parts.context()
}

fn currency(code: &str) -> Currency {
    Currency { code: code.parse().expect("a code"), scale: Scale::new(2).expect("a scale") }
}

fn money(text: &str, code: &str) -> Money {
    let currency = currency(code);
    Money { amount: Amount::parse(text, currency.scale).expect("an amount"), currency }
}

/// What the events buy.
fn rocks() -> ListItem {
    let item = NewItem {
        id: ItemId::from_bits(2),
        name: "Mars Rocks".parse().expect("a name"),
        description: "Red.".parse().expect("a description"),
        price: money("10.00", "MRC").amount,
        stock: Stock::new(50).expect("a stock"),
        state: ItemState::Active,
    };
    ListItem { universe: UniverseId::new(2).expect("a universe"), item }
}

async fn user(market: &Market, name: &str, home: u32) -> User {
    let wanted = SignUp {
        username: name.parse().expect("a name"),
        email: format!("{name}@example.com").parse().expect("an address"),
        home: UniverseId::new(home).expect("a universe"),
    };
    register(market, wanted, PASSWORD, Role::Trader).await.expect("a user")
}

async fn once(market: &Market, user: &User, key: &str, operation: &impl Operation) {
    let asked = Asked {
        actor: user.id,
        entry: entry_id(user.id, key),
        fingerprint: fingerprint([&b"seed"[..]]),
        request_id: "seed".to_owned(),
    };
    let answer = perform(market, &asked, operation).await.expect("an answer");
    let done = matches!(answer.entry.outcome, Outcome::Moved(_) | Outcome::Listed(_));
    assert!(done, "{answer:?}");
}
