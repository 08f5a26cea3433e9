//! The rows, and what each write expects of the one that it touches.
//! A commit touches no row twice, so all expectations are checked against the same rows.

use std::collections::BTreeMap;

use app::ports::{Failure, Found};
use domain::{
    account::{Account, Change, Leg},
    amount::Amount,
    catalogue::{Item, ItemState, Quantity, Stock},
    commit::{Claim, Write},
    currency::CurrencyCode,
    id::{EntryId, ItemId, SessionId, UserId},
    identity::{Email, Session, User, Username},
    ledger::Entry,
    rate::{RateId, RateVersion},
    time::Timestamp,
    universe::{Universe, UniverseId},
    venue::VenueOrder,
};

mod books;
mod venues;

pub(super) use books::Book;
use books::{BookRow, Books};
use venues::VenueOrderRows;

#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) entries: BTreeMap<EntryId, Entry>,
    pub(super) claims: BTreeMap<Claim, EntryId>,
    pub(super) accounts: BTreeMap<UserId, Account>,
    pub(super) items: BTreeMap<ItemId, Item>,
    pub(super) universes: BTreeMap<UniverseId, Universe>,
    pub(super) currencies: BTreeMap<CurrencyCode, UniverseId>,
    pub(super) rate_versions: BTreeMap<RateId, RateVersion>,
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) usernames: BTreeMap<Username, UserId>,
    pub(super) emails: BTreeMap<Email, UserId>,
    pub(super) sessions: BTreeMap<SessionId, Session>,
    pub(super) books: Books,
    pub(super) venue_orders: VenueOrderRows,
}

/// A row as it shall be.
enum Row {
    Entry(Entry),
    Claim(Claim, EntryId),
    Account(Account),
    Item(Item),
    Universe(Universe),
    Currency(CurrencyCode, UniverseId),
    RateVersion(RateVersion),
    User(User),
    Username(Username, UserId),
    Email(Email, UserId),
    Session(Session),
    Book(BookRow),
    VenueOrder(Box<VenueOrder>),
}

impl Rows {
    /// Carries out all writes or none.
    pub(super) fn carry_out(&mut self, writes: &[Write]) -> Result<(), Vec<Failure>> {
        let mut rows = Vec::new();
        let mut failures = Vec::new();
        for (write, expected) in writes.iter().enumerate() {
            match self.after(expected) {
                Ok(row) => rows.push(row),
                Err(found) => failures.push(Failure { write, found }),
            }
        }
        if !failures.is_empty() {
            return Err(failures);
        }
        rows.into_iter().for_each(|row| self.put(row));
        Ok(())
    }

    /// The row after a write, or what stands where the write expects something else.
    fn after(&self, write: &Write) -> Result<Row, Found> {
        match write {
            Write::PutEntry(entry) => self.entered(entry),
            Write::PutClaim { claim, by } => absent(&self.claims, claim, Row::Claim(*claim, *by)),
            Write::OpenAccount(account) => self.with_account(account),
            Write::OpenWallet { user, code, at } => self.opened(*user, *code, *at),
            Write::MoveFunds { user, legs, change } => self.moved(*user, legs, change),
            Write::PutItem(item) => absent(&self.items, &item.id, Row::Item(item.clone())),
            Write::ReviseItem { item, .. } => self.revised(item),
            Write::SellStock { item, unit_price, quantity, at } => {
                self.sold(*item, *unit_price, *quantity, *at)
            }
            Write::ReturnStock { item, quantity, at } => self.returned(*item, *quantity, *at),
            Write::PutUniverse(universe) => {
                absent(&self.universes, &universe.id, Row::Universe(universe.clone()))
            }
            Write::ReserveCurrency { code, universe } => {
                absent(&self.currencies, code, Row::Currency(*code, *universe))
            }
            Write::ReplaceRate { universe, replaces } => {
                let before = self.universes.get(&universe.id).ok_or(Found::Nothing)?;
                present(before.rate.id.version == *replaces, Row::Universe(universe.clone()))
            }
            Write::PutRateVersion(rate) => {
                absent(&self.rate_versions, &rate.id, Row::RateVersion(rate.clone()))
            }
            Write::PutUser(user) => absent(&self.users, &user.id, Row::User(user.clone())),
            Write::ReserveUsername(name, user) => {
                absent(&self.usernames, name, Row::Username(name.clone(), *user))
            }
            Write::ReserveEmail(email, user) => {
                absent(&self.emails, email, Row::Email(email.clone(), *user))
            }
            Write::PutSession(session) => {
                absent(&self.sessions, &session.id, Row::Session(session.clone()))
            }
            Write::ReplaceSession { session, generation } => {
                let before = self.sessions.get(&session.id).ok_or(Found::Nothing)?;
                let current = before.generation == *generation && !before.revoked;
                present(current, Row::Session(session.clone()))
            }
            Write::PutPair(pair) => self.books.with_pair(pair),
            Write::ReplacePair(pair) => self.books.with_pair_replaced(pair),
            Write::PutCommand(command) => self.books.with_command(command),
            Write::AdvanceCommand(command) => self.books.with_command_advanced(command),
            Write::RemoveCommand { pair, id } => self.books.without_command(*pair, *id),
            Write::PutMarketEvent(event) => self.books.with_event(event),
            Write::PutResting(resting) => self.books.with_resting(resting),
            Write::ReplaceResting(resting) => self.books.with_resting_replaced(resting),
            Write::RemoveResting { pair, order } => self.books.without_resting(*pair, *order),
            Write::PutClosedOrder(closed) => self.books.with_closed(closed),
            Write::PutDeadline { pair, user, deadline } => {
                Ok(Row::Book(BookRow::Deadline(*pair, *user, *deadline)))
            }
            Write::RemoveDeadline { pair, user } => {
                Ok(Row::Book(BookRow::NoDeadline(*pair, *user)))
            }
            Write::PutVenueOrder(order) => self.venue_orders.with(order),
            Write::ReplaceVenueOrder { order, .. } => self.venue_orders.with_replaced(order),
        }
    }

