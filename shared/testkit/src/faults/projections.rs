//! What is told and to whom fails as commits and reads do, but for conflicts: the store behind
//! it deals with these.

use std::sync::Arc;

use app::ports::{
    ActivityLog, CandleQuery, Candles, Connection, ConnectionId, HouseFold, LineQuery, Page,
    Sockets, StatementAppend, Statements, StoreError, Topic, TotalsBook, TotalsReading,
};
use async_trait::async_trait;
use domain::{
    activity::Activity,
    candle::Candle,
    currency::CurrencyCode,
    id::UserId,
    pair::PairId,
    statement::{StatementHead, StatementLine},
    time::Timestamp,
    totals::Minute,
};

use super::FaultyStore;

#[async_trait]
impl ActivityLog for FaultyStore {
    async fn log_activity(&self, activities: &[Activity]) -> Result<(), StoreError> {
        self.write("log_activity", self.inner.log_activity(activities)).await
    }

    async fn activity(
        &self,
        user: UserId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError> {
        self.read("activity", self.inner.activity(user, after, limit)).await
    }
}

#[async_trait]
impl Statements for FaultyStore {
    async fn statement_head(&self, user: UserId) -> Result<Option<StatementHead>, StoreError> {
        self.read("statement_head", self.inner.statement_head(user)).await
    }

    async fn append_lines(&self, appends: &[StatementAppend]) -> Result<Vec<bool>, StoreError> {
        self.write("append_lines", self.inner.append_lines(appends)).await
    }

    async fn lines(&self, query: &LineQuery) -> Result<Page<StatementLine>, StoreError> {
        self.read("lines", self.inner.lines(query)).await
    }

    async fn statement_heads(&self, part: u8) -> Result<Vec<StatementHead>, StoreError> {
        self.read("statement_heads", self.inner.statement_heads(part)).await
    }
}

#[async_trait]
impl TotalsBook for FaultyStore {
    async fn fold_house(&self, folds: &[HouseFold]) -> Result<(), StoreError> {
        self.write("fold_house", self.inner.fold_house(folds)).await
    }

    async fn totals(
        &self,
        code: CurrencyCode,
        since: Minute,
        until: Minute,
    ) -> Result<TotalsReading, StoreError> {
        self.read("totals", self.inner.totals(code, since, until)).await
    }
}

#[async_trait]
impl Candles for FaultyStore {
    async fn candles_head(&self, pair: PairId) -> Result<u64, StoreError> {
        self.read("candles_head", self.inner.candles_head(pair)).await
    }

    async fn put_candles(
        &self,
        pair: PairId,
        candles: &[Candle],
        head: u64,
    ) -> Result<(), StoreError> {
        self.write("put_candles", self.inner.put_candles(pair, candles, head)).await
    }

    async fn candles(&self, query: &CandleQuery) -> Result<Vec<Candle>, StoreError> {
        self.read("candles", self.inner.candles(query)).await
    }
}

#[async_trait]
impl Sockets for FaultyStore {
    async fn spend_ticket(&self, ticket: u128, expires_at: Timestamp) -> Result<bool, StoreError> {
        self.write("spend_ticket", self.inner.spend_ticket(ticket, expires_at)).await
    }

    async fn put_connection(&self, connection: &Connection) -> Result<(), StoreError> {
        self.write("put_connection", self.inner.put_connection(connection)).await
    }

    async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, StoreError> {
        self.read("connection", self.inner.connection(id)).await
    }

    async fn remove_connection(&self, id: &ConnectionId) -> Result<(), StoreError> {
        self.write("remove_connection", self.inner.remove_connection(id)).await
    }

    async fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        self.read("connections", self.inner.connections()).await
    }

    async fn subscribe(&self, id: &ConnectionId, topic: Topic) -> Result<(), StoreError> {
        self.write("subscribe", self.inner.subscribe(id, topic)).await
    }

    async fn unsubscribe(&self, id: &ConnectionId, topic: Topic) -> Result<(), StoreError> {
        self.write("unsubscribe", self.inner.unsubscribe(id, topic)).await
    }

    async fn subscribers(&self, topic: Topic) -> Result<Arc<[ConnectionId]>, StoreError> {
        self.read("subscribers", self.inner.subscribers(topic)).await
    }
}
