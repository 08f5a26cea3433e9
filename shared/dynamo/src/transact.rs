//! From each write of a commit to one conditional action of a transaction. An action's
//! condition is the write's expectation, word for word; what to write, the domain decided.

mod changes;

use app::ports::StoreError;
use aws_sdk_dynamodb::{
    error::BuildError,
    types::{
        AttributeValue, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
    },
};
use domain::{
    commit::{Commit, Write},
    id::UserId,
    identity::Login,
    rate::RateId,
};

use crate::{
    expression::{names, values},
    rows::{Counted, Row, Spelled, Stored, keys, number, text},
    schema::{ACCOUNTS, CATALOG, IDENTITY, JOURNAL, ORDERS, Table, TableNames, VENUES},
};
use changes::{Changes, move_funds, open_wallet, return_stock, sell_stock};

/// A put, an update or a deletion of one row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Action {
    /// The table's full name.
    pub(crate) table: String,
    /// The whole row of a put, otherwise the key.
    pub(crate) row: Row,
    /// What becomes of the row.
    pub(crate) change: Change,
    /// What must hold; `None`: whatever holds.
    pub(crate) condition: Option<String>,
    /// The values that both expressions refer to.
    pub(crate) values: Row,
}

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// It is written whole.
    Put,
    /// Its fields change as this expression says.
    Update(String),
    /// It is deleted.
    Delete,
}

impl Change {
    /// What an update does.
    pub(crate) fn update(&self) -> Option<&str> {
        match self {
            Self::Update(update) => Some(update),
            Self::Put | Self::Delete => None,
        }
    }
}

/// The actions of a commit, in the order of its writes.
pub(crate) fn actions(commit: &Commit, tables: &TableNames) -> Result<Vec<Action>, StoreError> {
    let targets = Targets::of(tables);
    commit.writes().iter().map(|write| action(write, &targets)).collect()
}

fn action(write: &Write, targets: &Targets) -> Result<Action, StoreError> {
    let Targets { accounts, journal, catalog, orders, identity, venues } = targets;
    Ok(match write {
        Write::PutEntry(entry) => journal.put_new(entry.to_row()?),
        Write::PutClaim { claim, by } => {
            journal.put_new(with(keys::claim(claim), "claimed_by", text(by.spell())))
        }
        Write::OpenAccount(account) => accounts.put_new(account.to_row()?),
        Write::OpenWallet { user, code, at } => {
            accounts.update(keys::account(*user), open_wallet(*code, *at))
        }
        Write::MoveFunds { user, legs, change } => {
            accounts.update(keys::account(*user), move_funds(legs, change))
        }
        Write::PutItem(item) => catalog.put_new(item.to_row()?),
        Write::ReviseItem { item, .. } => catalog.put_next(item.to_row()?, item.version),
        Write::SellStock { item, unit_price, quantity, at } => {
            catalog.update(keys::item(*item), sell_stock(*unit_price, *quantity, *at))
        }
        Write::ReturnStock { item, quantity, at } => {
            catalog.update(keys::item(*item), return_stock(*quantity, *at))
        }
        Write::PutUniverse(universe) => catalog.put_new(universe.to_row()?),
        Write::ReserveCurrency { code, universe } => {
            catalog.put_new(with(keys::currency(*code), "reserved_by", text(universe.spell())))
        }
        Write::ReplaceRate { universe, replaces } => {
            let replaced = RateId { universe: universe.id, version: *replaces };
            let replaced = values([(":replaced", text(replaced.spell()))]);
            catalog.put_if(universe.to_row()?, "#rate.#id = :replaced", replaced)
        }
        Write::PutRateVersion(rate) => catalog.put_new(rate.to_row()?),
        Write::PutPair(pair) => catalog.put_new(pair.to_row()?),
        Write::ReplacePair(pair) => catalog.put_next(pair.to_row()?, pair.version),
        Write::PutCommand(command) => orders.put_new(command.to_row()?),
        Write::AdvanceCommand(command) => orders.put_known(command.to_row()?),
        Write::RemoveCommand { pair, id } => orders.delete_known(keys::command(*pair, *id)),
        Write::PutMarketEvent(event) => orders.put_new(event.to_row()?),
        Write::PutResting(resting) => orders.put_new(resting.to_row()?),
        Write::ReplaceResting(resting) => orders.put_known(resting.to_row()?),
        Write::RemoveResting { pair, order } => orders.delete_known(keys::resting(*pair, *order)),
        Write::PutClosedOrder(closed) => orders.put_new(closed.to_row()?),
        Write::PutDeadline { pair, user, deadline } => {
            let row = keys::deadline(*pair, *user);
            orders.put_any(with(row, keys::DEADLINE, number(deadline.count())))
        }
        Write::RemoveDeadline { pair, user } => orders.delete_any(keys::deadline(*pair, *user)),
        Write::PutVenueOrder(order) => venues.put_new(order.to_row()?),
        Write::ReplaceVenueOrder { order, .. } => venues.put_next(order.to_row()?, order.version),
        Write::PutUser(user) => identity.put_new(user.to_row()?),
        Write::ReserveUsername(name, user) => {
            identity.put_new(reserved(&Login::Username(name.clone()), *user))
        }
        Write::ReserveEmail(email, user) => {
            identity.put_new(reserved(&Login::Email(email.clone()), *user))
        }
        Write::PutSession(session) => identity.put_new(session.to_row()?),
        Write::ReplaceSession { session, generation } => {
            let no = AttributeValue::Bool(false);
            let known = values([(":generation", number(generation)), (":no", no)]);
            let condition = "#generation = :generation AND #revoked = :no";
            identity.put_if(session.to_row()?, condition, known)
        }
    })
}

