//! What use cases need of the world: a store, a clock, entropy, password hashing.
//! Each guarantee stands in a doc comment and is proven on every store by `testkit::contract`.

mod metrics;
mod projections;
mod sockets;
mod venues;
mod webhooks;

mod dead_letters;

use async_trait::async_trait;
use domain::{
    account::Account,
    amount::Amount,
    catalogue::Item,
    command::{Command, CommandId},
    commit::{ClosedOrder, Commit, Resting},
    id::{EntryId, ItemId, OrderId, SessionId, UserId},
    identity::{Login, PasswordHash, Session, User},
    ledger::Entry,
    market_event::MarketEvent,
    pair::{Pair, PairId},
    rate::RateVersion,
    time::{Span, Timestamp},
    universe::{Universe, UniverseId},
};

pub use metrics::{Measurement, Metrics, Unit};
pub use projections::*;
pub use sockets::*;
pub use venues::*;
pub use webhooks::*;

pub use dead_letters::{DeadLetter, DeadLetters, NotKept};

/// The store failed. What was asked may or may not have happened: ask again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No answer, a time-out or a throttle: retry.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A row is not what we write: page someone.
    #[error("the store holds a corrupt row: {0}")]
    Corrupt(String),
}

/// Why a commit did not happen, or may not have happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// At least one expectation was not met. Nothing was written.
    #[error("{} expectations were not met", .0.len())]
    Refused(Vec<Failure>),
    /// Another transaction touched the same rows. Nothing was written: load and decide again.
    #[error("another transaction was under way")]
    Conflict,
    /// Whether anything was written is not known: the same commit again settles it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An expectation of a commit that was not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The write's place in [`Commit::writes`].
    pub write: usize,
    /// What stood there at that moment.
    pub found: Found,
}

/// What a store found where an expectation was not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A journal entry: the key was used already.
    Entry(Box<Entry>),
    /// An account, as it stood.
    Account(Box<Account>),
    /// Something that the write alone explains.
    Other,
}

/// A page of rows and whether more follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in the order asked for.
    pub rows: Vec<T>,
    /// Whether more rows follow the last one.
    pub more: bool,
}

/// A place in an ordered list of rows: the sort key and the id that breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Milliseconds, minor units or a version: what the list is ordered by.
    pub key: i64,
    /// The row's id as bits; zero where the key is unique.
    pub tie: u128,
}

/// Entries that a user is party or counterparty of, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryQuery {
    /// Whose entries.
    pub user: UserId,
    /// Only what comes after this place in the list.
    pub after: Option<Position>,
    /// The most rows: 1 to 100.
    pub limit: u32,
}

impl EntryQuery {
    /// An entry's place in the list.
    #[must_use]
    pub fn position(entry: &Entry) -> Position {
        Position { key: entry.at.millis(), tie: entry.id.bits() }
    }
}

/// Items of a part of the catalogue, in one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemQuery {
    /// Which part, and in what order.
    pub shelf: Shelf,
    /// Only what comes after this place in the list.
    pub after: Option<Position>,
    /// The most rows: 1 to 100.
    pub limit: u32,
}

/// A part of the catalogue and its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// All items, newest first.
    Everything,
    /// A universe's items, newest first.
    Universe(UniverseId),
    /// A seller's items, newest first.
    Seller(UserId),
    /// A universe's items from one price to another, both included.
    Priced {
        /// Which universe.
        universe: UniverseId,
        /// The lowest price.
        min: Amount,
        /// The highest price.
        max: Amount,
        /// From the highest price down.
        descending: bool,
    },
}

impl Shelf {
    /// An item's place in the list.
    #[must_use]
    pub fn position(self, item: &Item) -> Position {
        let key = match self {
            Self::Priced { .. } => item.price.minor(),
            Self::Everything | Self::Universe(_) | Self::Seller(_) => item.created_at.millis(),
        };
        Position { key, tie: item.id.bits() }
    }
}

/// Versions of a universe's rate, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateQuery {
    /// Whose rate.
    pub universe: UniverseId,
    /// Only versions observed at this time or before.
    pub at: Timestamp,
    /// Only versions below this one.
    pub below: Option<u32>,
    /// The most rows: 1 to 100.
    pub limit: u32,
}

/// Accounts and the journal; and the one way to write anything.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Carries out all writes of a commit or none, each with its expectation checked at the
    /// same moment, serialisable with every other commit. The very same commit again, after
    /// a lost answer, has no second effect.
    async fn commit(&self, commit: &Commit) -> Result<(), CommitError>;

    /// A user's account as of the last commit.
    async fn account(&self, user: UserId) -> Result<Option<Account>, StoreError>;

    /// A journal entry as of the last commit.
    async fn entry(&self, id: EntryId) -> Result<Option<Entry>, StoreError>;

    /// A page of entries in which money moved. May lag a little behind the last commit.
    async fn entries(&self, query: &EntryQuery) -> Result<Page<Entry>, StoreError>;
}

