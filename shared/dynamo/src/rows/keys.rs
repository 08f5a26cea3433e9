//! The keys of rows, in tables and in indexes, and the positions that index keys spell.

use app::ports::{EntryQuery, Position, Shelf, StoreError};
use domain::{
    account::Account,
    amount::Amount,
    catalogue::Item,
    commit::Claim,
    currency::CurrencyCode,
    id::{EntryId, ItemId, SessionId, UserId},
    identity::{Login, Session, User},
    ledger::{Entry, Outcome},
    rate::{RateId, RateVersion},
    universe::{Universe, UniverseId},
};

use super::{Row, Spelled, corrupt, number, text};
use crate::schema::{ACCOUNTS, CATALOG, IDENTITY, JOURNAL};

/// The partition of all universes.
pub(crate) const UNIVERSES: &str = "universes";
/// The kind of an item's row.
pub(crate) const ITEM: &str = "item";
const CURRENCIES: &str = "currencies";

/// Fifteen digits: the last instant that a timestamp can be has as many.
fn time_key(millis: i64) -> String {
    format!("{:015}", millis.max(0))
}

/// Nineteen digits: the largest amount has as many.
pub(crate) fn price_key(minor: i64) -> String {
    format!("{:019}", minor.max(0))
}

/// An entry's or item's place in time.
pub(crate) fn placed<Id: Spelled>(position: Position, id: fn(u128) -> Id) -> String {
    time_key(position.key) + &id(position.tie).spell()
}

/// An item's place among prices.
pub(crate) fn priced(position: Position) -> String {
    price_key(position.key) + &ItemId::from_bits(position.tie).spell()
}

/// An item's place among prices, as its row has it.
pub(crate) fn price_of(item: &Item) -> String {
    priced(Position { key: item.price.minor(), tie: item.id.bits() })
}

/// The keys of prices from `min` to `max`, both included, that come after a place. The first is
/// above the second if there are none.
pub(crate) fn price_range(
    min: Amount,
    max: Amount,
    descending: bool,
    after: Option<Position>,
) -> (String, String) {
    // A price's key is a prefix of all its items' keys, and a tilde sorts after every id.
    let (low, high) = (price_key(min.minor()), price_key(max.minor()) + "~");
    match after {
        None => (low, high),
        Some(place) if descending => {
            let previous = place.tie.checked_sub(1).map(|tie| Position { tie, ..place });
            (low, high.min(previous.map_or_else(|| price_key(place.key), priced)))
        }
        Some(place) => (low.max(priced(place) + "~"), high),
    }
}

/// Which item a row of an index is about and, if the index is by price, at which place.
pub(crate) fn item_place(row: &Row) -> Result<(ItemId, Option<String>), StoreError> {
    let id = text_of(row, CATALOG.partition).and_then(ItemId::read);
    let priced = text_of(row, "priced").map(str::to_owned);
    Ok((id.ok_or_else(|| corrupt("a row of an item without its id"))?, priced))
}

/// Whose name or address a row reserves.
pub(crate) fn reserved_for(row: &Row) -> Result<UserId, StoreError> {
    let user = text_of(row, "user").and_then(UserId::read);
    user.ok_or_else(|| corrupt("a name without its user"))
}

fn text_of<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name)?.as_s().ok().map(String::as_str)
}

pub(crate) fn account(user: UserId) -> Row {
    Row::from([(ACCOUNTS.partition.to_owned(), text(user.spell()))])
}

pub(crate) fn entry(id: EntryId) -> Row {
    Row::from([(JOURNAL.partition.to_owned(), text(id.spell()))])
}

pub(crate) fn claim(claim: &Claim) -> Row {
    let id = match claim {
        Claim::Quote(quote) => quote.spell(),
        Claim::Refund(purchase) => format!("refund#{}", purchase.spell()),
    };
    Row::from([(JOURNAL.partition.to_owned(), text(id))])
}

fn in_catalog(part: impl Into<String>, kind: impl Into<String>) -> Row {
    let (partition, sort) = (CATALOG.partition.to_owned(), "kind".to_owned());
    Row::from([(partition, text(part)), (sort, text(kind))])
}

fn universe(id: UniverseId) -> Row {
    in_catalog(UNIVERSES, format!("{:05}", id.number()))
}

pub(crate) fn currency(code: CurrencyCode) -> Row {
    in_catalog(CURRENCIES, code.spell())
}

/// The partition of a universe's rate.
pub(crate) fn rates_of(universe: UniverseId) -> String {
    format!("rates#{universe}")
}

/// A rate's version within its partition.
pub(crate) fn rate_key(version: u32) -> String {
    format!("{version:010}")
}

fn rate_version(id: RateId) -> Row {
    in_catalog(rates_of(id.universe), rate_key(id.version))
}

pub(crate) fn item(id: ItemId) -> Row {
    in_catalog(id.spell(), ITEM)
}

fn in_identity(key: String) -> Row {
    Row::from([(IDENTITY.partition.to_owned(), text(key))])
}

pub(crate) fn user(id: UserId) -> Row {
    in_identity(id.spell())
}

pub(crate) fn login(login: &Login) -> Row {
    in_identity(match login {
        Login::Username(name) => format!("name#{}", name.as_str()),
        Login::Email(email) => format!("mail#{}", email.as_str()),
    })
}

pub(crate) fn session(id: SessionId) -> Row {
    in_identity(id.spell())
}

pub(super) fn of_account(value: &Account, row: &mut Row) {
    row.extend(account(value.user));
}

pub(super) fn of_entry(value: &Entry, row: &mut Row) {
    row.extend(entry(value.id));
    let Outcome::Moved(movement) = &value.outcome else { return };
    let position = EntryQuery::position(value);
    row.insert("placed".to_owned(), text(placed(position, EntryId::from_bits)));
    row.insert("party".to_owned(), text(movement.party.spell()));
    if let Some(counterparty) = movement.counterparty {
        row.insert("counterparty".to_owned(), text(counterparty.spell()));
    }
}

pub(super) fn of_universe(value: &Universe, row: &mut Row) {
    row.extend(universe(value.id));
}

pub(super) fn of_rate_version(value: &RateVersion, row: &mut Row) {
    row.extend(rate_version(value.id));
}

pub(super) fn of_item(value: &Item, row: &mut Row) {
    row.extend(item(value.id));
    let position = Shelf::Everything.position(value);
    row.insert("placed".to_owned(), text(placed(position, ItemId::from_bits)));
    row.insert("priced".to_owned(), text(price_of(value)));
}

pub(super) fn of_user(value: &User, row: &mut Row) {
    row.extend(user(value.id));
}

pub(super) fn of_session(value: &Session, row: &mut Row) {
    row.extend(session(value.id));
    // Rounded up: no session is swept in the second in which it still holds.
    let seconds = value.expires_at.millis().saturating_add(999) / 1000;
    row.insert("sweep_after".to_owned(), number(seconds));
}
