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
    venue::VenueOrder,
};

use crate::entropy::SeededEntropy;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is wrong.
    None,
    /// Another transaction touches the same rows; nothing is written. Calls that are no commits
    /// deal with this in the store, and are then as lost as requests are.
    Conflict,
    /// The store is not reached, or does not take the request; nothing is written.
    LostRequest,
    /// The store decides and its answer, whichever it is, is lost.
    LostAnswer,
    /// The request arrives twice, as when the client's first attempt was only late. The second
    /// answer is the one that is heard.
    Doubled,
}

const FAULTS: [Fault; 3] = [Fault::Conflict, Fault::LostRequest, Fault::LostAnswer];

/// What sort of call it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallKind {
    /// [`Ledger::commit`].
    Commit,
    /// Any other write.
    Write,
    /// A read as of the last commit.
    Read,
    /// A read that may lag behind.
    LaggingRead,
}

/// A call of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// The port's method.
    pub name: &'static str,
    /// What sort.
    pub kind: CallKind,
}

/// Decides what becomes of each call.
#[async_trait]
pub trait FaultPlan: Send + Sync {
    /// What becomes of a call that is about to be sent. It may take its time, and what never
    /// returns leaves its caller hanging.
    async fn before(&self, call: Call) -> Fault;

    /// The store has decided, and its answer is under way. It may take its time.
    async fn after(&self, _call: Call) {}

    /// What was written after this moment is not seen by reads that may lag.
    fn horizon(&self) -> Option<Timestamp> {
        None
    }
}

/// One fault a write; after the last one, and on reads, nothing is wrong.
struct Script(Mutex<VecDeque<Fault>>);

#[async_trait]
impl FaultPlan for Script {
    async fn before(&self, call: Call) -> Fault {
        match call.kind {
            CallKind::Read | CallKind::LaggingRead => Fault::None,
            CallKind::Commit | CallKind::Write => {
                let mut script = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                script.pop_front().unwrap_or(Fault::None)
            }
        }
    }
}

/// So many of 1000 writes and reads fail, each write in any of the ways.
struct Seed {
    entropy: SeededEntropy,
    per_mille: u16,
}

#[async_trait]
impl FaultPlan for Seed {
    async fn before(&self, call: Call) -> Fault {
        if self.entropy.next() % 1000 >= u64::from(self.per_mille) {
            return Fault::None;
        }
        match call.kind {
            CallKind::Read | CallKind::LaggingRead => Fault::LostRequest,
            CallKind::Commit | CallKind::Write => {
                FAULTS[usize::try_from(self.entropy.next() % 3).unwrap_or_default()]
            }
        }
    }
}

/// A store that fails as planned.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    plan: Arc<dyn FaultPlan>,
}

impl FaultyStore {
    /// Fails as a plan says.
    #[must_use]
    pub fn planned(inner: Arc<dyn Store>, plan: Arc<dyn FaultPlan>) -> Self {
        Self { inner, plan }
    }

    /// Fails write after write as scripted, then no more. Reads do not fail.
    #[must_use]
    pub fn scripted(inner: Arc<dyn Store>, script: Vec<Fault>) -> Self {
        Self::planned(inner, Arc::new(Script(Mutex::new(script.into()))))
    }

    /// Fails `per_mille` of 1000 writes and reads, as the seed determines.
    #[must_use]
    pub fn seeded(inner: Arc<dyn Store>, seed: u64, per_mille: u16) -> Self {
        let entropy = SeededEntropy::new(seed);
        Self::planned(inner, Arc::new(Seed { entropy, per_mille }))
    }

    /// A write that is no commit.
    async fn write<T>(
        &self,
        name: &'static str,
        write: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let call = Call { name, kind: CallKind::Write };
        match self.plan.before(call).await {
            // Its second arrival has nothing left to do: see each write's contract.
            Fault::None | Fault::Doubled => {
                let answer = write.await;
                self.plan.after(call).await;
                answer
            }
            Fault::Conflict | Fault::LostRequest => Err(lost()),
            Fault::LostAnswer => {
                let _lost_answer = write.await;
                self.plan.after(call).await;
                Err(lost())
            }
        }
    }

    async fn read<T>(
        &self,
        name: &'static str,
        read: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        self.read_as(Call { name, kind: CallKind::Read }, read).await
    }

    async fn read_lagging<T: Dated>(
        &self,
        name: &'static str,
        read: impl Future<Output = Result<Page<T>, StoreError>> + Send,
    ) -> Result<Page<T>, StoreError> {
        let horizon = self.plan.horizon();
        let mut page = self.read_as(Call { name, kind: CallKind::LaggingRead }, read).await?;
        if let Some(horizon) = horizon {
            // A page has a row if there are more: whoever turns pages goes on after the last one.
            let seen = page.rows.iter().filter(|row| row.written_at() <= horizon).count();
            if seen > 0 || !page.more {
                page.rows.retain(|row| row.written_at() <= horizon);
            }
        }
        Ok(page)
    }

