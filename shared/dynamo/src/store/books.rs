//! Pairs, their books, and what waits for their matchers, on DynamoDB.

use std::collections::{BTreeMap, BTreeSet};

use app::ports::{
    EntryQuery, EventQuery, EventStretch, Logged, OrderBooks, OrderState, Page, StoreError,
};
use async_trait::async_trait;
use domain::{
    command::{Command, CommandId},
    commit::{ClosedOrder, Resting},
    id::{OrderId, UserId},
    ledger::Entry,
    market_event::MarketEvent,
    pair::{Pair, PairId},
    time::Timestamp,
};

use super::{DynamoStore, page_of, rows_max};
use crate::{
    expression::values,
    read::{Stretch, get_all, query},
    rows::{Row, Spelled, Stored, deadline, keys, logged, text},
    schema::{BY_ORDERER, BY_TRADE, CATALOG, ORDERS, Table},
};

/// As many rows as there are.
pub(super) const ALL: usize = usize::MAX;

impl DynamoStore {
    /// A partition of a table, as of the last commit, from its first key up.
    pub(super) fn partition(&self, table: &Table, partition: String, limit: usize) -> Stretch {
        Stretch {
            table: self.tables.of(table),
            index: None,
            keys: format!("#{} = :partition", table.partition),
            filter: None,
            values: values([(":partition", text(partition))]),
            ascending: true,
            limit,
        }
    }

    async fn rows_of(
        &self,
        partition: &str,
        pair: PairId,
        max: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let partition = keys::of_pair_in(partition, pair);
        query(&self.client, &self.partition(&ORDERS, partition, max)).await
    }

    fn stretch_of(&self, wanted: &EventQuery, limit: usize) -> Stretch {
        let events = keys::of_pair_in(MarketEvent::PARTITION, wanted.pair);
        let events = self.partition(&ORDERS, events, limit);
        let (mut stretch, bound, seq) = match wanted.stretch {
            EventStretch::After(seq) => (events, "#kind > :seq", seq),
            EventStretch::Before(seq) => {
                (Stretch { ascending: false, ..events }, "#kind < :seq", seq)
            }
            EventStretch::TradesBefore(seq) => {
                let traded = self.newest(&ORDERS, BY_TRADE, wanted.pair.spell(), limit);
                (traded, "#kind < :seq", seq)
            }
        };
        stretch.keys.push_str(" AND ");
        stretch.keys.push_str(bound);
        stretch.values.insert(":seq".to_owned(), text(keys::seq_key(seq)));
        stretch
    }

    /// Rows of orders by keys of which none is there twice.
    async fn orders_at<T: Stored>(
        &self,
        keys: impl Iterator<Item = Row>,
        id: fn(&T) -> OrderId,
    ) -> Result<BTreeMap<OrderId, T>, StoreError> {
        let table = self.tables.of(&ORDERS);
        let found = get_all::<T>(&self.client, &table, keys.collect()).await?;
        Ok(found.into_iter().map(|order| (id(&order), order)).collect())
    }
}

#[async_trait]
impl OrderBooks for DynamoStore {
    async fn pairs(&self) -> Result<Vec<Pair>, StoreError> {
        let stretch = self.partition(&CATALOG, keys::PAIRS.to_owned(), ALL);
        query(&self.client, &stretch).await?.into_iter().map(Pair::from_row).collect()
    }

    async fn commands(&self, pair: PairId, limit: u32) -> Result<Vec<Logged>, StoreError> {
        self.rows_of(keys::LOG, pair, rows_max(limit)).await?.into_iter().map(logged).collect()
    }

    async fn command(&self, pair: PairId, id: CommandId) -> Result<Option<Command>, StoreError> {
        self.get(&ORDERS, keys::command(pair, id)).await
    }

    async fn events(&self, wanted: &EventQuery) -> Result<Page<MarketEvent>, StoreError> {
        let limit = rows_max(wanted.limit);
        let stretch = self.stretch_of(wanted, limit.saturating_add(1));
        page_of(query(&self.client, &stretch).await?, limit)
    }

    async fn resting(&self, pair: PairId) -> Result<Vec<Resting>, StoreError> {
        self.rows_of(keys::BOOK, pair, ALL).await?.into_iter().map(Resting::from_row).collect()
    }

    async fn deadlines(&self, pair: PairId) -> Result<Vec<(UserId, Timestamp)>, StoreError> {
        self.rows_of(keys::DEADLINES, pair, ALL).await?.iter().map(deadline).collect()
    }

    async fn order_states(
        &self,
        orders: &[(PairId, OrderId)],
    ) -> Result<Vec<OrderState>, StoreError> {
        // The service refuses a key that is asked for twice.
        let wanted: BTreeSet<_> = orders.iter().copied().collect();
        let keys_of = wanted.iter().map(|(pair, order)| keys::resting(*pair, *order));
        let resting = self.orders_at(keys_of, |at: &Resting| at.working.order.id).await?;
        // Only then: an order that ends meanwhile rests in the one answer or is over in the other.
        let left: BTreeSet<_> = wanted.iter().map(|(_, order)| *order).collect();
        let left = left.into_iter().filter(|order| !resting.contains_key(order));
        let left = left.map(keys::closed_order);
        let closed = self.orders_at(left, |at: &ClosedOrder| at.working.order.id).await?;
        let state = |(_, order): &(PairId, OrderId)| match (resting.get(order), closed.get(order)) {
            (Some(resting), _) => OrderState::Resting(*resting),
            (None, Some(closed)) => OrderState::Closed(*closed),
            (None, None) => OrderState::Pending,
        };
        Ok(orders.iter().map(state).collect())
    }

    async fn placements(&self, wanted: &EntryQuery) -> Result<Page<Entry>, StoreError> {
        let limit = rows_max(wanted.limit);
        page_of(self.entry_rows(BY_ORDERER, wanted, limit.saturating_add(1)).await?, limit)
    }
}
