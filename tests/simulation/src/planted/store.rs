//! The store as a market with a bug has it: its commits are taken apart, or lack what they should
//! expect. Between two writes of one decision time passes, and now and then a process ends.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{Mutex, MutexGuard, PoisonError},
};

use app::{
    market::entry_id,
    ports::{
        Catalogue, Clock, CommitError, EntryQuery, EventQuery, EventStretch, Failure, Found,
        Ledger, OrderBooks, Page, StoreError,
    },
};
use async_trait::async_trait;
use domain::{
    account::Account,
    catalogue::Item,
    commit::{Commit, Write},
    id::{EntryId, ItemId, UserId},
    ledger::Entry,
    market_event::MarketEvent,
    time::{Span, Timestamp},
};
use testkit::{memory::MemoryStore, virtual_time::VirtualTime};

use super::Bug;
use crate::{dice::Dice, oracle::now};

/// What a market with a bug keeps beside its rows.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// When an entry was written under a token that the store still knows.
    pub(super) tokens: BTreeMap<EntryId, Timestamp>,
    /// Until when a key is locked.
    pub(super) locks: BTreeMap<EntryId, Timestamp>,
    /// Who used a key first, and the entries of all others who did.
    keys: BTreeMap<String, EntryId>,
    shared: BTreeMap<EntryId, EntryId>,
}

/// A store with a bug.
pub struct PlantedStore {
    bug: Bug,
    pub(super) memory: MemoryStore,
    pub(super) time: VirtualTime,
    pub(super) dice: Dice,
    kept: Mutex<Kept>,
}

impl PlantedStore {
    /// The store with this bug.
    #[must_use]
    pub fn new(bug: Bug, memory: MemoryStore, time: VirtualTime) -> Self {
        Self { bug, memory, time, dice: Dice::new(1, 16), kept: Mutex::default() }
    }

    /// Somebody is about to use a key.
    pub fn hear_key(&self, user: UserId, key: &str) {
        if self.bug != Bug::KeyNotScopedByPrincipal {
            return;
        }
        let mut kept = self.kept();
        let own = entry_id(user, key);
        let first = *kept.keys.entry(key.to_owned()).or_insert(own);
        kept.shared.insert(own, first);
    }

