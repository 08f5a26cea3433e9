//! The market that the samples speak of: who is in it, what is for sale, and what stands for a
//! token or an id that a file cannot know.

use std::collections::BTreeMap;

use app::{
    catalogue::ListItem,
    identity::{SignUp, register},
    market::{Asked, entry_id, fingerprint},
    perform::perform,
    ports::ConnectionId,
};
use domain::{
    amount::Amount,
    catalogue::{ItemState, NewItem, Stock},
    id::{ItemId, WalletId},
    identity::Role,
    time::{Span, Timestamp},
    universe::UniverseId,
};
use edge::auth::{access_token::Principal, scopes::Scopes};
use serde_json::{Value, json};
use tests::{Ask, BEGINNING_MS, Caller, VENUE, World};

use super::index::sample;

/// What stands for something; one that contains another comes before it.
pub(crate) const PLACEHOLDERS: [&str; 18] = [
    "ACCESS_TOKEN",
    "SELLER_TOKEN",
    "ADMIN_TOKEN",
    "EXPIRED_TOKEN",
    "REFRESH_TOKEN",
    "TICKET",
    "BUYER_ID",
    "SELLER_ID",
    "BUYER_WALLET",
    "SELLER_WALLET_USD",
    "SELLER_WALLET",
    "QUOTE_ID",
    "PURCHASE_ID",
    "FILLED_ORDER_ID",
    "ORDER_ID",
    "WEBHOOK_ID",
    "VENUE_ORDER",
    "FOREIGN_CURSOR",
];

/// Whom the samples log in as, and with what.
const PASSWORD: &str = "earth-demo-1";
/// Functions that find orders waiting, and streams in which nothing has happened yet.
const QUIET: [&str; 3] = ["match-orders", "project", "sweep"];

/// A market with John from Earth, who has 1000.00 USD; Mary from Mars, who has 1000.00 MRC and
/// sells `itm_…02`, Mars Rocks, at 10.00 MRC; and Vera, with an order on the bid.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) john: Caller,
    mary: Caller,
    admin: Caller,
    /// What placeholders stand for, once it was asked for.
    known: BTreeMap<&'static str, String>,
    /// The order that was placed last.
    pub(crate) order: Option<String>,
}

/// What John may spend, in minor units.
pub(crate) struct Spendable(BTreeMap<String, i64>);

impl Spendable {
    /// The difference, as in `-4.00 USD, +10.00 MRC`.
    pub(crate) fn changed_to(&self, later: &Self) -> String {
        let changed = |(code, minor): (&String, &i64)| {
            let change = minor - self.0.get(code).unwrap_or(&0);
            let sign = if change < 0 { '-' } else { '+' };
            let (whole, cents) = (change.abs() / 100, change.abs() % 100);
            (change != 0).then(|| format!("{sign}{whole}.{cents:02} {code}"))
        };
        let changes: Vec<_> = later.0.iter().filter_map(changed).collect();
        if changes.is_empty() { "none".to_owned() } else { changes.join(", ") }
    }
}

impl Stage {
    /// The market as a function finds it; for some, orders wait in it until they are matched.
    pub(crate) async fn set(function: &str) -> Self {
        let quiet = QUIET.contains(&function);
        let world = World::new().await.with_venue().await;
        let world = if quiet { world } else { world.trading() };
        let john = user(&world, "john_earth", 1, Role::Trader).await;
        let mary = user(&world, "mary_mars", 2, Role::Trader).await;
        let admin = user(&world, "the_admin", 1, Role::Admin).await;
        let stage = Self { world, john, mary, admin, known: BTreeMap::new(), order: None };
        stage.deposit(&stage.john, "1000.00").await;
        stage.deposit(&stage.mary, "1000.00").await;
        list_rocks(&stage.world, &stage.mary).await;
        if !quiet {
            let vera = user(&stage.world, "vera_earth", 1, Role::Trader).await;
            stage.deposit(&vera, "1000.00").await;
            stage.limit(&vera, "buy", "0.38", "10.00").await;
            stage.limit(&stage.mary, "sell", "0.42", "10.00").await;
        }
        stage
    }

    /// A sample with everything in the places that were left for it.
    pub(crate) async fn fill(&mut self, name: &str) -> String {
        let mut text = sample(name);
        for placeholder in PLACEHOLDERS {
            if text.contains(placeholder) {
                if !self.known.contains_key(placeholder) {
                    let meant = self.meant(placeholder).await;
                    self.known.insert(placeholder, meant);
                }
                text = text.replace(placeholder, &self.known[placeholder]);
            }
        }
        text
    }

