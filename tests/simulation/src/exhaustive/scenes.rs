//! The scenes: for each endpoint that writes, some that read, and each worker, what came before,
//! and the request at whose store calls everything goes wrong once.

use serde_json::{Value, json};

use crate::history::Ask;

/// A request, and what of its answer the later ones name.
#[derive(Debug, Clone)]
pub struct Step {
    /// The request. `{name}` in its path and its body stands for what was kept.
    pub ask: Ask,
    /// A name, and where in the answer its value is.
    pub keep: Option<(&'static str, &'static str)>,
}

/// What is done, and whose store calls fail.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The function at whose store calls something goes wrong.
    pub stem: &'static str,
    /// Which scene of that function's it is.
    pub title: &'static str,
    /// What came before.
    pub before: Vec<Step>,
    /// What is done then; a worker does what follows from it.
    pub act: Ask,
}

impl Scene {
    /// Whether the act is one that the rules forbid.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self.title, "refused" | "sold out")
    }

    /// Whether an order goes to a venue.
    #[must_use]
    pub fn is_at_venue(&self) -> bool {
        self.act.path.contains("/venues/") || self.act.path == "/orders"
    }
}

/// The places of those who act: an administrator, a seller with orders to sell, and a buyer.
const ADMIN: usize = 0;
const SELLER: usize = 1;
const BUYER: usize = 2;

fn post(who: usize, path: &str, body: Value) -> Ask {
    Ask::new(who, "POST", path).json(body)
}

fn keyed(who: usize, path: &str, key: &str, body: Value) -> Ask {
    post(who, path, body).key(key)
}

fn step(ask: Ask) -> Step {
    Step { ask, keep: None }
}

fn keep(ask: Ask, name: &'static str, pointer: &'static str) -> Step {
    Step { ask, keep: Some((name, pointer)) }
}

fn order(who: usize, key: &str, side: &str, price: &str, quantity: &str) -> Ask {
    let body = json!({
        "market": "MRC-USD", "side": side, "type": "limit", "price": price, "quantity": quantity,
    });
    keyed(who, "/api/v1/orders", key, body)
}

fn resting() -> Step {
    keep(order(SELLER, "resting", "sell", "0.40", "20"), "order", "/id")
}

fn item() -> Step {
    let body = json!({"name": "Lamp", "price": "2.00", "stock": 5});
    keep(keyed(SELLER, "/api/v1/items", "lamp", body), "item", "/id")
}

fn purchase(key: &str) -> Ask {
    keyed(BUYER, "/api/v1/buy", key, json!({"item_id": "{item}", "quantity": 2}))
}

fn venue_order(key: &str, limit: &str) -> Ask {
    let body = json!({
        "side": "buy", "type": "limit", "instrument": "DOTUSDT00008", "quantity": "2",
        "limit_price": limit, "valid_until": "{later}",
    });
    keyed(SELLER, "/api/v1/venues/nyx/orders", key, body)
}

fn webhook() -> Step {
    keep(
        post(SELLER, "/api/v1/webhooks", json!({"url": "https://hooks.example.com/m"})),
        "hook",
        "/id",
    )
}

fn transfer(key: &str) -> Ask {
    let body = json!({"to_user_id": "{person 2}", "amount": "3.00"});
    keyed(SELLER, "/api/v1/transfers", key, body)
}

fn login() -> Ask {
    let body = json!({"username": "person_1", "password": "correct horse"});
    Ask { who: None, ..post(ADMIN, "/api/v1/auth/login", body) }
}

fn anybody(ask: Ask) -> Ask {
    Ask { who: None, ..ask }
}

fn scene(stem: &'static str, title: &'static str, before: Vec<Step>, act: Ask) -> Scene {
    Scene { stem, title, before, act }
}

/// All scenes.
#[must_use]
pub fn all() -> Vec<Scene> {
    [money(), market(), identity(), administration(), venue_and_webhooks(), reads(), workers()]
        .concat()
}

