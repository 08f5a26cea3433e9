//! What clients do against the rules, and what operators do in the middle of it all.

use app::ports::Clock;
use domain::{time::Span, venue::Venue};
use serde_json::json;

use super::Act;
use crate::{
    history::Ask,
    sim::Sim,
    town::{MARKETS, READER, UNIVERSES, WRITER},
};

impl Act<'_> {
    /// One of these.
    pub async fn against_the_rules(&self) {
        match self.dice.below(100) {
            0..10 => self.spoilt().await,
            10..22 => self.foreign().await,
            22..32 => self.forbidden().await,
            32..44 => self.void().await,
            44..58 => self.new_rate().await,
            58..63 => self.rate_jump().await,
            63..72 => self.cancel_all().await,
            72..83 => self.cancel_after().await,
            83..86 => self.market_closes().await,
            86..89 => self.venue_closes().await,
            89..92 => self.found_more().await,
            92..94 => self.long_after().await,
            _ => self.audit().await,
        }
    }

    /// A body that the rules are never asked about.
    async fn spoilt(&self) {
        let mut ask = self.operation("DEPOSIT", 100);
        if let Some(body) = ask.body.as_mut() {
            match self.dice.below(3) {
                0 => body["amount"] = "-1".into(),
                1 => body["amount"] = "0.000000001".into(),
                _ => body["surplus"] = true.into(),
            }
        }
        let told = self.settle(ask).await;
        if told.status != 422 {
            self.sim.complain(format!("a spoilt body was answered {told:?}"));
        }
    }

    /// What is somebody else's, or was never there: both look alike.
    async fn foreign(&self) {
        let other = self.sim.town.person(self.other());
        let (order, sold, hook) = {
            let known = self.sim.town.known();
            let order = known.orders.last().filter(|(owner, _)| *owner != self.who).cloned();
            let sold = known.sales.last().filter(|(seller, _)| *seller != self.who).cloned();
            let hook = known.hooks.first().filter(|hook| hook.owner != self.who).cloned();
            (order.map(|it| it.1), sold.map(|it| it.1), hook.map(|it| it.id))
        };
        let order = order.unwrap_or_else(|| "ord_00000000000000000000000001".to_owned());
        let hook = hook.unwrap_or_else(|| "whk_00000000000000000000000001".to_owned());
        let sold = sold.unwrap_or_else(|| "txn_00000000000000000000000001".to_owned());
        let wallet = other.wallet(UNIVERSES[other.home].1);
        let (method, path) = match self.dice.below(8) {
            0 => ("GET", format!("/api/v1/orders/{order}")),
            1 => ("DELETE", format!("/api/v1/orders/{order}")),
            2 => ("GET", format!("/api/v1/orders/{order}/fills")),
            3 => ("GET", format!("/api/v1/webhooks/{hook}")),
            4 => ("POST", format!("/api/v1/webhooks/{hook}/rotate-secret")),
            5 => ("POST", format!("/api/v1/transactions/{sold}/refund")),
            6 => ("GET", format!("/api/v1/wallets/{wallet}/entries")),
            _ => ("GET", format!("/api/v1/wallets/{wallet}")),
        };
        let mut ask = self.ask(method, path.clone());
        if path.ends_with("/refund") {
            // The buyer sees the purchase; only its seller refunds it.
            ask = ask.key(self.key()).json(json!({"restock": true}));
        }
        let told = self.settle(ask).await;
        let hidden = told.status == 404 || (path.ends_with("/refund") && told.status == 403);
        if !hidden {
            self.sim.complain(format!("I13: {method} {path} by {}: {told:?}", self.who));
        }
    }

    /// What a token does not allow, and what is asked without one.
    async fn forbidden(&self) {
        let (mut ask, status) = match self.dice.below(6) {
            0 => (self.transfer(), 401),
            1 => (self.ask("GET", "/api/v1/wallets"), 401),
            2 => (Ask { who: Some(READER), ..self.transfer() }, 403),
            3 => (Ask::new(WRITER, "GET", "/api/v1/wallets"), 403),
            4 => {
                let body = json!({"units_per_base": "1"});
                (self.ask("PUT", "/api/v1/admin/universes/2/rate").json(body), 403)
            }
            _ => (self.ask("POST", "/api/v1/venues/nyx/reports").json(json!({})), 401),
        };
        if status == 401 {
            ask.who = None;
        }
        let told = self.settle(ask.clone()).await;
        if told.status != status {
            self.sim.complain(format!("I13: {status} was due to {ask:?}, not {told:?}"));
        }
    }

    /// A request, and at the same time its key is given up.
    async fn void(&self) {
        let ask = self.transfer();
        let path = format!("/api/v1/requests/{}/void", ask.key.clone().unwrap_or_default());
        let void = self.ask("POST", path);
        let (done, voided) = futures_util::future::join(self.settle(ask), self.settle(void)).await;
        let given_up = voided.status == 200;
        if given_up && done.is_success() {
            self.sim.complain(format!("I5: voided and done: {done:?} {voided:?}"));
        }
    }

    /// A rate rises or falls a little.
    async fn new_rate(&self) {
        let (universe, rate) = match self.dice.below(3) {
            0 => (2, format!("2.{}", self.dice.between(40, 60))),
            1 => (3, format!("0.{}", self.dice.between(70, 80))),
            _ => (4, self.dice.between(140, 160).to_string()),
        };
        let path = format!("/api/v1/admin/universes/{universe}/rate");
        let body = json!({"units_per_base": rate});
        let _settled = self.settle(Ask::new(0, "PUT", path).json(body)).await;
    }

    async fn cancel_all(&self) {
        let market = self.dice.pick(&MARKETS).0;
        let path = format!("/api/v1/orders?market={market}");
        let _settled = self.settle(self.trader("DELETE", path)).await;
    }

    async fn cancel_after(&self) {
        let seconds = self.dice.pick(&[0, 5, 10]);
        let market = self.dice.pick(&MARKETS).0;
        let body = json!({"market": market, "timeout_seconds": seconds});
        let ask = self.trader("PUT", "/api/v1/orders/cancel-after").json(body);
        let _settled = self.settle(ask).await;
    }

    /// A rate jumps: refused unless it is meant, and then it jumps back.
    async fn rate_jump(&self) {
        let path = "/api/v1/admin/universes/5/rate";
        let put = |body| self.settle(Ask::new(0, "PUT", path).json(body));
        if self.dice.percent(30) {
            let _refused = put(json!({"units_per_base": "0.002"})).await;
        }
        let _jumped = put(json!({"units_per_base": "0.0004", "confirm": true})).await;
        self.sim.time.sleep(self.sim.chaos.span(100, 500)).await;
        let _back = put(json!({"units_per_base": "0.00002", "confirm": true})).await;
    }

    /// A market is closed for a moment, or for new orders only.
    async fn market_closes(&self) {
        let market = self.dice.pick(&MARKETS).0;
        let closed = *self.dice.pick(&["halted", "cancel_only"]);
        let _closed = self.settle(status(market, closed)).await;
        self.sim.time.sleep(self.sim.chaos.span(100, 500)).await;
        if self.dice.percent(50) {
            let ask = self.placement();
            let told = self.settle(ask.clone()).await;
            self.remember_order(&ask, &told);
        }
        let _open = self.settle(status(market, "trading")).await;
    }

    /// Operators suspend the venue for a moment.
    async fn venue_closes(&self) {
        self.suspend(true).await;
        self.place_at_venue().await;
        self.suspend(false).await;
    }

    async fn suspend(&self, suspended: bool) {
        let store = self.sim.seam.plain();
        let there = store.venues().await.expect("readable");
        for venue in there {
            let version = venue.version + 1;
            let _written = store.put_venue(&Venue { suspended, version, ..venue }).await;
        }
    }

    /// A new universe, and a market of its currency.
    async fn found_more(&self) {
        let letters = [self.op / 676, self.op / 26, self.op]
            .map(|part| char::from(b'A' + u8::try_from(part % 26).unwrap_or(0)));
        let code: String = ['X'].into_iter().chain(letters).collect();
        let name = format!("World {}", self.op);
        let body = json!({"name": name, "currency": code, "units_per_base": "3"});
        let made = self.settle(Ask::new(0, "POST", "/api/v1/admin/universes").json(body)).await;
        if !made.is_success() {
            return;
        }
        let body = json!({
            "base": code, "quote": "USD", "tick_size": "0.01", "lot_size": "1.00",
            "min_notional": "1.00", "maker_fee_bps": 0, "taker_fee_bps": 0,
        });
        let _made = self.settle(Ask::new(0, "POST", "/api/v1/admin/markets").json(body)).await;
    }

    /// A request once more after what the store remembers of commits, and in some runs after
    /// hours: it is answered as it was.
    async fn long_after(&self) {
        let ask = self.transfer();
        let told = self.settle(ask.clone()).await;
        let minutes = if self.sim.plan.seed.is_multiple_of(16) { 90 } else { 11 };
        self.sim.time.sleep(Span::seconds(60 * minutes)).await;
        let again = self.settle(ask.clone()).await;
        if (told.status, &told.bytes) != (again.status, &again.bytes) {
            self.sim.complain(format!("I7: {minutes} min later: {ask:?} {told:?} {again:?}"));
        }
    }

    /// What the house and all users hold together, and what only operators see.
    async fn audit(&self) {
        let path = match self.dice.below(2) {
            0 => "/api/v1/audit/conservation".to_owned(),
            _ => format!("/api/v1/users/{}/trades", self.sim.town.person(self.who).name),
        };
        let _seen = self.settle(Ask::new(0, "GET", path)).await;
    }
}

impl Sim {
    /// Opens again what a request that came late has closed; whether all was open.
    pub async fn reopen(&self) -> bool {
        let mut open = true;
        for (market, ..) in MARKETS {
            let seen = Ask::new(0, "GET", format!("/api/v1/markets/{market}"));
            if self.settle(0, seen).await.text("/status") != "trading" {
                open = false;
                let _open = self.settle(0, status(market, "trading")).await;
            }
        }
        open
    }
}

/// A request of the administrator's that a market be so.
fn status(market: &str, status: &str) -> Ask {
    let path = format!("/api/v1/admin/markets/{market}/status");
    Ask::new(0, "PUT", path).json(json!({"status": status}))
}
