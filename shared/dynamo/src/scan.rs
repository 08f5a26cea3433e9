//! Whole tables, row by row, for an operator's tools: what a repair must read, and the writes that
//! it plans. Nothing that serves clients may read a table so, and no function may scan.

use std::collections::HashMap;

use app::{
    ports::{Logged, StoreError},
    repair::{Mend, Row as Known},
};
use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::AttributeValue,
};
use domain::{
    account::Account,
    activity::Activity,
    catalogue::Item,
    commit::{Claim, ClosedOrder, Resting},
    currency::CurrencyCode,
    id::{EntryId, ItemId, OrderId, QuoteId, UserId, VenueOrderId},
    identity::{Login, User},
    ledger::Entry,
    market_event::MarketEvent,
    pair::Pair,
    rate::RateVersion,
    statement::{StatementHead, StatementLine},
    universe::{Universe, UniverseId},
    venue::VenueOrder,
};

use crate::{
    error::store_error,
    expression::names,
    rows::{Row, Spelled, Stored, keys, logged, text},
    schema::{
        ACCOUNTS, ACTIVITY, CATALOG, IDENTITY, JOURNAL, ORDERS, STATEMENTS, Table, TableNames,
        VENUES,
    },
};

/// The tables that a repair reads.
const READ: [&Table; 8] =
    [&ACCOUNTS, &JOURNAL, &CATALOG, &ORDERS, &IDENTITY, &ACTIVITY, &STATEMENTS, &VENUES];

/// All rows of all tables that a repair looks at, and what could not be read of them.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// The rows.
    pub rows: Vec<Known>,
    /// Rows that are not what we write.
    pub unreadable: Vec<String>,
}

/// Reads all rows that a repair looks at.
///
/// # Errors
/// The service's own.
pub async fn read_all(client: &Client, tables: &TableNames) -> Result<Read, StoreError> {
    let mut read = Read::default();
    for table in READ {
        for row in rows(client, &tables.of(table)).await? {
            match known(table, row) {
                Ok(row) => read.rows.extend(row),
                Err(error) => read.unreadable.push(format!("{}: {error}", table.stem)),
            }
        }
    }
    Ok(read)
}

/// All rows of a table as they are.
async fn rows(client: &Client, table: &str) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    let mut start = None;
    loop {
        let page = client.scan().table_name(table).set_exclusive_start_key(start);
        let page = page.consistent_read(true).send().await;
        let page = page.map_err(|error| store_error(&error))?;
        rows.extend(page.items.into_iter().flatten());
        start = page.last_evaluated_key.filter(|key| !key.is_empty());
        if start.is_none() {
            return Ok(rows);
        }
    }
}

fn known(table: &Table, row: Row) -> Result<Option<Known>, StoreError> {
    let stem = table.stem;
    let begins = |prefix| keys::begins(&row, table.partition, prefix);
    Ok(Some(match stem {
        _ if stem == ACCOUNTS.stem => Known::Account(Account::from_row(row)?),
        _ if stem == ACTIVITY.stem => Known::Activity(Activity::from_row(row)?),
        _ if stem == JOURNAL.stem && begins(EntryId::PREFIX) => Known::Entry(Entry::from_row(row)?),
        _ if stem == JOURNAL.stem => claim(&row)?,
        _ if stem == STATEMENTS.stem && begins("lines#") => {
            Known::Line(StatementLine::from_row(row)?)
        }
        _ if stem == STATEMENTS.stem && begins("heads#") => {
            Known::Head(StatementHead::from_row(row)?)
        }
        _ if stem == IDENTITY.stem && begins(UserId::PREFIX) => Known::User(User::from_row(row)?),
        _ if stem == IDENTITY.stem && (begins("name#") || begins("mail#")) => login(&row)?,
        _ if stem == VENUES.stem && begins(VenueOrderId::PREFIX) => {
            Known::VenueOrder(VenueOrder::from_row(row)?)
        }
        _ if stem == CATALOG.stem => return of_catalog(row),
        _ if stem == ORDERS.stem => return of_orders(row),
        _ => return Ok(None),
    }))
}

