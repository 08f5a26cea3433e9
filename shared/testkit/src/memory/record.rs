//! What the streams of the real store would tell of its commits, in their order, so that a test
//! needs no stream.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    account::Account,
    activity::Activity,
    commit::{Commit, Write},
    id::{EntryId, UserId},
    ledger::Entry,
    market_event::MarketEvent,
    pair::PairId,
    rate::RateVersion,
};

use super::{MemoryStore, rows::Rows};

#[derive(Debug, Default)]
pub(super) struct Record {
    activities: Vec<Activity>,
    entries: Vec<EntryId>,
    /// If anybody asked for them: what the streams tell since the last look, and all commits.
    followed: Option<(Vec<Change>, Vec<Arc<Commit>>)>,
}

/// A change that a stream of the real store tells of.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "it is made once and taken apart once")]
pub enum Change {
    /// Of an account.
    Account {
        /// As it was; `None`: it is new.
        before: Option<Account>,
        /// As it is.
        after: Account,
    },
    /// A journal entry was written.
    Entry(Entry),
    /// An event of a pair was written.
    MarketEvent(MarketEvent),
    /// A version of a rate was written.
    Rate(RateVersion),
}

/// Whose account a write changes.
fn user_of(write: &Write) -> Option<UserId> {
    match write {
        Write::OpenAccount(account) => Some(account.user),
        Write::OpenWallet { user, .. } | Write::MoveFunds { user, .. } => Some(*user),
        _ => None,
    }
}

/// The accounts that writes change, as they are before them.
pub(super) fn before(rows: &Rows, writes: &[Write]) -> BTreeMap<UserId, Option<Account>> {
    let users = writes.iter().filter_map(user_of);
    users.map(|user| (user, rows.accounts.get(&user).cloned())).collect()
}

impl Record {
    /// Records what was carried out, in the order of the writes.
    pub(super) fn note(
        &mut self,
        before: &BTreeMap<UserId, Option<Account>>,
        rows: &Rows,
        commit: &Commit,
    ) {
        self.follow(before, rows, commit);
        for write in commit.writes() {
            if let Write::PutEntry(entry) = write {
                self.entries.push(entry.id);
            }
            let Some(user) = user_of(write) else { continue };
            let Some(after) = rows.accounts.get(&user) else { continue };
            let before = before.get(&user).and_then(Option::as_ref);
            // An account that was put in the middle of its life begins with all that it has.
            let begins = |_| Some(Activity::carried_forward(after));
            self.activities.extend(Activity::between(before, after).unwrap_or_else(begins));
        }
    }
}

impl Record {
    fn follow(&mut self, before: &BTreeMap<UserId, Option<Account>>, rows: &Rows, commit: &Commit) {
        let Some((changes, commits)) = &mut self.followed else { return };
        commits.push(Arc::new(commit.clone()));
        for write in commit.writes() {
            changes.extend(match write {
                Write::PutEntry(entry) => Some(Change::Entry(entry.clone())),
                Write::PutMarketEvent(event) => Some(Change::MarketEvent(event.clone())),
                Write::PutRateVersion(rate) => Some(Change::Rate(rate.clone())),
                write => user_of(write).and_then(|user| {
                    let after = rows.accounts.get(&user)?.clone();
                    let before = before.get(&user).cloned().flatten();
                    Some(Change::Account { before, after })
                }),
            });
        }
    }
}

impl MemoryStore {
    /// Keeps from now on what the streams would tell, and every commit.
    pub fn follow(&self) {
        self.locked().record.followed.get_or_insert_default();
    }

    /// What the streams would have told since the last look, in the order of the commits.
    #[must_use]
    pub fn take_changes(&self) -> Vec<Change> {
        let mut state = self.locked();
        state
            .record
            .followed
            .as_mut()
            .map(|(changes, _)| std::mem::take(changes))
            .unwrap_or_default()
    }

    /// How many commits there were since [`MemoryStore::follow`].
    #[must_use]
    pub fn commits_so_far(&self) -> usize {
        self.locked().record.followed.as_ref().map_or(0, |(_, commits)| commits.len())
    }

    /// All commits since [`MemoryStore::follow`], in their order.
    #[must_use]
    pub fn commits_in_order(&self) -> Vec<Arc<Commit>> {
        let state = self.locked();
        state.record.followed.as_ref().map(|(_, commits)| commits.clone()).unwrap_or_default()
    }

    /// All changes of accounts, in the order of their commits.
    #[must_use]
    pub fn activities(&self) -> Vec<Activity> {
        self.locked().record.activities.clone()
    }

    /// All journal entries, in the order of their commits.
    #[must_use]
    pub fn entries_in_order(&self) -> Vec<Entry> {
        let state = self.locked();
        let entries = state.record.entries.iter();
        entries.filter_map(|id| state.rows.entries.get(id)).cloned().collect()
    }

    /// All events of a pair, in order.
    #[must_use]
    pub fn market_events(&self, pair: PairId) -> Vec<MarketEvent> {
        self.locked().rows.books.of(pair).events.values().cloned().collect()
    }
}