/// Universes, rates and items.
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// All universes with their current rates, as of the last commit.
    async fn universes(&self) -> Result<Vec<Universe>, StoreError>;

    /// A page of a universe's rate versions, as of the last commit.
    async fn rate_versions(&self, query: &RateQuery) -> Result<Page<RateVersion>, StoreError>;

    /// An item as of the last commit.
    async fn item(&self, id: ItemId) -> Result<Option<Item>, StoreError>;

    /// A page of items. Which items are on it may lag a little behind the last commit.
    async fn items(&self, query: &ItemQuery) -> Result<Page<Item>, StoreError>;
}

/// Users and sessions.
#[async_trait]
pub trait Identity: Send + Sync {
    /// A user as of the last commit.
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// The user who has this name or address, as of the last commit.
    async fn user_by_login(&self, login: &Login) -> Result<Option<User>, StoreError>;

    /// A session as of the last commit.
    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError>;
}

/// The doorbell did not ring. What it would have announced is found at the next sweep.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the doorbell did not ring: {0}")]
pub struct NotRung(pub String);

/// Wakes the matcher of a pair. A ring may be lost, doubled or late: what is to be done stands
/// in the pair's command log, and each ring makes the matcher do all of it.
#[async_trait]
pub trait Doorbell: Send + Sync {
    /// Rings once for a command, however often it is called with it in a short while.
    async fn ring(&self, pair: PairId, command: CommandId) -> Result<(), NotRung>;
}

/// A row of a pair's command log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logged {
    /// As we write them.
    Command(Command),
    /// At this place stands something that is no command. It must not hold up the others.
    Unreadable(CommandId),
}

/// Events of a pair, as of the last commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventQuery {
    /// Whose.
    pub pair: PairId,
    /// Which, and in what order.
    pub stretch: EventStretch,
    /// The most rows: 1 to 100.
    pub limit: u32,
}

/// A stretch of a pair's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventStretch {
    /// Those with a higher number, from the lowest up. As of the last commit.
    After(u64),
    /// Those with a lower number, from the highest down. As of the last commit.
    Before(u64),
    /// Those with trades and a lower number, from the highest down. May lag a little.
    TradesBefore(u64),
}

/// How far an order has come, as its pair's matcher has committed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderState {
    /// It waits in the log, or a matcher has begun with it.
    Pending,
    /// It rests.
    Resting(Resting),
    /// It is over.
    Closed(ClosedOrder),
}

/// Pairs, their books, and what waits for their matchers.
#[async_trait]
pub trait OrderBooks: Send + Sync {
    /// All pairs as of the last commit.
    async fn pairs(&self) -> Result<Vec<Pair>, StoreError>;

    /// The first commands of a pair's log in order, as of the last commit; at most `limit`.
    async fn commands(&self, pair: PairId, limit: u32) -> Result<Vec<Logged>, StoreError>;

    /// A command, if it is in the log as of the last commit.
    async fn command(&self, pair: PairId, id: CommandId) -> Result<Option<Command>, StoreError>;

    /// A page of a pair's events.
    async fn events(&self, query: &EventQuery) -> Result<Page<MarketEvent>, StoreError>;

    /// All orders that rest in a pair's book, in no order. Each is as of the last commit at
    /// some moment of the call, not all at the same one: see [`Resting::seq`].
    async fn resting(&self, pair: PairId) -> Result<Vec<Resting>, StoreError>;

    /// When users' orders in a pair end by themselves, as of the last commit.
    async fn deadlines(&self, pair: PairId) -> Result<Vec<(UserId, Timestamp)>, StoreError>;

    /// How far orders have come, in the order asked for, each named with its own pair: each as
    /// of the last commit at some moment of the call. At most 100. An order that nobody placed
    /// is pending.
    async fn order_states(
        &self,
        orders: &[(PairId, OrderId)],
    ) -> Result<Vec<OrderState>, StoreError>;

    /// A page of the entries by which a user placed orders, newest first. May lag a little.
    async fn placements(&self, query: &EntryQuery) -> Result<Page<Entry>, StoreError>;
}

/// All of a store.
pub trait Store:
    Ledger
    + Catalogue
    + Identity
    + OrderBooks
    + ActivityLog
    + Statements
    + TotalsBook
    + Candles
    + Sockets
    + Webhooks
    + Deliveries
    + Venues
    + VenueOrders
    + VenueTraffic
{
}

impl<T> Store for T where
    T: Ledger
        + Catalogue
        + Identity
        + OrderBooks
        + ActivityLog
        + Statements
        + TotalsBook
        + Candles
        + Sockets
        + Webhooks
        + Deliveries
        + Venues
        + VenueOrders
        + VenueTraffic
{
}

/// The time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Waits this long.
    async fn sleep(&self, span: Span);
}

/// Bits that nobody can guess.
pub trait Entropy: Send + Sync {
    /// 128 of them.
    fn bits(&self) -> u128;
}

/// The hash could not be made. Whatever the reason, it is not the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashingFailed;

/// Slow hashes of passwords. 50 to 90 ms each: an implementation keeps them off a thread
/// that serves others.
#[async_trait]
pub trait Passwords: Send + Sync {
    /// A password's hash with this salt.
    async fn hash(&self, password: &str, salt: u128) -> Result<PasswordHash, HashingFailed>;

    /// Whether it is the password. `None` costs the same time and is never right, so that an
    /// unknown name cannot be told by a clock.
    async fn verify(&self, password: &str, hash: Option<&PasswordHash>) -> bool;
}