fn of_catalog(row: Row) -> Result<Option<Known>, StoreError> {
    let begins = |prefix| keys::begins(&row, CATALOG.partition, prefix);
    Ok(Some(if begins(keys::UNIVERSES) {
        Known::Universe(Universe::from_row(row)?)
    } else if begins("currencies") {
        let code = text_of(&row, "kind").and_then(CurrencyCode::read);
        let universe = text_of(&row, "reserved_by").and_then(UniverseId::read);
        let (code, universe) = code.zip(universe).ok_or_else(|| corrupt("a currency"))?;
        Known::Currency(code, universe)
    } else if begins(keys::RATES) {
        Known::Rate(RateVersion::from_row(row)?)
    } else if begins(keys::PAIRS) {
        Known::Pair(Pair::from_row(row)?)
    } else if begins(ItemId::PREFIX) {
        Known::Item(Item::from_row(row)?)
    } else {
        return Ok(None);
    }))
}

fn of_orders(row: Row) -> Result<Option<Known>, StoreError> {
    let begins = |prefix| keys::begins(&row, ORDERS.partition, prefix);
    Ok(Some(if begins(keys::LOG) {
        match logged(row)? {
            Logged::Command(command) => Known::Command(command),
            Logged::Unreadable(id) => return Err(corrupt(&format!("{id}: no command"))),
        }
    } else if begins(MarketEvent::PARTITION) {
        Known::Event(MarketEvent::from_row(row)?)
    } else if begins(keys::BOOK) {
        Known::Resting(Resting::from_row(row)?)
    } else if begins(OrderId::PREFIX) {
        Known::Closed(ClosedOrder::from_row(row)?)
    } else {
        return Ok(None);
    }))
}

fn text_of<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name)?.as_s().ok().map(String::as_str)
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(what.to_owned())
}

fn claim(row: &Row) -> Result<Known, StoreError> {
    let id = text_of(row, JOURNAL.partition);
    let claim = id.and_then(|id| match id.strip_prefix("refund#") {
        Some(entry) => EntryId::read(entry).map(Claim::Refund),
        None => QuoteId::read(id).map(Claim::Quote),
    });
    let by = text_of(row, "claimed_by").and_then(EntryId::read);
    let (claim, by) = claim.zip(by).ok_or_else(|| corrupt("neither an entry nor a claim"))?;
    Ok(Known::Claim(claim, by))
}

fn login(row: &Row) -> Result<Known, StoreError> {
    let key = text_of(row, IDENTITY.partition).unwrap_or_default();
    let login = match key.split_once('#') {
        Some(("name", name)) => name.parse().ok().map(Login::Username),
        Some(("mail", address)) => address.parse().ok().map(Login::Email),
        _ => None,
    };
    let login = login.ok_or_else(|| corrupt("neither a name nor an address"))?;
    Ok(Known::Login(login, keys::reserved_for(row)?))
}

/// The table that a row is in, and the row as it is written.
fn stored(row: &Known) -> Result<(&'static Table, Row), StoreError> {
    let with = |mut row: Row, name: &str, value: String| {
        row.insert(name.to_owned(), text(value));
        row
    };
    Ok(match row {
        Known::Account(row) => (&ACCOUNTS, row.to_row()?),
        Known::Entry(row) => (&JOURNAL, row.to_row()?),
        Known::Claim(claim, by) => (&JOURNAL, with(keys::claim(claim), "claimed_by", by.spell())),
        Known::Universe(row) => (&CATALOG, row.to_row()?),
        Known::Currency(code, universe) => {
            (&CATALOG, with(keys::currency(*code), "reserved_by", universe.spell()))
        }
        Known::Rate(row) => (&CATALOG, row.to_row()?),
        Known::Item(row) => (&CATALOG, row.to_row()?),
        Known::Pair(row) => (&CATALOG, row.to_row()?),
        Known::Command(row) => (&ORDERS, row.to_row()?),
        Known::Event(row) => (&ORDERS, row.to_row()?),
        Known::Resting(row) => (&ORDERS, row.to_row()?),
        Known::Closed(row) => (&ORDERS, row.to_row()?),
        Known::User(row) => (&IDENTITY, row.to_row()?),
        Known::Login(login, user) => (&IDENTITY, with(keys::login(login), "user", user.spell())),
        Known::Activity(row) => (&ACTIVITY, row.to_row()?),
        Known::Head(row) => (&STATEMENTS, row.to_row()?),
        Known::Line(row) => (&STATEMENTS, row.to_row()?),
        Known::VenueOrder(row) => (&VENUES, row.to_row()?),
    })
}

