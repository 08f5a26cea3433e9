//! Two traders on the floor of one market, from request to response: a matcher does at once
//! what waits, or when a test says so.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod changing;
mod filling;
mod listing;
mod placing;
mod platform;
mod preview;
mod replays;
mod self_trades;

use domain::time::Span;
use serde_json::{Value, json};
use tests::{Answered, Ask, Caller, World};

use crate::steps::{get, post};

/// Two traders with 1000.00 USD and 1000.00 MRC each, in the market MRC-USD: fees of 10 and 20
/// basis points, orders worth 1.00 or more, a collar of a tenth.
pub(crate) struct Floor {
    pub(crate) world: World,
    pub(crate) john: Caller,
    pub(crate) mary: Caller,
}

impl Floor {
    /// A floor on which whatever is placed is matched at once.
    pub(crate) async fn open() -> Self {
        Self::on(World::new().await.trading()).await
    }

    /// A floor on which nothing is matched but by [`Floor::matched`].
    pub(crate) async fn waiting() -> Self {
        Self::on(World::new().await).await
    }

    async fn on(world: World) -> Self {
        let john = world.trader("john_earth", 1).await;
        let mary = world.trader("mary_mars", 2).await;
        for caller in [&john, &mary] {
            for code in ["USD", "MRC"] {
                fund(&world, caller, code, "1000.00").await;
            }
        }
        Self { world, john, mary }
    }

    /// Places an order, a millisecond after whatever was before.
    pub(crate) async fn place(&self, by: &Caller, key: &str, body: &Value) -> Answered {
        self.world.pass(Span::millis(1));
        post(&self.world, by, key, "/orders", body).await
    }

    /// Places an order that must be accepted; its id.
    pub(crate) async fn placed(&self, by: &Caller, key: &str, body: &Value) -> String {
        self.place(by, key, body).await.expect_status(201).text("/id")
    }

    /// A trader's order as it is now.
    pub(crate) async fn order(&self, by: &Caller, id: &str) -> Answered {
        get(&self.world, by, &format!("/orders/{id}")).await
    }

    /// The status of a trader's order, and why it is over.
    pub(crate) async fn fate(&self, by: &Caller, id: &str) -> (String, String) {
        let order = self.order(by, id).await;
        (order.expect_status(200).text("/status"), order.text("/closed_reason"))
    }

    /// `executed`, `open`, `cancelled` and `prevented` of a trader's order, in whole units.
    pub(crate) async fn tally(&self, by: &Caller, id: &str) -> [String; 4] {
        let order = self.order(by, id).await;
        order.expect_status(200);
        let whole = |name: &str| order.text(&format!("/{name}")).replace(".00", "");
        ["executed", "open", "cancelled", "prevented"].map(whole)
    }

    pub(crate) async fn cancel(&self, by: &Caller, id: &str) -> Answered {
        self.world.send(Ask::new("DELETE", &format!("/api/v1/orders/{id}")).by(by)).await
    }

    pub(crate) async fn amend(&self, by: &Caller, key: &str, id: &str, body: &Value) -> Answered {
        self.world.pass(Span::millis(1));
        let path = format!("/api/v1/orders/{id}");
        self.world.send(Ask::new("PATCH", &path).by(by).key(key).json(body)).await
    }

    /// Lets the matcher do all that waits.
    pub(crate) async fn matched(&self) {
        self.world.match_orders("MRC-USD".parse().expect("a market")).await;
    }

    /// What a trader holds and has reserved of a currency.
    pub(crate) async fn wallet(&self, by: &Caller, code: &str) -> (String, String) {
        let wallet = get(&self.world, by, &format!("/wallets/wal_{}_{code}", &by.name[4..])).await;
        (wallet.expect_status(200).text("/posted"), wallet.text("/held"))
    }

    /// Long enough for a book to be looked at again.
    pub(crate) fn look_again(&self) {
        self.world.pass(Span::millis(250));
    }
}

/// Deposits into any of a trader's wallets.
pub(crate) async fn fund(world: &World, caller: &Caller, code: &str, amount: &str) {
    let path = format!("/wallets/wal_{}_{code}/operation", &caller.name[4..]);
    let body = json!({"operation_type": "DEPOSIT", "amount": amount});
    let answer = post(world, caller, &format!("fund-{code}-{amount}"), &path, &body).await;
    answer.expect_status(200);
}

/// A limit order that stays.
pub(crate) fn limit(side: &str, price: &str, quantity: &str) -> Value {
    json!({
        "market": "MRC-USD", "side": side, "type": "limit", "price": price, "quantity": quantity,
    })
}

/// A market order, by `quantity` or by `funds`.
pub(crate) fn market(side: &str, by: &str, size: &str) -> Value {
    json!({"market": "MRC-USD", "side": side, "type": "market", by: size})
}

/// The same order with something said in addition, or otherwise.
pub(crate) fn with(mut body: Value, name: &str, value: impl Into<Value>) -> Value {
    body[name] = value.into();
    body
}

/// The same order without something.
pub(crate) fn without(mut body: Value, name: &str) -> Value {
    body.as_object_mut().expect("an object").remove(name);
    body
}

/// A status, and why the order is over.
pub(crate) fn fate(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}
