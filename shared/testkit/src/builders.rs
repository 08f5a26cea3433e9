//! Fixtures in the words of the market: universes, traders, and a market over any store.
//! What is to be expected of them, each test says.
#![expect(clippy::expect_used, reason = "a fixture that is not valid is a defect of the test")]

use std::{future::Future, sync::Arc};

use app::{
    catalogue::ListItem,
    market::{Asked, Market, Ports, Settings, entry_id, fingerprint},
    money::Operate,
    perform::{Answer, perform},
    ports::{Clock, Doorbell, Ledger, Store},
};
use domain::{
    amount::{Amount, Money},
    catalogue::{Description, Item, ItemState, NewItem, Quantity, Stock},
    commit::{Commit, Write},
    currency::{Currency, Scale},
    id::{ItemId, OrderId, UserId},
    identity::{PasswordHash, Role, User, sign_up},
    ledger::Outcome,
    order::{Order, OrderKind, SelfTradePrevention, Side, Size, TimeInForce, Working},
    pair::{FeeBps, Lots, Pair, PairTerms, Ticks},
    rate::{RateId, RateSource, RateVersion, SpreadBps},
    time::Timestamp,
    universe::{Universe, UniverseId},
    venue::{Instrument, Listing, Venue},
    webhook::SealedSecret,
};

use crate::{
    clock::ManualClock,
    doorbell::RecordingDoorbell,
    entropy::SeededEntropy,
    passwords::PlainPasswords,
    tasks::{RecordingDeliveries, RecordingPlacements},
};

/// When fixtures begin: 2027-01-15T08:00:00Z.
#[must_use]
pub fn start() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

/// A universe whose currency has two decimals and no spread, rated once for ever.
///
/// # Panics
/// If an argument is not what its type in `domain` allows.
#[must_use]
pub fn universe(number: u32, name: &str, code: &str, units_per_base: &str) -> Universe {
    let id = UniverseId::new(number).expect("1 to 500");
    let currency =
        Currency { code: code.parse().expect("a code"), scale: Scale::new(2).expect("at most 8") };
    let rate = RateVersion {
        id: RateId { universe: id, version: 1 },
        units_per_base: units_per_base.parse().expect("a rate"),
        spread: SpreadBps::default(),
        source: RateSource::Operator,
        observed_at: start(),
        valid_until: None,
    };
    Universe { id, name: name.parse().expect("a name"), currency, rate, created_at: start() }
}

/// Universe 1, whose USD is the base unit.
#[must_use]
pub fn earth() -> Universe {
    universe(1, "Earth", "USD", "1")
}

/// Universe 2: 2.5 MRC are worth one USD.
#[must_use]
pub fn mars() -> Universe {
    universe(2, "Mars", "MRC", "2.5")
}

/// Universe 3: 0.75 VNC are worth one USD.
#[must_use]
pub fn venus() -> Universe {
    universe(3, "Venus", "VNC", "0.75")
}

/// Money of a universe's currency, as in `"4.00"`.
///
/// # Panics
/// If the text is not an amount.
#[must_use]
pub fn money(universe: &Universe, text: &str) -> Money {
    let amount = Amount::parse(text, universe.currency.scale).expect("an amount");
    Money { amount, currency: universe.currency }
}

/// Money of Earth.
#[must_use]
pub fn usd(text: &str) -> Money {
    money(&earth(), text)
}

/// Money of Mars.
#[must_use]
pub fn mrc(text: &str) -> Money {
    money(&mars(), text)
}

/// This many pieces.
///
/// # Panics
/// Unless there are 1 to [`Quantity::MAX`].
#[must_use]
pub fn pieces(count: u32) -> Quantity {
    Quantity::new(count).expect("1 to 1,000,000")
}

/// This many pieces in stock.
///
/// # Panics
/// If there are more than [`Stock::MAX`].
#[must_use]
pub fn stock(count: u32) -> Stock {
    Stock::new(count).expect("at most 1,000,000,000")
}