    async fn meant(&self, placeholder: &str) -> String {
        let (john, mary) = (&self.john, &self.mary);
        match placeholder {
            "ACCESS_TOKEN" => john.token.clone(),
            "SELLER_TOKEN" => mary.token.clone(),
            "ADMIN_TOKEN" => self.admin.token.clone(),
            "EXPIRED_TOKEN" => self.expired_token(),
            "REFRESH_TOKEN" => self.refresh_token().await,
            "TICKET" => self.made(john, "/auth/ws-ticket", None, "/ticket").await,
            "BUYER_ID" => john.name.clone(),
            "SELLER_ID" => mary.name.clone(),
            "BUYER_WALLET" => john.wallet.clone(),
            "SELLER_WALLET" => mary.wallet.clone(),
            "SELLER_WALLET_USD" => mary.wallet.replace("_MRC", "_USD"),
            "QUOTE_ID" => {
                let body =
                    json!({"amount": "100.00", "from_currency": "USD", "to_currency": "MRC"});
                self.made(john, "/quotes", Some(body), "/id").await
            }
            "PURCHASE_ID" => {
                let body = json!({"item_id": "itm_00000000000000000000000002", "quantity": 1});
                self.made(john, "/buy", Some(body), "/id").await
            }
            "FILLED_ORDER_ID" => self.limit(john, "buy", "0.42", "5.00").await,
            "ORDER_ID" => self.limit(john, "buy", "0.40", "10.00").await,
            "WEBHOOK_ID" => self.webhook().await,
            "VENUE_ORDER" => {
                let body = json!({
                    "instrument": "DOTUSDT00008", "side": "buy", "type": "limit", "quantity": "2",
                    "limit_price": "100.25",
                });
                self.made(john, &format!("/venues/{VENUE}/orders"), Some(body), "/id").await
            }
            "FOREIGN_CURSOR" => {
                self.world.item(mary, "Red Dust", "1.00", 5).await;
                let list = Ask::get("/api/v1/items?universe_id=2&limit=1");
                self.world.send(list).await.expect_status(200).text("/next_cursor")
            }
            other => panic!("nothing is meant by {other}"),
        }
    }

    /// Makes something that the samples speak of; the text at a pointer of the answer.
    async fn made(&self, by: &Caller, path: &str, body: Option<Value>, pointer: &str) -> String {
        self.world.pass(Span::millis(1));
        let now = edge::wire::rfc3339(self.world.context.market.clock.now());
        let key = format!("{path} {now}");
        let mut ask = Ask::post(&format!("/api/v1{path}")).by(by).key(&key);
        if let Some(body) = body {
            ask = ask.json(&body);
        }
        let answer = self.world.send(ask).await;
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer.text(pointer)
    }

    async fn deposit(&self, caller: &Caller, amount: &str) {
        let body = json!({"operation_type": "DEPOSIT", "amount": amount});
        let path = format!("/wallets/{}/operation", caller.wallet);
        self.made(caller, &path, Some(body), "/id").await;
    }

    async fn limit(&self, by: &Caller, side: &str, price: &str, quantity: &str) -> String {
        let body = json!({
            "market": "MRC-USD", "side": side, "type": "limit", "price": price,
            "quantity": quantity,
        });
        self.made(by, "/orders", Some(body), "/id").await
    }

    fn expired_token(&self) -> String {
        let home = UniverseId::new(1).expect("Earth");
        let scopes = Scopes::for_role(Role::Trader);
        let principal = Principal { user: self.john.id, scopes, home };
        let an_hour_ago = Timestamp::from_millis(BEGINNING_MS - 3_600_000);
        self.world.context.access_tokens.issue(&principal, an_hour_ago)
    }

    /// Without the `ref_` that samples begin it with.
    async fn refresh_token(&self) -> String {
        let body = json!({"username": "john_earth", "password": PASSWORD});
        let login = self.world.send(Ask::post("/api/v1/auth/login").json(&body)).await;
        login.expect_status(200).text("/refresh_token").replacen("ref_", "", 1)
    }

    /// A webhook of John's for all events, of which the streams have told two.
    async fn webhook(&self) -> String {
        let body = json!({"url": "https://hooks.example.com/market"});
        let webhook = self.made(&self.john, "/webhooks", Some(body), "/id").await;
        self.world.follow_streams().await;
        self.world.deliveries.take();
        self.world.receiver.take();
        webhook
    }

    /// The order at the venue that the samples speak of, if they do.
    pub(crate) fn venue_order(&self) -> Option<&str> {
        self.known.get("VENUE_ORDER").map(String::as_str)
    }

    pub(crate) fn admin_token(&self) -> &str {
        &self.admin.token
    }

    pub(crate) async fn money(&self) -> Spendable {
        let account = self.world.context.market.store.account(self.john.id).await;
        let wallets = account.expect("a read").expect("an account").wallets;
        let wallets = wallets.into_iter();
        Spendable(wallets.map(|(code, has)| (code.to_string(), has.available.minor())).collect())
    }

    /// The connection that the samples speak of.
    pub(crate) fn connection() -> ConnectionId {
        ConnectionId("L0SM9cOFvHcCIhw=".to_owned())
    }
}

async fn user(world: &World, name: &str, home: u32, role: Role) -> Caller {
    let home = UniverseId::new(home).expect("a universe");
    let wanted = SignUp {
        username: name.parse().expect("a user name"),
        email: format!("{name}@example.com").parse().expect("an address"),
        home,
    };
    let user = register(&world.context.market, wanted, PASSWORD, role).await.expect("a user");
    let code = if home.number() == 1 { "USD" } else { "MRC" };
    let wallet = WalletId { owner: user.id, currency: code.parse().expect("a code") };
    Caller {
        id: user.id,
        name: user.id.to_string(),
        token: world.token(user.id, Scopes::for_role(role), home),
        wallet: wallet.to_string(),
    }
}

/// What the samples buy, under the id that it has in every demo market.
async fn list_rocks(world: &World, seller: &Caller) {
    let item = NewItem {
        id: ItemId::from_bits(2),
        name: "Mars Rocks".parse().expect("a name"),
        description: "Red.".parse().expect("a description"),
        price: Amount::from_minor(1_000).expect("an amount"),
        stock: Stock::new(50).expect("a stock"),
        state: ItemState::Active,
    };
    let asked = Asked {
        actor: seller.id,
        entry: entry_id(seller.id, "rocks"),
        fingerprint: fingerprint([&b"rocks"[..]]),
        request_id: "rocks".to_owned(),
    };
    let listing = ListItem { universe: UniverseId::new(2).expect("Mars"), item };
    perform(&world.context.market, &asked, &listing).await.expect("listed");
}
