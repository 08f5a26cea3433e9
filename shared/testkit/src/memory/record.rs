//! What the streams of the real store would tell of its commits, in their order, so that a test
//! needs no stream.

use std::collections::BTreeMap;

use domain::{
    account::Account,
    activity::Activity,
    commit::Write,
    id::{EntryId, UserId},
    ledger::Entry,
    market_event::MarketEvent,
    pair::PairId,
};

use super::{MemoryStore, rows::Rows};

#[derive(Debug, Default)]
pub(super) struct Record {
    activities: Vec<Activity>,
    entries: Vec<EntryId>,
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
        writes: &[Write],
    ) {
        for write in writes {
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

impl MemoryStore {
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
