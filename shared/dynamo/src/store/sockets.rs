//! Connections, what they listen to, and spent tickets, on DynamoDB.
//!
//! A connection's own row of a subscription is there whenever the topic's is: it is written first
//! and deleted last, so that whoever removes a connection finds all that it listens to. The mark of
//! a topic's roll is replaced after the topic's row was written or deleted: whoever finds the mark
//! that a list was read after has the list.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use app::ports::{Connection, ConnectionId, Sockets, StoreError, Topic};
use async_trait::async_trait;
use domain::time::Timestamp;
use tokio::task::JoinSet;

use super::{DynamoStore, books::ALL};
use crate::{
    listeners::new_mark,
    read::{get, query},
    rows::{Stored, keys},
    schema::SOCKETS,
    send::{delete_all, put},
};

/// By the clock of the machine. Rows are swept by the clock of the service, so it is this one
/// that counts, whatever time the market goes by; an hour more or less does not matter.
fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "no decision depends on when rows are swept")]
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.as_ref().map_or(0, Duration::as_millis);
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

#[async_trait]
impl Sockets for DynamoStore {
    async fn spend_ticket(&self, ticket: u128, expires_at: Timestamp) -> Result<bool, StoreError> {
        let row = self.target(&SOCKETS).put_new(keys::ticket(ticket, expires_at));
        put(&self.client, row).await
    }

    async fn put_connection(&self, connection: &Connection) -> Result<(), StoreError> {
        let row = self.target(&SOCKETS).put_any(connection.to_row()?);
        put(&self.client, row).await.map(|_always| ())
    }

    async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, StoreError> {
        self.get(&SOCKETS, keys::connection(id)).await
    }

    async fn remove_connection(&self, id: &ConnectionId) -> Result<(), StoreError> {
        let table = self.tables.of(&SOCKETS);
        let own = self.partition(&SOCKETS, keys::topics_of(id), ALL);
        let (mut of_topics, mut own_rows, mut topics) = (Vec::new(), Vec::new(), Vec::new());
        for row in query(&self.client, &own).await? {
            let topic = keys::topic_of(&row)?.to_owned();
            let [own, of_topic] = keys::subscription(id, &topic);
            of_topics.push(of_topic);
            own_rows.push(own);
            topics.push(topic);
        }
        delete_all(&self.client, &table, of_topics).await?;
        for topic in topics {
            self.mark(&topic).await?;
        }
        own_rows.push(keys::connection(id));
        delete_all(&self.client, &table, own_rows).await
    }

    async fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        let mut reads = JoinSet::new();
        for part in 0..keys::OPEN_PARTS {
            let client = self.client.clone();
            let open = self.partition(&SOCKETS, keys::open_in(part), ALL);
            reads.spawn(async move { query(&client, &open).await });
        }
        let mut connections = Vec::new();
        while let Some(read) = reads.join_next().await {
            let rows = read.map_err(|error| StoreError::Unavailable(error.to_string()))??;
            for row in rows {
                connections.push(Connection::from_row(row)?);
            }
        }
        Ok(connections)
    }

    async fn subscribe(&self, id: &ConnectionId, topic: Topic) -> Result<(), StoreError> {
        for row in keys::lasting_subscription(id, &topic.to_string(), now()) {
            put(&self.client, self.target(&SOCKETS).put_any(row)).await?;
        }
        self.mark(&topic.to_string()).await
    }

    async fn unsubscribe(&self, id: &ConnectionId, topic: Topic) -> Result<(), StoreError> {
        let table = self.tables.of(&SOCKETS);
        let topic = topic.to_string();
        let [own, of_topic] = keys::subscription(id, &topic);
        delete_all(&self.client, &table, vec![of_topic]).await?;
        self.mark(&topic).await?;
        delete_all(&self.client, &table, vec![own]).await
    }

    async fn subscribers(&self, topic: Topic) -> Result<Arc<[ConnectionId]>, StoreError> {
        let name = topic.to_string();
        let roll = get(&self.client, self.tables.of(&SOCKETS), keys::roll(&name)).await?;
        let Some(roll) = roll else { return Ok(Arc::default()) };
        let mark = keys::mark_of(&roll)?;
        if let Some(list) = self.listeners.with_mark(topic, &mark) {
            return Ok(list);
        }
        let listeners = self.partition(&SOCKETS, keys::listeners_of(&name), ALL);
        let rows = query(&self.client, &listeners).await?;
        let list = rows.iter().map(keys::listener_of).collect::<Result<Arc<[_]>, _>>()?;
        self.listeners.keep(topic, mark, &list);
        Ok(list)
    }
}

impl DynamoStore {
    /// Says that who listens to a topic has changed.
    async fn mark(&self, topic: &str) -> Result<(), StoreError> {
        let row = keys::marked_roll(topic, new_mark(), now());
        put(&self.client, self.target(&SOCKETS).put_any(row)).await.map(|_always| ())
    }
}
