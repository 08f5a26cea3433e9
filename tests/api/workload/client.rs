//! One caller: sends what its plan says, again with the same key while it is told to, and
//! knows at once whether an answer may be what it is.

use std::sync::Arc;

use domain::time::Span;
use serde_json::{Value, json};
use tests::{Answered, Ask};

use super::{
    ground::{CURRENCIES, Ground, Known, Offer},
    plan::{Dice, Effect, Plan, Request},
};

/// How often a request is sent before the store's faults are taken for a bug.
const TRIES_MAX: usize = 40;

/// A caller of the workload.
pub(crate) struct Client {
    ground: Arc<Ground>,
    person: usize,
    dice: Dice,
    /// Requests that are settled, with their keys and answers.
    past: Vec<(String, Request, Answered)>,
    keys: u64,
}

impl Client {
    pub(crate) fn new(ground: Arc<Ground>, person: usize, seed: u64) -> Self {
        Self { ground, person, dice: Dice::new(seed, person), past: Vec::new(), keys: 0 }
    }

    /// Asks one thing.
    pub(crate) async fn step(&mut self) {
        self.ground.world.pass(Span::millis(3));
        match self.dice.below(100) {
            0..10 => self.replay().await,
            10..15 => self.replay_with_another_body().await,
            15..18 => self.void_before().await,
            18..20 => self.void_after().await,
            20..23 => self.spoilt().await,
            23..30 => self.quoted().await,
            30..33 => self.reprice().await,
            33..38 => self.twins().await,
            38..46 => self.rush().await,
            _ => self.earnest().await,
        }
    }