fn with(mut row: Row, name: &str, value: AttributeValue) -> Row {
    row.insert(name.to_owned(), value);
    row
}

fn reserved(login: &Login, user: UserId) -> Row {
    with(keys::login(login), "user", text(user.spell()))
}

/// The tables of a market, for actions.
struct Targets {
    accounts: Target,
    journal: Target,
    catalog: Target,
    orders: Target,
    identity: Target,
    venues: Target,
}

impl Targets {
    fn of(tables: &TableNames) -> Self {
        let target = |table| Target::of(table, tables);
        Self {
            accounts: target(&ACCOUNTS),
            journal: target(&JOURNAL),
            catalog: target(&CATALOG),
            orders: target(&ORDERS),
            identity: target(&IDENTITY),
            venues: target(&VENUES),
        }
    }
}

/// A table, for actions. Where there is a row, it has its partition key.
pub(crate) struct Target {
    table: String,
    partition: &'static str,
}

impl Target {
    pub(crate) fn of(table: &Table, tables: &TableNames) -> Self {
        Self { table: tables.of(table), partition: table.partition }
    }

    fn action(&self, row: Row, change: Change, condition: Option<String>, values: Row) -> Action {
        Action { table: self.table.clone(), row, change, condition, values }
    }

    fn absent(&self) -> Option<String> {
        Some(format!("attribute_not_exists(#{})", self.partition))
    }

    fn present(&self) -> Option<String> {
        Some(format!("attribute_exists(#{})", self.partition))
    }

    pub(crate) fn put_new(&self, row: Row) -> Action {
        self.action(row, Change::Put, self.absent(), Row::new())
    }

    fn put_known(&self, row: Row) -> Action {
        self.action(row, Change::Put, self.present(), Row::new())
    }

    pub(crate) fn put_any(&self, row: Row) -> Action {
        self.action(row, Change::Put, None, Row::new())
    }

    pub(crate) fn put_if(&self, row: Row, condition: &str, values: Row) -> Action {
        self.action(row, Change::Put, Some(condition.to_owned()), values)
    }

    /// In place of the version before this one.
    pub(crate) fn put_next(&self, row: Row, version: u64) -> Action {
        let before = values([(":before", number(version.saturating_sub(1)))]);
        self.put_if(row, "#version = :before", before)
    }

    fn update(&self, key: Row, changes: Changes) -> Action {
        let update = Change::Update(format!("SET {}", changes.sets.join(", ")));
        self.action(key, update, Some(changes.conditions.join(" AND ")), changes.values)
    }

    /// Adds to numbers of a row, which begin at zero; the row need not be there.
    pub(crate) fn add<const N: usize>(&self, key: Row, numbers: [(&str, i128); N]) -> Action {
        let additions = numbers.map(|(name, _)| format!("#{name} :{name}"));
        let values = numbers.map(|(name, change)| (format!(":{name}"), number(change)));
        let update = Change::Update(format!("ADD {}", additions.join(", ")));
        self.action(key, update, None, values.into())
    }

    fn delete_known(&self, key: Row) -> Action {
        self.action(key, Change::Delete, self.present(), Row::new())
    }

    pub(crate) fn delete_if(&self, key: Row, condition: &str, values: Row) -> Action {
        self.action(key, Change::Delete, Some(condition.to_owned()), values)
    }

    pub(crate) fn delete_any(&self, key: Row) -> Action {
        self.action(key, Change::Delete, None, Row::new())
    }
}

impl Action {
    /// The action as the service takes it; a refusal brings back what stands there.
    pub(crate) fn into_item(self) -> Result<TransactWriteItem, BuildError> {
        let names = names(self.change.update().into_iter().chain(self.condition.as_deref()));
        let values = Some(self.values).filter(|values| !values.is_empty());
        let old = ReturnValuesOnConditionCheckFailure::AllOld;
        let item = TransactWriteItem::builder();
        Ok(match self.change {
            Change::Put => item.put(
                Put::builder()
                    .table_name(self.table)
                    .set_item(Some(self.row))
                    .set_condition_expression(self.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(old)
                    .build()?,
            ),
            Change::Update(update) => item.update(
                Update::builder()
                    .table_name(self.table)
                    .set_key(Some(self.row))
                    .update_expression(update)
                    .set_condition_expression(self.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(old)
                    .build()?,
            ),
            Change::Delete => item.delete(
                Delete::builder()
                    .table_name(self.table)
                    .set_key(Some(self.row))
                    .set_condition_expression(self.condition)
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
