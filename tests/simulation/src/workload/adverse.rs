//! What clients do at the edges of the rules: the same key again, exactly all there is, one piece
//! more than there is, with oneself, and two things at once.

use app::ports::Clock;
use domain::time::Span;
use futures_util::future::join;
use serde_json::json;

use super::Act;
use crate::{
    history::Ask,
    town::{UNIVERSES, worth},
};

impl Act<'_> {
    /// One of these.
    pub async fn at_the_edge(&self) {
        match self.dice.below(100) {
            0..34 => self.again().await,
            34..46 => self.twins().await,
            46..53 => self.everything().await,
            53..60 => self.self_trade().await,
            60..68 => self.cancel_in_flight().await,
            68..74 => self.race().await,
            74..79 => self.amend_race().await,
            79..84 => self.quote_again().await,
            84..90 => self.extremes().await,
            90..95 => self.own_id_again().await,
            _ => self.venue_cancel().await,
        }
    }

    /// A request that was settled, once more: with its answer, or with another body.
    async fn again(&self) {
        let past = {
            let all = self.sim.history.all();
            let keyed: Vec<_> = all.iter().rev().filter(|one| one.ask.key.is_some()).collect();
            let some = keyed.len().min(200);
            (some > 0).then(|| keyed[self.dice.place(some)].clone())
        };
        let Some(past) = past else { return };
        let mut ask = past.ask;
        let other = self.dice.percent(20);
        if other && let Some(body) = ask.body.as_mut() {
            body["amount"] = "0.01".into();
            body["quantity"] = 3.into();
        }
        let _settled = self.settle(ask).await;
    }

    /// The same thing twice at once: it is done once.
    async fn twins(&self) {
        let ask = match self.dice.below(4) {
            0 => self.transfer(),
            1 => self.exchange(),
            2 => self.placement(),
            _ => {
                let offer = self.offer();
                let body = json!({"item_id": offer.id, "quantity": 1});
                self.ask("POST", "/api/v1/buy").key(self.key()).json(body)
            }
        };
        let placed = ask.clone();
        let (one, other) = join(self.settle(ask.clone()), self.settle(ask)).await;
        if one.is_success() && one.bytes != other.bytes {
            self.sim.complain(format!("I7: twins differ: {one:?} {other:?}"));
        }
        self.remember_order(&placed, &one);
    }

    /// All that is in a wallet, or a cent more.
    async fn everything(&self) {
        let person = self.sim.town.person(self.who);
        let code = UNIVERSES[person.home].1;
        let seen = self.settle(self.ask("GET", format!("/api/v1/wallets/{}", person.wallet(code))));
        let available = seen.await.text("/available");
        if available.trim_matches(['0', '.']).is_empty() {
            return;
        }
        // Much of it stays, so that there is something to trade with.
        let person_is_poor = self.who % 6 == 5;
        let amount = if person_is_poor { available } else { format!("9{available}") };
        let to = self.sim.town.person(self.other()).name;
        let body = json!({"to_user_id": to, "amount": amount});
        let ask = self.ask("POST", "/api/v1/transfers").key(self.key()).json(body);
        let _settled = self.settle(ask).await;
    }

    /// Buys from oneself: an item, and on the book.
    async fn self_trade(&self) {
        let own = {
            let known = self.sim.town.known();
            known.offers.iter().find(|offer| offer.seller == self.who).cloned()
        };
        if let Some(offer) = own.filter(|_| self.dice.percent(30)) {
            let body = json!({"item_id": offer.id, "quantity": 1});
            let ask = self.ask("POST", "/api/v1/buy").key(format!("{}-own", self.key()));
            let _settled = self.settle(ask.json(body)).await;
        }
        for side in ["sell", "buy"] {
            let ask = self.limit(side, "0.40", 5).key(format!("{}-{side}", self.key()));
            let told = self.settle(ask.clone()).await;
            self.remember_order(&ask, &told);
        }
    }

    /// An order at MRC-USD that may rest.
    fn limit(&self, side: &str, price: &str, quantity: u32) -> Ask {
        self.trader("POST", "/api/v1/orders").json(json!({
            "market": "MRC-USD", "side": side, "type": "limit", "price": price,
            "quantity": quantity.to_string(),
        }))
    }

    /// An order, and its cancellation before anybody knows what became of it.
    async fn cancel_in_flight(&self) {
        let ask = self.placement();
        let told = self.settle(ask.clone()).await;
        self.remember_order(&ask, &told);
        let id = [told.text("/id"), told.text("/order/id")].concat();
        if told.is_success() {
            let path = format!("/api/v1/orders/{id}");
            let _settled = self.settle(Ask { path, ..self.trader("DELETE", "") }).await;
        }
    }

    /// An order that rests at a good price, somebody who takes it, and its cancellation: all at
    /// once.
    async fn race(&self) {
        let maker = self.limit("sell", "0.39", 10).key(format!("{}-maker", self.key()));
        let told = self.settle(maker.clone()).await;
        self.remember_order(&maker, &told);
        let (Some(owner), true) = (maker.who, told.is_success()) else { return };
        let mut taker = self.limit("buy", "0.39", 10).key(format!("{}-taker", self.key()));
        taker.who = Some(1 + owner % 12);
        let path = format!("/api/v1/orders/{}", told.text("/id"));
        let cancel = self.settle(Ask::new(owner, "DELETE", path));
        let (taken, _cancelled) = join(self.settle(taker.clone()), cancel).await;
        self.remember_order(&taker, &taken);
    }

    /// Two changes of one order and its end at once.
    async fn amend_race(&self) {
        let ask = self.limit("buy", "0.37", 20).key(format!("{}-placed", self.key()));
        let told = self.settle(ask.clone()).await;
        self.remember_order(&ask, &told);
        let (Some(owner), true) = (ask.who, told.is_success()) else { return };
        let path = format!("/api/v1/orders/{}", told.text("/id"));
        let amended = |part: &str, body| {
            let key = format!("{}-{part}", self.key());
            self.settle(Ask::new(owner, "PATCH", path.clone()).key(key).json(body))
        };
        let less = amended("less", json!({"quantity": "10"}));
        let more = amended("more", json!({"quantity": "25", "price": "0.38"}));
        let both = join(less, more);
        if self.dice.percent(50) {
            let cancel = self.settle(Ask::new(owner, "DELETE", path.clone()));
            let _settled = join(both, cancel).await;
        } else {
            let _settled = both.await;
        }
    }

    /// A quote is used once, by whom it was made for, and in its time.
    async fn quote_again(&self) {
        let ask = self.ask("POST", "/api/v1/quotes").json(self.conversion());
        let quote = self.settle(ask).await;
        if !quote.is_success() {
            return;
        }
        let body = json!({"quote": quote.text("/id")});
        let used = |who: usize, part: &str| {
            let key = format!("{}-{part}", self.key());
            self.settle(Ask::new(who, "POST", "/api/v1/exchange").key(key).json(body.clone()))
        };
        if self.dice.percent(20) {
            self.sim.time.sleep(Span::seconds(31)).await;
            let late = used(self.who, "late").await;
            if late.is_success() {
                self.sim.complain(format!("a quote that has lapsed was used: {late:?}"));
            }
            return;
        }
        if used(self.other(), "other").await.is_success() {
            self.sim.complain(format!("a quote of another's was used: {body}"));
        }
        let (one, other) = join(used(self.who, "one"), used(self.who, "two")).await;
        if one.is_success() && other.is_success() {
            self.sim.complain(format!("a quote was used twice: {one:?} {other:?}"));
        }
    }

    /// The least and the most that there is.
    async fn extremes(&self) {
        let ask = match self.dice.below(5) {
            0 => {
                let to = self.sim.town.person(self.other()).name;
                let body = json!({"to_user_id": to, "amount": worth(self.home(), 0)});
                self.ask("POST", "/api/v1/transfers").json(body)
            }
            // A sixth of a cent is nothing.
            1 => self.ask("POST", "/api/v1/exchange").json(json!({
                "amount": worth(self.home(), 0),
                "from_universe_id": self.home() + 1,
                "to_currency": if self.home() == 3 { "USD" } else { "ZEN" },
            })),
            2 => {
                let mut ask = self.operation("DEPOSIT", 1);
                if let Some(body) = ask.body.as_mut() {
                    body["amount"] = "9000000000000".into();
                }
                Ask { key: None, ..ask }
            }
            3 => {
                let body = json!({"name": "Dear", "price": worth(self.home(), 90_000_000_000),
                    "stock": 1_000_000_000});
                self.ask("POST", "/api/v1/items").json(body)
            }
            _ => self.limit("buy", "0.01", 100),
        };
        let _settled = self.settle(ask.key(self.key())).await;
    }

    /// Two orders under one id of the client's own: one is placed.
    async fn own_id_again(&self) {
        let named = |part: &str, quantity: u32| {
            let mut ask = self.limit("sell", "0.44", quantity);
            if let Some(body) = ask.body.as_mut() {
                body["client_order_id"] = format!("same-{}", self.op).into();
            }
            // Without a key, the id is the guard.
            if part.is_empty() { ask } else { ask.key(format!("{}-{part}", self.key())) }
        };
        let keyless = self.dice.percent(50);
        let parts = if keyless { ["", ""] } else { ["one", "two"] };
        let same = if keyless { 5 } else { 6 };
        let (first, second) = (named(parts[0], 5), named(parts[1], same));
        let settled = join(self.settle(first.clone()), self.settle(second));
        let (one, other) = settled.await;
        self.remember_order(&first, if one.is_success() { &one } else { &other });
        let both = one.is_success() && other.is_success();
        if both && one.text("/id") != other.text("/id") {
            self.sim.complain(format!("one id, two orders: {one:?} {other:?}"));
        }
        let id = format!("/api/v1/orders/by-client-id/same-{}", self.op);
        let _seen = self.settle(self.trader("GET", id)).await;
    }

    async fn venue_cancel(&self) {
        let order = {
            let known = self.sim.town.known();
            let some = known.venue_orders.len();
            (some > 0).then(|| known.venue_orders[self.dice.place(some)].clone())
        };
        let Some((owner, order)) = order else { return };
        let path = format!("/api/v1/venues/nyx/orders/{order}");
        let _settled = self.settle(Ask::new(owner, "DELETE", path)).await;
    }
}
