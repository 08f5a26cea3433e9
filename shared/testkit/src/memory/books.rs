//! Pairs, their books and logs as the store in memory answers for them. Here nothing lags, and
//! what is read at several moments elsewhere is read at one.

use std::ops::Bound;

use app::ports::{
    EntryQuery, EventQuery, EventStretch, Logged, OrderBooks, OrderState, Page, StoreError,
};
use async_trait::async_trait;
use domain::{
    command::{Command, CommandId},
    commit::Resting,
    id::{OrderId, UserId},
    ledger::{Entry, Outcome},
    market_event::MarketEvent,
    pair::{Pair, PairId},
    time::Timestamp,
};

use super::{MemoryStore, page, rows::Book};

fn is_placement_of(user: UserId, entry: &Entry) -> bool {
    matches!(&entry.outcome, Outcome::Placed(placement) if placement.order.user == user)
}

fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// The first of these events, and whether there are more.
fn first<'a>(
    events: impl Iterator<Item = (&'a u64, &'a MarketEvent)>,
    limit: u32,
) -> Page<MarketEvent> {
    let mut events = events.map(|(_, event)| event);
    let rows = events.by_ref().take(count(limit)).cloned().collect();
    Page { rows, more: events.next().is_some() }
}

fn state(book: &Book, order: OrderId) -> OrderState {
    let closed = book.closed.get(&order).copied().map(OrderState::Closed);
    let resting = || book.resting.get(&order).copied().map(OrderState::Resting);
    closed.or_else(resting).unwrap_or(OrderState::Pending)
}

#[async_trait]
impl OrderBooks for MemoryStore {
    async fn pairs(&self) -> Result<Vec<Pair>, StoreError> {
        Ok(self.state().await.rows.books.pairs.values().copied().collect())
    }

    async fn commands(&self, pair: PairId, limit: u32) -> Result<Vec<Logged>, StoreError> {
        let state = self.state().await;
        let log = &state.rows.books.of(pair).log;
        Ok(log.values().take(count(limit)).copied().collect())
    }

    async fn command(&self, pair: PairId, id: CommandId) -> Result<Option<Command>, StoreError> {
        match self.state().await.rows.books.of(pair).log.get(&id) {
            None => Ok(None),
            Some(Logged::Command(command)) => Ok(Some(*command)),
            Some(Logged::Unreadable(_)) => Err(StoreError::Corrupt(format!("command {id}"))),
        }
    }

    async fn events(&self, query: &EventQuery) -> Result<Page<MarketEvent>, StoreError> {
        let state = self.state().await;
        let events = &state.rows.books.of(query.pair).events;
        let has_trades = |(_, event): &(&u64, &MarketEvent)| event.trades().next().is_some();
        Ok(match query.stretch {
            EventStretch::After(seq) => {
                let after = (Bound::Excluded(seq), Bound::Unbounded);
                first(events.range(after), query.limit)
            }
            EventStretch::Before(seq) => first(events.range(..seq).rev(), query.limit),
            EventStretch::TradesBefore(seq) => {
                first(events.range(..seq).rev().filter(has_trades), query.limit)
            }
        })
    }

    async fn resting(&self, pair: PairId) -> Result<Vec<Resting>, StoreError> {
        Ok(self.state().await.rows.books.of(pair).resting.values().copied().collect())
    }

    async fn deadlines(&self, pair: PairId) -> Result<Vec<(UserId, Timestamp)>, StoreError> {
        let state = self.state().await;
        let deadlines = &state.rows.books.of(pair).deadlines;
        Ok(deadlines.iter().map(|(user, deadline)| (*user, *deadline)).collect())
    }

    async fn order_states(
        &self,
        orders: &[(PairId, OrderId)],
    ) -> Result<Vec<OrderState>, StoreError> {
        let rows = self.state().await;
        let books = &rows.rows.books;
        Ok(orders.iter().map(|(pair, order)| state(books.of(*pair), *order)).collect())
    }

    async fn placements(&self, query: &EntryQuery) -> Result<Page<Entry>, StoreError> {
        let state = self.state().await;
        let entries = state.rows.entries.values();
        let rows = entries.filter(|entry| is_placement_of(query.user, entry)).cloned().collect();
        Ok(page(rows, EntryQuery::position, false, query.after, query.limit))
    }
}
