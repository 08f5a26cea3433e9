//! What brings out what is seldom: the last pieces, a price that has just changed, a key that two
//! principals use, a refund under two keys, a purse that is emptied twice, an order that takes a
//! whole crowd. Each is a small scene whose end is known, whatever fails in between.

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use super::Act;
use crate::{
    history::{Ask, Told},
    town::{UNIVERSES, worth},
};

/// How many orders one order takes: more than fit into one commit.
const CROWD: usize = 30;

impl Act<'_> {
    /// One of these.
    pub async fn provoke(&self) {
        match self.dice.below(100) {
            0..20 => self.last_pieces().await,
            20..40 => self.repriced().await,
            40..55 => self.one_key_of_two().await,
            55..70 => self.refund_twice().await,
            70..88 => self.empty_purse().await,
            _ => self.crowd().await,
        }
    }

    /// A key of this scene.
    fn key_of(&self, part: &str) -> String {
        format!("{}-{part}", self.key())
    }

    /// Lists so many pieces at a US dollar; the item's path, if it is listed.
    async fn listed(&self, pieces: u32) -> Option<String> {
        let body = json!({"name": "A scene", "price": worth(self.home(), 100), "stock": pieces});
        let ask = self.ask("POST", "/api/v1/items").key(self.key_of("list")).json(body);
        let told = self.settle(ask).await;
        (told.status == 201).then(|| told.text("/id"))
    }

    /// So many others, each once.
    fn others(&self, some: usize) -> impl Iterator<Item = usize> {
        let who = self.who;
        (1..25).filter(move |place| *place != who).skip(self.dice.place(8)).take(some)
    }

    async fn buy_one(&self, item: &str, who: usize, part: &str) -> Told {
        let body = json!({"item_id": item, "quantity": 1});
        let key = self.key_of(&format!("{part}-{who}"));
        self.settle(Ask::new(who, "POST", "/api/v1/buy").key(key).json(body)).await
    }

    /// More want a piece than there are.
    async fn last_pieces(&self) {
        let Some(item) = self.listed(2).await else { return };
        let buyers = self.others(5).map(|who| {
            let item = &item;
            async move { self.buy_one(item, who, "last").await.is_success() }
        });
        let sold = join_all(buyers).await.into_iter().filter(|sold| *sold).count();
        if sold > 2 {
            self.sim.complain(format!("I4: {sold} pieces sold of 2 of {item}"));
        }
    }

    /// What is bought once a new price is known costs the new price.
    async fn repriced(&self) {
        let Some(item) = self.listed(50).await else { return };
        let before: Vec<_> =
            self.others(6).map(|who| self.buy_one_of(item.clone(), who, "before")).collect();
        let _bought = join_all(before).await;
        let price = worth(self.home(), 150);
        let mut ask = self.ask("PATCH", format!("/api/v1/items/{item}"));
        ask = ask.json(json!({"price": price}));
        ask.if_match = Some("*".to_owned());
        if !self.settle(ask).await.is_success() {
            return;
        }
        for who in self.others(6) {
            let told = self.buy_one(&item, who, "after").await;
            if told.is_success() && told.text("/unit_price") != price {
                self.sim.complain(format!("I12: {item} was not sold at {price}: {told:?}"));
            }
        }
    }

    async fn buy_one_of(&self, item: String, who: usize, part: &str) -> Told {
        self.buy_one(&item, who, part).await
    }

    /// A key is its principal's own.
    async fn one_key_of_two(&self) {
        let deposit = |who: usize| {
            let person = self.sim.town.person(who);
            let wallet = person.wallet(UNIVERSES[person.home].1);
            let amount = worth(person.home, 100);
            let body = json!({"operation_type": "DEPOSIT", "amount": amount});
            let ask = Ask::new(who, "POST", format!("/api/v1/wallets/{wallet}/operation"));
            self.settle(ask.key(self.key_of("own")).json(body))
        };
        let (one, other) = join(deposit(self.who), deposit(self.other())).await;
        for told in [one, other] {
            if !told.is_success() {
                self.sim.complain(format!("I5: a key of one's own was answered {told:?}"));
            }
        }
    }

    /// A purchase is refunded once, under whatever keys.
    async fn refund_twice(&self) {
        let Some(item) = self.listed(3).await else { return };
        let bought = self.buy_one(&item, self.other(), "sold").await;
        if !bought.is_success() {
            return;
        }
        let path = format!("/api/v1/transactions/{}/refund", bought.text("/id"));
        let refund = |part: &str| {
            let ask = self.ask("POST", path.clone()).key(self.key_of(part));
            self.settle(ask.json(json!({"restock": true})))
        };
        let (one, other) = join(refund("one"), refund("other")).await;
        if one.is_success() && other.is_success() {
            self.sim.complain(format!("I5: refunded twice: {one:?} {other:?}"));
        }
    }

    /// All that somebody has is given away twice at once.
    async fn empty_purse(&self) {
        let poor = [5, 11, 17, 23][self.dice.place(4)];
        let person = self.sim.town.person(poor);
        let path = format!("/api/v1/wallets/{}", person.wallet(UNIVERSES[person.home].1));
        let seen = self.settle(Ask::new(poor, "GET", path)).await;
        let available = seen.text("/available");
        if available.trim_matches(['0', '.']).is_empty() {
            return;
        }
        let give = |part: &'static str| {
            let to = self.sim.town.person(1 + self.dice.place(4)).name;
            let body = json!({"to_user_id": to, "amount": available});
            let ask = Ask::new(poor, "POST", "/api/v1/transfers").key(self.key_of(part));
            self.settle(ask.json(body))
        };
        join(give("one"), give("other")).await;
    }

    /// Many small orders at one price, and one that takes most of them.
    async fn crowd(&self) {
        let order = |who: usize, side: &str, price: &str, quantity: usize| -> (usize, Value) {
            let body = json!({
                "market": "MRC-USD", "side": side, "type": "limit", "price": price,
                "quantity": quantity.to_string(),
            });
            (who, body)
        };
        let small = (0..CROWD + 4).map(|place| {
            let (who, body) =
                order([1, 2, 3, 4, 6, 7, 8, 9, 10, 12][place % 10], "sell", "0.41", 3);
            let ask = Ask::new(who, "POST", "/api/v1/orders");
            self.settle(ask.key(self.key_of(&format!("small-{place}"))).json(body))
        });
        let _placed = join_all(small).await;
        let (who, mut body) = order(13, "buy", "0.42", CROWD * 3);
        body["time_in_force"] = "IOC".into();
        let ask = Ask::new(who, "POST", "/api/v1/orders").key(self.key_of("large")).json(body);
        let _taken = self.settle(ask).await;
    }
}
