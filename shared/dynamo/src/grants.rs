//! What each thing that the store does needs to be allowed to do: the source of every function's
//! role. The tests' store refuses what is not granted, as the service would.

use crate::schema::{
    ACCOUNTS, ACTIVITY, BY_COUNTERPARTY, BY_DUE, BY_DUE_ORDER, BY_ORDERER, BY_OWNER, BY_PARTY,
    BY_PRICE, BY_SELLER, BY_TIME, BY_TRADE, BY_UNIVERSE, CATALOG, IDENTITY, Index, JOURNAL, ORDERS,
    SOCKETS, STATEMENTS, Table, VENUES, WEBHOOKS,
};

/// An operation that a role may be allowed. There is no `Scan`: no function reads whole tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// One row, or rows of one moment in a transaction.
    GetItem,
    /// Many rows by their keys.
    BatchGetItem,
    /// A stretch of a table or of an index.
    Query,
    /// A whole row.
    PutItem,
    /// Fields of a row.
    UpdateItem,
    /// A row's end.
    DeleteItem,
    /// The ends of many rows.
    BatchWriteItem,
}

impl Action {
    /// The action's name in a policy.
    #[must_use]
    pub const fn policy_name(self) -> &'static str {
        match self {
            Self::GetItem => "dynamodb:GetItem",
            Self::BatchGetItem => "dynamodb:BatchGetItem",
            Self::Query => "dynamodb:Query",
            Self::PutItem => "dynamodb:PutItem",
            Self::UpdateItem => "dynamodb:UpdateItem",
            Self::DeleteItem => "dynamodb:DeleteItem",
            Self::BatchWriteItem => "dynamodb:BatchWriteItem",
        }
    }

    /// Whether it changes anything.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(self, Self::PutItem | Self::UpdateItem | Self::DeleteItem | Self::BatchWriteItem)
    }
}

/// One operation on one table or index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// What may be done.
    pub action: Action,
    /// The stem of the table.
    pub table: &'static str,
    /// The index, if it is one that is read.
    pub index: Option<&'static str>,
    /// For a write: only as a part of a transaction (`dynamodb:EnclosingOperation`).
    pub enclosed: bool,
}

const fn of(action: Action, table: &Table) -> Grant {
    Grant { action, table: table.stem, index: None, enclosed: false }
}

const fn get(table: &Table) -> Grant {
    of(Action::GetItem, table)
}

const fn query(table: &Table) -> Grant {
    of(Action::Query, table)
}

const fn query_index(table: &Table, index: &Index) -> Grant {
    Grant { index: Some(index.name), ..of(Action::Query, table) }
}

/// A write that is allowed in a transaction only.
const fn transact(action: Action, table: &Table) -> Grant {
    Grant { enclosed: true, ..of(action, table) }
}

/// An account, by its user.
pub const ACCOUNT: &[Grant] = &[get(&ACCOUNTS)];
/// An entry or a claim, by its id.
pub const ENTRY: &[Grant] = &[get(&JOURNAL)];
/// A user's entries.
pub const ENTRIES: &[Grant] =
    &[query_index(&JOURNAL, &BY_PARTY), query_index(&JOURNAL, &BY_COUNTERPARTY)];
/// The entries that placed a user's orders.
pub const PLACEMENTS: &[Grant] = &[query_index(&JOURNAL, &BY_ORDERER)];
/// An entry comes into being. Nothing else ever happens to one.
pub const RECORD: &[Grant] = &[transact(Action::PutItem, &JOURNAL)];
/// An account comes into being.
pub const OPEN_ACCOUNT: &[Grant] = &[transact(Action::PutItem, &ACCOUNTS)];
/// Money, holds, wallets and news of an account.
pub const CHANGE_ACCOUNT: &[Grant] = &[transact(Action::UpdateItem, &ACCOUNTS)];

/// Universes, rates, their history, and pairs.
pub const CATALOGUE: &[Grant] = &[query(&CATALOG)];
/// An item, by its id.
pub const ITEM: &[Grant] = &[get(&CATALOG)];
/// A page of items.
pub const ITEMS: &[Grant] = &[
    query_index(&CATALOG, &BY_TIME),
    query_index(&CATALOG, &BY_UNIVERSE),
    query_index(&CATALOG, &BY_PRICE),
    query_index(&CATALOG, &BY_SELLER),
    of(Action::BatchGetItem, &CATALOG),
];
/// Universes, rates, pairs and items come into being or are replaced.
pub const EDIT_CATALOGUE: &[Grant] = &[transact(Action::PutItem, &CATALOG)];
/// Pieces of an item are sold or come back.
pub const MOVE_STOCK: &[Grant] = &[transact(Action::UpdateItem, &CATALOG)];

