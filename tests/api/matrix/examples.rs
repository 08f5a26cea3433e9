//! A well-formed request to every endpoint, which succeeds for its rightful caller. The
//! authorisation matrix and the bad-input corpus change one thing in it each.

use std::cell::Cell;

use edge::endpoint::{Access, Endpoint};
use functions::ENDPOINTS;
use serde_json::{Value, json};
use tests::{Ask, Caller, Signature, VENUE, World};

use super::wanted;

/// Digits of an id that nothing has.
const UNKNOWN: &str = "7zzzzzzzzzzzzzzzzzzzzzzzzz";

/// A world with the users and things that the examples speak of.
pub(crate) struct Stage {
    pub(crate) world: World,
    /// The rightful caller of most examples: things of theirs are what others must not touch.
    pub(crate) owner: Caller,
    /// Another ordinary user, with money too.
    pub(crate) other: Caller,
    pub(crate) admin: Caller,
    /// Whom the owner trades with.
    peer: Caller,
    /// An item of the owner's that is not offered yet.
    pub(crate) draft: String,
    /// An item of the peer's for 1.00 USD.
    listed: String,
    /// An item of the owner's for 1.00 USD.
    goods: String,
    examples_made: Cell<usize>,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        let world = World::new().await.with_venue().await.trading();
        let [owner, other, peer] = ["owner", "other", "peer"]
            .map(async |name| world.trader_with(name, 1, "1000000.00").await);
        let (owner, other, peer) = (owner.await, other.await, peer.await);
        let admin = world.admin().await;
        let deposit = json!({"operation_type": "DEPOSIT", "amount": "1000.00"});
        let wallet = format!("/api/v1/wallets/{}/operation", admin.wallet);
        let deposit = Ask::post(&wallet).by(&admin).key("money").json(&deposit);
        world.send(deposit).await.expect_status(200);
        // So that a market order has a price to be held to.
        let wallet = format!("/api/v1/wallets/wal_{}_MRC/operation", &peer.name[4..]);
        let deposit = json!({"operation_type": "DEPOSIT", "amount": "1000000.00"});
        let deposit = Ask::post(&wallet).by(&peer).key("goods").json(&deposit);
        world.send(deposit).await.expect_status(200);
        let sale = json!({
            "market": "MRC-USD", "side": "sell", "type": "limit", "price": "2.00",
            "quantity": "1000000.00",
        });
        let sale = Ask::post("/api/v1/orders").by(&peer).key("sale").json(&sale);
        world.send(sale).await.expect_status(201);
        let draft = json!({"name": "Draft", "price": "1.00", "stock": 5, "state": "draft"});
        let draft = world.send(Ask::post("/api/v1/items").by(&owner).json(&draft)).await;
        Self {
            draft: draft.expect_status(201).text("/id"),
            listed: world.item(&peer, "Listed", "1.00", 1_000_000).await,
            goods: world.item(&owner, "Goods", "1.00", 1_000_000).await,
            examples_made: Cell::new(0),
            world,
            owner,
            other,
            peer,
            admin,
        }
    }

    /// The one whose request succeeds.
    pub(crate) fn rightful(&self, endpoint: &Endpoint) -> &Caller {
        match endpoint.access {
            Access::Needs(edge::auth::scopes::Scope::Admin) => &self.admin,
            _ => &self.owner,
        }
    }

    /// Requests to an endpoint, all alike but for the body; together the bodies have all fields.
    /// Each call gives requests that no earlier call has given.
    pub(crate) async fn examples(&self, endpoint: &'static Endpoint) -> Vec<Example> {
        let number = self.examples_made.get() + 1;
        self.examples_made.set(number);
        let example = Example {
            endpoint,
            parameters: self.parameters(endpoint, number).await,
            query: self.query(endpoint.stem),
            headers: headers(endpoint, number),
            body: None,
            signature: endpoint.signed.then(|| self.world.venue_signature()),
        };
        let bodies = self.bodies(endpoint.stem, number).await;
        if bodies.is_empty() {
            return vec![example];
        }
        let with = |body| Example { body: Some(body), ..example.clone() };
        bodies.into_iter().map(with).collect()
    }

    async fn parameters(&self, endpoint: &Endpoint, number: usize) -> Parameters {
        let value = match endpoint.stem {
            "get-user" | "list-trades" => ("user_id", self.owner.name.clone()),
            "get-universe" | "list-rates" => ("universe_id", "2".to_owned()),
            "set-rate" => ("universe_id", "3".to_owned()),
            "get-wallet" | "get-wallet-proof" => {
                // They read what statements tell.
                self.world.follow_streams().await;
                ("wallet_id", self.owner.wallet.clone())
            }
            "operate-wallet" | "list-wallet-entries" => ("wallet_id", self.owner.wallet.clone()),
            "get-quote" => ("quote", self.quote().await),
            "get-item" | "update-item" => ("item_id", self.draft.clone()),
            "get-transaction" | "refund" => ("transaction_id", self.purchase(number).await),
            "get-request" | "void-request" => ("idempotency_key", format!("given up {number}")),
            "get-order" | "list-order-fills" | "amend-order" | "cancel-order" => {
                ("order_id", self.order(number).await)
            }
            "cancel-platform-order" => ("order_id", self.cancelled_order(number).await),
            "get-order-by-client-id" => {
                self.order(number).await;
                ("client_order_id", format!("placed-{number}"))
            }
            "get-webhook"
            | "update-webhook"
            | "delete-webhook"
            | "rotate-webhook-secret"
            | "list-webhook-deliveries" => ("webhook_id", self.webhook().await),
            "redeliver-event" => {
                self.world.follow_streams().await;
                return vec![("webhook_id", self.webhook().await), ("seq", "1".to_owned())];
            }
            "place-venue-order" | "list-venue-orders" | "receive-venue-report" => {
                ("venue", VENUE.to_owned())
            }
            "get-venue-order" | "cancel-venue-order" => {
                let order = self.venue_order(number).await;
                return vec![("venue", VENUE.to_owned()), ("order_id", order)];
            }
            "get-asset" => ("name", self.asset().await),
            "get-market" | "get-market-book" | "list-market-trades" | "list-candles"
            | "get-ticker" | "set-market-status" => ("market", "MRC-USD".to_owned()),
            _ => return Vec::new(),
        };
        vec![value]
    }

    fn query(&self, stem: &str) -> Parameters {
        let now = edge::wire::rfc3339(self.world.context.market.clock.now());
        let texts: &[(&'static str, &str)] = match stem {
            "get-wallet" => &[("as_of", &now)],
            "get-wallet-proof" => &[("after", "0.0"), ("limit", "10")],
            "list-candles" => &[
                ("interval", "5m"),
                ("from", "2026-11-21T08:00:00Z"),
                ("to", "2026-11-22T08:00:00Z"),
                ("limit", "10"),
            ],
            "get-rates" => &[("from", "USD"), ("to", "MRC"), ("at", "2026-11-21T08:00:00Z")],
            "list-items" => &[
                ("universe_id", "1"),
                ("seller_id", &self.owner.name),
                ("price_min", "1.00"),
                ("price_max", "1.00"),
                ("in_stock", "true"),
                ("state", "active"),
                ("sort", "-price"),
                ("limit", "10"),
            ],
            "list-rates" | "list-wallet-entries" | "list-trades" | "list-market-trades" => {
                &[("limit", "10")]
            }
            "get-market-book" => &[("depth", "10")],
            "list-events" => &[("after", "0"), ("wait", "0"), ("limit", "10")],
            "list-orders" => {
                &[("market", "MRC-USD"), ("side", "buy"), ("status", "open"), ("limit", "10")]
            }
            "list-my-orders" => &[("active_only", "true"), ("limit", "10")],
            "list-order-fills" | "list-webhook-deliveries" | "list-venue-orders" => {
                &[("limit", "10")]
            }
            "cancel-orders" => &[("market", "MRC-USD"), ("side", "sell")],
            "get-platform-book" => &[("market", "MRC-USD")],
            "list-recent-trades" | "list-prices" => &[("market", "MRC-USD"), ("limit", "10")],
            _ => &[],
        };
        texts.iter().map(|(name, text)| (*name, (*text).to_owned())).collect()
    }

    async fn bodies(&self, stem: &str, number: usize) -> Vec<Value> {
        let password = "correct horse";
        match stem {
            "signup" => {
                let (username, email) = (format!("user_{number}"), format!("{number}@example.com"));
                vec![json!({
                    "username": username, "email": email, "password": password, "universe_id": 2,
                })]
            }
            "login" => vec![
                json!({"username": "owner", "password": password}),
                json!({"email": "owner@example.com", "password": password}),
            ],
            "refresh-session" | "logout" => vec![json!({"refresh_token": self.session().await})],
            "create-universe" => vec![json!({
                "name": "Jupiter", "currency": unused_code(number), "decimals": 2,
                "units_per_base": "1.5", "spread_bps": 10,
            })],
            "set-rate" => vec![json!({
                "units_per_base": "0.75", "spread_bps": 0, "confirm": true,
                "valid_until": "2027-01-01T00:00:00Z",
            })],
            "create-market" => vec![self.market_wanted(number).await],
            "create-webhook" => {
                self.remove_webhooks().await;
                let url = "https://hooks.example.com/market";
                vec![json!({"url": url, "events": ["deposit", "matched"]})]
            }
            "update-webhook" => vec![json!({
                "url": "https://hooks.example.com/other", "events": ["deposit"], "enabled": false,
            })],
            "set-market-status" => vec![json!({"status": "trading"})],
            "place-order" | "place-platform-order" | "preview-order" => wanted::orders(number),
            "place-venue-order" => self.venue_orders_wanted(),
            "place-stock-order" => vec![wanted::stock_order()],
            "receive-venue-report" => vec![self.venue_report(number).await],
            "amend-order" => vec![json!({"price": "1.10", "quantity": "3.00"})],
            "cancel-after" => vec![json!({"market": "MRC-USD", "timeout_seconds": 60})],
            "open-wallet" => vec![json!({"currency": "MRC"})],
            "operate-wallet" => vec![
                json!({"operation_type": "DEPOSIT", "amount": "1.00"}),
                json!({"operation_type": "WITHDRAW", "amount": "1.00"}),
            ],
            "transfer" => self.transfers(),
            "create-quote" => vec![
                json!({"from_universe_id": 1, "to_universe_id": 2, "amount": "1.00"}),
                json!({"from_currency": "USD", "to_currency": "MRC", "receive_amount": "1.00"}),
            ],
            "exchange" => self.exchanges().await,
            "create-item" => vec![json!({
                "name": "Lamp", "description": "A lamp.", "universe_id": 1, "price": "1.00",
                "stock": 5, "state": "active",
            })],
            "update-item" => vec![json!({
                "name": "Lamp", "description": "A lamp.", "price": "1.00", "stock": 5,
                "state": "draft",
            })],
            "buy" => vec![self.purchase_wanted()],
            "refund" => vec![json!({"restock": true})],
            "simulate" => {
                let exchanges = self.exchanges().await;
                std::iter::once(json!({"buy": self.purchase_wanted()}))
                    .chain(exchanges.into_iter().map(|body| json!({ "exchange": body })))
                    .chain(self.transfers().into_iter().map(|body| json!({ "transfer": body })))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// A market of a new universe's currency.
    async fn market_wanted(&self, number: usize) -> Value {
        let base = unused_code(number);
        self.world.universe("Jupiter", &base, 2, "1").await;
        json!({
            "base": base, "quote": "USD", "tick_size": "0.01", "lot_size": "1.00",
            "min_notional": "1.00", "maker_fee_bps": 10, "taker_fee_bps": 20,
            "collar_bps": 1000,
        })
    }

    /// An order of the owner's that was just accepted.
    async fn order(&self, number: usize) -> String {
        let body = json!({
            "market": "MRC-USD", "side": "buy", "type": "limit", "price": "1.00",
            "quantity": "2.00", "client_order_id": format!("placed-{number}"),
        });
        let place = Ask::post("/api/v1/orders").by(&self.owner).json(&body);
        self.world.send(place).await.expect_status(201).text("/id")
    }

    /// An order of the owner's that was cancelled already.
    async fn cancelled_order(&self, number: usize) -> String {
        let order = self.order(number).await;
        let cancel = Ask::new("DELETE", &format!("/api/v1/orders/{order}")).by(&self.owner);
        self.world.send(cancel).await.expect_status(200);
        order
    }

    /// A webhook that the owner has just made. All others are gone, for a user has ten at most.
    async fn webhook(&self) -> String {
        self.remove_webhooks().await;
        let body = json!({"url": "https://hooks.example.com/market"});
        let ask = Ask::post("/api/v1/webhooks").by(&self.owner).json(&body);
        self.world.send(ask).await.expect_status(201).text("/id")
    }

    async fn remove_webhooks(&self) {
        let store = &self.world.context.market.store;
        for user in [self.owner.id, self.other.id, self.admin.id] {
            for webhook in store.webhooks(user).await.expect("a read") {
                assert_eq!(store.remove_webhook(&webhook).await, Ok(true));
            }
        }
    }

    fn transfers(&self) -> Vec<Value> {
        vec![
            json!({"to_user_id": self.peer.name, "amount": "1.00", "currency": "USD"}),
            json!({"to_wallet_id": self.peer.wallet, "amount": "1.00"}),
        ]
    }

    async fn exchanges(&self) -> Vec<Value> {
        let owner = &self.owner.name;
        vec![
            json!({"quote": self.quote().await, "user_id": owner}),
            json!({
                "from_universe_id": 1, "to_universe_id": 2, "amount": "1.00",
                "min_receive": "1.00", "user_id": owner,
            }),
            json!({"from_currency": "USD", "to_currency": "MRC", "amount": "1.00"}),
        ]
    }

    fn purchase_wanted(&self) -> Value {
        json!({
            "item_id": self.listed, "quantity": 1, "buyer_id": self.owner.name,
            "pay_currency": "USD", "expected_unit_price": "1.00", "max_pay": "1.00",
        })
    }

    /// A quote of the owner's.
    pub(crate) async fn quote(&self) -> String {
        let body = json!({"from_universe_id": 1, "to_universe_id": 2, "amount": "1.00"});
        let quote = self.world.send(Ask::post("/api/v1/quotes").by(&self.owner).json(&body)).await;
        quote.expect_status(201).text("/id")
    }

    /// What the peer has just bought from the owner.
    async fn purchase(&self, number: usize) -> String {
        let body = json!({"item_id": self.goods, "quantity": 1});
        let buy = Ask::post("/api/v1/buy").by(&self.peer).key(&format!("bought {number}"));
        self.world.send(buy.json(&body)).await.expect_status(200).text("/id")
    }

    /// The refresh token of a new session of the owner's.
    pub(crate) async fn session(&self) -> String {
        let body = json!({"username": "owner", "password": "correct horse"});
        let login = self.world.send(Ask::post("/api/v1/auth/login").json(&body)).await;
        login.expect_status(200).text("/refresh_token")
    }

    /// A file that the documentation page loads.
    async fn asset(&self) -> String {
        let page = self.world.send(Ask::get("/docs")).await;
        let html = String::from_utf8_lossy(&page.expect_status(200).bytes).into_owned();
        let (_, rest) = html.split_once("\"assets/").expect("the page loads a file");
        rest.split('"').next().expect("its name").to_owned()
    }
}

fn headers(endpoint: &Endpoint, number: usize) -> Parameters {
    let mut headers = Vec::new();
    if endpoint.idempotency != edge::endpoint::Idempotency::None {
        headers.push(("Idempotency-Key", format!("example {number}")));
    }
    if endpoint.signed {
        let names = ["X-Venue-Timestamp", "X-Venue-Nonce", "X-Venue-Signature"];
        headers.extend(names.map(|name| (name, String::new())));
    }
    if endpoint.stem == "update-item" {
        headers.push(("If-Match", "*".to_owned()));
    }
    headers
}

/// `XAAA`, `XAAB` and so on.
fn unused_code(number: usize) -> String {
    let letter = |place: usize| char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[number / place % 26]);
    format!("X{}{}{}", letter(676), letter(26), letter(1))
}

/// Names and texts.
pub(crate) type Parameters = Vec<(&'static str, String)>;

/// A request to an endpoint, in its parts.
#[derive(Clone)]
pub(crate) struct Example {
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) parameters: Parameters,
    pub(crate) query: Parameters,
    pub(crate) headers: Parameters,
    pub(crate) body: Option<Value>,
    /// Makes the headers of a signature, those that are among `headers` without a text.
    pub(crate) signature: Option<Signature>,
}

impl Example {
    /// As a request to the endpoint's canonical path, by nobody.
    pub(crate) fn ask(&self) -> Ask {
        self.ask_at(self.endpoint.path())
    }

    /// As a request to one of the endpoint's paths, by nobody.
    pub(crate) fn ask_at(&self, template: &str) -> Ask {
        let mut path = template.to_owned();
        for (name, text) in &self.parameters {
            path = path.replace(&format!("{{{name}}}"), &escaped(text));
        }
        let query: Vec<_> =
            self.query.iter().map(|(name, text)| format!("{name}={}", escaped(text))).collect();
        self.ask_of(&format!("{path}?{}", query.join("&")))
    }

    /// As a request to this path and query.
    pub(crate) fn ask_of(&self, path: &str) -> Ask {
        let mut ask = Ask::new(self.endpoint.method.as_str(), path);
        if let Some(signature) = &self.signature {
            let names = self.headers.iter().map(|(name, _)| *name).collect();
            return self.with_body(ask.signed(Signature { names, ..signature.clone() }));
        }
        for (name, text) in &self.headers {
            ask = ask.header(name, text);
        }
        self.with_body(ask)
    }

    fn with_body(&self, ask: Ask) -> Ask {
        match &self.body {
            Some(body) => ask.json(body),
            None => ask,
        }
    }

    /// The same about things that nobody has in place of the owner's.
    pub(crate) fn disowned(&self, stage: &Stage) -> Self {
        let disown = |text: &str| {
            let text = text.replace(&stage.owner.name[4..], UNKNOWN);
            text.replace(&stage.draft[4..], UNKNOWN)
        };
        let mut changed = self.clone();
        for (name, text) in &mut changed.parameters {
            *text = match *name {
                "quote" => "quo_unknown".to_owned(),
                "transaction_id" => format!("txn_{UNKNOWN}"),
                "order_id" if text.starts_with("vor_") => format!("vor_{UNKNOWN}"),
                "order_id" => format!("ord_{UNKNOWN}"),
                "client_order_id" => "unknown".to_owned(),
                "webhook_id" => format!("whk_{UNKNOWN}"),
                _ => disown(text),
            };
        }
        if let Some(body) = &mut changed.body {
            *body = serde_json::from_str(&disown(&body.to_string())).expect("still JSON");
            if let Some(quote) = body.get_mut("quote") {
                *quote = json!("quo_unknown");
            }
        }
        changed
    }
}

/// A text as one segment of a path or one value in a query.
pub(crate) fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

#[tokio::test]
async fn every_example_succeeds_for_its_rightful_caller() {
    let stage = Stage::set().await;
    for endpoint in ENDPOINTS {
        for variant in 0..stage.examples(endpoint).await.len() {
            let example = stage.examples(endpoint).await.swap_remove(variant);
            let ask = example.ask().by(stage.rightful(endpoint));
            let answer = stage.world.send(ask).await;
            let body = String::from_utf8_lossy(&answer.bytes);
            assert_eq!(answer.status, endpoint.success.0, "{}/{variant}: {body}", endpoint.stem);
        }
    }
}
