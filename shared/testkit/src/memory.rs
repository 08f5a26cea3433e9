//! A store in memory with the guarantees of the real one. It keeps nothing beyond its life,
//! never answers that it is unavailable, and never sees a conflict: [`crate::faults`] does.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use app::ports::{
    Catalogue, CommitError, EntryQuery, Identity, ItemQuery, Ledger, Page, Position, RateQuery,
    Shelf, StoreError,
};
use async_trait::async_trait;
use domain::{
    account::Account,
    catalogue::Item,
    command::CommandId,
    commit::Commit,
    id::{EntryId, ItemId, SessionId, UserId},
    identity::{Login, Session, User},
    ledger::{Entry, Outcome},
    pair::PairId,
    rate::RateVersion,
    universe::Universe,
};

mod books;
mod projections;
mod record;
mod rows;
mod shape;
mod sockets;
#[cfg(test)]
mod tests;
mod venues;
mod webhooks;

use projections::Projections;
pub use record::Change;
use record::Record;
use rows::Rows;
use sockets::Connections;
use venues::VenueRows;
use webhooks::WebhookRows;

/// A commit that succeeded is known again while fewer than this many others came after it.
/// The real store knows it for ten minutes; this one has no clock.
pub const COMMITS_KNOWN: usize = 1000;

/// A store in memory. Clones share their rows.
///
/// Every call yields to other tasks once before it looks at a row, as a network would, so
/// that concurrent use cases interleave on one thread.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    rows: Rows,
    /// The newest last.
    commits: VecDeque<Commit>,
    record: Record,
    projections: Projections,
    connections: Connections,
    webhooks: WebhookRows,
    venues: VenueRows,
}

impl State {
    fn commit(&mut self, commit: &Commit) -> Result<(), CommitError> {
        if let Err(fault) = shape::check(commit) {
            return Err(StoreError::Corrupt(fault.to_owned()).into());
        }
        if self.commits.contains(commit) {
            return Ok(());
        }
        let before = record::before(&self.rows, commit.writes());
        self.rows.carry_out(commit.writes()).map_err(CommitError::Refused)?;
        self.record.note(&before, &self.rows, commit);
        if self.commits.len() >= COMMITS_KNOWN {
            self.commits.pop_front();
        }
        self.commits.push_back(commit.clone());
        Ok(())
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets which commits were carried out, as the real store does after ten minutes: the very
    /// same commit again is one more.
    pub fn forget_commits(&self) {
        self.locked().commits.clear();
    }

    /// Puts something that is no command into a pair's log, over whatever stood there.
    pub fn plant_unreadable(&self, pair: PairId, id: CommandId) {
        self.locked().rows.books.plant_unreadable(pair, id);
    }

    /// Takes an entry out of the journal, as a store would whose guards do not last.
    pub fn remove_entry(&self, id: EntryId) {
        self.locked().rows.entries.remove(&id);
    }

    /// Takes an event out of a pair's history, as a store would in which numbers do not fence.
    pub fn remove_event(&self, pair: PairId, seq: u64) {
        self.locked().rows.books.remove_event(pair, seq);
    }

    async fn state(&self) -> MutexGuard<'_, State> {
        tokio::task::yield_now().await;
        self.locked()
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first rows after a place in a list that `ascending` orders.
fn page<T>(
    mut rows: Vec<T>,
    position: impl Fn(&T) -> Position,
    ascending: bool,
    after: Option<Position>,
    limit: u32,
) -> Page<T> {
    rows.sort_by_key(&position);
    if !ascending {
        rows.reverse();
    }
    rows.retain(|row| match after {
        None => true,
        Some(after) if ascending => position(row) > after,
        Some(after) => position(row) < after,
    });
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    Page { rows, more }
}

fn takes_part(user: UserId, entry: &Entry) -> bool {
    match &entry.outcome {
        Outcome::Moved(movement) => movement.party == user || movement.counterparty == Some(user),
        Outcome::Listed(_)
        | Outcome::Refused { .. }
        | Outcome::Placed(_)
        | Outcome::Amended(_)
        | Outcome::SameAs(_)
        | Outcome::Routed(_)
        | Outcome::Voided => false,
    }
}

fn on_shelf(shelf: Shelf, item: &Item) -> bool {
    match shelf {
        Shelf::Everything => true,
        Shelf::Universe(universe) => item.universe == universe,
        Shelf::Seller(seller) => item.seller == seller,
        Shelf::Priced { universe, min, max, .. } => {
            item.universe == universe && (min..=max).contains(&item.price)
        }
    }
}

#[async_trait]
impl Ledger for MemoryStore {
    async fn commit(&self, commit: &Commit) -> Result<(), CommitError> {
        self.state().await.commit(commit)
    }

    async fn account(&self, user: UserId) -> Result<Option<Account>, StoreError> {
        Ok(self.state().await.rows.accounts.get(&user).cloned())
    }

    async fn entry(&self, id: EntryId) -> Result<Option<Entry>, StoreError> {
        Ok(self.state().await.rows.entries.get(&id).cloned())
    }

    async fn entries(&self, query: &EntryQuery) -> Result<Page<Entry>, StoreError> {
        let state = self.state().await;
        let entries = state.rows.entries.values();
        let rows = entries.filter(|entry| takes_part(query.user, entry)).cloned().collect();
        Ok(page(rows, EntryQuery::position, false, query.after, query.limit))
    }
}

#[async_trait]
impl Catalogue for MemoryStore {
    async fn universes(&self) -> Result<Vec<Universe>, StoreError> {
        Ok(self.state().await.rows.universes.values().cloned().collect())
    }

    async fn rate_versions(&self, query: &RateQuery) -> Result<Page<RateVersion>, StoreError> {
        let fits = |rate: &&RateVersion| {
            rate.id.universe == query.universe
                && rate.observed_at <= query.at
                && query.below.is_none_or(|below| rate.id.version < below)
        };
        let state = self.state().await;
        let rows = state.rows.rate_versions.values().filter(fits).cloned().collect();
        let position = |rate: &RateVersion| Position { key: i64::from(rate.id.version), tie: 0 };
        Ok(page(rows, position, false, None, query.limit))
    }

    async fn item(&self, id: ItemId) -> Result<Option<Item>, StoreError> {
        Ok(self.state().await.rows.items.get(&id).cloned())
    }

    async fn items(&self, query: &ItemQuery) -> Result<Page<Item>, StoreError> {
        let shelf = query.shelf;
        let state = self.state().await;
        let items = state.rows.items.values();
        let rows = items.filter(|item| on_shelf(shelf, item)).cloned().collect();
        let ascending = matches!(shelf, Shelf::Priced { descending: false, .. });
        Ok(page(rows, |item| shelf.position(item), ascending, query.after, query.limit))
    }
}

#[async_trait]
impl Identity for MemoryStore {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.state().await.rows.users.get(&id).cloned())
    }

    async fn user_by_login(&self, login: &Login) -> Result<Option<User>, StoreError> {
        let state = self.state().await;
        let id = match login {
            Login::Username(name) => state.rows.usernames.get(name),
            Login::Email(email) => state.rows.emails.get(email),
        };
        Ok(id.and_then(|id| state.rows.users.get(id)).cloned())
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.state().await.rows.sessions.get(&id).cloned())
    }
}
