//! Who is in a simulated market when it opens: universes, markets, a venue, people with money,
//! and what they sell.

use std::sync::{Mutex, MutexGuard, PoisonError};

use app::{
    identity::{SignUp, register},
    market::Market,
    pairs::create_pair,
    ports::Clock,
    universes::create_universe,
};
use domain::{
    amount::Amount,
    currency::{Currency, Scale},
    id::{UserId, WalletId},
    identity::Role,
    pair::{FeeBps, PairTerms},
    rate::SpreadBps,
    time::Timestamp,
    universe::{NewUniverse, UniverseId},
    venue::Venue,
};
use edge::auth::{
    access_token::Principal,
    scopes::{Scope, Scopes},
};
use std::sync::Arc;
use testkit::{
    builders::{market_by, nyx},
    doorbell::RecordingDoorbell,
};

use crate::sim::Sim;

/// How many people there are; the first is the administrator.
pub const PEOPLE: usize = 25;
/// How many of them, from the second on, everybody deals with.
pub const HOT: usize = 4;

/// The place of somebody whose tokens only let them see.
pub const READER: usize = PEOPLE;
/// The place of somebody whose tokens only let them trade.
pub const WRITER: usize = PEOPLE + 1;

/// A universe: name, currency, decimals, rate, spread in basis points, and minor units that are
/// worth a US cent, as a fraction.
pub type Place = (&'static str, &'static str, u8, &'static str, u16, (u64, u64));

/// Universes from number 1.
pub const UNIVERSES: [Place; 5] = [
    ("Earth", "USD", 2, "1", 0, (1, 1)),
    ("Mars", "MRC", 2, "2.5", 0, (5, 2)),
    ("Venus", "VNC", 2, "0.75", 25, (3, 4)),
    ("Zen", "ZEN", 0, "150", 50, (3, 2)),
    ("Bits", "BTX", 8, "0.00002", 100, (20, 1)),
];

/// The markets, and around how many ticks their prices are.
pub const MARKETS: [(&str, &str, &str, u64); 2] =
    [("MRC-USD", "MRC", "USD", 40), ("VNC-USD", "VNC", "USD", 133)];

/// Somebody.
#[derive(Debug, Clone)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// `usr_…`
    pub name: String,
    /// Index into [`UNIVERSES`].
    pub home: usize,
    /// What they are.
    pub role: Role,
    /// What their tokens let them do.
    pub scopes: Scopes,
}

impl Person {
    /// `wal_…` of a currency.
    ///
    /// # Panics
    /// If it is no currency's code.
    #[must_use]
    pub fn wallet(&self, code: &str) -> String {
        WalletId { owner: self.id, currency: code.parse().expect("a code") }.to_string()
    }
}

/// An item for sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// `itm_…`
    pub id: String,
    /// The seller's place among the people.
    pub seller: usize,
    /// Its price when it was listed.
    pub price: String,
    /// How many pieces were listed.
    pub listed: u32,
}

/// A webhook that is held to account in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// `whk_…`
    pub id: String,
    /// The place of whose it is.
    pub owner: usize,
    /// What its messages are signed with.
    pub secret: String,
    /// Where it leads.
    pub url: String,
    /// The number of its owner's last event before it was there.
    pub after: u64,
}

/// What clients know of one another, and tokens.
#[derive(Debug, Default)]
pub struct Known {
    /// Everybody.
    pub people: Vec<Person>,
    /// Access tokens and until when they are used.
    pub tokens: Vec<Option<(String, Timestamp)>>,
    /// What is for sale.
    pub offers: Vec<Offer>,
    /// Purchases: the seller's place, the purchase's id.
    pub sales: Vec<(usize, String)>,
    /// Orders by their owner's place: market, order.
    pub orders: Vec<(usize, String)>,
    /// Orders at the venue by their owner's place.
    pub venue_orders: Vec<(usize, String)>,
    /// Webhooks.
    pub hooks: Vec<Hook>,
}

/// A town.
#[derive(Debug, Default)]
pub struct Town(Mutex<Known>);

impl Town {
    /// What is known.
    pub fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody is there from now on; their place.
    pub fn settle(&self, person: Person) -> usize {
        let mut known = self.known();
        known.people.push(person);
        known.tokens.push(None);
        known.people.len() - 1
    }

    /// Somebody by their place.
    #[must_use]
    pub fn person(&self, place: usize) -> Person {
        self.known().people[place].clone()
    }

