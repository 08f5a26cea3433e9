//! Fixtures in the words of the domain: three universes, their money, an item, a request.
//! What is decided about them, the tests of each module say.

use crate::{
    amount::{Amount, Money},
    catalogue::{Description, Item, ItemState, Quantity, Stock},
    commit::Commit,
    currency::{Currency, Scale},
    id::{EntryId, ItemId, UserId},
    ledger::{Entry, Fingerprint, Guard, Holder, Movement, Outcome, Posting},
    pair::{FeeBps, Pair, PairTerms},
    rate::{RateId, RateSource, RateVersion, SpreadBps, UnitsPerBase},
    time::Timestamp,
    universe::{Universe, UniverseId, Universes},
};

pub(crate) const ALICE: UserId = UserId::from_bits(1);
pub(crate) const BOB: UserId = UserId::from_bits(2);
pub(crate) const CAROL: UserId = UserId::from_bits(3);

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// A request of this user under a key of its own, decided at second 1000.
pub(crate) fn guard(actor: UserId) -> Guard {
    Guard {
        entry: EntryId::from_bits(10),
        actor,
        fingerprint: Fingerprint([7; 16]),
        request_id: "req-1".to_owned(),
        at: at(1000),
    }
}

pub(crate) fn units(text: &str) -> UnitsPerBase {
    text.parse().expect("a rate")
}

pub(crate) fn currency(code: &str, decimals: u8) -> Currency {
    let scale = Scale::new(decimals).expect("at most 8");
    Currency { code: code.parse().expect("a code"), scale }
}

/// A universe with two decimals and no spread, rated once at second 0 for ever.
pub(crate) fn universe(number: u32, name: &str, code: &str, per_base: &str) -> Universe {
    let id = UniverseId::new(number).expect("1 to 500");
    Universe {
        id,
        name: name.parse().expect("a name"),
        currency: currency(code, 2),
        rate: RateVersion {
            id: RateId { universe: id, version: 1 },
            units_per_base: units(per_base),
            spread: SpreadBps::default(),
            source: RateSource::Operator,
            observed_at: at(0),
            valid_until: None,
        },
        created_at: at(0),
    }
}

pub(crate) fn earth() -> Universe {
    universe(1, "Earth", "USD", "1")
}

pub(crate) fn mars() -> Universe {
    universe(2, "Mars", "MRC", "2.5")
}

pub(crate) fn venus() -> Universe {
    universe(3, "Venus", "VNC", "0.75")
}

pub(crate) fn all_three() -> Universes {
    Universes::new(vec![earth(), mars(), venus()])
}

impl Universe {
    /// The same with a spread.
    pub(crate) fn keeping(mut self, bps: u16) -> Self {
        self.rate.spread = SpreadBps::new(bps).expect("at most 1000");
        self
    }

    /// The same with a rate that lapses.
    pub(crate) fn lapsing(mut self, until: Timestamp) -> Self {
        self.rate.valid_until = Some(until);
        self
    }

    /// The same with a currency of this many decimals.
    pub(crate) fn with_decimals(mut self, decimals: u8) -> Self {
        self.currency.scale = Scale::new(decimals).expect("at most 8");
        self
    }

    /// Money of the universe's currency.
    pub(crate) fn money(&self, text: &str) -> Money {
        let amount = Amount::parse(text, self.currency.scale).expect("an amount");
        Money { amount, currency: self.currency }
    }
}

pub(crate) fn usd(text: &str) -> Money {
    earth().money(text)
}

pub(crate) fn mrc(text: &str) -> Money {
    mars().money(text)
}

pub(crate) fn vnc(text: &str) -> Money {
    venus().money(text)
}

/// MRC for USD: prices in cents, lots of 1.00 MRC, from 1.00 USD, fees of 10 and 20 basis points.
pub(crate) fn mrc_usd() -> Pair {
    let terms = PairTerms {
        price_scale: Scale::new(2).expect("at most 8"),
        tick: minor(1),
        lot: minor(100),
        min_notional: minor(100),
        maker_fee: FeeBps::new(10).expect("a fee"),
        taker_fee: FeeBps::new(20).expect("a fee"),
        collar_bps: 1_000,
    };
    Pair::new(mars().currency, earth().currency, terms, at(0)).expect("a pair")
}

pub(crate) fn minor(minor: i64) -> Amount {
    Amount::from_minor(minor).expect("in range")
}

pub(crate) fn pieces(count: u32) -> Quantity {
    Quantity::new(count).expect("1 to 1,000,000")
}

pub(crate) fn stock(count: u32) -> Stock {
    Stock::new(count).expect("at most 1,000,000,000")
}

/// Bob's helmet: five pieces on Mars at 10.00 MRC.
pub(crate) fn helmet() -> Item {
    Item {
        id: ItemId::from_bits(20),
        seller: BOB,
        universe: mars().id,
        currency: mars().currency,
        name: "Helmet".parse().expect("a name"),
        description: Description::default(),
        price: mrc("10.00").amount,
        stock: stock(5),
        sold: 0,
        listed: 5,
        state: ItemState::Active,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub(crate) fn posting(from: Holder, to: Holder, money: Money) -> Posting {
    Posting { from, to, money }
}

pub(crate) fn entry(commit: &Commit) -> &Entry {
    commit.entry().expect("a guarded commit")
}

pub(crate) fn movement(commit: &Commit) -> &Movement {
    match &entry(commit).outcome {
        Outcome::Moved(movement) => movement,
        other => panic!("no money moved: {other:?}"),
    }
}

pub(crate) fn postings(commit: &Commit) -> &[Posting] {
    movement(commit).postings.all()
}
