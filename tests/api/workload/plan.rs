//! What a caller asks next, as the seed determines. How it is sent, and what it must come to,
//! is not known here.

use serde_json::{Value, json};
use testkit::entropy::SeededEntropy;

use super::ground::{CURRENCIES, Ground};

/// A request with an idempotency key, before it has one.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) body: Value,
    /// What must be remembered once it is done.
    pub(crate) effect: Effect,
}

/// What a request leaves that others may use.
#[derive(Clone)]
pub(crate) enum Effect {
    /// Money moved, no more.
    Moved,
    /// Someone's wares were sold.
    Sold { seller: usize },
    /// Wares are for sale.
    Listed { pieces: u32, price: String },
}

/// Numbers that a seed determines.
pub(crate) struct Dice(SeededEntropy);

impl Dice {
    pub(crate) fn new(seed: u64, person: usize) -> Self {
        let person = u64::try_from(person).expect("a small number");
        Self(SeededEntropy::new(seed.wrapping_mul(1_000).wrapping_add(person)))
    }

    /// From 0 to one less than `sides`.
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.0.next() % sides
    }

    /// One of `choices` places.
    pub(crate) fn place(&mut self, choices: usize) -> usize {
        let choices = u64::try_from(choices).expect("a small number");
        usize::try_from(self.below(choices)).expect("a small number")
    }

    /// Whether something happens that happens so many times in a hundred.
    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// What one person asks.
pub(crate) struct Plan<'a> {
    pub(crate) ground: &'a Ground,
    pub(crate) person: usize,
    pub(crate) dice: &'a mut Dice,
}

impl Plan<'_> {
    /// The next request that is meant in earnest.
    pub(crate) fn request(&mut self) -> Request {
        match self.dice.below(100) {
            0..22 => self.operation("DEPOSIT", 3_000),
            22..34 => self.operation("WITHDRAW", 500),
            34..54 => self.transfer(),
            54..68 => self.exchange(),
            68..90 => self.buy(),
            90..95 => self.refund().unwrap_or_else(|| self.operation("DEPOSIT", 100)),
            _ => self.listing(),
        }
    }

    fn home(&self) -> usize {
        self.ground.people[self.person].home
    }

    fn amount(&mut self, cents_max: u64) -> String {
        CURRENCIES[self.home()].amount(1 + self.dice.below(cents_max))
    }

    fn operation(&mut self, kind: &str, cents_max: u64) -> Request {
        let wallet = &self.ground.people[self.person].caller.wallet;
        let path = format!("/api/v1/wallets/{wallet}/operation");
        let body = json!({"operation_type": kind, "amount": self.amount(cents_max)});
        Request { path, body, effect: Effect::Moved }
    }

    /// Half of all transfers go to the first two people; none goes to oneself.
    fn transfer(&mut self) -> Request {
        let people = if self.dice.percent(50) { 2 } else { self.ground.people.len() };
        let chosen = self.dice.place(people);
        let to = if chosen == self.person { (chosen + 1) % 3 } else { chosen };
        let body = json!({
            "to_user_id": self.ground.people[to].caller.name, "amount": self.amount(1_000),
        });
        Request { path: "/api/v1/transfers".to_owned(), body, effect: Effect::Moved }
    }

    /// Between the home universe's currency and any other, with something in it at least.
    fn exchange(&mut self) -> Request {
        let path = "/api/v1/exchange".to_owned();
        Request { path, body: self.conversion(), effect: Effect::Moved }
    }

    /// The body of an exchange or of a quote.
    pub(crate) fn conversion(&mut self) -> Value {
        let (from, step) = (self.home(), 1 + self.dice.place(CURRENCIES.len() - 1));
        let to = (from + step) % CURRENCIES.len();
        let amount = CURRENCIES[from].amount(50 + self.dice.below(1_500));
        json!({
            "amount": amount,
            "from_universe_id": from + 1,
            "to_currency": CURRENCIES[to].code,
        })
    }

    /// A third of all purchases are of the first item, which is scarce.
    fn buy(&mut self) -> Request {
        let offers = self.ground.offers();
        let hot = self.dice.percent(33);
        let wanted = if hot { 0 } else { self.dice.place(offers.len()) };
        let own = offers[wanted].seller == self.person;
        let offer = if own { &offers[(wanted + 1) % 5] } else { &offers[wanted] };
        let pieces = 1 + self.dice.below(2);
        let mut body = json!({"item_id": offer.id, "quantity": pieces});
        if self.dice.percent(15) {
            body["expected_unit_price"] = offer.price.clone().into();
        }
        if self.dice.percent(15) {
            body["max_pay"] = CURRENCIES[self.home()].amount(2_000).into();
        }
        let effect = Effect::Sold { seller: offer.seller };
        Request { path: "/api/v1/buy".to_owned(), body, effect }
    }

    /// One in ten is asked again under another key.
    fn refund(&mut self) -> Option<Request> {
        let again = self.dice.percent(10);
        let purchase = self.ground.sale_of(self.person, again)?;
        let path = format!("/api/v1/transactions/{purchase}/refund");
        let body = json!({"restock": self.dice.percent(50)});
        Some(Request { path, body, effect: Effect::Moved })
    }

    fn listing(&mut self) -> Request {
        let price = self.amount(400);
        let body = json!({"name": "Odds and ends", "price": price, "stock": 40});
        let effect = Effect::Listed { pieces: 40, price };
        Request { path: "/api/v1/items".to_owned(), body, effect }
    }

    /// A body that the rules are never asked about.
    pub(crate) fn spoil(&mut self, request: &Request) -> Request {
        let mut spoilt = request.clone();
        match self.dice.below(3) {
            0 => spoilt.body["amount"] = "-1".into(),
            1 => spoilt.body["amount"] = "0.000000001".into(),
            _ => spoilt.body["surplus"] = true.into(),
        }
        spoilt.effect = Effect::Moved;
        spoilt
    }
}
