//! Woken when a client wants to open a WebSocket: who it is, and whether it may. What it is told
//! once it is open, the feed knows.

use std::collections::BTreeMap;

use app::ports::Connection;
use domain::id::UserId;
use edge::{
    auth::{
        TokenError,
        scopes::{Scope, Scopes},
        ticket_seal,
    },
    context::Context,
    function::{SocketEvent, SocketEventKind, SocketFunction},
    problem::Problem,
    uses,
};

use crate::feed::{self, Protocol};

/// The function.
pub static FUNCTION: SocketFunction = SocketFunction {
    stem: "connect",
    uses: &[uses::CATALOGUE, uses::LISTENERS, uses::PUT_CONNECTION, uses::FORGET_CONNECTION],
    handle: |context, event| Box::pin(connect(context, event)),
};

async fn connect(context: &Context, event: &SocketEvent) -> Result<(), Problem> {
    let SocketEventKind::Connect { query, .. } = &event.kind else {
        return Err(Problem::refused(400, "unknown_event", "nobody connects"));
    };
    let (quota, now) = (context.limiter.quotas.connections, context.market.clock.now());
    if !context.limiter.count(quota, &event.source_ip, now).granted {
        let detail = "too many connections; try again later";
        return Err(Problem::passing(429, "too_many_requests", detail));
    }
    let protocol = protocol(query);
    let user = match query.get("ticket") {
        Some(ticket) => holder(context, ticket).await?,
        None => bearer(context, query.get("token"))?,
    };
    let id = event.connection.clone();
    let connection = Connection { id, user, connected_at: event.at, noticed: false };
    context.market.store.put_connection(&connection).await?;
    let admitted = feed::admit(context, &connection, protocol).await;
    if admitted.is_err() {
        feed::forget(context, &connection.id).await?;
    }
    admitted
}

/// What a client speaks, by the parameters of its address: with a ticket channels, otherwise
/// what clients of the platform speak.
#[must_use]
pub fn protocol(query: &BTreeMap<String, String>) -> Protocol {
    if query.contains_key("ticket") { Protocol::Channels } else { Protocol::Platform }
}

/// Whose ticket it is. It is used up by this, also if the connection then fails.
async fn holder(context: &Context, ticket: &str) -> Result<UserId, Problem> {
    let refused = || Problem::refused(401, "invalid_ticket", "the ticket opens no connection");
    let opened = ticket_seal::open(context.secrets(), ticket, context.market.clock.now());
    let ticket = opened.map_err(|error| {
        tracing::info!(%error, "ticket refused");
        refused()
    })?;
    may_read(ticket.scopes)?;
    if context.market.store.spend_ticket(ticket.id, ticket.expires_at).await? {
        Ok(ticket.user)
    } else {
        Err(refused())
    }
}

/// Whose access token it is.
fn bearer(context: &Context, token: Option<&String>) -> Result<UserId, Problem> {
    let missing = || Problem::refused(401, "authentication_required", "a ticket is required");
    let token = token.filter(|token| !token.is_empty()).ok_or_else(missing)?;
    let verified = context.access_tokens.verify(token, context.market.clock.now());
    let principal = verified.map_err(|error| match error {
        TokenError::Expired => Problem::refused(401, "token_expired", error.to_string()),
        _ => {
            tracing::info!(%error, "access token refused");
            Problem::refused(401, "invalid_token", "the access token is not valid")
        }
    })?;
    may_read(principal.scopes)?;
    Ok(principal.user)
}

fn may_read(scopes: Scopes) -> Result<(), Problem> {
    if scopes.allow(Scope::Read) {
        return Ok(());
    }
    Err(Problem::refused(403, "insufficient_scope", "the scope `read` is needed"))
}

/// Greets the connection that an event has opened, where somebody knows that it is open.
///
/// # Errors
/// The store's, or the feed's.
pub async fn opened(context: &Context, event: &SocketEvent) -> Result<(), Problem> {
    let SocketEventKind::Connect { query, .. } = &event.kind else { return Ok(()) };
    match context.market.store.connection(&event.connection).await? {
        Some(connection) => feed::greet(context, &connection, protocol(query)).await,
        None => Ok(()),
    }
}