fn money() -> Vec<Scene> {
    let operation = |kind: &str, amount: &str| {
        let body = json!({"operation_type": kind, "amount": amount});
        keyed(SELLER, "/api/v1/wallets/{wallet 1}/operation", "act", body)
    };
    let conversion = json!({"amount": "5.00", "from_universe_id": 2, "to_currency": "VNC"});
    let quote = keep(post(SELLER, "/api/v1/quotes", conversion.clone()), "quote", "/id");
    let exchange = |body: Value| keyed(SELLER, "/api/v1/exchange", "act", body);
    let broke = json!({"to_user_id": "{person 2}", "amount": "99999999.00"});
    vec![
        scene("operate-wallet", "deposit", vec![], operation("DEPOSIT", "7.00")),
        scene("operate-wallet", "withdrawal", vec![], operation("WITHDRAW", "7.00")),
        scene("operate-wallet", "refused", vec![], operation("WITHDRAW", "99999999.00")),
        scene(
            "open-wallet",
            "",
            vec![],
            post(SELLER, "/api/v1/wallets/", json!({"currency": "ZEN"})),
        ),
        scene("transfer", "", vec![], transfer("act")),
        scene("transfer", "again", vec![step(transfer("act"))], transfer("act")),
        scene("transfer", "refused", vec![], keyed(SELLER, "/api/v1/transfers", "act", broke)),
        scene("create-quote", "", vec![], post(SELLER, "/api/v1/quotes", conversion.clone())),
        scene("exchange", "", vec![], exchange(conversion)),
        scene("exchange", "by quote", vec![quote], exchange(json!({"quote": "{quote}"}))),
        scene("create-item", "", vec![], item().ask),
        scene(
            "update-item",
            "",
            vec![item()],
            Ask {
                if_match: Some("*".to_owned()),
                ..Ask::new(SELLER, "PATCH", "/api/v1/items/{item}").json(json!({"price": "3.00"}))
            },
        ),
        scene("buy", "", vec![item()], purchase("act")),
        scene(
            "buy",
            "sold out",
            vec![item(), step(purchase("1")), step(purchase("2"))],
            purchase("act"),
        ),
        scene(
            "refund",
            "",
            vec![item(), keep(purchase("sold"), "sale", "/id")],
            keyed(SELLER, "/api/v1/transactions/{sale}/refund", "act", json!({"restock": true})),
        ),
        scene("void-request", "", vec![], Ask::new(SELLER, "POST", "/api/v1/requests/act/void")),
        scene(
            "void-request",
            "refused",
            vec![step(transfer("act"))],
            Ask::new(SELLER, "POST", "/api/v1/requests/act/void"),
        ),
    ]
}

fn market() -> Vec<Scene> {
    let cancel = |path: &str| Ask::new(SELLER, "DELETE", path);
    let plain = json!({
        "market": "MRC-USD", "side": "buy", "type": "limit", "price": "0.41", "quantity": "5",
    });
    let after = json!({"market": "MRC-USD", "timeout_seconds": 30});
    vec![
        scene("place-order", "rests", vec![], order(BUYER, "act", "buy", "0.38", "5")),
        scene("place-order", "takes", vec![resting()], order(BUYER, "act", "buy", "0.41", "5")),
        scene(
            "place-platform-order",
            "",
            vec![resting()],
            keyed(BUYER, "/api/v1/orders/place", "act", plain.clone()),
        ),
        scene("cancel-order", "", vec![resting()], cancel("/api/v1/orders/{order}")),
        scene(
            "cancel-platform-order",
            "",
            vec![resting()],
            cancel("/api/v1/orders/cancel/{order}"),
        ),
        scene("cancel-orders", "", vec![resting()], cancel("/api/v1/orders?market=MRC-USD")),
        scene(
            "amend-order",
            "",
            vec![resting()],
            Ask::new(SELLER, "PATCH", "/api/v1/orders/{order}")
                .key("act")
                .json(json!({"quantity": "30"})),
        ),
        scene(
            "cancel-after",
            "",
            vec![resting()],
            Ask::new(SELLER, "PUT", "/api/v1/orders/cancel-after").json(after),
        ),
        scene("preview-order", "", vec![resting()], post(BUYER, "/api/v1/orders/preview", plain)),
        scene(
            "simulate",
            "",
            vec![],
            post(
                SELLER,
                "/api/v1/simulate",
                json!({
                    "transfer": {"to_user_id": "{person 2}", "amount": "3.00"},
                }),
            ),
        ),
    ]
}

fn identity() -> Vec<Scene> {
    let sign_up = json!({
        "username": "newcomer", "email": "newcomer@example.com", "password": "correct horse",
        "universe_id": 2,
    });
    let session = || keep(login(), "refresh", "/refresh_token");
    let with_session =
        |path: &str| anybody(post(ADMIN, path, json!({"refresh_token": "{refresh}"})));
    vec![
        scene("signup", "", vec![], anybody(post(ADMIN, "/api/v1/auth/signup", sign_up))),
        scene("login", "", vec![], login()),
        scene("refresh-session", "", vec![session()], with_session("/api/v1/auth/refresh")),
        scene("logout", "", vec![session()], with_session("/api/v1/auth/logout")),
        scene("create-ws-ticket", "", vec![], Ask::new(SELLER, "POST", "/api/v1/auth/ws-ticket")),
    ]
}

