//! From each write of a commit to one conditional action of a transaction. An action's
//! condition is the write's expectation, word for word; what to write, the domain decided.

use app::ports::StoreError;
use aws_sdk_dynamodb::{
    error::BuildError,
    types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update},
};
use domain::{
    account::Leg,
    amount::Amount,
    catalogue::{ItemState, Quantity, Stock},
    commit::{Commit, Write},
    currency::CurrencyCode,
    id::{EntryId, UserId},
    identity::Login,
    rate::RateId,
    time::Timestamp,
};

use crate::{
    expression::{names, values},
    rows::{Counted, Row, Spelled, Stored, keys, number, text},
    schema::{ACCOUNTS, CATALOG, IDENTITY, JOURNAL, Table, TableNames},
};

/// A conditional put or update of one row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Action {
    /// The table's full name.
    pub(crate) table: String,
    /// The whole row of a put, the key of an update.
    pub(crate) row: Row,
    /// What an update does; `None`: it is a put.
    pub(crate) update: Option<String>,
    /// What must hold.
    pub(crate) condition: String,
    /// The values that both expressions refer to.
    pub(crate) values: Row,
}

/// The actions of a commit, in the order of its writes.
pub(crate) fn actions(commit: &Commit, tables: &TableNames) -> Result<Vec<Action>, StoreError> {
    commit.writes().iter().map(|write| action(write, tables)).collect()
}

fn action(write: &Write, tables: &TableNames) -> Result<Action, StoreError> {
    let put_new = |table: &Table, row: Row| put(tables, table, row, absent(table), Row::new());
    let update = |table: &Table, row: Row, changes: Changes| Action {
        table: tables.of(table),
        row,
        update: Some(format!("SET {}", changes.sets.join(", "))),
        condition: changes.conditions.join(" AND "),
        values: changes.values,
    };
    Ok(match write {
        Write::PutEntry(entry) => put_new(&JOURNAL, entry.to_row()?),
        Write::PutClaim { claim, by } => {
            put_new(&JOURNAL, with(keys::claim(claim), "claimed_by", text(by.spell())))
        }
        Write::OpenAccount(account) => put_new(&ACCOUNTS, account.to_row()?),
        Write::OpenWallet { user, code, at } => {
            update(&ACCOUNTS, keys::account(*user), open_wallet(*code, *at))
        }
        Write::MoveFunds { user, legs, entry, at } => {
            update(&ACCOUNTS, keys::account(*user), move_funds(legs, *entry, *at))
        }
        Write::PutItem(item) => put_new(&CATALOG, item.to_row()?),
        Write::ReviseItem { item, .. } => {
            let before = values([(":before", number(item.version.saturating_sub(1)))]);
            put(tables, &CATALOG, item.to_row()?, "#version = :before".to_owned(), before)
        }
        Write::SellStock { item, unit_price, quantity, at } => {
            update(&CATALOG, keys::item(*item), sell_stock(*unit_price, *quantity, *at))
        }
        Write::ReturnStock { item, quantity, at } => {
            update(&CATALOG, keys::item(*item), return_stock(*quantity, *at))
        }
        Write::PutUniverse(universe) => put_new(&CATALOG, universe.to_row()?),
        Write::ReserveCurrency { code, universe } => {
            let row = with(keys::currency(*code), "reserved_by", text(universe.spell()));
            put_new(&CATALOG, row)
        }
        Write::ReplaceRate { universe, replaces } => {
            let replaced = RateId { universe: universe.id, version: *replaces };
            let replaced = values([(":replaced", text(replaced.spell()))]);
            let condition = "#rate.#id = :replaced".to_owned();
            put(tables, &CATALOG, universe.to_row()?, condition, replaced)
        }
        Write::PutRateVersion(rate) => put_new(&CATALOG, rate.to_row()?),
        Write::PutUser(user) => put_new(&IDENTITY, user.to_row()?),
        Write::ReserveUsername(name, user) => {
            put_new(&IDENTITY, reserved(&Login::Username(name.clone()), *user))
        }
        Write::ReserveEmail(email, user) => {
            put_new(&IDENTITY, reserved(&Login::Email(email.clone()), *user))
        }
        Write::PutSession(session) => put_new(&IDENTITY, session.to_row()?),
        Write::ReplaceSession { session, generation } => {
            let condition = "#generation = :generation AND #revoked = :no".to_owned();
            let no = AttributeValue::Bool(false);
            let known = values([(":generation", number(generation)), (":no", no)]);
            put(tables, &IDENTITY, session.to_row()?, condition, known)
        }
    })
}

fn put(tables: &TableNames, table: &Table, row: Row, condition: String, values: Row) -> Action {
    Action { table: tables.of(table), row, update: None, condition, values }
}

/// No row has the key: where there is one, it has its partition key.
fn absent(table: &Table) -> String {
    format!("attribute_not_exists(#{})", table.partition)
}

fn with(mut row: Row, name: &str, value: AttributeValue) -> Row {
    row.insert(name.to_owned(), value);
    row
}

fn reserved(login: &Login, user: UserId) -> Row {
    with(keys::login(login), "user", text(user.spell()))
}