/// Users, names and sessions, each by its key.
pub const USER: &[Grant] = &[get(&IDENTITY)];
/// Users, names and sessions come into being; sessions are replaced.
pub const EDIT_IDENTITY: &[Grant] = &[transact(Action::PutItem, &IDENTITY)];

/// What waits for a matcher, what rests, what has happened, and deadlines of a pair.
pub const BOOK: &[Grant] = &[query(&ORDERS)];
/// The events of a pair that have trades.
pub const TRADES: &[Grant] = &[query_index(&ORDERS, &BY_TRADE)];
/// What has become of orders.
pub const ORDER_STATES: &[Grant] = &[of(Action::BatchGetItem, &ORDERS)];
/// A command, by its place in a log.
pub const COMMAND: &[Grant] = &[get(&ORDERS)];
/// A command comes into being.
pub const PLACE_COMMAND: &[Grant] = &[transact(Action::PutItem, &ORDERS)];
/// Commands are carried out: what rests, is over and has happened is put and removed.
pub const MATCH: &[Grant] =
    &[transact(Action::PutItem, &ORDERS), transact(Action::DeleteItem, &ORDERS)];

/// A user's changes are read.
pub const ACTIVITIES: &[Grant] = &[query(&ACTIVITY)];
/// A user's changes are logged: one by itself, several together.
pub const LOG_ACTIVITY: &[Grant] =
    &[of(Action::PutItem, &ACTIVITY), transact(Action::PutItem, &ACTIVITY)];
/// How far statements, candles and folded entries have come, and totals, each by its key.
pub const STATEMENT_HEAD: &[Grant] = &[get(&STATEMENTS)];
/// Lines, candles, and the heads of a part of all accounts.
pub const STATEMENT_LINES: &[Grant] = &[query(&STATEMENTS)];
/// Lines, heads and marks are written, and totals added to; candles of one pair by themselves.
pub const FOLD: &[Grant] = &[
    transact(Action::PutItem, &STATEMENTS),
    transact(Action::UpdateItem, &STATEMENTS),
    of(Action::PutItem, &STATEMENTS),
];

/// A connection or a topic's mark, by its key.
pub const CONNECTION: &[Grant] = &[get(&SOCKETS)];
/// Connections, topics and listeners.
pub const LISTENERS: &[Grant] = &[query(&SOCKETS)];
/// A connection, a subscription, a mark or a spent ticket is put.
pub const PUT_CONNECTION: &[Grant] = &[of(Action::PutItem, &SOCKETS)];
/// Connections and subscriptions end.
pub const FORGET_CONNECTION: &[Grant] = &[of(Action::BatchWriteItem, &SOCKETS)];

/// A user's webhooks, or the deliveries of one.
pub const WEBHOOK_LISTS: &[Grant] = &[query(&WEBHOOKS)];
/// A delivery, by its number.
pub const DELIVERY: &[Grant] = &[get(&WEBHOOKS)];
/// Deliveries that are due.
pub const DUE_DELIVERIES: &[Grant] = &[query_index(&WEBHOOKS, &BY_DUE)];
/// Webhooks and deliveries are put.
pub const PUT_WEBHOOK: &[Grant] = &[of(Action::PutItem, &WEBHOOKS)];
/// A webhook ends.
pub const REMOVE_WEBHOOK: &[Grant] = &[transact(Action::DeleteItem, &WEBHOOKS)];

/// All external venues.
pub const VENUE_LIST: &[Grant] = &[query(&VENUES)];
/// An order at a venue, by its id, or how far a venue's feed has been read.
pub const VENUE_ORDER: &[Grant] = &[get(&VENUES)];
/// A page of a user's orders at a venue.
pub const VENUE_ORDERS: &[Grant] =
    &[query_index(&VENUES, &BY_OWNER), of(Action::BatchGetItem, &VENUES)];
/// Orders at venues that are due.
pub const DUE_VENUE_ORDERS: &[Grant] = &[query_index(&VENUES, &BY_DUE_ORDER)];
/// Orders at venues come into being and are replaced.
pub const PUT_VENUE_ORDER: &[Grant] = &[transact(Action::PutItem, &VENUES)];
/// Venues, and how far their feeds have been read, are put.
pub const EDIT_VENUES: &[Grant] = &[of(Action::PutItem, &VENUES)];
/// A venue's breaker and its slots are looked at and taken.
pub const PACE_VENUES: &[Grant] = &[get(&VENUES), of(Action::PutItem, &VENUES)];
/// A number of a venue's is used up.
pub const SPEND_NONCE: &[Grant] = &[of(Action::PutItem, &VENUES)];