/// A trader of Earth; the same name is the same user.
///
/// # Panics
/// If it is not a user's name.
#[must_use]
pub fn trader(name: &str) -> User {
    let bits = name.bytes().fold(1_u128, |bits, byte| (bits << 8) | u128::from(byte));
    User {
        id: UserId::from_bits(bits),
        username: name.parse().expect("a name"),
        email: format!("{name}@earth.example").parse().expect("an address"),
        password_hash: PasswordHash(String::new()),
        role: Role::Trader,
        home: earth().id,
        created_at: start(),
    }
}

/// MRC for USD: prices in cents, lots of 1.00 MRC, orders of 1.00 USD and more. The maker pays
/// 10 basis points, the taker 20; market orders trade within a tenth of the reference price.
///
/// # Panics
/// Never.
#[must_use]
pub fn mrc_usd() -> Pair {
    let terms = PairTerms {
        price_scale: Scale::new(2).expect("at most 8"),
        tick: Amount::ONE,
        lot: mrc("1.00").amount,
        min_notional: usd("1.00").amount,
        maker_fee: FeeBps::new(10).expect("at most 1,000"),
        taker_fee: FeeBps::new(20).expect("at most 1,000"),
        collar_bps: 1_000,
    };
    Pair::new(mars().currency, earth().currency, terms, start()).expect("a pair")
}

/// A price of this many ticks: on [`mrc_usd`], cents.
///
/// # Panics
/// Unless it is [`Ticks::MIN`] to [`Ticks::MAX`].
#[must_use]
pub fn ticks(count: i64) -> Ticks {
    Ticks::new(count).expect("1 to 10^12")
}

/// This many lots.
///
/// # Panics
/// Unless there are 0 to [`Lots::MAX`].
#[must_use]
pub fn lots(count: i64) -> Lots {
    Lots::new(count).expect("0 to 10^12")
}

/// A limit order on [`mrc_usd`] that stays until it is filled, placed at [`start`].
///
/// # Panics
/// As [`ticks`] and [`lots`] do.
#[must_use]
pub fn order(number: u128, user: UserId, side: Side, price: i64, count: i64) -> Order {
    let pair = mrc_usd();
    Order {
        id: OrderId::from_bits(number),
        user,
        side,
        kind: OrderKind::Limit,
        time_in_force: TimeInForce::GoodTilCancelled,
        post_only: false,
        self_trade_prevention: SelfTradePrevention::CancelNewest,
        price: ticks(price),
        size: Size::Lots(lots(count)),
        maker_fee: pair.maker_fee,
        taker_fee: pair.taker_fee,
        placed_at: start(),
    }
}

/// What [`nyx`] lists.
///
/// # Panics
/// Never.
#[must_use]
pub fn dot() -> Instrument {
    "DOTUSDT00008".parse().expect("an instrument")
}

/// New York Cross, a venue in USD, that lists [`dot`] at 100.00.
///
/// # Panics
/// Never.
#[must_use]
pub fn nyx() -> Venue {
    let reference = Some(usd("100.00").amount);
    Venue {
        id: "nyx".parse().expect("a venue's name"),
        name: "New York Cross".parse().expect("a name"),
        currency: earth().currency,
        url: "https://nyx.example".to_owned(),
        secret: SealedSecret("sealed".to_owned()),
        listings: vec![Listing { instrument: dot(), reference }],
        collar_bps: 1_000,
        concurrency_max: 4,
        rate_max: 1_000,
        suspended: false,
        created_at: start(),
        version: 1,
    }
}

/// An order on [`mrc_usd`] as it begins, with what it needs held for it.
///
/// # Panics
/// If it is worth more than [`Amount::MAX`].
#[must_use]
pub fn begun(order: Order) -> Working {
    order.begun(order.hold(&mrc_usd().steps).expect("not too large").amount)
}

/// What a user asks under a key; two that ask the same `what` have one fingerprint.
#[must_use]
pub fn asked(actor: UserId, key: &str, what: &str) -> Asked {
    Asked {
        actor,
        entry: entry_id(actor, key),
        fingerprint: fingerprint([what.as_bytes()]),
        request_id: format!("req-{key}"),
    }
}

