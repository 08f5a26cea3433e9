//! All rows by their keys.

use std::collections::BTreeMap;

use domain::{
    account::Account,
    activity::Activity,
    catalogue::Item,
    command::{Command, CommandId},
    commit::{Claim, ClosedOrder, Resting},
    currency::CurrencyCode,
    id::{EntryId, ItemId, OrderId, UserId, VenueOrderId},
    identity::{Email, Login, User, Username},
    ledger::Entry,
    market_event::MarketEvent,
    pair::{Pair, PairId},
    rate::{RateId, RateVersion},
    statement::{StatementHead, StatementLine},
    universe::{Universe, UniverseId},
    venue::VenueOrder,
};

use super::Row;

#[derive(Debug, Clone, Default)]
pub(super) struct World {
    pub(super) accounts: BTreeMap<UserId, Account>,
    pub(super) entries: BTreeMap<EntryId, Entry>,
    pub(super) claims: BTreeMap<Claim, EntryId>,
    pub(super) universes: BTreeMap<UniverseId, Universe>,
    pub(super) currencies: BTreeMap<CurrencyCode, UniverseId>,
    pub(super) rates: BTreeMap<RateId, RateVersion>,
    pub(super) items: BTreeMap<ItemId, Item>,
    pub(super) pairs: BTreeMap<PairId, Pair>,
    pub(super) commands: BTreeMap<(PairId, CommandId), Command>,
    pub(super) events: BTreeMap<(PairId, u64), MarketEvent>,
    pub(super) resting: BTreeMap<OrderId, Resting>,
    pub(super) closed: BTreeMap<OrderId, ClosedOrder>,
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) usernames: BTreeMap<Username, UserId>,
    pub(super) emails: BTreeMap<Email, UserId>,
    pub(super) activity: BTreeMap<(UserId, u64), Activity>,
    pub(super) heads: BTreeMap<UserId, StatementHead>,
    /// By owner and version of the account.
    pub(super) lines: BTreeMap<(UserId, u64), Vec<StatementLine>>,
    pub(super) venue_orders: BTreeMap<VenueOrderId, VenueOrder>,
}

impl World {
    pub(super) fn of(rows: impl IntoIterator<Item = Row>) -> Self {
        let mut world = Self::default();
        rows.into_iter().for_each(|row| world.put(row));
        world
    }

    pub(super) fn put(&mut self, row: Row) {
        match row {
            Row::Account(row) => drop(self.accounts.insert(row.user, row)),
            Row::Entry(row) => drop(self.entries.insert(row.id, row)),
            Row::Claim(claim, by) => drop(self.claims.insert(claim, by)),
            Row::Universe(row) => drop(self.universes.insert(row.id, row)),
            Row::Currency(code, universe) => drop(self.currencies.insert(code, universe)),
            Row::Rate(row) => drop(self.rates.insert(row.id, row)),
            Row::Item(row) => drop(self.items.insert(row.id, row)),
            Row::Pair(row) => drop(self.pairs.insert(row.id(), row)),
            Row::Command(row) => drop(self.commands.insert((row.pair, row.id), row)),
            Row::Event(row) => drop(self.events.insert((row.pair, row.head.seq), row)),
            Row::Resting(row) => drop(self.resting.insert(row.working.order.id, row)),
            Row::Closed(row) => drop(self.closed.insert(row.working.order.id, row)),
            Row::User(row) => drop(self.users.insert(row.id, row)),
            Row::Login(Login::Username(name), user) => drop(self.usernames.insert(name, user)),
            Row::Login(Login::Email(email), user) => drop(self.emails.insert(email, user)),
            Row::Activity(row) => drop(self.activity.insert((row.user, row.version), row)),
            Row::Head(row) => drop(self.heads.insert(row.user, row)),
            Row::Line(row) => {
                self.lines.entry((row.wallet.owner, row.version)).or_default().push(row);
            }
            Row::VenueOrder(row) => drop(self.venue_orders.insert(row.terms.id, row)),
        }
    }

    /// Takes a row out that a plan may remove.
    pub(super) fn remove(&mut self, row: &Row) {
        match row {
            Row::Account(row) => drop(self.accounts.remove(&row.user)),
            Row::Entry(row) => drop(self.entries.remove(&row.id)),
            Row::Claim(claim, _) => drop(self.claims.remove(claim)),
            Row::Universe(row) => drop(self.universes.remove(&row.id)),
            Row::Currency(code, _) => drop(self.currencies.remove(code)),
            Row::Rate(row) => drop(self.rates.remove(&row.id)),
            Row::Item(row) => drop(self.items.remove(&row.id)),
            Row::Pair(row) => drop(self.pairs.remove(&row.id())),
            Row::Command(row) => drop(self.commands.remove(&(row.pair, row.id))),
            Row::Event(row) => drop(self.events.remove(&(row.pair, row.head.seq))),
            Row::Resting(row) => drop(self.resting.remove(&row.working.order.id)),
            Row::Closed(row) => drop(self.closed.remove(&row.working.order.id)),
            Row::User(row) => drop(self.users.remove(&row.id)),
            Row::Login(Login::Username(name), _) => drop(self.usernames.remove(name)),
            Row::Login(Login::Email(email), _) => drop(self.emails.remove(email)),
            Row::Activity(row) => drop(self.activity.remove(&(row.user, row.version))),
            Row::Head(row) => drop(self.heads.remove(&row.user)),
            Row::Line(row) => drop(self.lines.remove(&(row.wallet.owner, row.version))),
            Row::VenueOrder(row) => drop(self.venue_orders.remove(&row.terms.id)),
        }
    }
}
