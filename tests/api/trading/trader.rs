//! One trader: places orders of all kinds, changes and cancels them, and sends everything again
//! with the same key until it is certain. Knows which answers there may be.

use std::{collections::BTreeSet, sync::Arc};

use domain::time::Span;
use serde_json::{Value, json};
use tests::{Answered, Ask};

use super::hall::{Hall, PITS, Pit};
use crate::workload::Dice;

/// How often a request is sent before the store's faults are taken for a bug.
const TRIES_MAX: usize = 60;

/// A trader of the hall.
pub(crate) struct Trader {
    hall: Arc<Hall>,
    index: usize,
    dice: Dice,
    keys: u64,
    /// Requests with a key and their answers.
    past: Vec<(Ask, Answered)>,
    orders: Vec<String>,
}

/// Whether an answer is one of these: a status, and the code if it is a problem.
#[track_caller]
fn expect_one_of(answer: &Answered, allowed: &[(u16, &str)]) {
    let code = if answer.status < 300 { "" } else { answer.body["code"].as_str().unwrap_or("?") };
    assert!(allowed.contains(&(answer.status, code)), "{} {}", answer.status, answer.body);
}

impl Trader {
    pub(crate) fn new(hall: Arc<Hall>, index: usize, seed: u64) -> Self {
        let dice = Dice::new(seed, index);
        Self { hall, index, dice, keys: 0, past: Vec::new(), orders: Vec::new() }
    }

    /// The ids of all orders that were accepted.
    pub(crate) fn orders(self) -> BTreeSet<String> {
        self.orders.into_iter().collect()
    }

    /// Asks one thing.
    pub(crate) async fn step(&mut self) {
        self.hall.world.pass(Span::millis(10));
        match self.dice.below(100) {
            0..64 => self.place().await,
            64..76 => self.cancel().await,
            76..86 => self.amend().await,
            86..88 => self.cancel_all().await,
            88..91 => self.cancel_after().await,
            91..95 => self.replay().await,
            _ => self.twins().await,
        }
    }

    /// Sends until an answer is for good. No answer may be a bug.
    async fn send(&self, ask: Ask) -> Answered {
        for _ in 0..TRIES_MAX {
            let ask = ask.clone().bearer(&self.hall.token(self.index));
            let answer = self.hall.world.send(ask).await;
            assert_ne!(answer.status, 500, "{}", answer.body);
            if answer.body["retryable"] != Value::Bool(true) {
                return answer;
            }
            assert_eq!(answer.status, 503, "{}", answer.body);
        }
        panic!("nothing came of it in {TRIES_MAX} tries: {ask:?}");
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        format!("key-{}", self.keys)
    }

    fn pit(&mut self) -> &'static Pit {
        &PITS[self.dice.place(PITS.len())]
    }

    fn word(&mut self, words: &[&'static str]) -> &'static str {
        words[self.dice.place(words.len())]
    }

    /// A price of a market, in hundredths.
    fn price(&mut self, pit: &Pit) -> String {
        let hundredths = pit.around - pit.reach + self.dice.below(2 * pit.reach + 1);
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    }

    /// A request that places an order, with a key or an id of the trader's own, or with both.
    fn placement(&mut self) -> Ask {
        let pit = self.pit();
        let mut body = json!({
            "market": pit.market,
            "side": self.word(&["buy", "sell"]),
            "self_trade_prevention": self.word(&[
                "cancel_newest", "cancel_oldest", "cancel_both", "decrement_and_cancel",
            ]),
        });
        if self.dice.percent(85) {
            body["type"] = "limit".into();
            body["price"] = self.price(pit).into();
            body["quantity"] = (2 + self.dice.below(30)).to_string().into();
            body["time_in_force"] = self.word(&["GTC", "GTC", "GTC", "GTC", "IOC", "FOK"]).into();
            if body["time_in_force"] == "GTC" {
                body["post_only"] = self.dice.percent(15).into();
            }
        } else {
            body["type"] = "market".into();
            let by_funds = body["side"] == "buy" && self.dice.percent(50);
            let size = if by_funds { "funds" } else { "quantity" };
            body[size] = (2 + self.dice.below(20)).to_string().into();
        }
        let key = self.key();
        let named = self.dice.percent(40);
        if named {
            body["client_order_id"] = format!("own-{key}").into();
        }
        let ask = Ask::post("/api/v1/orders").json(&body);
        if named && self.dice.percent(50) { ask } else { ask.key(&key) }
    }

    fn settle(&mut self, ask: Ask, answer: Answered) {
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
            self.orders.push(answer.text("/id"));
        }
        self.past.push((ask, answer));
    }

    async fn place(&mut self) {
        let ask = self.placement();
        let answer = self.send(ask.clone()).await;
        self.settle(ask, answer);
    }

    /// The same order twice at once: it is placed once.
    async fn twins(&mut self) {
        let ask = self.placement();
        let (one, other) = tokio::join!(self.send(ask.clone()), self.send(ask.clone()));
        assert_eq!((one.status, &one.bytes), (other.status, &other.bytes));
        self.settle(ask, one);
    }

    async fn replay(&mut self) {
        if self.past.is_empty() {
            return;
        }
        let place = self.dice.place(self.past.len());
        let (ask, first) = self.past[place].clone();
        let again = self.send(ask).await;
        assert_eq!((again.status, &again.bytes), (first.status, &first.bytes));
    }

    /// One of the last orders, which may be over.
    fn recent(&mut self) -> Option<String> {
        let recent = self.orders.len().min(8);
        let place = (recent > 0).then(|| self.dice.place(recent))?;
        self.orders.iter().rev().nth(place).cloned()
    }

    async fn cancel(&mut self) {
        let Some(order) = self.recent() else { return };
        let path = match self.dice.below(4) {
            0 => format!("/api/v1/orders/cancel/{order}"),
            _ => format!("/api/v1/orders/{order}"),
        };
        let answer = self.send(Ask::new("DELETE", &path)).await;
        expect_one_of(&answer, &[(200, ""), (202, ""), (409, "order_closed")]);
    }

    async fn amend(&mut self) {
        let Some(order) = self.recent() else { return };
        let mut body = json!({});
        let which = self.dice.below(3);
        if which != 0 {
            // Of whichever market: a price far off is an order at the end of the book.
            body["price"] = self.price(&PITS[2]).into();
        }
        if which != 1 {
            body["quantity"] = (1 + self.dice.below(40)).to_string().into();
        }
        let path = format!("/api/v1/orders/{order}");
        let ask = Ask::new("PATCH", &path).key(&self.key()).json(&body);
        let answer = self.send(ask.clone()).await;
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
        self.past.push((ask, answer));
    }

    async fn cancel_all(&mut self) {
        let market = self.pit().market;
        let side = self.word(&["", "&side=buy", "&side=sell"]);
        let path = format!("/api/v1/orders?market={market}{side}");
        let answer = self.send(Ask::new("DELETE", &path)).await;
        expect_one_of(&answer, &[(200, ""), (202, "")]);
    }

    async fn cancel_after(&mut self) {
        let seconds = [0, 5, 10][self.dice.place(3)];
        let body = json!({"market": self.pit().market, "timeout_seconds": seconds});
        let ask = Ask::new("PUT", "/api/v1/orders/cancel-after").json(&body);
        expect_one_of(&self.send(ask).await, &[(200, "")]);
    }
}
