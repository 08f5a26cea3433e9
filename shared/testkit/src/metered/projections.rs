//! What is told and to whom, counted as everything else is.

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

use super::MeteredStore;

#[async_trait]
impl ActivityLog for MeteredStore {
    async fn log_activity(&self, activities: &[Activity]) -> Result<(), StoreError> {
        self.count("log_activity", 0).log_activity(activities).await
    }

    async fn activity(
        &self,
        user: UserId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError> {
        self.count("activity", 0).activity(user, after, limit).await
    }
}

#[async_trait]
impl Statements for MeteredStore {
    async fn statement_head(&self, user: UserId) -> Result<Option<StatementHead>, StoreError> {
        self.count("statement_head", 0).statement_head(user).await
    }

    async fn append_lines(&self, appends: &[StatementAppend]) -> Result<Vec<bool>, StoreError> {
        self.count("append_lines", 0).append_lines(appends).await
    }

    async fn lines(&self, query: &LineQuery) -> Result<Page<StatementLine>, StoreError> {
        self.count("lines", 0).lines(query).await
    }

    async fn statement_heads(&self, part: u8) -> Result<Vec<StatementHead>, StoreError> {
        self.count("statement_heads", 0).statement_heads(part).await
    }
}

#[async_trait]
impl TotalsBook for MeteredStore {
    async fn fold_house(&self, folds: &[HouseFold]) -> Result<(), StoreError> {
        self.count("fold_house", 0).fold_house(folds).await
    }

    async fn totals(
        &self,
        code: CurrencyCode,
        since: Minute,
        until: Minute,
    ) -> Result<TotalsReading, StoreError> {
        self.count("totals", 0).totals(code, since, until).await
    }
}

#[async_trait]
impl Candles for MeteredStore {
    async fn candles_head(&self, pair: PairId) -> Result<u64, StoreError> {
        self.count("candles_head", 0).candles_head(pair).await
    }

    async fn put_candles(
        &self,
        pair: PairId,
        candles: &[Candle],
        head: u64,
    ) -> Result<(), StoreError> {
        self.count("put_candles", 0).put_candles(pair, candles, head).await
    }

    async fn candles(&self, query: &CandleQuery) -> Result<Vec<Candle>, StoreError> {
        self.count("candles", 0).candles(query).await
    }
}

#[async_trait]
impl Sockets for MeteredStore {
    async fn spend_ticket(&self, ticket: u128, expires_at: Timestamp) -> Result<bool, StoreError> {
        self.count("spend_ticket", 0).spend_ticket(ticket, expires_at).await
    }

    async fn put_connection(&self, connection: &Connection) -> Result<(), StoreError> {
        self.count("put_connection", 0).put_connection(connection).await
    }

    async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, StoreError> {
        self.count("connection", 0).connection(id).await
    }

    async fn remove_connection(&self, id: &ConnectionId) -> Result<(), StoreError> {
        self.count("remove_connection", 0).remove_connection(id).await
    }

    async fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        self.count("connections", 0).connections().await
    }

    async fn subscribe(&self, id: &ConnectionId, topic: Topic) -> Result<(), StoreError> {
        self.count("subscribe", 0).subscribe(id, topic).await
    }

    async fn unsubscribe(&self, id: &ConnectionId, topic: Topic) -> Result<(), StoreError> {
        self.count("unsubscribe", 0).unsubscribe(id, topic).await
    }

    async fn subscribers(&self, topic: Topic) -> Result<Arc<[ConnectionId]>, StoreError> {
        self.count("subscribers", 0).subscribers(topic).await
    }
}
