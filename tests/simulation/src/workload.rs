//! What clients do: most of it in earnest, a quarter of it at the edges of the rules, and the rest
//! against them. Each request is made up by its own chance and by what its client knows.

mod adverse;
mod earnest;
mod living;
mod looking;
mod nemesis;
mod provoke;
mod trading;

use serde_json::json;

use crate::{
    dice::Dice,
    history::{Ask, Told},
    sim::Sim,
    town::{HOT, Offer, PEOPLE, UNIVERSES, worth},
};

/// One operation of a plan at work.
pub struct Act<'a> {
    /// The market.
    pub sim: &'a Sim,
    /// Its number.
    pub op: u32,
    /// Its own chance.
    pub dice: Dice,
    /// The place of whoever acts.
    pub who: usize,
}

impl Sim {
    /// Carries an operation out.
    pub async fn act(&self, op: u32) {
        let dice = self.plan.dice(op);
        let who = somebody(&dice);
        let act = Act { sim: self, op, who, dice };
        match act.dice.below(100) {
            0..60 => act.in_earnest().await,
            60..85 => act.at_the_edge().await,
            85..95 => act.against_the_rules().await,
            _ => act.provoke().await,
        }
    }

    /// Money to begin with: every sixth has six dollars, all others a thousand; and some have
    /// what is traded.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn endow(&self, place: usize) {
        let person = self.town.person(place);
        let cents = if place % 6 == 5 { 600 } else { 1_000_000 };
        for (home, (_, code, ..)) in UNIVERSES.iter().enumerate() {
            let traded = home < 3 && place <= HOT + 8;
            if home != person.home && !traded {
                continue;
            }
            let path = format!("/api/v1/wallets/{}/operation", person.wallet(code));
            if home != person.home {
                let body = json!({"currency": code});
                let ask = Ask::new(place, "POST", "/api/v1/wallets/").json(body);
                let opened = self.settle(0, ask).await;
                assert!(opened.is_success(), "{opened:?}");
            }
            let body = json!({"operation_type": "DEPOSIT", "amount": worth(home, cents)});
            let ask = Ask::new(place, "POST", path).key(format!("endow-{code}")).json(body);
            let told = self.settle(0, ask).await;
            assert_eq!(told.status, 200, "{told:?}");
        }
    }

    /// An item at three dollars.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn stock(&self, seller: usize, pieces: u32) {
        let price = worth(self.town.person(seller).home, 300);
        let body = json!({"name": format!("Ware {seller}"), "price": price, "stock": pieces});
        let ask = Ask::new(seller, "POST", "/api/v1/items").key("ware").json(body);
        let told = self.settle(0, ask).await;
        assert_eq!(told.status, 201, "{told:?}");
        let offer = Offer { id: told.text("/id"), seller, price, listed: pieces };
        self.town.known().offers.push(offer);
    }
}

/// Half of all that is done, few do.
fn somebody(dice: &Dice) -> usize {
    if dice.percent(50) { 1 + dice.place(HOT) } else { 1 + dice.place(PEOPLE - 1) }
}

impl Act<'_> {
    /// The home universe of whoever acts.
    #[must_use]
    pub fn home(&self) -> usize {
        self.sim.town.person(self.who).home
    }

    /// A key that nobody else uses, except where the dice will.
    #[must_use]
    pub fn key(&self) -> String {
        format!("key-{}", self.op)
    }

    /// An amount of the home universe's currency of up to so many US cents.
    #[must_use]
    pub fn amount(&self, cents_max: u64) -> String {
        worth(self.home(), self.dice.between(1, cents_max))
    }

    /// A request of whoever acts.
    #[must_use]
    pub fn ask(&self, method: &'static str, path: impl Into<String>) -> Ask {
        Ask::new(self.who, method, path)
    }

    /// Asks until it is settled.
    pub async fn settle(&self, ask: Ask) -> Told {
        self.sim.settle(self.op, ask).await
    }
}
