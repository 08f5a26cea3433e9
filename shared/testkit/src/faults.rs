//! A store that fails in the ways a real one does: by a script or by a seed.
//! What it lets through, the store behind it answers.

mod projections;
mod venues;
mod webhooks;

use std::{
    collections::VecDeque,
    future::Future,
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

use crate::entropy::SeededEntropy;

/// What becomes of a commit, or of another write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is wrong.
    None,
    /// Another transaction touches the same rows; nothing is written. Writes that are no commits
    /// deal with this in the store, and are then as lost as requests are.
    Conflict,
    /// The store is not reached; nothing is written.
    LostRequest,
    /// The store decides and its answer, whichever it is, is lost.
    LostAnswer,
}

const FAULTS: [Fault; 3] = [Fault::Conflict, Fault::LostRequest, Fault::LostAnswer];

enum Plan {
    /// One fault a write; after the last one, and on reads, nothing is wrong.
    Script(VecDeque<Fault>),
    /// So many of 1000 writes and reads fail, each write in any of the ways.
    Seed { entropy: SeededEntropy, per_mille: u16 },
}

/// A store that fails as planned.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    plan: Mutex<Plan>,
}

impl FaultyStore {
    /// Fails write after write as scripted, then no more. Reads do not fail.
    #[must_use]
    pub fn scripted(inner: Arc<dyn Store>, script: Vec<Fault>) -> Self {
        Self { inner, plan: Mutex::new(Plan::Script(script.into())) }
    }

    /// Fails `per_mille` of 1000 writes and reads, as the seed determines.
    #[must_use]
    pub fn seeded(inner: Arc<dyn Store>, seed: u64, per_mille: u16) -> Self {
        let entropy = SeededEntropy::new(seed);
        Self { inner, plan: Mutex::new(Plan::Seed { entropy, per_mille }) }
    }

    fn next_fault(&self) -> Fault {
        match &mut *self.plan.lock().unwrap_or_else(PoisonError::into_inner) {
            Plan::Script(script) => script.pop_front().unwrap_or(Fault::None),
            Plan::Seed { entropy, per_mille } if strikes(entropy, *per_mille) => {
                let choice = usize::try_from(entropy.next() % 3).unwrap_or_default();
                FAULTS[choice]
            }
            Plan::Seed { .. } => Fault::None,
        }
    }

    /// A write that is no commit.
    async fn written<T>(
        &self,
        write: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        match self.next_fault() {
            Fault::None => write.await,
            Fault::Conflict | Fault::LostRequest => Err(lost()),
            Fault::LostAnswer => {
                let _lost_answer = write.await;
                Err(lost())
            }
        }
    }

    fn readable(&self) -> Result<&dyn Store, StoreError> {
        match &*self.plan.lock().unwrap_or_else(PoisonError::into_inner) {
            Plan::Seed { entropy, per_mille } if strikes(entropy, *per_mille) => Err(lost()),
            _ => Ok(self.inner.as_ref()),
        }
    }
}

fn strikes(entropy: &SeededEntropy, per_mille: u16) -> bool {
    entropy.next() % 1000 < u64::from(per_mille)
}

fn lost() -> StoreError {
    StoreError::Unavailable("an injected fault".to_owned())
}

#[async_trait]
impl Ledger for FaultyStore {
    async fn commit(&self, commit: &Commit) -> Result<(), CommitError> {
        match self.next_fault() {
            Fault::None => self.inner.commit(commit).await,
            Fault::Conflict => Err(CommitError::Conflict),
            Fault::LostRequest => Err(lost().into()),
            Fault::LostAnswer => {
                let _lost_answer = self.inner.commit(commit).await;
                Err(lost().into())
            }
        }
    }

    async fn account(&self, user: UserId) -> Result<Option<Account>, StoreError> {
        self.readable()?.account(user).await
    }

    async fn entry(&self, id: EntryId) -> Result<Option<Entry>, StoreError> {
        self.readable()?.entry(id).await
    }

    async fn entries(&self, query: &EntryQuery) -> Result<Page<Entry>, StoreError> {
        self.readable()?.entries(query).await
    }
}

#[async_trait]
impl Catalogue for FaultyStore {
    async fn universes(&self) -> Result<Vec<Universe>, StoreError> {
        self.readable()?.universes().await
    }

    async fn rate_versions(&self, query: &RateQuery) -> Result<Page<RateVersion>, StoreError> {
        self.readable()?.rate_versions(query).await
    }

    async fn item(&self, id: ItemId) -> Result<Option<Item>, StoreError> {
        self.readable()?.item(id).await
    }

    async fn items(&self, query: &ItemQuery) -> Result<Page<Item>, StoreError> {
        self.readable()?.items(query).await
    }
}

#[async_trait]
impl Identity for FaultyStore {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.readable()?.user(id).await
    }

    async fn user_by_login(&self, login: &Login) -> Result<Option<User>, StoreError> {
        self.readable()?.user_by_login(login).await
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.readable()?.session(id).await
    }
}

#[async_trait]
impl OrderBooks for FaultyStore {
    async fn pairs(&self) -> Result<Vec<Pair>, StoreError> {
        self.readable()?.pairs().await
    }

    async fn commands(&self, pair: PairId, limit: u32) -> Result<Vec<Logged>, StoreError> {
        self.readable()?.commands(pair, limit).await
    }

    async fn command(&self, pair: PairId, id: CommandId) -> Result<Option<Command>, StoreError> {
        self.readable()?.command(pair, id).await
    }

    async fn events(&self, query: &EventQuery) -> Result<Page<MarketEvent>, StoreError> {
        self.readable()?.events(query).await
    }

    async fn resting(&self, pair: PairId) -> Result<Vec<Resting>, StoreError> {
        self.readable()?.resting(pair).await
    }

    async fn deadlines(&self, pair: PairId) -> Result<Vec<(UserId, Timestamp)>, StoreError> {
        self.readable()?.deadlines(pair).await
    }

    async fn order_states(
        &self,
        orders: &[(PairId, OrderId)],
    ) -> Result<Vec<OrderState>, StoreError> {
        self.readable()?.order_states(orders).await
    }

    async fn placements(&self, query: &EntryQuery) -> Result<Page<Entry>, StoreError> {
        self.readable()?.placements(query).await
    }
}
