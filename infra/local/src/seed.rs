//! The demo market: three universes, three markets of their currencies, three traders with an
//! item each, and an admin.
//! It is made by the use cases that clients reach, so that every rule holds for it too. Each
//! step is skipped or replayed where it was done before, so a seeding cut short heals.

use std::str::FromStr;

use app::{
    catalogue::ListItem,
    identity::{IdentityFailed, SignUp, register},
    market::{Asked, Market, entry_id, fingerprint},
    money::Operate,
    opening::{self, HOME_CURRENCY, Lacking, OpeningFailed},
    perform::{Answer, Failed, Freshness, Operation, perform},
};
use domain::{
    amount::{Amount, Money},
    catalogue::{Item, ItemState, NewItem, Stock},
    currency::{Currency, CurrencyCode},
    id::ItemId,
    identity::{Login, Role, User, Username},
    ledger::Outcome,
    pair::Pair,
    universe::Universe,
};
use futures_util::future::{try_join, try_join_all};

/// What the request ids and idempotency keys of seeding say.
const SEED: &str = "seed";
const ADMIN: &str = "admin";
const ADMIN_EMAIL: &str = "admin@market.example";

/// A trader with money in the home universe's currency, and the item that they sell there.
struct TraderSeed {
    username: &'static str,
    email: &'static str,
    /// Known to everyone: for a market on a laptop.
    password: &'static str,
    code: &'static str,
    balance: &'static str,
    item: ItemSeed,
}

/// An item. Its id is the same in every market, so that documentation can name it.
struct ItemSeed {
    id: u128,
    name: &'static str,
    description: &'static str,
    price: &'static str,
    stock: u32,
}

const TRADERS: [TraderSeed; 3] = [
    TraderSeed {
        username: "john_earth",
        email: "john@earth.example",
        password: "earth-demo-1",
        code: "USD",
        balance: "1000.00",
        item: ItemSeed {
            id: 1,
            name: "Earth Coffee",
            description: "Roasted on Earth, drunk everywhere.",
            price: "5.00",
            stock: 100,
        },
    },
    TraderSeed {
        username: "mary_mars",
        email: "mary@mars.example",
        password: "mars-demo-1",
        code: "MRC",
        balance: "2500.00",
        item: ItemSeed {
            id: 2,
            name: "Mars Rocks",
            description: "Red, and older than anything on Earth.",
            price: "10.00",
            stock: 50,
        },
    },
    TraderSeed {
        username: "venus_trader",
        email: "trader@venus.example",
        password: "venus-demo-1",
        code: "VNC",
        balance: "750.00",
        item: ItemSeed {
            id: 3,
            name: "Venus Crystals",
            description: "Grown under ninety atmospheres.",
            price: "15.00",
            stock: 25,
        },
    },
];

