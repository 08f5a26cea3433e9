//! What a client asks of three markets, as the seed determines, and which answers there may be.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testkit::entropy::SeededEntropy;

use crate::{
    MARKETS,
    client::{Address, Answer, Asked, Client},
};

/// What prices of each market are around, in hundredths.
const AROUND: [u64; 3] = [40, 133, 30];
const REACH: u64 = 4;

/// A trader at work.
pub(crate) struct Trader<'a> {
    client: Client<'a>,
    dice: SeededEntropy,
    keys: u32,
    past: Vec<(Asked, Answer)>,
    orders: Vec<String>,
}

/// What a trader has done.
pub(crate) struct Traded {
    /// The ids of the orders that were accepted.
    pub(crate) orders: BTreeSet<String>,
    /// Requests that a kill has cut short.
    pub(crate) cut_short: u32,
}

fn expect_one_of(answer: &Answer, allowed: &[(u16, &str)]) {
    let code = if answer.status < 300 { "" } else { answer.body["code"].as_str().unwrap_or("?") };
    assert!(allowed.contains(&(answer.status, code)), "{answer:?}");
}

impl<'a> Trader<'a> {
    pub(crate) fn new(address: &'a Address, token: &'a str, seed: u64) -> Self {
        let client = Client::new(address, token);
        let dice = SeededEntropy::new(seed);
        Self { client, dice, keys: 0, past: Vec::new(), orders: Vec::new() }
    }

    fn below(&mut self, sides: u64) -> u64 {
        self.dice.next() % sides
    }

    fn place_of(&mut self, choices: usize) -> usize {
        let sides = u64::try_from(choices).expect("few");
        usize::try_from(self.below(sides)).expect("few")
    }

    /// Asks one thing until it is certain what came of it.
    pub(crate) fn step(&mut self) {
        match self.below(100) {
            0..72 => self.place(),
            72..84 => self.cancel(),
            84..92 => self.amend(),
            92..95 => self.cancel_all(),
            _ => self.replay(),
        }
    }

    /// What was done; every request with a key is answered as it was.
    pub(crate) fn finish(mut self) -> Traded {
        for (asked, first) in std::mem::take(&mut self.past) {
            assert_eq!(self.client.send(&asked), first);
        }
        let Self { client, orders, .. } = self;
        Traded { orders: orders.into_iter().collect(), cut_short: client.cut_short }
    }

    fn keyed(&mut self, method: &'static str, path: String, body: Value) -> Asked {
        self.keys += 1;
        Asked { method, path, key: Some(format!("key-{}", self.keys)), body: Some(body) }
    }

    fn price(&mut self, market: usize) -> String {
        let hundredths = AROUND[market] - REACH + self.below(2 * REACH + 1);
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    }

    fn place(&mut self) {
        let market = self.place_of(MARKETS.len());
        let side = ["buy", "sell"][self.place_of(2)];
        let mut body = json!({"market": MARKETS[market], "side": side});
        body["quantity"] = (4 + self.below(20)).to_string().into();
        if self.below(10) == 0 {
            body["type"] = "market".into();
        } else {
            body["type"] = "limit".into();
            body["price"] = self.price(market).into();
            body["time_in_force"] = ["GTC", "GTC", "GTC", "IOC", "FOK"][self.place_of(5)].into();
        }
        let asked = self.keyed("POST", "/orders".to_owned(), body);
        let answer = self.client.send(&asked);
        expect_one_of(
            &answer,
            &[
                (201, ""),
                (400, "insufficient_funds"),
                (409, "no_reference_price"),
                (422, "below_min_notional"),
            ],
        );
        if answer.status == 201 {
            self.orders.push(answer.body["id"].as_str().expect("an id").to_owned());
        }
        self.past.push((asked, answer));
    }

    /// One of the last orders, which may be over.
    fn recent(&mut self) -> Option<String> {
        let recent = self.orders.len().min(5);
        let place = (recent > 0).then(|| self.place_of(recent))?;
        self.orders.iter().rev().nth(place).cloned()
    }

    fn cancel(&mut self) {
        let Some(order) = self.recent() else { return self.place() };
        let path = format!("/orders/{order}");
        let answer = self.client.send(&Asked { method: "DELETE", path, key: None, body: None });
        expect_one_of(&answer, &[(200, ""), (202, ""), (409, "order_closed")]);
    }

    fn amend(&mut self) {
        let Some(order) = self.recent() else { return self.place() };
        let body = json!({"quantity": (1 + self.below(30)).to_string()});
        let asked = self.keyed("PATCH", format!("/orders/{order}"), body);
        let answer = self.client.send(&asked);
        expect_one_of(
            &answer,
            &[
                (202, ""),
                (400, "insufficient_funds"),
                (409, "not_amendable"),
                (409, "order_closed"),
                (422, "below_min_notional"),
            ],
        );
        self.past.push((asked, answer));
    }

    fn cancel_all(&mut self) {
        let path = format!("/orders?market={}", MARKETS[self.place_of(MARKETS.len())]);
        let answer = self.client.send(&Asked { method: "DELETE", path, key: None, body: None });
        expect_one_of(&answer, &[(200, ""), (202, "")]);
    }

    fn replay(&mut self) {
        if self.past.is_empty() {
            return self.place();
        }
        let place = self.place_of(self.past.len());
        let (asked, first) = self.past[place].clone();
        assert_eq!(self.client.send(&asked), first);
    }
}
