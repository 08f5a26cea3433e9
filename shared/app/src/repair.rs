//! What must be mended after a restore that holds parts of transactions: each row was restored as
//! of its own moment near one second, so a commit may be there in some of its rows only.
//!
//! The journal is the truth. What has an entry has happened, all of it; what has none has not.
//! - An account is the fold of its entries, and holds what its orders and waiting commands reserve.
//! - A book is the fold of its market's events. An event counts if all of its trades, and all
//!   before them, have their entries, and both of their orders were placed; those after it are
//!   taken back. A trade whose entry has no event gets a new event.
//! - An order stands as its market's events and its fills say. What nothing says anything of waits
//!   in the log again, and is matched again.
//! - An order at an external venue is there if its entry is, and as much of it is filled as its
//!   fills' entries say; the venue is asked for the rest. Of each that was not sent it is assumed
//!   that it was, after the moment that was restored: its venue is asked before anything else.
//! - What cannot have happened is taken back: an entry that spends what no entry brought, if it is
//!   of the last two minutes; a trade whose number does not follow.
//! - The log of an account is completed, so that statements can be folded again.
//!
//! Nothing is read or written here, and nobody may be at work. Sessions, deadlines, webhooks,
//! connections, venues and what paces requests to them stay as they are; projections follow from
//! the rest and are made again.

mod accounts;
mod book;
mod catalogue;
mod markets;
mod orders;
mod told;
mod venues;
mod world;

use std::collections::BTreeSet;

use domain::{
    account::Account,
    activity::Activity,
    catalogue::Item,
    command::Command,
    commit::{Claim, ClosedOrder, Resting},
    currency::CurrencyCode,
    id::{EntryId, UserId},
    identity::{Login, User},
    ledger::Entry,
    market_event::MarketEvent,
    pair::Pair,
    rate::RateVersion,
    statement::{StatementHead, StatementLine},
    time::{Span, Timestamp},
    universe::{Universe, UniverseId},
    venue::VenueOrder,
};

use world::World;

/// An entry may be taken back if it is so much older than the newest one at most.
const TAKEN_BACK_WITHIN: Span = Span::seconds(120);
/// How many entries may be taken back because others were: more is no torn restore.
const TAKEN_BACK_MAX: usize = 10_000;

/// A row of the tables that a repair looks at.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// An account.
    Account(Account),
    /// A journal entry.
    Entry(Entry),
    /// A claim, and the entry that it was claimed by.
    Claim(Claim, EntryId),
    /// A universe.
    Universe(Universe),
    /// Which universe has a currency.
    Currency(CurrencyCode, UniverseId),
    /// A version of a rate.
    Rate(RateVersion),
    /// An item.
    Item(Item),
    /// A pair.
    Pair(Pair),
    /// A command in a pair's log.
    Command(Command),
    /// An event of a pair.
    Event(MarketEvent),
    /// A resting order.
    Resting(Resting),
    /// An order that is over.
    Closed(ClosedOrder),
    /// A user.
    User(User),
    /// Who has a name or an address.
    Login(Login, UserId),
    /// A change of an account.
    Activity(Activity),
    /// How far an account's statements have come.
    Head(StatementHead),
    /// A line of a statement.
    Line(StatementLine),
    /// An order at an external venue.
    VenueOrder(VenueOrder),
}

/// One row that must change.
#[derive(Debug, Clone, PartialEq)]
pub struct Mend {
    /// The row as it is; `None`: it is not there.
    pub before: Option<Row>,
    /// As it shall be; `None`: it is to be deleted.
    pub after: Option<Row>,
    /// Why.
    pub why: &'static str,
}

/// What a repair comes to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// The rows that must change, in the order in which they are best changed. Cut off anywhere,
    /// the next plan does the rest.
    pub mends: Vec<Mend>,
    /// What no rule mends, for people.
    pub unmended: Vec<String>,
}

/// What must change so that all rows agree; of rows that agree, nothing but that orders at venues
/// that were not sent may have been. `now` is the time of what is written.
#[must_use]
pub fn plan(rows: impl IntoIterator<Item = Row>, now: Timestamp) -> Plan {
    let world = World::of(rows);
    let mut taken_back = BTreeSet::new();
    loop {
        let mut draft = Draft { world: world.clone(), plan: Plan::default(), now };
        for id in &taken_back {
            draft.take_back(*id, "it spends what no entry brought");
        }
        draft.mend();
        match draft.overdrawn() {
            Some(entry) if taken_back.len() < TAKEN_BACK_MAX => {
                if !taken_back.insert(entry) {
                    return draft.finish();
                }
            }
            _ => return draft.finish(),
        }
    }
}

/// A plan as it grows, and the world as it would be by then.
struct Draft {
    world: World,
    plan: Plan,
    now: Timestamp,
}

impl Draft {
    fn mend(&mut self) {
        let pairs: Vec<_> = self.world.pairs.values().copied().collect();
        for pair in &pairs {
            markets::mend(self, pair);
        }
        catalogue::mend(self);
        venues::mend(self);
    }

    /// The newest entry that cannot have happened, if it may be taken back.
    fn overdrawn(&self) -> Option<EntryId> {
        let newest = self.world.entries.values().map(|entry| entry.at).max()?;
        let since = newest.minus(TAKEN_BACK_WITHIN);
        let recent = |id: &EntryId| self.world.entries.get(id).is_some_and(|it| it.at >= since);
        accounts::culprit(&self.world).or_else(|| catalogue::culprit(&self.world)).filter(recent)
    }

    fn finish(mut self) -> Plan {
        accounts::mend(&mut self);
        self.plan
    }

    /// An entry leaves the journal.
    fn take_back(&mut self, id: EntryId, why: &'static str) {
        if let Some(entry) = self.world.entries.remove(&id) {
            self.plan.mends.push(Mend { before: Some(Row::Entry(entry)), after: None, why });
        }
    }

    fn put(&mut self, row: Row, before: Option<Row>, why: &'static str) {
        if before.as_ref() != Some(&row) {
            self.world.put(row.clone());
            self.plan.mends.push(Mend { before, after: Some(row), why });
        }
    }

    fn remove(&mut self, row: Row, why: &'static str) {
        self.world.remove(&row);
        self.plan.mends.push(Mend { before: Some(row), after: None, why });
    }

    fn leave(&mut self, what: String) {
        self.plan.unmended.push(what);
    }
}