/// Why a step of seeding failed.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A user could not be made.
    #[error(transparent)]
    Identity(#[from] IdentityFailed),
    /// Universes or markets could not be made.
    #[error(transparent)]
    Opening(#[from] OpeningFailed),
    /// A use case failed.
    #[error(transparent)]
    Failed(#[from] Failed),
    /// A use case answered something else than what it was asked for.
    #[error("{what} was refused: {outcome}")]
    Refused {
        /// What was to be done.
        what: &'static str,
        /// What came of it.
        outcome: String,
    },
    /// Someone else has a demo user's name.
    #[error("the user {0} is there already, but not as the demo user")]
    Stranger(&'static str),
    /// A constant of ours is malformed.
    #[error("{0} is malformed")]
    Malformed(&'static str),
}

/// A demo trader as they are now.
pub(crate) struct Trader {
    pub(crate) user: User,
    pub(crate) password: &'static str,
    /// What they hold in the home universe's currency.
    pub(crate) money: Money,
}

/// The administrator, and whether they were made just now.
pub(crate) struct Admin {
    pub(crate) user: User,
    pub(crate) is_new: bool,
}

/// The demo market as it is now.
pub(crate) struct Seeded {
    pub(crate) traders: Vec<Trader>,
    pub(crate) admin: Admin,
    pub(crate) items: Vec<Item>,
    pub(crate) pairs: Vec<Pair>,
}

/// Makes whatever of the demo market is not there yet.
pub(crate) async fn seed(market: &Market, admin_password: &str) -> Result<Seeded, SeedError> {
    Lacking::of(market).await?.make(market).await?;
    let known = market.pairs.all(Freshness::Fresh).await.map_err(Failed::from)?;
    let ours = opening::pairs()?;
    let pairs = ours.iter().filter_map(|id| known.iter().find(|pair| pair.id() == *id));
    let pairs = pairs.copied().collect();
    // Passwords take longest to hash, so all users are made side by side.
    let traders = try_join_all(TRADERS.iter().map(|seed| make_trader(market, seed)));
    let admin = make_admin(market, admin_password);
    let (traders, admin) = try_join(traders, admin).await?;
    let (traders, items) = traders.into_iter().unzip();
    Ok(Seeded { traders, admin, items, pairs })
}

async fn make_trader(
    market: &Market,
    seed: &'static TraderSeed,
) -> Result<(Trader, Item), SeedError> {
    let home = home(market, seed.code).await?;
    let (user, _) =
        make_user(market, seed.username, seed.email, seed.password, Role::Trader, &home).await?;
    if user.home != home.id {
        return Err(SeedError::Stranger(seed.username));
    }
    deposit(market, &user, money(seed.balance, home.currency)?).await?;
    let item = list_item(market, &user, &seed.item, &home).await?;
    let account = market.store.account(user.id).await.map_err(Failed::from)?;
    let balance = account.map(|account| account.balance(home.currency.code)).unwrap_or_default();
    let money = Money { amount: balance.available, currency: home.currency };
    Ok((Trader { user, password: seed.password, money }, item))
}

async fn make_admin(market: &Market, password: &str) -> Result<Admin, SeedError> {
    let home = home(market, HOME_CURRENCY).await?;
    let (user, is_new) =
        make_user(market, ADMIN, ADMIN_EMAIL, password, Role::Admin, &home).await?;
    match user.role {
        Role::Admin => Ok(Admin { user, is_new }),
        Role::Trader => Err(SeedError::Stranger(ADMIN)),
    }
}

async fn home(market: &Market, code: &'static str) -> Result<Universe, SeedError> {
    let code: CurrencyCode = parsed(code)?;
    let universes = market.rates.current(Freshness::Cached).await.map_err(Failed::from)?;
    Ok(universes.of_currency(code).map_err(Failed::from)?.clone())
}

/// The user of this name, and whether they were made just now.
async fn make_user(
    market: &Market,
    username: &'static str,
    email: &'static str,
    password: &str,
    role: Role,
    home: &Universe,
) -> Result<(User, bool), SeedError> {
    let username: Username = parsed(username)?;
    let login = Login::Username(username.clone());
    if let Some(user) = market.store.user_by_login(&login).await.map_err(Failed::from)? {
        return Ok((user, false));
    }
    let wanted = SignUp { username, email: parsed(email)?, home: home.id };
    Ok((register(market, wanted, password, role).await?, true))
}

async fn deposit(market: &Market, user: &User, money: Money) -> Result<(), SeedError> {
    let answer = once(market, user, "deposit", &Operate::Deposit(money)).await?;
    match answer.entry.outcome {
        Outcome::Moved(_) => Ok(()),
        other => Err(SeedError::Refused { what: "a deposit", outcome: format!("{other:?}") }),
    }
}

async fn list_item(
    market: &Market,
    seller: &User,
    seed: &'static ItemSeed,
    universe: &Universe,
) -> Result<Item, SeedError> {
    let item = NewItem {
        id: ItemId::from_bits(seed.id),
        name: parsed(seed.name)?,
        description: parsed(seed.description)?,
        price: money(seed.price, universe.currency)?.amount,
        stock: Stock::new(seed.stock).ok_or(SeedError::Malformed(seed.name))?,
        state: ItemState::Active,
    };
    let listing = ListItem { universe: universe.id, item };
    let answer = once(market, seller, "item", &listing).await?;
    match answer.entry.outcome {
        Outcome::Listed(item) => Ok(market.items.get(item.id, Freshness::Fresh).await?),
        other => Err(SeedError::Refused { what: "an item", outcome: format!("{other:?}") }),
    }
}

/// Does what a user asks under a fixed key: the second time, the first one's answer comes back.
async fn once(
    market: &Market,
    user: &User,
    what: &str,
    operation: &impl Operation,
) -> Result<Answer, SeedError> {
    let key = format!("{SEED}-{what}");
    let asked = Asked {
        actor: user.id,
        entry: entry_id(user.id, &key),
        fingerprint: fingerprint([key.as_bytes()]),
        request_id: SEED.to_owned(),
    };
    Ok(perform(market, &asked, operation).await?)
}

fn money(text: &'static str, currency: Currency) -> Result<Money, SeedError> {
    let amount = Amount::parse(text, currency.scale).map_err(|_| SeedError::Malformed(text))?;
    Ok(Money { amount, currency })
}

fn parsed<T: FromStr>(text: &'static str) -> Result<T, SeedError> {
    text.parse().map_err(|_| SeedError::Malformed(text))
}
