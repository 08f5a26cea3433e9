//! The ports of the application on DynamoDB. What an operation means, the ports say; how rows
//! look and how writes are conditioned, `rows` and `transact` know.

mod books;
mod projections;
mod sockets;
mod venues;
mod webhooks;

use std::collections::BTreeMap;

use app::ports::{
    Catalogue, CommitError, EntryQuery, Identity, ItemQuery, Ledger, Page, RateQuery, Shelf,
    StoreError,
};
use async_trait::async_trait;
use aws_sdk_dynamodb::{Client, types::ReturnConsumedCapacity};
use domain::{
    account::Account,
    catalogue::Item,
    commit::Commit,
    id::{EntryId, ItemId, SessionId, UserId},
    identity::{Login, Session, User},
    ledger::Entry,
    rate::RateVersion,
    time::Timestamp,
    universe::{Universe, UniverseId},
};

use crate::{
    error::{commit_error, invalid},
    expression::values,
    grants::{Action as Grantable, Grant},
    listeners::Listeners,
    read::{Stretch, get, get_all, get_rows, query},
    rows::{Counted, Row, Spelled, Stored, keys, number, text},
    schema::{
        ACCOUNTS, BY_COUNTERPARTY, BY_PARTY, BY_PRICE, BY_SELLER, BY_TIME, BY_UNIVERSE, CATALOG,
        IDENTITY, Index, JOURNAL, TABLES, Table, TableNames,
    },
    tally,
    token::token,
    transact::{Action, actions},
};

/// A store on DynamoDB, or on anything that speaks its protocol.
#[derive(Debug, Clone)]
pub struct DynamoStore {
    client: Client,
    tables: TableNames,
    listeners: Listeners,
}

impl DynamoStore {
    /// A store on the tables of this market. The client should have time-outs: by default it
    /// waits for ever.
    #[must_use]
    pub fn new(client: Client, tables: TableNames) -> Self {
        Self { client, tables, listeners: Listeners::default() }
    }

    /// Reads something that is not there, as far as these grants allow anything to be read: the
    /// first call opens a connection and loads code, which a client need not wait for.
    ///
    /// # Errors
    /// The service's own.
    pub async fn prime(&self, grants: &[Grant]) -> Result<(), StoreError> {
        let reads = |grant: &&Grant| grant.index.is_none() && !grant.action.writes();
        let Some(grant) = grants.iter().find(reads) else { return Ok(()) };
        let Some(table) = TABLES.iter().find(|table| table.stem == grant.table) else {
            return Ok(());
        };
        let key = std::iter::once(table.partition).chain(table.sort);
        let key: Row = key.map(|name| (name.to_owned(), text("-"))).collect();
        let name = self.tables.of(table);
        match grant.action {
            Grantable::Query => {
                let nothing = self.partition(table, "-".to_owned(), 1);
                query(&self.client, &nothing).await.map(|_| ())
            }
            Grantable::BatchGetItem => get_rows(&self.client, &name, vec![key]).await.map(|_| ()),
            _ => get(&self.client, name, key).await.map(|_| ()),
        }
    }

    async fn get<T: Stored>(&self, table: &Table, key: Row) -> Result<Option<T>, StoreError> {
        get(&self.client, self.tables.of(table), key).await?.map(T::from_row).transpose()
    }

    /// A partition of an index, from its last key down.
    fn newest(&self, table: &Table, index: Index, partition: String, limit: usize) -> Stretch {
        Stretch {
            table: self.tables.of(table),
            index: Some(index.name),
            keys: format!("#{} = :partition", index.partition),
            filter: None,
            values: values([(":partition", text(partition))]),
            ascending: false,
            limit,
        }
    }

    /// The keys of a part of the catalogue; `None` if no item can be in it.
    fn shelf(&self, wanted: &ItemQuery, limit: usize) -> Option<Stretch> {
        let (index, partition) = match wanted.shelf {
            Shelf::Everything => (BY_TIME, keys::ITEM.to_owned()),
            Shelf::Universe(universe) => (BY_UNIVERSE, universe.spell()),
            Shelf::Seller(seller) => (BY_SELLER, seller.spell()),
            Shelf::Priced { universe, min, max, descending } => {
                let mut stretch = self.newest(&CATALOG, BY_PRICE, universe.spell(), limit);
                let (low, high) = keys::price_range(min, max, descending, wanted.after);
                // The service refuses a range whose ends are the wrong way round.
                return (low <= high).then(|| {
                    stretch.keys.push_str(" AND #priced BETWEEN :low AND :high");
                    stretch.values.extend(values([(":low", text(low)), (":high", text(high))]));
                    Stretch { ascending: !descending, ..stretch }
                });
            }
        };
        let mut stretch = self.newest(&CATALOG, index, partition, limit);
        if let Some(after) = wanted.after {
            stretch.before(keys::placed(after, ItemId::from_bits));
        }
        Some(stretch)
    }

    async fn entry_rows(
        &self,
        index: Index,
        wanted: &EntryQuery,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let mut stretch = self.newest(&JOURNAL, index, wanted.user.spell(), limit);
        if let Some(after) = wanted.after {
            stretch.before(keys::placed(after, EntryId::from_bits));
        }
        query(&self.client, &stretch).await
    }
}

impl Stretch {
    /// Only what was placed before this.
    fn before(&mut self, placed: String) {
        self.keys.push_str(" AND #placed < :before");
        self.values.insert(":before".to_owned(), text(placed));
    }
}