    fn plan(&mut self) -> Plan<'_> {
        Plan { ground: &self.ground, person: self.person, dice: &mut self.dice }
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        format!("key-{}", self.keys)
    }

    fn ask(&self, request: &Request, key: &str) -> Ask {
        let caller = &self.ground.people[self.person].caller;
        Ask::post(&request.path).by(caller).key(key).json(&request.body)
    }

    /// Sends until an answer is for good. No answer may be a bug (promise I14).
    async fn send(&self, ask: Ask) -> Answered {
        for _ in 0..TRIES_MAX {
            let answer = self.ground.world.send(ask.clone()).await;
            assert_ne!(answer.status, 500, "{}", answer.body);
            if answer.body["retryable"] != Value::Bool(true) {
                return answer;
            }
            assert_eq!(answer.status, 503, "{}", answer.body);
        }
        panic!("nothing came of it in {TRIES_MAX} tries: {ask:?}");
    }

    /// Remembers what an answer says of its key and leaves for others.
    fn settle(&mut self, key: &str, request: Request, answer: Answered) {
        let known = Known::of(&answer);
        if matches!(known, Known::Settled { .. }) {
            if answer.status < 300 {
                self.leave(&request, &answer);
            }
            self.past.push((key.to_owned(), request, answer));
        }
        self.ground.know(self.person, key, known);
    }

    fn leave(&self, request: &Request, answer: &Answered) {
        match &request.effect {
            Effect::Moved => {}
            Effect::Sold { seller } => self.ground.sold(*seller, answer.text("/id")),
            Effect::Listed { pieces, price } => self.ground.offer(Offer {
                id: answer.text("/id"),
                seller: self.person,
                listed: *pieces,
                price: price.clone(),
            }),
        }
    }

    async fn earnest(&mut self) {
        let (request, key) = (self.plan().request(), self.key());
        let answer = self.send(self.ask(&request, &key)).await;
        self.ground.count(answer.status < 300);
        self.settle(&key, request, answer);
    }

    /// The same request twice at once: one effect, one answer.
    async fn twins(&mut self) {
        let (request, key) = (self.plan().request(), self.key());
        let ask = self.ask(&request, &key);
        let (one, other) = tokio::join!(self.send(ask.clone()), self.send(ask));
        assert_eq!((one.status, &one.bytes), (other.status, &other.bytes), "{key}");
        self.ground.count(one.status < 300);
        self.settle(&key, request, one);
    }

    /// Three requests at once, which may want the same money.
    async fn rush(&mut self) {
        let requests = [(); 3].map(|()| (self.plan().request(), self.key()));
        let [one, two, three] = requests.each_ref().map(|(request, key)| self.ask(request, key));
        let (one, two, three) = tokio::join!(self.send(one), self.send(two), self.send(three));
        for ((request, key), answer) in requests.into_iter().zip([one, two, three]) {
            self.ground.count(answer.status < 300);
            self.settle(&key, request, answer);
        }
    }

    /// A quote, and an exchange by it.
    async fn quoted(&mut self) {
        let caller = self.ground.people[self.person].caller.clone();
        let body = self.plan().conversion();
        let quote = self.send(Ask::post("/api/v1/quotes").by(&caller).json(&body)).await;
        if quote.status == 422 {
            assert_eq!(quote.text("/code"), "amount_too_small");
            return;
        }
        let body = json!({"quote": quote.expect_status(201).text("/id")});
        let path = "/api/v1/exchange".to_owned();
        let (request, key) = (Request { path, body, effect: Effect::Moved }, self.key());
        let answer = self.send(self.ask(&request, &key)).await;
        self.ground.count(answer.status < 300);
        self.settle(&key, request, answer);
    }

    /// A new price for a ware of one's own.
    async fn reprice(&mut self) {
        let offers = self.ground.offers();
        let Some(offer) = offers.iter().find(|offer| offer.seller == self.person) else { return };
        let person = &self.ground.people[self.person];
        let path = format!("/api/v1/items/{}", offer.id);
        let price = CURRENCIES[person.home].amount(280 + self.dice.below(40));
        let ask = Ask::new("PATCH", &path)
            .by(&person.caller)
            .header("if-match", "*")
            .json(&json!({"price": price}));
        let answer = self.send(ask).await;
        answer.expect_status(200);
        self.ground.count(true);
    }

    fn settled(&mut self) -> Option<(String, Request, Answered)> {
        let place = (!self.past.is_empty()).then(|| self.dice.place(self.past.len()))?;
        self.past.get(place).cloned()
    }

    async fn replay(&mut self) {
        let Some((key, request, first)) = self.settled() else { return };
        let again = self.send(self.ask(&request, &key)).await;
        assert_eq!((again.status, &again.bytes), (first.status, &first.bytes), "{key}");
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{key}");
    }

    async fn replay_with_another_body(&mut self) {
        let Some((key, mut request, _)) = self.settled() else { return };
        let caller = self.ground.people[self.person].caller.clone();
        request.path = format!("/api/v1/wallets/{}/operation", caller.wallet);
        let amount = 100_000 + self.dice.below(100_000);
        request.body = json!({"operation_type": "DEPOSIT", "amount": amount.to_string()});
        let answer = self.send(self.ask(&request, &key)).await;
        answer.expect_problem(422, "idempotency_key_reused");
    }

    /// Gives a key up, and then uses it all the same.
    async fn void_before(&mut self) {
        let (request, key) = (self.plan().request(), self.key());
        let caller = self.ground.people[self.person].caller.clone();
        let path = format!("/api/v1/requests/{key}/void");
        let voided = self.send(Ask::post(&path).by(&caller)).await;
        assert_eq!(voided.expect_status(200).text("/status"), "voided");
        let answer = self.send(self.ask(&request, &key)).await;
        answer.expect_problem(409, "request_voided");
        self.settle(&key, request, answer);
    }

    /// What has come to something cannot be given up.
    async fn void_after(&mut self) {
        let Some((key, _, first)) = self.settled() else { return };
        let caller = self.ground.people[self.person].caller.clone();
        let path = format!("/api/v1/requests/{key}/void");
        let answer = self.send(Ask::post(&path).by(&caller)).await;
        if first.status < 300 {
            answer.expect_problem(409, "already_committed");
            assert_eq!(answer.body["answer"], first.body);
        } else {
            assert_eq!(answer.expect_status(200).text("/status"), "refused");
        }
    }

    async fn spoilt(&mut self) {
        let request = self.plan().request();
        let (request, key) = (self.plan().spoil(&request), self.key());
        let answer = self.send(self.ask(&request, &key)).await;
        answer.expect_problem(422, "validation_failed");
        self.settle(&key, request, answer);
    }
}