    fn entered(&self, entry: &Entry) -> Result<Row, Found> {
        match self.entries.get(&entry.id) {
            Some(found) => Err(Found::Entry(Box::new(found.clone()))),
            None => Ok(Row::Entry(entry.clone())),
        }
    }

    fn with_account(&self, account: &Account) -> Result<Row, Found> {
        match self.accounts.get(&account.user) {
            Some(found) => Err(Found::Account(Box::new(found.clone()))),
            None => Ok(Row::Account(account.clone())),
        }
    }

    fn moved(&self, user: UserId, legs: &[Leg], change: &Change) -> Result<Row, Found> {
        let account = self.accounts.get(&user).ok_or(Found::Nothing)?;
        let after = account.after(legs, change);
        after.map(Row::Account).map_err(|_| Found::Account(Box::new(account.clone())))
    }

    fn revised(&self, item: &Item) -> Result<Row, Found> {
        let before = self.items.get(&item.id).ok_or(Found::Nothing)?;
        let follows = before.version.checked_add(1) == Some(item.version);
        present(follows, Row::Item(item.clone()))
    }

    fn opened(&self, user: UserId, code: CurrencyCode, at: Timestamp) -> Result<Row, Found> {
        let account = self.accounts.get(&user).ok_or(Found::Nothing)?;
        if account.wallets.contains_key(&code) {
            return Err(Found::Account(Box::new(account.clone())));
        }
        Ok(Row::Account(account.with_wallet(code, at)))
    }

    fn sold(
        &self,
        id: ItemId,
        unit_price: Amount,
        quantity: Quantity,
        at: Timestamp,
    ) -> Result<Row, Found> {
        let item = self.items.get(&id).ok_or(Found::Nothing)?;
        if item.state != ItemState::Active || item.price != unit_price {
            return Err(Found::Other);
        }
        let left = item.stock.pieces().checked_sub(quantity.pieces()).and_then(Stock::new);
        let sold = item.sold.checked_add(u64::from(quantity.pieces()));
        restocked(item, left, sold, at)
    }

    fn returned(&self, id: ItemId, quantity: Quantity, at: Timestamp) -> Result<Row, Found> {
        let item = self.items.get(&id).ok_or(Found::Nothing)?;
        let left = item.stock.pieces().checked_add(quantity.pieces()).and_then(Stock::new);
        let sold = item.sold.checked_sub(u64::from(quantity.pieces()));
        restocked(item, left, sold, at)
    }

    fn put(&mut self, row: Row) {
        match row {
            Row::Entry(entry) => drop(self.entries.insert(entry.id, entry)),
            Row::Claim(claim, by) => drop(self.claims.insert(claim, by)),
            Row::Account(account) => drop(self.accounts.insert(account.user, account)),
            Row::Item(item) => drop(self.items.insert(item.id, item)),
            Row::Universe(universe) => drop(self.universes.insert(universe.id, universe)),
            Row::Currency(code, universe) => drop(self.currencies.insert(code, universe)),
            Row::RateVersion(rate) => drop(self.rate_versions.insert(rate.id, rate)),
            Row::User(user) => drop(self.users.insert(user.id, user)),
            Row::Username(name, user) => drop(self.usernames.insert(name, user)),
            Row::Email(email, user) => drop(self.emails.insert(email, user)),
            Row::Session(session) => drop(self.sessions.insert(session.id, session)),
            Row::Book(row) => self.books.put(row),
            Row::VenueOrder(order) => self.venue_orders.put(*order),
        }
    }
}

/// The row that a write puts where nothing may stand.
fn absent<K: Ord, V>(rows: &BTreeMap<K, V>, key: &K, row: Row) -> Result<Row, Found> {
    if rows.contains_key(key) { Err(Found::Other) } else { Ok(row) }
}

/// The row that a write puts in the place of one that is as it must be.
fn present(as_expected: bool, row: Row) -> Result<Row, Found> {
    if as_expected { Ok(row) } else { Err(Found::Other) }
}

/// The item with these counts; a count that there cannot be is an unmet expectation.
fn restocked(
    item: &Item,
    stock: Option<Stock>,
    sold: Option<u64>,
    at: Timestamp,
) -> Result<Row, Found> {
    let (Some(stock), Some(sold)) = (stock, sold) else { return Err(Found::Other) };
    let version = item.version.saturating_add(1);
    Ok(Row::Item(Item { stock, sold, version, updated_at: at, ..item.clone() }))
}
