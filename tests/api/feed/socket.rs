//! A connection as a client has it: what it says goes through the functions behind API Gateway,
//! and what was posted to it is looked up in the document.

use app::ports::ConnectionId;
use edge::function::{SocketEvent, SocketEventKind};
use serde_json::{Value, json};
use tests::{Caller, World};

use super::document::{is_request, name_of};
use crate::connections::{connects, says, ticket};

pub(crate) struct Socket<'a> {
    pub(crate) world: &'a World,
    pub(crate) id: ConnectionId,
}

impl<'a> Socket<'a> {
    /// Comes with a ticket.
    pub(crate) async fn open(world: &'a World, caller: &Caller, name: &str) -> Self {
        let query = json!({"ticket": ticket(world, caller).await});
        Self::with(world, name, query).await
    }

    /// Comes with an access token, as clients of the platform do, and is greeted as the local
    /// market does.
    pub(crate) async fn open_platform(world: &'a World, caller: &Caller, name: &str) -> Self {
        let query = json!({"token": caller.token});
        let socket = Self::with(world, name, query).await;
        let kind = SocketEventKind::Connect {
            query: [("token".to_owned(), caller.token.clone())].into(),
            user_agent: None,
        };
        let (connection, source_ip) = (socket.id.clone(), "192.0.2.10".to_owned());
        let at = world.context.market.clock.now();
        let event = SocketEvent { connection, at, source_ip, kind };
        functions::connect::opened(&world.context, &event).await.expect("greeted");
        socket
    }

    async fn with(world: &'a World, name: &str, query: Value) -> Self {
        assert_eq!(connects(world, name, query).await, (200, Value::Null));
        Self { world, id: ConnectionId(name.to_owned()) }
    }

    /// Says something that may be said, and hears what there is then.
    pub(crate) async fn says(&self, message: &Value) -> Vec<Value> {
        self.tells(message).await;
        self.hears()
    }

    /// Says something that may be said.
    pub(crate) async fn tells(&self, message: &Value) {
        assert!(is_request(message), "{message}");
        let answer = says(self.world, &self.id.0, &message.to_string()).await;
        assert_eq!(answer, (200, Value::Null), "{message}");
    }

    /// What was posted since the last look.
    pub(crate) fn hears(&self) -> Vec<Value> {
        self.hears_texts().iter().map(|text| serde_json::from_str(text).expect("JSON")).collect()
    }

    /// The same as it was written.
    pub(crate) fn hears_texts(&self) -> Vec<String> {
        let texts = self.world.gateway.take(&self.id);
        for text in &texts {
            name_of(&serde_json::from_str(text).expect("JSON"));
        }
        texts
    }

    /// Begins to listen to a channel of a market; the snapshot.
    pub(crate) async fn subscribes(&self, channel: &str, market: &str) -> Value {
        self.begins(&json!({"type": "subscribe", "channel": channel, "market": market})).await
    }

    /// Begins to listen to a channel that is of no market; the snapshot.
    pub(crate) async fn listens(&self, channel: &str) -> Value {
        self.begins(&json!({"type": "subscribe", "channel": channel})).await
    }

    /// Begins to listen; the snapshot.
    pub(crate) async fn begins(&self, message: &Value) -> Value {
        let [subscribed, snapshot] = self.says(message).await.try_into().expect("two messages");
        assert_eq!(subscribed["type"], "subscribed");
        assert_eq!(subscribed["channel"], message["channel"]);
        assert_eq!(snapshot["prev_seq"], Value::Null);
        snapshot
    }
}
