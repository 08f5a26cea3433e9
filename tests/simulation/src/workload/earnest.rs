//! What clients do in earnest: it is done unless others come between.

use serde_json::{Value, json};

use super::Act;
use crate::{
    history::{Ask, Told},
    town::{Offer, PEOPLE, UNIVERSES, worth},
};

impl Act<'_> {
    /// One of all that clients do.
    pub async fn in_earnest(&self) {
        match self.dice.below(100) {
            0..12 => drop(self.settle(self.operation("DEPOSIT", 3_000)).await),
            12..17 => drop(self.settle(self.operation("WITHDRAW", 300)).await),
            17..28 => drop(self.settle(self.transfer()).await),
            28..35 => drop(self.settle(self.exchange()).await),
            35..39 => self.exchange_by_quote().await,
            39..52 => self.buy().await,
            52..55 => self.refund().await,
            55..58 => self.list().await,
            58..60 => self.revise().await,
            60..78 => self.place().await,
            78..84 => self.change().await,
            84..87 => self.place_at_venue().await,
            87..89 => self.live().await,
            89..90 => self.preview().await,
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
            if self.dice.percent(25) {
                let path = format!("/api/v1/quotes/{}", quote.text("/id"));
                let _seen = self.settle(self.ask("GET", path)).await;
            }
            let body = json!({"quote": quote.text("/id")});
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
            let purchase = told.text("/id");
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
}
