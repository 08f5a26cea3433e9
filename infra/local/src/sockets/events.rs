//! Events as API Gateway's WebSocket API makes them, of connections in this process.

use std::net::IpAddr;

use app::ports::ConnectionId;
use domain::time::Timestamp;
use edge::function::ApiGatewayWebsocketProxyRequest as Event;
use http::HeaderMap;

/// What all events of a connection have in common.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) id: ConnectionId,
    pub(super) address: IpAddr,
    pub(super) connected_at: Timestamp,
}

impl Client {
    /// It wants its connection to be opened at an address with this query.
    pub(super) fn connects(&self, query: &str, headers: &HeaderMap) -> Event {
        let mut event = self.event("$connect", "CONNECT", self.connected_at);
        let parameters = form_urlencoded::parse(query.as_bytes()).into_owned();
        let parameters: std::collections::HashMap<String, String> = parameters.collect();
        event.query_string_parameters = parameters.into();
        let agent = headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok());
        event.request_context.identity.user_agent = agent.map(str::to_owned);
        event.headers = headers.clone();
        event
    }

    /// It has sent a text.
    pub(super) fn says(&self, text: String, at: Timestamp) -> Event {
        let mut event = self.event("$default", "MESSAGE", at);
        event.body = Some(text);
        event
    }

    /// Its connection is closed.
    pub(super) fn leaves(&self, at: Timestamp) -> Event {
        self.event("$disconnect", "DISCONNECT", at)
    }

    fn event(&self, route: &str, kind: &str, at: Timestamp) -> Event {
        let mut event = Event::default();
        let context = &mut event.request_context;
        context.connection_id = Some(self.id.0.clone());
        context.route_key = Some(route.to_owned());
        context.event_type = Some(kind.to_owned());
        context.connected_at = self.connected_at.millis();
        context.request_time_epoch = at.millis();
        context.identity.source_ip = Some(self.address.to_string());
        event
    }
}