    /// Everybody's id.
    #[must_use]
    pub fn users(&self) -> Vec<UserId> {
        self.known().people.iter().map(|person| person.id).collect()
    }
}

/// An amount of a universe's currency that is worth so many US cents, one minor unit at least.
#[must_use]
pub fn worth(universe: usize, cents: u64) -> String {
    let (_, _, decimals, _, _, (times, over)) = UNIVERSES[universe];
    let minor = (cents * times / over).max(1);
    let decimals = usize::from(decimals);
    if decimals == 0 {
        return minor.to_string();
    }
    let digits = format!("{minor:0>width$}", width = decimals + 1);
    let (whole, rest) = digits.split_at(digits.len() - decimals);
    format!("{whole}.{rest}")
}

fn terms() -> PairTerms {
    let amount = |minor| Amount::from_minor(minor).expect("an amount");
    PairTerms {
        price_scale: Scale::new(2).expect("a scale"),
        tick: amount(1),
        lot: amount(100),
        min_notional: amount(100),
        maker_fee: FeeBps::new(10).expect("a fee"),
        taker_fee: FeeBps::new(20).expect("a fee"),
        collar_bps: 1_000,
    }
}

impl Sim {
    /// Founds the town, over a store that does not fail.
    ///
    /// # Panics
    /// If anything is refused.
    pub async fn found(&self) {
        self.found_small(WRITER + 1).await;
        self.hang_hooks().await;
        for (seller, stock) in [(1, 40), (2, 100_000), (3, 100_000), (4, 60), (5, 9)] {
            self.stock(seller, stock).await;
        }
    }

    /// Founds a town of the first so many people, who sell nothing yet.
    ///
    /// # Panics
    /// If anything is refused.
    pub async fn found_small(&self, people: usize) {
        let bell = Arc::new(RecordingDoorbell::default());
        let market = market_by(self.seam.plain(), Arc::new(self.time.clone()), bell);
        for (name, code, decimals, rate, spread, _) in UNIVERSES {
            let wanted = NewUniverse {
                name: name.parse().expect("a name"),
                currency: Currency {
                    code: code.parse().expect("a code"),
                    scale: Scale::new(decimals).expect("a scale"),
                },
                units_per_base: rate.parse().expect("a rate"),
                spread: SpreadBps::new(spread).expect("a spread"),
            };
            create_universe(&market, &wanted).await.expect("a universe");
        }
        for (_, base, quote, _) in MARKETS {
            let [base, quote] = [base, quote].map(|code| code.parse().expect("a code"));
            create_pair(&market, base, quote, terms()).await.expect("a market");
        }
        let venue = Venue { concurrency_max: 64, rate_max: 5_000, ..nyx() };
        assert!(self.seam.plain().put_venue(&venue).await.expect("written"));
        for place in 0..people {
            self.settle_down(&market, place).await;
        }
    }

    async fn settle_down(&self, market: &Market, place: usize) {
        let home = place % UNIVERSES.len();
        let name = format!("person_{place}");
        let role = if place == 0 { Role::Admin } else { Role::Trader };
        let wanted = SignUp {
            username: name.parse().expect("a name"),
            email: format!("{name}@example.com").parse().expect("an address"),
            home: UniverseId::new(u32::try_from(home + 1).expect("small")).expect("a universe"),
        };
        let user = register(market, wanted, "correct horse", role).await.expect("a user");
        let scopes = match place {
            READER => Scopes::of(&[Scope::Read]),
            WRITER => Scopes::of(&[Scope::Trade]),
            _ => Scopes::for_role(role),
        };
        self.town.settle(Person { id: user.id, name: user.id.to_string(), home, role, scopes });
        if place < PEOPLE {
            self.endow(place).await;
        }
    }

    /// An access token of somebody's, as clients have them: renewed before it lapses.
    #[must_use]
    pub fn token(&self, place: usize) -> String {
        let now = self.time.now();
        let mut known = self.town.known();
        if let Some((token, until)) = &known.tokens[place]
            && now < *until
        {
            return token.clone();
        }
        let person = &known.people[place];
        let home = UniverseId::new(u32::try_from(person.home + 1).unwrap_or(1));
        let principal =
            Principal { user: person.id, scopes: person.scopes, home: home.expect("a universe") };
        let token = self.tokens.issue(&principal, now);
        let until = now.plus(domain::time::Span::seconds(600));
        known.tokens[place] = Some((token.clone(), until));
        token
    }
}
