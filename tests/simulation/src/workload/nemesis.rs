//! What clients do against the rules, and what operators do in the middle of it all.

use serde_json::json;

use super::Act;
use crate::{
    history::Ask,
    town::{MARKETS, UNIVERSES},
};

impl Act<'_> {
    /// One of these.
    pub async fn against_the_rules(&self) {
        match self.dice.below(100) {
            0..20 => self.spoilt().await,
            20..40 => self.foreign().await,
            40..55 => self.void().await,
            55..70 => self.new_rate().await,
            70..80 => self.cancel_all().await,
            80..90 => self.cancel_after().await,
            _ => self.look().await,
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

    /// What is somebody else's.
    async fn foreign(&self) {
        let other = self.sim.town.person(self.other());
        let order = self.recent_order().filter(|(owner, _)| *owner != self.who);
        let path = match (self.dice.below(2), order) {
            (0, Some((_, order))) => format!("/api/v1/orders/{order}"),
            _ => format!("/api/v1/wallets/{}", other.wallet(UNIVERSES[other.home].1)),
        };
        let told = self.settle(self.ask("GET", path.clone())).await;
        if told.status != 404 {
            self.sim.complain(format!("I13: {path} was shown to {}: {told:?}", self.who));
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
}