/// The name of a row for people: its table and its key.
///
/// # Errors
/// [`StoreError::Corrupt`] if it cannot be written, which is a bug of ours.
pub fn name_of(row: &Known) -> Result<String, StoreError> {
    let (table, row) = stored(row)?;
    let key = std::iter::once(table.partition).chain(table.sort);
    let key: Vec<_> = key.filter_map(|name| text_of(&row, name)).collect();
    Ok(format!("{} {}", table.stem, key.join(" ")))
}

/// Changes one row, if it still is as the plan has found it, attribute for attribute; whether it
/// was.
///
/// # Errors
/// The service's own.
pub async fn mend(client: &Client, tables: &TableNames, mend: &Mend) -> Result<bool, StoreError> {
    let before = mend.before.as_ref().map(stored).transpose()?;
    let after = mend.after.as_ref().map(stored).transpose()?;
    let Some(table) = before.as_ref().or(after.as_ref()).map(|(table, _)| *table) else {
        return Ok(true);
    };
    let (condition, values) = match &before {
        Some((_, row)) => unchanged(row),
        None => (format!("attribute_not_exists(#{})", table.partition), None),
    };
    let (name, attributes) = (tables.of(table), names([condition.as_str()]));
    let outcome = match (after, before) {
        (Some((_, row)), _) => {
            let put = client.put_item().table_name(name).set_item(Some(row));
            let put = put.condition_expression(condition);
            let put = put.set_expression_attribute_names(attributes);
            let put = put.set_expression_attribute_values(values).send().await;
            put.map(|_| ()).map_err(|error| store_error_or_unmet(&error))
        }
        (None, Some((_, row))) => {
            let delete = client.delete_item().table_name(name).set_key(Some(key_of(table, &row)));
            let delete = delete.condition_expression(condition);
            let delete = delete.set_expression_attribute_names(attributes);
            let delete = delete.set_expression_attribute_values(values).send().await;
            delete.map(|_| ()).map_err(|error| store_error_or_unmet(&error))
        }
        (None, None) => Ok(()),
    };
    match outcome {
        Ok(()) => Ok(true),
        Err(None) => Ok(false),
        Err(Some(error)) => Err(error),
    }
}

/// `None`: a condition was not met.
fn store_error_or_unmet<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Option<StoreError> {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    (code != Some("ConditionalCheckFailedException")).then(|| store_error(error))
}

fn key_of(table: &Table, row: &Row) -> Row {
    let key = std::iter::once(table.partition).chain(table.sort);
    key.filter_map(|name| Some((name.to_owned(), row.get(name)?.clone()))).collect()
}

/// The row is as it was: of the same version if it has one, and else attribute for attribute. No
/// row of ours has as many as an expression may name.
fn unchanged(row: &Row) -> (String, Option<HashMap<String, AttributeValue>>) {
    let mut attributes: Vec<_> = row.iter().collect();
    if let Some(version) = row.get_key_value("version") {
        attributes = vec![version];
    }
    attributes.sort_by_key(|(name, _)| *name);
    let equal = attributes.iter().map(|(name, _)| format!("#{name} = :{name}"));
    let condition = equal.collect::<Vec<_>>().join(" AND ");
    let values = attributes.into_iter().map(|(name, value)| (format!(":{name}"), value.clone()));
    (condition, Some(values.collect()))
}

/// Deletes all that is only told of other tables: statements, totals and candles, to be folded
/// again. How many rows they were.
///
/// # Errors
/// The service's own; a part may have been deleted.
pub async fn forget_projections(client: &Client, tables: &TableNames) -> Result<usize, StoreError> {
    let name = tables.of(&STATEMENTS);
    let rows = rows(client, &name).await?;
    let count = rows.len();
    for row in rows {
        let delete = client.delete_item().table_name(&name);
        let deleted = delete.set_key(Some(key_of(&STATEMENTS, &row))).send().await;
        deleted.map_err(|error| store_error(&error))?;
    }
    Ok(count)
}

/// All users who have an account.
///
/// # Errors
/// The service's own; [`StoreError::Corrupt`] if an account cannot be read.
pub async fn users(client: &Client, tables: &TableNames) -> Result<Vec<UserId>, StoreError> {
    let rows = rows(client, &tables.of(&ACCOUNTS)).await?;
    let user = |row: Row| Account::from_row(row).map(|account| account.user);
    rows.into_iter().map(user).collect()
}
