//! What clients do in earnest: it is done unless others come between.

use serde_json::{Value, json};

use super::Act;
use crate::{
    history::{Ask, Told},
    town::{MARKETS, Offer, PEOPLE, UNIVERSES, worth},
};

impl Act<'_> {
    /// One of all that clients do.
    pub async fn in_earnest(&self) {
        match self.dice.below(100) {
            0..14 => drop(self.settle(self.operation("DEPOSIT", 3_000)).await),
            14..20 => drop(self.settle(self.operation("WITHDRAW", 300)).await),
            20..32 => drop(self.settle(self.transfer()).await),
            32..40 => drop(self.settle(self.exchange()).await),
            40..44 => self.exchange_by_quote().await,
            44..58 => self.buy().await,
            58..61 => self.refund().await,
            61..64 => self.list().await,
            64..66 => self.revise().await,
            66..84 => self.place().await,
            84..89 => self.change().await,
            89..92 => self.place_at_venue().await,
            _ => self.look().await,
        }
    }

    /// Puts money into one's own wallet, or takes some out.
    #[must_use]
    pub fn operation(&self, kind: &str, cents_max: u64) -> Ask {
        let person = self.sim.town.person(self.who);
        let code = UNIVERSES[person.home].1;
        let path = format!("/api/v1/wallets/{}/operation", person.wallet(code));
        let body = json!({"operation_type": kind, "amount": self.amount(cents_max)});
        self.ask("POST", path).key(self.key()).json(body)
    }

    /// Somebody else.
    #[must_use]
    pub fn other(&self) -> usize {
        let chosen = if self.dice.percent(50) {
            1 + self.dice.place(2)
        } else {
            1 + self.dice.place(PEOPLE - 1)
        };
        if chosen == self.who { 1 + chosen % (PEOPLE - 1) } else { chosen }
    }

    /// Sends somebody money.
    #[must_use]
    pub fn transfer(&self) -> Ask {
        let to = self.sim.town.person(self.other()).name;
        let body = json!({"to_user_id": to, "amount": self.amount(300)});
        self.ask("POST", "/api/v1/transfers").key(self.key()).json(body)
    }

    /// The body of an exchange, or of a quote.
    #[must_use]
    pub fn conversion(&self) -> Value {
        let from = self.home();
        let to = (from + 1 + self.dice.place(UNIVERSES.len() - 1)) % UNIVERSES.len();
        json!({
            "amount": worth(from, self.dice.between(50, 500)),
            "from_universe_id": from + 1,
            "to_currency": UNIVERSES[to].1,
        })
    }

    /// Changes money.
    #[must_use]
    pub fn exchange(&self) -> Ask {
        self.ask("POST", "/api/v1/exchange").key(self.key()).json(self.conversion())
    }

    async fn exchange_by_quote(&self) {
        let ask = self.ask("POST", "/api/v1/quotes").json(self.conversion());
        let quote = self.settle(ask).await;
        if quote.is_success() {
            let body = json!({"quote_id": quote.text("/quote_id")});
            let ask = self.ask("POST", "/api/v1/exchange").key(self.key()).json(body);
            let _settled = self.settle(ask).await;
        }
    }

    /// Something that somebody else sells: a third of the time the scarce one.
    #[must_use]
    pub fn offer(&self) -> Offer {
        let known = self.sim.town.known();
        let hot = self.dice.percent(20);
        let place = if hot { 0 } else { self.dice.place(known.offers.len()) };
        let own = known.offers[place].seller == self.who;
        known.offers[if own { (place + 1) % known.offers.len() } else { place }].clone()
    }

    async fn buy(&self) {
        let offer = self.offer();
        let mut body = json!({"item_id": offer.id, "quantity": self.dice.between(1, 2)});
        if self.dice.percent(15) {
            body["expected_unit_price"] = offer.price.clone().into();
        }
        if self.dice.percent(15) {
            body["max_pay"] = worth(self.home(), 2_000).into();
        }
        let told = self.settle(self.ask("POST", "/api/v1/buy").key(self.key()).json(body)).await;
        self.remember_purchase(&offer, &told);
    }

    /// What was bought may be refunded by its seller.
    pub fn remember_purchase(&self, offer: &Offer, told: &Told) {
        if told.is_success() {
            let purchase = told.text("/transaction_id");
            self.sim.town.known().sales.push((offer.seller, purchase));
        }
    }

    async fn refund(&self) {
        let sale = {
            let mut known = self.sim.town.known();
            let some = known.sales.len();
            (some > 0).then(|| known.sales.swap_remove(self.dice.place(some)))
        };
        let Some((seller, purchase)) = sale else { return };
        let path = format!("/api/v1/transactions/{purchase}/refund");
        let body = json!({"restock": self.dice.percent(50)});
        let ask = Ask::new(seller, "POST", path).key(self.key()).json(body);
        let _settled = self.settle(ask).await;
    }

    async fn list(&self) {
        let price = self.amount(400);
        let listed = u32::try_from(self.dice.between(1, 60)).unwrap_or(1);
        let body = json!({"name": "Odds and ends", "price": price, "stock": listed});
        let told = self.settle(self.ask("POST", "/api/v1/items").key(self.key()).json(body)).await;
        if told.is_success() {
            let offer = Offer { id: told.text("/id"), seller: self.who, price, listed };
            self.sim.town.known().offers.push(offer);
        }
    }

    /// Changes the price of one's own, by what one has seen of it.
    async fn revise(&self) {
        let offers = self.sim.town.known().offers.clone();
        let offer = self.dice.pick(&offers);
        let path = format!("/api/v1/items/{}", offer.id);
        let seen = self.settle(Ask::new(offer.seller, "GET", path.clone())).await;
        let home = self.sim.town.person(offer.seller).home;
        let price = worth(home, self.dice.between(100, 400));
        let mut ask = Ask::new(offer.seller, "PATCH", path).json(json!({"price": price}));
        ask.if_match = seen.etag;
        let _settled = self.settle(ask).await;
    }

    /// A request that places an order.
    #[must_use]
    pub fn placement(&self) -> Ask {
        let (market, _, _, around) = *self.dice.pick(&MARKETS);
        let ticks = self.dice.between(around - around / 8, around + around / 8);
        let mut body = json!({
            "market": market,
            "side": self.dice.pick(&["buy", "sell"]),
            "type": "limit",
            "price": format!("{}.{:02}", ticks / 100, ticks % 100),
            "quantity": self.dice.between(3, 30).to_string(),
            "time_in_force": self.dice.pick(&["GTC", "GTC", "GTC", "GTC", "IOC", "FOK"]),
            "self_trade_prevention": self.dice.pick(&[
                "cancel_newest", "cancel_oldest", "cancel_both", "decrement_and_cancel",
            ]),
        });
        if self.dice.percent(10) {
            body["type"] = "market".into();
            if let Some(body) = body.as_object_mut() {
                body.remove("price");
                body.remove("time_in_force");
            }
        } else if body["time_in_force"] == "GTC" {
            body["post_only"] = self.dice.percent(10).into();
        }
        if self.dice.percent(30) {
            body["client_order_id"] = format!("own-{}", self.op).into();
        }
        self.trader("POST", "/api/v1/orders").key(self.key()).json(body)
    }

    /// A request of somebody who has what is traded.
    #[must_use]
    pub fn trader(&self, method: &'static str, path: impl Into<String>) -> Ask {
        let who = if self.who > 12 { 1 + self.who % 12 } else { self.who };
        Ask::new(who, method, path)
    }

    async fn place(&self) {
        let ask = self.placement();
        let who = ask.who.unwrap_or_default();
        let told = self.settle(ask).await;
        if told.status == 201 {
            self.sim.town.known().orders.push((who, told.text("/id")));
        }
    }

    /// One of the last orders, which may be over.
    #[must_use]
    pub fn recent_order(&self) -> Option<(usize, String)> {
        let known = self.sim.town.known();
        let recent = known.orders.len().min(12);
        let place = (recent > 0).then(|| self.dice.place(recent))?;
        known.orders.iter().rev().nth(place).cloned()
    }

    async fn change(&self) {
        let Some((owner, order)) = self.recent_order() else { return };
        let path = format!("/api/v1/orders/{order}");
        let ask = if self.dice.percent(60) {
            Ask::new(owner, "DELETE", path)
        } else {
            let quantity = self.dice.between(3, 30).to_string();
            Ask::new(owner, "PATCH", path).key(self.key()).json(json!({"quantity": quantity}))
        };
        let _settled = self.settle(ask).await;
    }

    async fn place_at_venue(&self) {
        let side = if self.dice.percent(85) { "buy" } else { "sell" };
        let price = self.dice.between(9_900, 10_100);
        let body = json!({
            "side": side,
            "type": "limit",
            "instrument": "DOTUSDT00008",
            "quantity": self.dice.between(1, 5).to_string(),
            "limit_price": format!("{}.{:02}", price / 100, price % 100),
        });
        let ask = self.trader("POST", "/api/v1/venues/nyx/orders").key(self.key()).json(body);
        let who = ask.who.unwrap_or_default();
        let told = self.settle(ask).await;
        if told.status == 201 {
            self.sim.town.known().venue_orders.push((who, told.text("/id")));
        }
    }

    /// Looks at something.
    pub async fn look(&self) {
        let person = self.sim.town.person(self.who);
        let path = match self.dice.below(7) {
            0 => "/api/v1/wallets".to_owned(),
            1 => format!("/api/v1/markets/{}/book", self.dice.pick(&MARKETS).0),
            2 => "/api/v1/orders?limit=20".to_owned(),
            3 => format!("/api/v1/trades/{}", person.name),
            4 => "/api/v1/items?limit=10".to_owned(),
            5 => format!("/api/v1/wallets/{}/entries", person.wallet(UNIVERSES[person.home].1)),
            _ => format!("/api/v1/requests/key-{}", self.dice.below(u64::from(self.op) + 1)),
        };
        let _seen = self.settle(self.ask("GET", path)).await;
    }
}
