//! What clients only look at: their own things, and what everybody may see.

use super::Act;
use crate::town::{MARKETS, UNIVERSES};

/// What everybody may see, and nothing else is needed for.
const PUBLIC: [&str; 14] = [
    "/",
    "/health",
    "/healthcheck",
    "/ready",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/asyncapi.json",
    "/.well-known/jwks.json",
    "/api/v1/universes",
    "/api/v1/markets",
    "/api/v1/rates?from=USD&to=MRC",
    "/api/v1/venues",
    "/api/v1/prices",
];

impl Act<'_> {
    /// Looks at something.
    pub async fn look(&self) {
        let path = match self.dice.below(10) {
            0 => (*self.dice.pick(&PUBLIC)).to_owned(),
            1..4 => self.market_path(),
            4..6 => self.trading_path(),
            6 => self.venue_path(),
            _ => self.money_path(),
        };
        let page = self.settle(self.ask("GET", path)).await;
        // A page of documentation names what it is shown with.
        let text = String::from_utf8_lossy(&page.bytes).into_owned();
        if let Some(asset) = text.split('"').find(|part| part.starts_with("assets/")) {
            let _seen = self.settle(self.ask("GET", format!("/{asset}"))).await;
        }
    }

    fn market_path(&self) -> String {
        let market = self.dice.pick(&MARKETS).0;
        let item = self.offer().id;
        let universe = 1 + self.dice.place(UNIVERSES.len());
        match self.dice.below(12) {
            0 => format!("/api/v1/markets/{market}"),
            1 => format!("/api/v1/markets/{market}/book"),
            2 => format!("/api/v1/markets/{market}/ticker"),
            3 => format!("/api/v1/markets/{market}/trades"),
            4 => format!("/api/v1/markets/{market}/candles?interval=1m"),
            5 => "/api/v1/orders/book".to_owned(),
            6 => "/api/v1/orders/recent-trades".to_owned(),
            7 => "/api/v1/items?limit=10".to_owned(),
            8 => format!("/api/v1/items/{item}"),
            9 => format!("/api/v1/universes/{universe}"),
            10 => format!("/api/v1/universes/{universe}/rates"),
            _ => format!("/api/v1/items?universe_id={universe}&sort=price"),
        }
    }

    /// Of the caller's own orders, or of what one needs an order's id for.
    fn trading_path(&self) -> String {
        let own = {
            let known = self.sim.town.known();
            let mut own = known.orders.iter().rev().filter(|(owner, _)| *owner == self.who);
            own.next().map(|(_, order)| order.clone())
        };
        match (self.dice.below(5), own) {
            (0, _) => "/api/v1/orders?limit=20".to_owned(),
            (1, _) => "/api/v1/orders/my-orders".to_owned(),
            (2, Some(order)) => format!("/api/v1/orders/{order}"),
            (3, Some(order)) => format!("/api/v1/orders/{order}/fills"),
            _ => "/api/v1/orders/my-orders?active_only=true".to_owned(),
        }
    }

    fn venue_path(&self) -> String {
        let own = {
            let known = self.sim.town.known();
            let mut own = known.venue_orders.iter().rev().filter(|(owner, _)| *owner == self.who);
            own.next().map(|(_, order)| order.clone())
        };
        match own {
            Some(order) if self.dice.percent(50) => format!("/api/v1/venues/nyx/orders/{order}"),
            _ => "/api/v1/venues/nyx/orders".to_owned(),
        }
    }

    fn money_path(&self) -> String {
        let person = self.sim.town.person(self.who);
        let wallet = person.wallet(UNIVERSES[person.home].1);
        match self.dice.below(10) {
            0 => "/api/v1/wallets".to_owned(),
            1 => format!("/api/v1/wallets/{wallet}/entries"),
            2 => format!("/api/v1/wallets/{wallet}/proof"),
            3 => format!("/api/v1/trades/{}", person.name),
            4 => format!("/api/v1/users/{}/trades", person.name),
            5 => "/api/v1/users/me".to_owned(),
            6 => format!("/api/v1/users/{}", person.name),
            7 => "/api/v1/events?limit=20".to_owned(),
            8 => format!("/api/v1/requests/key-{}", self.dice.below(u64::from(self.op) + 1)),
            _ => self.transaction_path(),
        }
    }

    /// The newest of what the caller did under a key.
    fn transaction_path(&self) -> String {
        let all = self.sim.history.all();
        let mut own = all.iter().rev().filter(|one| {
            let asked = one.ask.who == Some(self.who) && one.ask.path == "/api/v1/transfers";
            asked && one.told.as_ref().is_some_and(|told| told.status == 200)
        });
        let told = own.next().and_then(|one| one.told.as_ref());
        match told.map(|told| told.text("/id")).filter(|id| !id.is_empty()) {
            Some(id) => format!("/api/v1/transactions/{id}"),
            None => "/api/v1/wallets".to_owned(),
        }
    }
}
