//! Who listens to what: connections, their subscriptions, and the tickets that open them.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use domain::{candle::Interval, currency::CurrencyCode, id::UserId, pair::PairId, time::Timestamp};

use super::StoreError;

/// A connection's name, as the gateway gives it: 1 to 128 printable characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub String);

impl fmt::Display for ConnectionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What a connection can listen to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// A market's book.
    Book(PairId),
    /// A market's trades.
    Trades(PairId),
    /// A market's prices.
    Ticker(PairId),
    /// A market's candles.
    Candles(PairId, Interval),
    /// A currency's rate.
    Rates(CurrencyCode),
    /// A user's own events.
    User(UserId),
    /// Signs of life.
    Heartbeat,
    /// A market's book and prices in the shape of the platform that this one replaces.
    PlatformMarket(PairId),
    /// A user's order statuses in that shape.
    PlatformUser(UserId),
}

impl fmt::Display for Topic {
    /// As it is stored: `book#MRC-USD`, `candles#MRC-USD#1m`, `user#usr_…`, `heartbeat`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Book(pair) => write!(out, "book#{pair}"),
            Self::Trades(pair) => write!(out, "trades#{pair}"),
            Self::Ticker(pair) => write!(out, "ticker#{pair}"),
            Self::Candles(pair, interval) => write!(out, "candles#{pair}#{}", interval.as_str()),
            Self::Rates(code) => write!(out, "rates#{code}"),
            Self::User(user) => write!(out, "user#{user}"),
            Self::Heartbeat => out.write_str("heartbeat"),
            Self::PlatformMarket(pair) => write!(out, "platform#{pair}"),
            Self::PlatformUser(user) => write!(out, "platform-user#{user}"),
        }
    }
}

/// An open connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its name.
    pub id: ConnectionId,
    /// Who opened it.
    pub user: UserId,
    /// When.
    pub connected_at: Timestamp,
    /// Whether it was told to reconnect.
    pub noticed: bool,
}

/// Connections and subscriptions.
#[async_trait]
pub trait Sockets: Send + Sync {
    /// Uses a ticket up. `false`: it was used before. It is remembered until it expires. If the
    /// answer is lost, it may be used up without anybody having come in with it.
    async fn spend_ticket(&self, ticket: u128, expires_at: Timestamp) -> Result<bool, StoreError>;

    /// Remembers a connection, in the place of one of the same name.
    async fn put_connection(&self, connection: &Connection) -> Result<(), StoreError>;

    /// A connection, if it is open.
    async fn connection(&self, id: &ConnectionId) -> Result<Option<Connection>, StoreError>;

    /// Forgets a connection and all that it listens to, if it is there. One that subscribes at
    /// the same time may be named as a subscriber once more: remove it again when it is gone.
    async fn remove_connection(&self, id: &ConnectionId) -> Result<(), StoreError>;

    /// All connections, in no order, each as of some moment of the call.
    async fn connections(&self) -> Result<Vec<Connection>, StoreError>;

    /// From when this returns, [`Sockets::subscribers`] names the connection. Again: no change.
    async fn subscribe(&self, id: &ConnectionId, topic: Topic) -> Result<(), StoreError>;

    /// The connection does not listen to it any more, whether or not it did.
    async fn unsubscribe(&self, id: &ConnectionId, topic: Topic) -> Result<(), StoreError>;

    /// Who listens to a topic, as of the last call.
    async fn subscribers(&self, topic: Topic) -> Result<Arc<[ConnectionId]>, StoreError>;
}
