//! What callers of a workload share: the world, its people and items, and what is known of
//! every request so far.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use app::{market::entry_id, ports::Store};
use bytes::Bytes;
use domain::id::{EntryId, ItemId};
use serde_json::json;
use tests::{Answered, Ask, Caller, World};

/// Currencies by universe, from number 1; their decimals; and minor units that are worth one
/// US cent.
pub(crate) const CURRENCIES: [Worth; 5] = [
    Worth { code: "USD", decimals: 2, minor_per_cent: (1, 1) },
    Worth { code: "MRC", decimals: 2, minor_per_cent: (5, 2) },
    Worth { code: "VNC", decimals: 2, minor_per_cent: (3, 4) },
    Worth { code: "ZEN", decimals: 0, minor_per_cent: (3, 2) },
    Worth { code: "BTX", decimals: 8, minor_per_cent: (20, 1) },
];

/// A currency, and amounts of it that are worth as much as any other's.
pub(crate) struct Worth {
    pub(crate) code: &'static str,
    decimals: usize,
    minor_per_cent: (u64, u64),
}

impl Worth {
    /// An amount worth so many US cents, one minor unit at least.
    pub(crate) fn amount(&self, cents: u64) -> String {
        let (times, over) = self.minor_per_cent;
        let minor = (cents * times / over).max(1);
        if self.decimals == 0 {
            return minor.to_string();
        }
        let digits = format!("{minor:0>width$}", width = self.decimals + 1);
        let (whole, rest) = digits.split_at(digits.len() - self.decimals);
        format!("{whole}.{rest}")
    }
}

/// Every sixth person begins with six dollars, all others with a thousand.
const POOR_EACH: usize = 6;

/// A person of the workload.
pub(crate) struct Person {
    pub(crate) caller: Caller,
    /// Index into [`CURRENCIES`].
    pub(crate) home: usize,
}

/// An item for sale.
#[derive(Clone)]
pub(crate) struct Offer {
    pub(crate) id: String,
    /// Index of the person who sells it.
    pub(crate) seller: usize,
    pub(crate) listed: u32,
    pub(crate) price: String,
}

/// What is known of a key.
#[derive(Clone)]
pub(crate) enum Known {
    /// Done or refused for good, with this status and body.
    Settled { status: u16, body: Bytes },
    /// Given up before anything came of it.
    Voided,
    /// Refused before the rules were asked: it must have left nothing.
    Nothing,
}

/// How many requests were asked in earnest, and how many of them were done.
#[derive(Default)]
pub(crate) struct Earnest {
    pub(crate) asked: u64,
    pub(crate) done: u64,
}