/// What an update does and expects.
#[derive(Debug, Default)]
struct Changes {
    sets: Vec<String>,
    conditions: Vec<String>,
    values: Row,
}

fn open_wallet(code: CurrencyCode, at: Timestamp) -> Changes {
    Changes {
        sets: vec![
            format!("#available.#{code} = :zero"),
            format!("#held.#{code} = :zero"),
            format!("#opened.#{code} = :at"),
            format!("#changed.#{code} = :at"),
            "#version = #version + :one".to_owned(),
        ],
        conditions: vec![
            "attribute_exists(#user)".to_owned(),
            format!("attribute_not_exists(#available.#{code})"),
        ],
        values: values([(":zero", number(0)), (":one", number(1)), (":at", number(at.count()))]),
    }
}

/// As [`domain::account::Account::after`]: a debit needs its amount, a credit needs room and
/// opens a wallet that is not there.
fn move_funds(legs: &[Leg], entry: EntryId, at: Timestamp) -> Changes {
    let mut changes = Changes {
        sets: vec!["#version = #version + :one".to_owned(), "#last_entry = :entry".to_owned()],
        conditions: vec!["attribute_exists(#user)".to_owned()],
        values: values([
            (":one", number(1)),
            (":entry", text(entry.spell())),
            (":at", number(at.count())),
        ]),
    };
    for leg in legs {
        let code = leg.code();
        changes.sets.push(format!("#changed.#{code} = :at"));
        match leg {
            Leg::Debit(money) => {
                let debit = format!(":debit_{code}");
                changes.sets.push(format!("#available.#{code} = #available.#{code} - {debit}"));
                changes.conditions.push(format!("#available.#{code} >= {debit}"));
                changes.values.insert(debit, number(money.amount.count()));
            }
            Leg::Credit(money) => {
                let (credit, room) = (format!(":credit_{code}"), format!(":room_{code}"));
                let left = Amount::MAX.checked_sub(money.amount).unwrap_or(Amount::ZERO);
                changes.sets.push(format!(
                    "#available.#{code} = if_not_exists(#available.#{code}, :zero) + {credit}"
                ));
                changes.sets.push(format!("#held.#{code} = if_not_exists(#held.#{code}, :zero)"));
                changes.sets.push(format!("#opened.#{code} = if_not_exists(#opened.#{code}, :at)"));
                changes.conditions.push(format!(
                    "(attribute_not_exists(#available.#{code}) OR #available.#{code} <= {room})"
                ));
                changes.values.insert(credit, number(money.amount.count()));
                changes.values.insert(room, number(left.count()));
                changes.values.insert(":zero".to_owned(), number(0));
            }
        }
    }
    changes
}

/// No key of an index is touched, so a sale costs its row alone.
fn sell_stock(unit_price: Amount, quantity: Quantity, at: Timestamp) -> Changes {
    let mut changes = move_stock(["-", "+"], quantity, at);
    changes.conditions =
        ["#price = :price", "#state = :active", "#stock >= :quantity"].map(str::to_owned).to_vec();
    let active = text(ItemState::Active.spell());
    changes.values.extend(values([(":price", number(unit_price.count())), (":active", active)]));
    changes
}

/// Needs room, too: a stock over the limit could not be read any more.
fn return_stock(quantity: Quantity, at: Timestamp) -> Changes {
    let mut changes = move_stock(["+", "-"], quantity, at);
    changes.conditions = ["#sold >= :quantity", "#stock <= :room"].map(str::to_owned).to_vec();
    let room = Stock::MAX.saturating_sub(quantity.pieces());
    changes.values.extend(values([(":room", number(room))]));
    changes
}

fn move_stock([stock, sold]: [&str; 2], quantity: Quantity, at: Timestamp) -> Changes {
    Changes {
        sets: vec![
            format!("#stock = #stock {stock} :quantity"),
            format!("#sold = #sold {sold} :quantity"),
            "#version = #version + :one".to_owned(),
            "#updated_at = :at".to_owned(),
        ],
        conditions: Vec::new(),
        values: values([
            (":quantity", number(quantity.count())),
            (":one", number(1)),
            (":at", number(at.count())),
        ]),
    }
}

impl Action {
    /// The action as the service takes it; a refusal brings back what stands there.
    pub(crate) fn into_item(self) -> Result<TransactWriteItem, BuildError> {
        let texts = self.update.as_deref().into_iter().chain([self.condition.as_str()]);
        let names = names(texts);
        let values = Some(self.values).filter(|values| !values.is_empty());
        let old = ReturnValuesOnConditionCheckFailure::AllOld;
        let item = TransactWriteItem::builder();
        Ok(match self.update {
            None => item.put(
                Put::builder()
                    .table_name(self.table)
                    .set_item(Some(self.row))
                    .condition_expression(self.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(old)
                    .build()?,
            ),
            Some(update) => item.update(
                Update::builder()
                    .table_name(self.table)
                    .set_key(Some(self.row))
                    .update_expression(update)
                    .condition_expression(self.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(old)
                    .build()?,
            ),
        }
        .build())
    }
}

#[cfg(test)]
mod tests;
