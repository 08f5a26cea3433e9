//! Rows: domain values as DynamoDB items and back. Reading never panics: a row that is not
//! what we write is [`StoreError::Corrupt`]. When rows are written, `transact` knows.
//!
//! A domain value's fields are attributes of the same name (serde's remote derive keeps the two
//! in step: a new field or variant does not compile here until it is stored). Besides:
//!
//! | table | rows | keys | attributes for an index or the sweep |
//! |---|---|---|---|
//! | accounts | accounts | `user` | |
//! | journal | entries | `id` = `txn_…` | if money moved: `party`, `counterparty`, `placed`; |
//! | | | | if an order was placed: `orderer`, `placed` |
//! | journal | claims | `id` = `quo_…` or `refund#txn_…` | |
//! | catalog | universes | `part` = `universes`, `kind` = `00002` | |
//! | catalog | currencies | `part` = `currencies`, `kind` = `USD` | |
//! | catalog | versions of rates | `part` = `rates#2`, `kind` = `0000000017` | |
//! | catalog | items | `part` = `itm_…`, `kind` = `item` | `placed`, `priced` |
//! | catalog | pairs | `part` = `pairs`, `kind` = `MRC-USD` | |
//! | orders | commands | `part` = `log#MRC-USD`, `kind` = time and request | |
//! | orders | events | `part` = `events#MRC-USD`, `kind` = 20 digits | if it traded: `traded` |
//! | orders | resting orders | `part` = `book#MRC-USD`, `kind` = `ord_…` | |
//! | orders | deadlines | `part` = `deadlines#MRC-USD`, `kind` = `usr_…` | |
//! | orders | closed orders | `part` = `ord_…`, `kind` = `closed` | |
//! | identity | users | `key` = `usr_…` | |
//! | identity | names, addresses | `key` = `name#…`, `mail#…` | |
//! | identity | sessions | `key` = `ses_…` | `sweep_after`, in seconds |
//! | activity | changes of accounts | `part` = `usr_…`, `kind` = version, 20 digits | |
//! | statements | lines | `part` = `lines#wal_…`, `kind` = time and number | |
//! | statements | heads | `part` = `heads#3f`, `kind` = `usr_…` | |
//! | statements | totals | `part` = `totals#USD`, `kind` = `all` or `minute#` and 15 digits | |
//! | statements | folded entries | `part` = `folded#txn_…`, `kind` = `folded` | |
//! | statements | candles | `part` = `candles#MRC-USD#1m`, `kind` = 15 digits | |
//! | statements | their heads | `part` = `candles#MRC-USD`, `kind` = `head` | |
//! | sockets | connections | `part` = `open#f`, `kind` = its name | `sweep_after` |
//! | sockets | what one listens to | `part` = `conn#` and its name, `kind` = a topic | the same |
//! | sockets | who listens to a topic | `part` = `topic#book#MRC-USD`, `kind` = a name | the same |
//! | sockets | when that changed | `part` = `roll#book#MRC-USD`, `kind` = `mark` | the same |
//! | sockets | spent tickets | `part` = `ticket#` and 32 digits, `kind` = `spent` | the same |
//! | webhooks | webhooks | `part` = `usr_…`, `kind` = slot, 3 digits | |
//! | webhooks | deliveries | `part` = `whk_…`, `kind` = event, 20 digits | if pending: `due`, |
//! | | | | `due_at`; then `sweep_after` |
//! | venues | venues | `part` = `venues`, `kind` = `nyx` | |
//! | venues | how far a feed was read | `part` = `feeds`, `kind` = `nyx` | |
//! | venues | orders | `part` = `vor_…`, `kind` = `order` | `owner` = `nyx#usr_…`, `placed`; |
//! | | | | unless it is over: `due`, `due_at` |
//! | venues | breakers | `part` = `breakers`, `kind` = `nyx` | |
//! | venues | slots | `part` = `slots#nyx`, `kind` = 5 digits | |
//! | venues | used numbers | `part` = `nonce#nyx#`, 32 digits, `kind` = `spent` | `sweep_after` |
//!
//! `placed` is a time and `priced` a price, each with leading zeros and followed by the row's
//! id, which breaks ties: as text they sort as [`app::ports::Position`] does. An event is one
//! text, `event`, so that its size is known before it is written. Accounts, their changes and the
//! heads of their statements grow with wallets and orders, a venue with its listings; no other
//! row passes 1 KB.