    /// The store forgets which commits it has seen.
    pub fn forget_commits(&self) {
        self.kept().tokens.clear();
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Time passes between two writes.
    pub(super) async fn pause(&self, from_ms: u64, to_ms: u64) {
        let millis = self.dice.between(from_ms, to_ms);
        self.time.sleep(Span::of_millis(i64::try_from(millis).unwrap_or(0))).await;
    }

    /// So many times in a hundred the process ends between two writes: its function is never
    /// answered, and runs out of its time.
    pub(super) async fn may_end(&self, percent: u64) {
        if self.dice.percent(percent) {
            pending::<()>().await;
        }
    }

    /// What is written at once, without another coming between.
    pub(super) fn at_once(&self, writes: Vec<Write>) -> Result<(), CommitError> {
        now(self.memory.commit(&Commit::of(writes)))
    }

    pub(super) fn account_now(&self, user: UserId) -> Option<Account> {
        now(self.memory.account(user)).ok().flatten()
    }

    pub(super) fn item_now(&self, id: ItemId) -> Option<Item> {
        now(self.memory.item(id)).ok().flatten()
    }

    pub(super) fn entry_now(&self, id: EntryId) -> Option<Entry> {
        now(self.memory.entry(id)).ok().flatten()
    }

    fn event_now(&self, like: &MarketEvent) -> Option<MarketEvent> {
        let stretch = EventStretch::After(like.head.seq.saturating_sub(1));
        let query = EventQuery { pair: like.pair, stretch, limit: 1 };
        let page = now(self.memory.events(&query)).ok()?;
        page.rows.into_iter().find(|event| event.head.seq == like.head.seq)
    }

    /// Each write as a bug makes it; `None`: it is left out.
    fn altered(&self, commit: &Commit, alter: impl Fn(Write) -> Option<Write>) -> Verdict {
        self.at_once(commit.writes().iter().cloned().filter_map(alter).collect())
    }

    /// The entry is put over the one that stands there, as if nothing were expected.
    pub(super) fn over_entry(&self, commit: &Commit, standing: Entry) -> Verdict {
        self.memory.remove_entry(standing.id);
        let answer = self.at_once(commit.writes().to_vec());
        if answer.is_err() {
            self.at_once(vec![Write::PutEntry(standing)])?;
        }
        answer
    }

    /// The number of an event fences nobody off: it is put over the one that stands there.
    fn unfenced(&self, commit: &Commit) -> Verdict {
        let answer = now(self.memory.commit(commit));
        let Some(Write::PutMarketEvent(event)) = commit.writes().first() else { return answer };
        let Err(CommitError::Refused(failures)) = &answer else { return answer };
        let Some(standing) = self.event_now(event) else { return answer };
        if failures.iter().any(|failure| failure.write != 0) {
            return answer;
        }
        self.memory.remove_event(standing.pair, standing.head.seq);
        let answer = now(self.memory.commit(commit));
        if answer.is_err() {
            self.at_once(vec![Write::PutMarketEvent(standing)])?;
        }
        answer
    }

    /// What is under the key that all principals share.
    fn shared(&self, id: EntryId) -> EntryId {
        self.kept().shared.get(&id).copied().unwrap_or(id)
    }

    fn under_shared_key(&self, write: Write) -> Write {
        match write {
            Write::PutEntry(entry) => Write::PutEntry(Entry { id: self.shared(entry.id), ..entry }),
            other => other,
        }
    }
}

/// What a store says to a commit.
pub(super) type Verdict = Result<(), CommitError>;

/// The key has an entry.
pub(super) fn refused(entry: Entry) -> CommitError {
    CommitError::Refused(vec![Failure { write: 0, found: Found::Entry(Box::new(entry)) }])
}

/// Orders at one price are served by when they were accepted.
fn by_timestamp(write: Write) -> Write {
    let stamped = |mut resting: domain::commit::Resting| {
        let at = resting.working.order.placed_at.millis();
        resting.working.tally.sequence = u64::try_from(at).unwrap_or(0);
        resting
    };
    match write {
        Write::PutResting(resting) => Write::PutResting(stamped(resting)),
        Write::ReplaceResting(resting) => Write::ReplaceResting(stamped(resting)),
        other => other,
    }
}

#[async_trait]
impl Ledger for PlantedStore {
    async fn commit(&self, commit: &Commit) -> Result<(), CommitError> {
        match self.bug {
            Bug::ArithmeticOutsideTransaction => self.reckoned_outside(commit).await,
            Bug::BalanceCheckedInMemory => self.checked_in_memory(commit).await,
            Bug::FeeLegOutsideTransaction => self.fee_afterwards(commit).await,
            Bug::HoldReleasedTwice => self.released_twice(commit),
            Bug::TokenAsOnlyGuard => self.by_token(commit),
            Bug::RecordAfterEffect => self.recorded_afterwards(commit).await,
            Bug::ExpiringLock => self.under_lock(commit).await,
            Bug::GuardExpires => self.by_short_memory(commit),
            Bug::CursorOutsideTransaction => self.cursor_afterwards(commit).await,
            Bug::FencingIgnored => self.unfenced(commit),
            Bug::KeyNotScopedByPrincipal => {
                self.altered(commit, |write| Some(self.under_shared_key(write)))
            }
            Bug::NoStockCondition => self.altered(commit, |write| self.whatever_stock(write)),
            Bug::StaleCacheDecidesPrice => {
                self.altered(commit, |write| Some(self.at_any_price(write)))
            }
            Bug::PriorityByTimestamp => self.altered(commit, |write| Some(by_timestamp(write))),
            Bug::RefundNotDeduplicated => self.altered(commit, |write| match write {
                Write::PutClaim { claim: domain::commit::Claim::Refund(_), .. } => None,
                other => Some(other),
            }),
            Bug::EmptyBatchItemFailures => self.memory.commit(commit).await,
        }
    }

    async fn account(&self, user: UserId) -> Result<Option<Account>, StoreError> {
        self.memory.account(user).await
    }

    async fn entry(&self, id: EntryId) -> Result<Option<Entry>, StoreError> {
        self.memory.entry(self.shared(id)).await
    }

    async fn entries(&self, query: &EntryQuery) -> Result<Page<Entry>, StoreError> {
        self.memory.entries(query).await
    }
}