    async fn read_as<T>(
        &self,
        call: Call,
        read: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        match self.plan.before(call).await {
            Fault::None | Fault::Doubled => {
                let answer = read.await;
                self.plan.after(call).await;
                answer
            }
            Fault::Conflict | Fault::LostRequest | Fault::LostAnswer => Err(lost()),
        }
    }
}

/// What a read that may lag does not see at first.
trait Dated {
    fn written_at(&self) -> Timestamp;
}

impl Dated for Entry {
    fn written_at(&self) -> Timestamp {
        self.at
    }
}

impl Dated for Item {
    fn written_at(&self) -> Timestamp {
        self.created_at
    }
}

impl Dated for VenueOrder {
    fn written_at(&self) -> Timestamp {
        self.terms.accepted_at
    }
}

fn lost() -> StoreError {
    StoreError::Unavailable("an injected fault".to_owned())
}

#[async_trait]
impl Ledger for FaultyStore {
    async fn commit(&self, commit: &Commit) -> Result<(), CommitError> {
        let call = Call { name: "commit", kind: CallKind::Commit };
        let fault = self.plan.before(call).await;
        match fault {
            Fault::Conflict => return Err(CommitError::Conflict),
            Fault::LostRequest => return Err(lost().into()),
            Fault::Doubled => {
                let _answer_to_nobody = self.inner.commit(commit).await;
            }
            Fault::None | Fault::LostAnswer => {}
        }
        let answer = self.inner.commit(commit).await;
        self.plan.after(call).await;
        if fault == Fault::LostAnswer { Err(lost().into()) } else { answer }
    }

    async fn account(&self, user: UserId) -> Result<Option<Account>, StoreError> {
        self.read("account", self.inner.account(user)).await
    }

    async fn entry(&self, id: EntryId) -> Result<Option<Entry>, StoreError> {
        self.read("entry", self.inner.entry(id)).await
    }

    async fn entries(&self, query: &EntryQuery) -> Result<Page<Entry>, StoreError> {
        self.read_lagging("entries", self.inner.entries(query)).await
    }
}

#[async_trait]
impl Catalogue for FaultyStore {
    async fn universes(&self) -> Result<Vec<Universe>, StoreError> {
        self.read("universes", self.inner.universes()).await
    }

    async fn rate_versions(&self, query: &RateQuery) -> Result<Page<RateVersion>, StoreError> {
        self.read("rate_versions", self.inner.rate_versions(query)).await
    }

    async fn item(&self, id: ItemId) -> Result<Option<Item>, StoreError> {
        self.read("item", self.inner.item(id)).await
    }

    async fn items(&self, query: &ItemQuery) -> Result<Page<Item>, StoreError> {
        self.read_lagging("items", self.inner.items(query)).await
    }
}

#[async_trait]
impl Identity for FaultyStore {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.read("user", self.inner.user(id)).await
    }

    async fn user_by_login(&self, login: &Login) -> Result<Option<User>, StoreError> {
        self.read("user_by_login", self.inner.user_by_login(login)).await
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.read("session", self.inner.session(id)).await
    }
}

#[async_trait]
impl OrderBooks for FaultyStore {
    async fn pairs(&self) -> Result<Vec<Pair>, StoreError> {
        self.read("pairs", self.inner.pairs()).await
    }

    async fn commands(&self, pair: PairId, limit: u32) -> Result<Vec<Logged>, StoreError> {
        self.read("commands", self.inner.commands(pair, limit)).await
    }

    async fn command(&self, pair: PairId, id: CommandId) -> Result<Option<Command>, StoreError> {
        self.read("command", self.inner.command(pair, id)).await
    }

    async fn events(&self, query: &EventQuery) -> Result<Page<MarketEvent>, StoreError> {
        self.read("events", self.inner.events(query)).await
    }

    async fn resting(&self, pair: PairId) -> Result<Vec<Resting>, StoreError> {
        self.read("resting", self.inner.resting(pair)).await
    }

    async fn deadlines(&self, pair: PairId) -> Result<Vec<(UserId, Timestamp)>, StoreError> {
        self.read("deadlines", self.inner.deadlines(pair)).await
    }

    async fn order_states(
        &self,
        orders: &[(PairId, OrderId)],
    ) -> Result<Vec<OrderState>, StoreError> {
        self.read("order_states", self.inner.order_states(orders)).await
    }

    async fn placements(&self, query: &EntryQuery) -> Result<Page<Entry>, StoreError> {
        self.read_lagging("placements", self.inner.placements(query)).await
    }
}
