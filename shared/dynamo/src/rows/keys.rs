//! The keys of rows, in tables and in indexes, and the positions that index keys spell.

mod projections;
mod sockets;
mod venues;
mod webhooks;

use app::ports::{EntryQuery, Position, Shelf, StoreError};
use domain::{
    account::Account,
    amount::Amount,
    catalogue::Item,
    command::{Command, CommandId},
    commit::{Claim, ClosedOrder, Resting},
    currency::CurrencyCode,
    id::{EntryId, ItemId, OrderId, SessionId, UserId},
    identity::{Login, Session, User},
    ledger::{Entry, Outcome},
    market_event::MarketEvent,
    pair::{Pair, PairId},
    rate::{RateId, RateVersion},
    time::Timestamp,
    universe::{Universe, UniverseId},
};

use super::{Row, Spelled, corrupt, number, text};
use crate::schema::{ACCOUNTS, CATALOG, IDENTITY, JOURNAL, ORDERS};

pub(crate) use projections::*;
pub(crate) use sockets::*;
pub(crate) use venues::*;
pub(crate) use webhooks::*;

/// The partition of all universes.
pub(crate) const UNIVERSES: &str = "universes";
/// The kind of an item's row.
pub(crate) const ITEM: &str = "item";
/// The partition of all pairs.
pub(crate) const PAIRS: &str = "pairs";
/// The partition of a rate's versions, without the universe.
pub(crate) const RATES: &str = "rates#";
/// The partition of a pair's commands, without the pair.
pub(crate) const LOG: &str = "log#";
/// The partition of a pair's resting orders, without the pair.
pub(crate) const BOOK: &str = "book#";
/// The partition of a pair's deadlines, without the pair.
pub(crate) const DEADLINES: &str = "deadlines#";
/// The attribute with a deadline's milliseconds.
pub(crate) const DEADLINE: &str = "deadline";
const CURRENCIES: &str = "currencies";
const CLOSED: &str = "closed";

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

/// What a row is within its partition.
pub(super) fn kind_of(row: &Row) -> Option<&str> {
    text_of(row, "kind")
}

/// What its partition is about, if it is one of these.
pub(super) fn part_of<'a>(row: &'a Row, partition: &str) -> Option<&'a str> {
    text_of(row, ORDERS.partition)?.strip_prefix(partition)
}

/// Whether a key of a row begins so.
pub(crate) fn begins(row: &Row, name: &str, prefix: &str) -> bool {
    text_of(row, name).is_some_and(|text| text.starts_with(prefix))
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

/// In every table that has a sort key.
fn in_part(part: impl Into<String>, kind: impl Into<String>) -> Row {
    let (partition, sort) = (CATALOG.partition.to_owned(), "kind".to_owned());
    Row::from([(partition, text(part)), (sort, text(kind))])
}

fn universe(id: UniverseId) -> Row {
    in_part(UNIVERSES, format!("{:05}", id.number()))
}

pub(crate) fn currency(code: CurrencyCode) -> Row {
    in_part(CURRENCIES, code.spell())
}

/// The partition of a universe's rate.
pub(crate) fn rates_of(universe: UniverseId) -> String {
    format!("{RATES}{universe}")
}

/// A rate's version within its partition.
pub(crate) fn rate_key(version: u32) -> String {
    format!("{version:010}")
}

fn rate_version(id: RateId) -> Row {
    in_part(rates_of(id.universe), rate_key(id.version))
}

pub(crate) fn item(id: ItemId) -> Row {
    in_part(id.spell(), ITEM)
}

/// One of the partitions of a pair.
pub(crate) fn of_pair_in(partition: &str, pair: PairId) -> String {
    format!("{partition}{pair}")
}

pub(crate) fn command(pair: PairId, id: CommandId) -> Row {
    in_part(of_pair_in(LOG, pair), id.spell())
}

pub(crate) fn event(pair: PairId, seq: u64) -> Row {
    in_part(of_pair_in(MarketEvent::PARTITION, pair), seq_key(seq))
}

/// An event's number within its partition: twenty digits, as many as the largest has.
pub(crate) fn seq_key(seq: u64) -> String {
    format!("{seq:020}")
}

/// The number that is spelled so.
pub(super) fn seq_of(key: &str) -> Option<u64> {
    key.parse().ok().filter(|seq| seq_key(*seq) == key)
}

pub(crate) fn resting(pair: PairId, order: OrderId) -> Row {
    in_part(of_pair_in(BOOK, pair), order.spell())
}

pub(crate) fn closed_order(order: OrderId) -> Row {
    in_part(order.spell(), CLOSED)
}

pub(crate) fn deadline(pair: PairId, user: UserId) -> Row {
    in_part(of_pair_in(DEADLINES, pair), user.spell())
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
    match &value.outcome {
        Outcome::Moved(movement) => {
            row.insert("party".to_owned(), text(movement.party.spell()));
            if let Some(counterparty) = movement.counterparty {
                row.insert("counterparty".to_owned(), text(counterparty.spell()));
            }
        }
        Outcome::Placed(_) => {
            row.insert("orderer".to_owned(), text(value.actor.spell()));
        }
        Outcome::Listed(_)
        | Outcome::Refused { .. }
        | Outcome::Amended(_)
        | Outcome::SameAs(_)
        | Outcome::Routed(_)
        | Outcome::Voided => return,
    }
    let position = EntryQuery::position(value);
    row.insert("placed".to_owned(), text(placed(position, EntryId::from_bits)));
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

pub(super) fn of_pair(value: &Pair, row: &mut Row) {
    row.extend(in_part(PAIRS, value.id().spell()));
}

pub(super) fn of_command(value: &Command, row: &mut Row) {
    row.extend(command(value.pair, value.id));
}

pub(super) fn of_resting(value: &Resting, row: &mut Row) {
    row.extend(resting(value.pair, value.working.order.id));
}

pub(super) fn of_closed_order(value: &ClosedOrder, row: &mut Row) {
    row.extend(closed_order(value.working.order.id));
}

pub(super) fn of_user(value: &User, row: &mut Row) {
    row.extend(user(value.id));
}

pub(super) fn of_session(value: &Session, row: &mut Row) {
    row.extend(session(value.id));
    sweep_after(row, value.expires_at);
}

/// Lets a row be swept after this time. Rounded up: none is in a second in which it still holds.
fn sweep_after(row: &mut Row, at: Timestamp) {
    let seconds = at.millis().saturating_add(999) / 1000;
    row.insert("sweep_after".to_owned(), number(seconds));
}