/// What all callers share.
pub(crate) struct Ground {
    pub(crate) world: World,
    pub(crate) people: Vec<Person>,
    items: Mutex<Vec<Offer>>,
    sales: Mutex<Vec<(usize, String)>>,
    keys: Mutex<BTreeMap<(usize, String), Known>>,
    earnest: Mutex<Earnest>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ground {
    /// Five universes, so many people with money, six items, one of them scarce and wanted.
    pub(crate) async fn prepare(people: usize) -> Self {
        let world = World::new().await;
        let admin = world.admin().await;
        for (name, worth, rate, spread) in
            [("Zen", &CURRENCIES[3], "150", 50), ("Bits", &CURRENCIES[4], "0.00002", 100)]
        {
            let body = json!({
                "name": name, "currency": worth.code, "decimals": worth.decimals,
                "units_per_base": rate, "spread_bps": spread,
            });
            let ask = Ask::post("/api/v1/admin/universes").by(&admin).json(&body);
            world.send(ask).await.expect_status(201);
        }
        let mut ground = Self {
            world,
            people: Vec::new(),
            items: Mutex::default(),
            sales: Mutex::default(),
            keys: Mutex::default(),
            earnest: Mutex::default(),
        };
        for index in 0..people {
            ground.settle(index).await;
        }
        for (seller, stock) in [(0, 40), (1, 5_000), (2, 5_000), (3, 5_000), (4, 5_000), (5, 9)] {
            ground.stock(seller, stock).await;
        }
        ground
    }

    /// A person with money.
    async fn settle(&mut self, index: usize) {
        let home = index % CURRENCIES.len();
        let universe = u32::try_from(home + 1).expect("a small number");
        let caller = self.world.trader(&format!("caller_{index}"), universe).await;
        let path = format!("/api/v1/wallets/{}/operation", caller.wallet);
        let cents = if index % POOR_EACH == POOR_EACH - 1 { 600 } else { 100_000 };
        let amount = CURRENCIES[home].amount(cents);
        let body = json!({"operation_type": "DEPOSIT", "amount": amount});
        let ask = Ask::post(&path).by(&caller).key("funds").json(&body);
        let answer = self.world.send(ask).await;
        self.people.push(Person { caller, home });
        self.know(index, "funds", Known::of(answer.expect_status(200)));
    }

    /// An item of a person's at three dollars.
    async fn stock(&self, seller: usize, stock: u32) {
        let person = &self.people[seller];
        let price = CURRENCIES[person.home].amount(300);
        let body = json!({"name": format!("Ware {seller}"), "price": price, "stock": stock});
        let key = format!("ware-{stock}");
        let ask = Ask::post("/api/v1/items").by(&person.caller).key(&key).json(&body);
        let answer = self.world.send(ask).await;
        let id = answer.expect_status(201).text("/id");
        self.know(seller, &key, Known::of(&answer));
        self.offer(Offer { id, seller, listed: stock, price });
    }

    /// The store itself, before anything is wrapped around it.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.world.context.market.store)
    }

    pub(crate) fn know(&self, person: usize, key: &str, known: Known) {
        lock(&self.keys).insert((person, key.to_owned()), known);
    }

    /// All keys so far, in order.
    pub(crate) fn keys(&self) -> BTreeMap<(usize, String), Known> {
        lock(&self.keys).clone()
    }

    pub(crate) fn offer(&self, offer: Offer) {
        lock(&self.items).push(offer);
    }

    pub(crate) fn offers(&self) -> Vec<Offer> {
        lock(&self.items).clone()
    }

    /// Remembers a purchase, for its seller to refund.
    pub(crate) fn sold(&self, seller: usize, purchase: String) {
        lock(&self.sales).push((seller, purchase));
    }

    /// A purchase of a person's wares; it is forgotten unless it shall be refunded twice.
    pub(crate) fn sale_of(&self, seller: usize, keep: bool) -> Option<String> {
        let mut sales = lock(&self.sales);
        let place = sales.iter().position(|(known, _)| *known == seller)?;
        if keep { Some(sales[place].1.clone()) } else { Some(sales.swap_remove(place).1) }
    }

    /// Counts a request that was meant in earnest.
    pub(crate) fn count(&self, done: bool) {
        let mut earnest = lock(&self.earnest);
        earnest.asked += 1;
        earnest.done += u64::from(done);
    }

    pub(crate) fn earnest(&self) -> Earnest {
        std::mem::take(&mut *lock(&self.earnest))
    }

    /// The journal entry that a person's key has or would have.
    pub(crate) fn entry_id(&self, person: usize, key: &str) -> EntryId {
        entry_id(self.people[person].caller.id, key)
    }
}

impl Offer {
    pub(crate) fn item_id(&self) -> ItemId {
        self.id.parse().expect("an item's id")
    }
}

impl Known {
    /// What an answer says about its key.
    pub(crate) fn of(answer: &Answered) -> Self {
        let code = answer.body["code"].as_str().unwrap_or_default();
        match (answer.status, code) {
            (200 | 201, _) => Self::Settled { status: answer.status, body: answer.bytes.clone() },
            (409, "request_voided") => Self::Voided,
            (404, _) | (422, "validation_failed") => Self::Nothing,
            (400 | 403 | 409 | 422, _) => {
                Self::Settled { status: answer.status, body: answer.bytes.clone() }
            }
            _ => panic!("not an answer for good: {} {}", answer.status, answer.body),
        }
    }
}