fn administration() -> Vec<Scene> {
    let universe = json!({"name": "Sixth", "currency": "SXT", "units_per_base": "4"});
    let new_market = json!({
        "base": "MRC", "quote": "VNC", "tick_size": "0.01", "lot_size": "1.00",
        "min_notional": "1.00", "maker_fee_bps": 10, "taker_fee_bps": 20,
    });
    let put = |path: &str, body: Value| Ask::new(ADMIN, "PUT", path).json(body);
    vec![
        scene("create-universe", "", vec![], post(ADMIN, "/api/v1/admin/universes", universe)),
        scene(
            "set-rate",
            "",
            vec![],
            put("/api/v1/admin/universes/2/rate", json!({"units_per_base": "2.6"})),
        ),
        scene("create-market", "", vec![], post(ADMIN, "/api/v1/admin/markets", new_market)),
        scene(
            "set-market-status",
            "",
            vec![resting()],
            put("/api/v1/admin/markets/MRC-USD/status", json!({"status": "halted"})),
        ),
    ]
}

fn venue_and_webhooks() -> Vec<Scene> {
    let stock = json!({
        "type": "LIMIT", "side": "BUY", "instrument": "DOTUSDT00008", "quantity": "2",
        "limit_price": "101.00",
    });
    let hook = |method: &'static str, path: &str| {
        Ask::new(SELLER, method, format!("/api/v1/webhooks/{{hook}}{path}"))
    };
    vec![
        scene("place-venue-order", "", vec![], venue_order("act", "101.00")),
        scene("place-stock-order", "", vec![], keyed(SELLER, "/orders", "act", stock)),
        scene(
            "cancel-venue-order",
            "",
            vec![keep(venue_order("there", "60.00"), "placed", "/id")],
            Ask::new(SELLER, "DELETE", "/api/v1/venues/nyx/orders/{placed}"),
        ),
        scene("create-webhook", "", vec![], webhook().ask),
        scene(
            "update-webhook",
            "",
            vec![webhook()],
            hook("PATCH", "").json(json!({"enabled": false})),
        ),
        scene("delete-webhook", "", vec![webhook()], hook("DELETE", "")),
        scene("rotate-webhook-secret", "", vec![webhook()], hook("POST", "/rotate-secret")),
        scene(
            "redeliver-event",
            "",
            vec![
                webhook(),
                step(transfer("told")),
                keep(hook("GET", "/deliveries"), "seq", "/data/0/seq"),
            ],
            hook("POST", "/deliveries/{seq}/redeliver"),
        ),
    ]
}

fn reads() -> Vec<Scene> {
    let get = |path: &str| Ask::new(SELLER, "GET", path);
    vec![
        scene("get-wallet", "", vec![], get("/api/v1/wallets/{wallet 1}")),
        scene("list-wallets", "", vec![], get("/api/v1/wallets")),
        scene(
            "list-wallet-entries",
            "",
            vec![step(transfer("t"))],
            get("/api/v1/wallets/{wallet 1}/entries"),
        ),
        scene("get-item", "", vec![item()], get("/api/v1/items/{item}")),
        scene("list-items", "", vec![item()], get("/api/v1/items?limit=10")),
        scene("list-orders", "", vec![resting()], get("/api/v1/orders?limit=10")),
        scene("get-order", "", vec![resting()], get("/api/v1/orders/{order}")),
        scene("get-market-book", "", vec![resting()], get("/api/v1/markets/MRC-USD/book")),
        scene("get-request", "", vec![step(transfer("t"))], get("/api/v1/requests/t")),
        scene("list-events", "", vec![step(transfer("t"))], get("/api/v1/events")),
        scene(
            "get-conservation",
            "",
            vec![step(transfer("t"))],
            Ask::new(ADMIN, "GET", "/api/v1/audit/conservation"),
        ),
    ]
}

/// More orders than one commit can take.
fn crowd() -> Vec<Step> {
    let small = (0..36).map(|place| order(SELLER, &format!("small-{place}"), "sell", "0.40", "3"));
    small.map(step).collect()
}

fn workers() -> Vec<Scene> {
    let takes = || order(BUYER, "act", "buy", "0.41", "5");
    vec![
        scene("match-orders", "a trade", vec![resting()], takes()),
        scene(
            "match-orders",
            "a cancellation",
            vec![resting()],
            Ask::new(SELLER, "DELETE", "/api/v1/orders/{order}"),
        ),
        scene("place-at-venue", "", vec![], venue_order("act", "101.00")),
        scene("receive-venue-report", "", vec![], venue_order("act", "101.00")),
        scene("deliver-webhooks", "", vec![webhook()], transfer("act")),
        scene("match-orders", "a long command", crowd(), order(BUYER, "act", "buy", "0.41", "108")),
        scene("project", "a transfer", vec![], transfer("act")),
        scene("project", "a trade", vec![resting()], takes()),
        scene("publish", "a trade", vec![webhook(), resting()], takes()),
        scene("sweep", "", vec![resting()], takes()),
        scene("beat", "", vec![resting()], takes()),
        scene("audit", "", vec![resting()], takes()),
    ]
}
