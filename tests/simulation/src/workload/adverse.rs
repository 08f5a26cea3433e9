//! What clients do at the edges of the rules: the same key again, exactly all there is, one piece
//! more than there is, with oneself, and two things at once.

use futures_util::future::join;
use serde_json::json;

use super::Act;
use crate::{history::Ask, town::UNIVERSES};

impl Act<'_> {
    /// One of these.
    pub async fn at_the_edge(&self) {
        match self.dice.below(100) {
            0..40 => self.again().await,
            40..55 => self.twins().await,
            55..65 => self.everything().await,
            65..75 => self.self_trade().await,
            75..90 => self.cancel_in_flight().await,
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
        let (one, other) = join(self.settle(ask.clone()), self.settle(ask)).await;
        if one.is_success() && one.bytes != other.bytes {
            self.sim.complain(format!("I7: twins differ: {one:?} {other:?}"));
        }
        if one.status == 201 && one.text("/id").starts_with("ord_") {
            let who = if self.who > 12 { 1 + self.who % 12 } else { self.who };
            self.sim.town.known().orders.push((who, one.text("/id")));
        }
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
        let (market, price) = ("MRC-USD", "0.40");
        for side in ["sell", "buy"] {
            let body = json!({
                "market": market, "side": side, "type": "limit", "price": price, "quantity": "5",
            });
            let ask = self.trader("POST", "/api/v1/orders").key(format!("{}-{side}", self.key()));
            let who = ask.who.unwrap_or_default();
            let told = self.settle(ask.json(body)).await;
            if told.status == 201 {
                self.sim.town.known().orders.push((who, told.text("/id")));
            }
        }
    }

    /// An order, and its cancellation before anybody knows what became of it.
    async fn cancel_in_flight(&self) {
        let ask = self.placement();
        let who = ask.who.unwrap_or_default();
        let told = self.settle(ask).await;
        if told.status == 201 {
            let path = format!("/api/v1/orders/{}", told.text("/id"));
            let _settled = self.settle(Ask::new(who, "DELETE", path)).await;
        }
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