/// As many rows as a caller wants at most.
fn rows_max(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// A page of rows, of which one more than its limit was asked for.
fn page_of<T: Stored>(mut rows: Vec<Row>, limit: usize) -> Result<Page<T>, StoreError> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let rows = rows.into_iter().map(T::from_row).collect::<Result<_, _>>()?;
    Ok(Page { rows, more })
}

#[async_trait]
impl Ledger for DynamoStore {
    async fn commit(&self, commit: &Commit) -> Result<(), CommitError> {
        let actions = actions(commit, &self.tables)?;
        let token = token(&actions);
        let items = actions.into_iter().map(Action::into_item).collect::<Result<_, _>>();
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items.map_err(invalid)?))
            .client_request_token(token)
            .return_consumed_capacity(ReturnConsumedCapacity::Indexes)
            .send()
            .await;
        tally::round_trip();
        let done = sent.map_err(|error| commit_error(commit, &error));
        if matches!(done, Err(CommitError::Conflict | CommitError::Refused(_))) {
            tally::conflict();
        }
        tally::wrote(done?.consumed_capacity());
        Ok(())
    }

    async fn account(&self, user: UserId) -> Result<Option<Account>, StoreError> {
        self.get(&ACCOUNTS, keys::account(user)).await
    }

    async fn entry(&self, id: EntryId) -> Result<Option<Entry>, StoreError> {
        self.get(&JOURNAL, keys::entry(id)).await
    }

    async fn entries(&self, wanted: &EntryQuery) -> Result<Page<Entry>, StoreError> {
        let limit = rows_max(wanted.limit);
        let one_more = limit.saturating_add(1);
        let (paid, received) = tokio::try_join!(
            self.entry_rows(BY_PARTY, wanted, one_more),
            self.entry_rows(BY_COUNTERPARTY, wanted, one_more),
        )?;
        let rows = paid.into_iter().chain(received).map(Entry::from_row);
        let mut rows = rows.collect::<Result<Vec<_>, _>>()?;
        rows.sort_by_key(|entry| std::cmp::Reverse(EntryQuery::position(entry)));
        rows.dedup_by_key(|entry| entry.id);
        let more = rows.len() > limit;
        rows.truncate(limit);
        Ok(Page { rows, more })
    }
}

#[async_trait]
impl Catalogue for DynamoStore {
    async fn universes(&self) -> Result<Vec<Universe>, StoreError> {
        let stretch = Stretch {
            table: self.tables.of(&CATALOG),
            index: None,
            keys: "#part = :universes".to_owned(),
            filter: None,
            values: values([(":universes", text(keys::UNIVERSES))]),
            ascending: true,
            limit: rows_max(UniverseId::MAX),
        };
        query(&self.client, &stretch).await?.into_iter().map(Universe::from_row).collect()
    }

    async fn rate_versions(&self, wanted: &RateQuery) -> Result<Page<RateVersion>, StoreError> {
        let limit = rows_max(wanted.limit);
        // The key is the version, which guards that each is written once; text of digits sorts
        // before a tilde. Times are filtered: 1 MB of a page is some 6,000 versions.
        let below = wanted.below.map_or("~".to_owned(), keys::rate_key);
        let mut stretch = Stretch {
            table: self.tables.of(&CATALOG),
            index: None,
            keys: "#part = :rates AND #kind < :below".to_owned(),
            filter: None,
            values: values([
                (":rates", text(keys::rates_of(wanted.universe))),
                (":below", text(below)),
            ]),
            ascending: false,
            limit: limit.saturating_add(1),
        };
        if wanted.at < Timestamp::MAX {
            stretch.filter = Some("#observed_at <= :at".to_owned());
            stretch.values.insert(":at".to_owned(), number(wanted.at.count()));
        }
        page_of(query(&self.client, &stretch).await?, limit)
    }

    async fn item(&self, id: ItemId) -> Result<Option<Item>, StoreError> {
        self.get(&CATALOG, keys::item(id)).await
    }

    async fn items(&self, wanted: &ItemQuery) -> Result<Page<Item>, StoreError> {
        let limit = rows_max(wanted.limit);
        let Some(stretch) = self.shelf(wanted, limit.saturating_add(1)) else {
            return Ok(Page { rows: Vec::new(), more: false });
        };
        let mut found = query(&self.client, &stretch).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let places = found.iter().map(keys::item_place).collect::<Result<Vec<_>, _>>()?;
        let wanted_keys = places.iter().map(|(id, _)| keys::item(*id)).collect();
        let items: Vec<Item> = get_all(&self.client, &stretch.table, wanted_keys).await?;
        let items: BTreeMap<_, _> = items.into_iter().map(|item| (item.id, item)).collect();
        // An item that is gone, or whose price the index does not know yet, is on no page.
        let at_place = |(id, priced): (ItemId, Option<String>)| {
            let stays = |item: &&Item| priced.is_none_or(|priced| priced == keys::price_of(item));
            items.get(&id).filter(stays).cloned()
        };
        Ok(Page { rows: places.into_iter().filter_map(at_place).collect(), more })
    }
}

#[async_trait]
impl Identity for DynamoStore {
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.get(&IDENTITY, keys::user(id)).await
    }

    async fn user_by_login(&self, login: &Login) -> Result<Option<User>, StoreError> {
        let name = get(&self.client, self.tables.of(&IDENTITY), keys::login(login)).await?;
        match name {
            Some(row) => self.user(keys::reserved_for(&row)?).await,
            None => Ok(None),
        }
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.get(&IDENTITY, keys::session(id)).await
    }
}
