//! Connections, what they listen to, and spent tickets, as the store in memory keeps them. It has
//! no clock, so nothing in it is ever swept.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use app::ports::{Connection, ConnectionId, Sockets, StoreError, Topic};
use async_trait::async_trait;
use domain::time::Timestamp;

use super::MemoryStore;

#[derive(Debug, Default)]
pub(super) struct Connections {
    open: BTreeMap<ConnectionId, Connection>,
    listeners: BTreeSet<(Topic, ConnectionId)>,
    spent: BTreeSet<u128>,
}

#[async_trait]
impl Sockets for MemoryStore {
    async fn spend_ticket(&self, ticket: u128, _expires_at: Timestamp) -> Result<bool, StoreError> {
        Ok(self.state().await.connections.spent.insert(ticket))
    }

    async fn put_connection(&self, connection: &Connection) -> Result<(), StoreError> {
        let mut state = self.state().await;
        state.connections.open.insert(connection.id.clone(), connection.clone());
        Ok(())
    }

    async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, StoreError> {
        Ok(self.state().await.connections.open.get(id).cloned())
    }

    async fn remove_connection(&self, id: &ConnectionId) -> Result<(), StoreError> {
        let mut state = self.state().await;
        state.connections.open.remove(id);
        state.connections.listeners.retain(|(_, listener)| listener != id);
        Ok(())
    }

    async fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        Ok(self.state().await.connections.open.values().cloned().collect())
    }

    async fn subscribe(&self, id: &ConnectionId, topic: Topic) -> Result<(), StoreError> {
        self.state().await.connections.listeners.insert((topic, id.clone()));
        Ok(())
    }

    async fn unsubscribe(&self, id: &ConnectionId, topic: Topic) -> Result<(), StoreError> {
        self.state().await.connections.listeners.remove(&(topic, id.clone()));
        Ok(())
    }

    async fn subscribers(&self, topic: Topic) -> Result<Arc<[ConnectionId]>, StoreError> {
        let state = self.state().await;
        let listeners = state.connections.listeners.iter();
        let here = listeners.filter(|(listened, _)| *listened == topic);
        Ok(here.map(|(_, id)| id.clone()).collect())
    }
}