mod accounts;
mod activity;
mod books;
mod candles;
mod catalog;
#[cfg(test)]
pub(crate) mod generators;
mod identity;
mod journal;
pub(crate) mod keys;
mod orders;
mod refusals;
mod sockets;
mod spelling;
mod statements;
#[cfg(test)]
mod tests;
mod totals;
mod venues;
mod webhooks;

use std::collections::HashMap;

use app::ports::{Connection, StoreError};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    account::Account,
    activity::Activity,
    candle::Candle,
    catalogue::Item,
    command::Command,
    commit::{ClosedOrder, Resting},
    identity::{Session, User},
    ledger::Entry,
    pair::Pair,
    rate::RateVersion,
    statement::{StatementHead, StatementLine},
    universe::Universe,
    venue::{Breaker, Venue, VenueOrder},
    webhook::{Delivery, Webhook},
};
use serde_dynamo::{AttributeValue as Wire, Deserializer, Serializer};

pub(crate) use books::{deadline, logged};
pub(crate) use candles::candles_head;
pub(crate) use spelling::{Counted, Spelled};
pub(crate) use totals::{sums_of, totals};

/// A DynamoDB item.
pub(crate) type Row = HashMap<String, AttributeValue>;

/// A domain value that has rows of its own.
pub(crate) trait Stored: Sized {
    /// The row, with its keys and the keys of every index that it belongs in.
    fn to_row(&self) -> Result<Row, StoreError>;

    /// The value of a row.
    fn from_row(row: Row) -> Result<Self, StoreError>;
}

macro_rules! stored {
    ($($value:ty, $definition:ty, $keys:path;)*) => { $(impl Stored for $value {
        fn to_row(&self) -> Result<Row, StoreError> {
            let mut row = match <$definition>::serialize(self, Serializer).map_err(corrupt)? {
                Wire::M(fields) => {
                    fields.into_iter().map(|(name, value)| (name, value.into())).collect()
                }
                _ => return Err(corrupt("a value without fields")),
            };
            $keys(self, &mut row);
            Ok(row)
        }

        fn from_row(row: Row) -> Result<Self, StoreError> {
            let name = name_of(&row);
            if !row.values().all(is_known) {
                return Err(corrupt(format!("{name}: an attribute of no known type")));
            }
            let fields = row.into_iter().map(|(name, value)| (name, value.into())).collect();
            let reader = Deserializer::from_attribute_value(Wire::M(fields));
            <$definition>::deserialize(reader).map_err(|error| corrupt(format!("{name}: {error}")))
        }
    })* };
}

stored! {
    Account, accounts::AccountRow, keys::of_account;
    Entry, journal::EntryRow, keys::of_entry;
    Universe, catalog::UniverseRow, keys::of_universe;
    RateVersion, catalog::RateVersionRow, keys::of_rate_version;
    Item, catalog::ItemRow, keys::of_item;
    Pair, books::PairRow, keys::of_pair;
    Command, books::CommandRow, keys::of_command;
    Resting, books::RestingRow, keys::of_resting;
    ClosedOrder, books::ClosedOrderRow, keys::of_closed_order;
    User, identity::UserRow, keys::of_user;
    Session, identity::SessionRow, keys::of_session;
    Activity, activity::ActivityRow, keys::of_activity;
    StatementLine, statements::StatementLineRow, keys::of_line;
    StatementHead, statements::StatementHeadRow, keys::of_statement_head;
    Candle, candles::CandleRow, keys::of_candle;
    Connection, sockets::ConnectionRow, keys::of_connection;
    Webhook, webhooks::WebhookRow, keys::of_webhook;
    Delivery, webhooks::DeliveryRow, keys::of_delivery;
    Venue, venues::VenueRow, keys::of_venue;
    VenueOrder, venues::VenueOrderRow, keys::of_venue_order;
    Breaker, venues::BreakerRow, keys::of_breaker;
}

/// Whether it and all in it are of types that the SDK knows: at others, serde_dynamo panics.
fn is_known(value: &AttributeValue) -> bool {
    match value {
        AttributeValue::L(values) => values.iter().all(is_known),
        AttributeValue::M(values) => values.values().all(is_known),
        other => !other.is_unknown(),
    }
}

/// What a row says that it is, for whoever must look at it.
fn name_of(row: &Row) -> String {
    let named = |name| row.get(name)?.as_s().ok();
    let name = ["id", "user", "kind"].into_iter().find_map(named);
    name.map_or("a row without a name", String::as_str).to_owned()
}

fn corrupt(what: impl ToString) -> StoreError {
    StoreError::Corrupt(what.to_string())
}

/// A text attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
