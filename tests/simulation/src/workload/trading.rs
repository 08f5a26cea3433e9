//! Orders as clients place and change them: on the market's own books, and at the venue.

use app::ports::Clock;
use domain::time::Span;
use serde_json::{Value, json};

use super::Act;
use crate::{
    history::{Ask, Told},
    town::{MARKETS, worth},
};

impl Act<'_> {
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
                if body["side"] == "buy" && self.dice.percent(50) {
                    body.remove("quantity");
                    let cents = self.dice.between(150, 2_000);
                    body.insert("funds".to_owned(), worth(0, cents).into());
                }
            }
        } else if body["time_in_force"] == "GTC" {
            body["post_only"] = self.dice.percent(10).into();
        }
        if self.dice.percent(30) {
            body["client_order_id"] = format!("own-{}", self.op).into();
        }
        // Older clients have a path of their own, and name the kind otherwise.
        if self.dice.percent(15) {
            let kind = body["type"].take();
            body["order_type"] = kind;
            if let Some(body) = body.as_object_mut() {
                body.remove("type");
            }
            return self.trader("POST", "/api/v1/orders/place").key(self.key()).json(body);
        }
        self.trader("POST", "/api/v1/orders").key(self.key()).json(body)
    }

    /// A request of somebody who has what is traded.
    #[must_use]
    pub fn trader(&self, method: &'static str, path: impl Into<String>) -> Ask {
        let who = if self.who > 12 { 1 + self.who % 12 } else { self.who };
        Ask::new(who, method, path)
    }

    /// Places an order.
    pub async fn place(&self) {
        let ask = self.placement();
        let told = self.settle(ask.clone()).await;
        self.remember_order(&ask, &told);
    }

    /// What was placed may be changed by its owner.
    pub fn remember_order(&self, ask: &Ask, told: &Told) {
        let Some(owner) = ask.who.filter(|_| told.is_success()) else { return };
        let id = [told.text("/id"), told.text("/order/id")].concat();
        if id.starts_with("ord_") {
            self.sim.town.known().orders.push((owner, id));
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

    /// Changes an order, or ends it.
    pub async fn change(&self) {
        let Some((owner, order)) = self.recent_order() else { return };
        let ask = match self.dice.below(100) {
            0..45 => Ask::new(owner, "DELETE", format!("/api/v1/orders/{order}")),
            45..60 => Ask::new(owner, "DELETE", format!("/api/v1/orders/cancel/{order}")),
            _ => self.amendment(owner, &order),
        };
        let _settled = self.settle(ask).await;
    }

    /// A request for another quantity, or another price, or both.
    #[must_use]
    pub fn amendment(&self, owner: usize, order: &str) -> Ask {
        let mut body = json!({"quantity": self.dice.between(3, 30).to_string()});
        if self.dice.percent(30) {
            body["price"] = format!("0.{}", self.dice.between(36, 44)).into();
        }
        let path = format!("/api/v1/orders/{order}");
        Ask::new(owner, "PATCH", path).key(self.key()).json(body)
    }

    /// What an order, a purchase, an exchange or a transfer would come to.
    pub async fn preview(&self) {
        let ask = match self.dice.below(3) {
            0 => {
                let mut ask = self.placement();
                ask.key = None;
                // Nothing is placed, so nothing has a name.
                if let Some(body) = ask.body.as_mut().and_then(Value::as_object_mut) {
                    body.remove("client_order_id");
                }
                ask.path = "/api/v1/orders/preview".to_owned();
                ask
            }
            1 => self.ask("POST", "/api/v1/simulate").json(json!({"exchange": self.conversion()})),
            _ => {
                let transfer = self.transfer().body;
                self.ask("POST", "/api/v1/simulate").json(json!({"transfer": transfer}))
            }
        };
        let _seen = self.settle(ask).await;
    }

    /// The time so many minutes from now.
    fn in_minutes(&self, minutes: u32) -> String {
        edge::wire::rfc3339(self.sim.time.now().plus(Span::seconds(minutes * 60)))
    }

    /// An order at the venue.
    pub async fn place_at_venue(&self) {
        let side = if self.dice.percent(85) { "buy" } else { "sell" };
        let price = self.dice.between(9_900, 10_100);
        let mut body = json!({
            "side": side,
            "type": "limit",
            "instrument": "DOTUSDT00008",
            "quantity": self.dice.between(1, 5).to_string(),
            "limit_price": format!("{}.{:02}", price / 100, price % 100),
            "valid_until": self.in_minutes(20),
        });
        let older = self.dice.percent(25);
        let path = if older { "/orders" } else { "/api/v1/venues/nyx/orders" };
        if older && let Some(body) = body.as_object_mut() {
            body.remove("valid_until");
        }
        let ask = self.trader("POST", path).key(self.key()).json(body);
        let who = ask.who.unwrap_or_default();
        let told = self.settle(ask).await;
        if told.status == 201 {
            let id = [told.text("/id"), told.text("/data/id")].concat();
            self.sim.town.known().venue_orders.push((who, id.clone()));
            if older {
                // It has no end of its own.
                self.sim.time.sleep(self.sim.chaos.span(500, 5_000)).await;
                let path = format!("/api/v1/venues/nyx/orders/{id}");
                let _settled = self.settle(Ask::new(who, "DELETE", path)).await;
            }
        }
    }
}