/// A market and the clock that it goes by.
pub struct Fair {
    /// The market.
    pub market: Market,
    /// Its clock, at [`start`] to begin with.
    pub clock: Arc<ManualClock>,
}

/// A market over a store, which it does not touch. Two of them make the same ids.
#[must_use]
pub fn market_on(store: Arc<dyn Store>) -> Fair {
    let clock = Arc::new(ManualClock::at(start()));
    let market = market_by(store, clock.clone(), Arc::new(RecordingDoorbell::default()));
    Fair { market, clock }
}

/// A market over a store, by another clock and with another doorbell.
#[must_use]
pub fn market_by(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    doorbell: Arc<dyn Doorbell>,
) -> Market {
    Market::new(Ports {
        store,
        cache: None,
        clock,
        entropy: Arc::new(SeededEntropy::new(1)),
        passwords: Arc::new(PlainPasswords),
        doorbell,
        deliveries: Arc::new(RecordingDeliveries::default()),
        placements: Arc::new(RecordingPlacements::default()),
        settings: Settings::default(),
    })
}

/// A market over an empty store, with Earth, Mars and Venus.
///
/// # Panics
/// If the store fails or has one of them.
pub async fn market_with(store: Arc<dyn Store>) -> Fair {
    for universe in [earth(), mars(), venus()] {
        put_universe(store.as_ref(), universe).await;
    }
    market_on(store)
}

/// Writes a universe with its currency and its rate's version.
///
/// # Panics
/// If the store fails or has one of them.
pub async fn put_universe(store: &dyn Ledger, universe: Universe) {
    let commit = Commit::of(vec![
        Write::ReserveCurrency { code: universe.currency.code, universe: universe.id },
        Write::PutRateVersion(universe.rate.clone()),
        Write::PutUniverse(universe),
    ]);
    store.commit(&commit).await.expect("a new universe");
}

impl Fair {
    /// Signs a trader up, without a password.
    ///
    /// # Panics
    /// If the store fails or the name is taken.
    pub async fn join(&self, name: &str) -> UserId {
        let user = trader(name);
        let commit = sign_up(user.clone(), &earth());
        self.market.store.commit(&commit).await.expect("a new user");
        user.id
    }

    /// Puts money into a wallet of the user's.
    ///
    /// # Panics
    /// If the store fails or there is no room.
    pub async fn deposit(&self, user: UserId, money: Money) -> Answer {
        let asked = asked(user, &self.fresh_key(), "deposit");
        let answer = perform(&self.market, &asked, &Operate::Deposit(money)).await;
        let answer = answer.expect("a deposit");
        assert!(matches!(answer.entry.outcome, Outcome::Moved(_)), "{:?}", answer.entry);
        answer
    }

    /// Lists an active item of the seller's, with its price in the universe's currency.
    ///
    /// # Panics
    /// If the store fails or there is no such universe.
    pub async fn list_item(
        &self,
        seller: UserId,
        universe: &Universe,
        price: &str,
        pieces: u32,
    ) -> Item {
        let item = NewItem {
            id: ItemId::from_bits(self.market.entropy.bits()),
            name: "Helmet".parse().expect("a name"),
            description: Description::default(),
            price: money(universe, price).amount,
            stock: stock(pieces),
            state: ItemState::Active,
        };
        let asked = asked(seller, &self.fresh_key(), "list");
        let listing = ListItem { universe: universe.id, item };
        let answer = perform(&self.market, &asked, &listing).await.expect("a listing");
        match answer.entry.outcome {
            Outcome::Listed(item) => item,
            other => panic!("not listed: {other:?}"),
        }
    }

    fn fresh_key(&self) -> String {
        format!("{:032x}", self.market.entropy.bits())
    }
}

/// Runs a future, and the tasks that it spawns, on this thread.
///
/// # Panics
/// If there is no runtime to be had.
pub fn on_this_thread<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(future)
}
