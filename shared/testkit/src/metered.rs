//! A store that counts what is asked of it. It changes no answer.

mod projections;
mod venues;
mod webhooks;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use app::ports::{
    Catalogue, CommitError, EntryQuery, EventQuery, Identity, ItemQuery, Ledger, Logged,
    OrderBooks, OrderState, Page, RateQuery, Store, StoreError,
};
use async_trait::async_trait;
use domain::{
    account::Account,
    catalogue::Item,
    command::{Command, CommandId},
    commit::{Commit, Resting},
    id::{EntryId, ItemId, OrderId, SessionId, UserId},
    identity::{Login, Session, User},
    ledger::Entry,
    market_event::MarketEvent,
    pair::{Pair, PairId},
    rate::RateVersion,
    time::Timestamp,
    universe::Universe,
};

/// What was asked of a store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// Calls by the port method's name; what was not called is not there.
    pub calls: BTreeMap<&'static str, u64>,
    /// Write units of all commits that were tried: an unmet expectation costs as much.
    pub write_units: u64,
}

impl Reading {
    /// All calls together.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.calls.values().sum()
    }

    /// The calls of one port method.
    #[must_use]
    pub fn of(&self, method: &str) -> u64 {
        self.calls.get(method).copied().unwrap_or(0)
    }
}

/// A store that counts calls. A call is one round trip here, however many a store makes of it.
pub struct MeteredStore {
    inner: Arc<dyn Store>,
    reading: Mutex<Reading>,
}

impl MeteredStore {
    /// Counts what is asked of this store, from nothing.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, reading: Mutex::default() }
    }

    /// What was asked since the beginning or the last [`MeteredStore::reset`].
    #[must_use]
    pub fn snapshot(&self) -> Reading {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Counts from nothing again.
    pub fn reset(&self) {
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = Reading::default();
    }

    fn count(&self, method: &'static str, write_units: u32) -> &dyn Store {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        *reading.calls.entry(method).or_default() += 1;
        reading.write_units += u64::from(write_units);
        self.inner.as_ref()
    }
}

#[async_trait]
impl Ledger for MeteredStore {
    async fn commit(&self, commit: &Commit) -> Result<(), CommitError> {
        self.count("commit", commit.write_units()).commit(commit).await
    }

    async fn account(&self, user: UserId) -> Result<Option<Account>, StoreError> {
        self.count("account", 0).account(user).await
    }

    async fn entry(&self, id: EntryId) -> Result<Option<Entry>, StoreError> {
        self.count("entry", 0).entry(id).await
    }

    async fn entries(&self, query: &EntryQuery) -> Result<Page<Entry>, StoreError> {
        self.count("entries", 0).entries(query).await
    }
}

#[async_trait]
impl Catalogue for MeteredStore {
    async fn universes(&self) -> Result<Vec<Universe>, StoreError> {
        self.count("universes", 0).universes().await
    }

    async fn rate_versions(&self, query: &RateQuery) -> Result<Page<RateVersion>, StoreError> {
        self.count("rate_versions", 0).rate_versions(query).await
    }

    async fn item(&self, id: ItemId) -> Result<Option<Item>, StoreError> {
        self.count("item", 0).item(id).await
    }

    async fn items(&self, query: &ItemQuery) -> Result<Page<Item>, StoreError> {
        self.count("items", 0).items(query).await
    }
}

#[async_trait]
impl Identity for MeteredStore {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.count("user", 0).user(id).await
    }

    async fn user_by_login(&self, login: &Login) -> Result<Option<User>, StoreError> {
        self.count("user_by_login", 0).user_by_login(login).await
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.count("session", 0).session(id).await
    }
}

#[async_trait]
impl OrderBooks for MeteredStore {
    async fn pairs(&self) -> Result<Vec<Pair>, StoreError> {
        self.count("pairs", 0).pairs().await
    }

    async fn commands(&self, pair: PairId, limit: u32) -> Result<Vec<Logged>, StoreError> {
        self.count("commands", 0).commands(pair, limit).await
    }

    async fn command(&self, pair: PairId, id: CommandId) -> Result<Option<Command>, StoreError> {
        self.count("command", 0).command(pair, id).await
    }

    async fn events(&self, query: &EventQuery) -> Result<Page<MarketEvent>, StoreError> {
        self.count("events", 0).events(query).await
    }

    async fn resting(&self, pair: PairId) -> Result<Vec<Resting>, StoreError> {
        self.count("resting", 0).resting(pair).await
    }

    async fn deadlines(&self, pair: PairId) -> Result<Vec<(UserId, Timestamp)>, StoreError> {
        self.count("deadlines", 0).deadlines(pair).await
    }

    async fn order_states(
        &self,
        orders: &[(PairId, OrderId)],
    ) -> Result<Vec<OrderState>, StoreError> {
        self.count("order_states", 0).order_states(orders).await
    }

    async fn placements(&self, query: &EntryQuery) -> Result<Page<Entry>, StoreError> {
        self.count("placements", 0).placements(query).await
    }
}
