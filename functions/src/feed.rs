//! What connections are told. How a connection comes to be, and how a text gets to it, is not
//! known here.

pub mod book;
pub mod candles;
pub mod description;
pub mod envelope;
pub mod heartbeat;
pub mod platform;
pub mod prices;
pub mod rates;
mod replay;
mod talk;
pub mod trades;
pub mod user;

use app::{
    market_data::oldest_pair,
    ports::{Connection, ConnectionId, Topic},
};
use domain::time::Span;
use edge::{
    context::Context,
    problem::Problem,
    sockets::{Frame, PostError},
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

/// Posts that are under way at once.
const POSTS_MAX: usize = 64;
/// A connection that is younger may not be open yet: the gateway opens it only after it was let
/// in, and says until then that it is gone.
const OPENING: Span = Span::seconds(10);

/// The shapes that a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Channels that are subscribed to: of those who came with a ticket.
    Channels,
    /// Those of the platform that this one replaces: of those who came with an access token.
    Platform,
}

/// Takes a connection in, before it is open: nothing can be posted to it yet.
///
/// # Errors
/// The connection is refused with them.
pub async fn admit(
    context: &Context,
    connection: &Connection,
    protocol: Protocol,
) -> Result<(), Problem> {
    if protocol == Protocol::Platform {
        let store = &context.market.store;
        store.subscribe(&connection.id, Topic::PlatformUser(connection.user)).await?;
        let pair = oldest_pair(&context.market).await?;
        store.subscribe(&connection.id, Topic::PlatformMarket(pair.id())).await?;
    }
    Ok(())
}

/// Greets a connection that has just been opened. Only the local market knows when that is.
///
/// # Errors
/// They go to the log.
pub async fn greet(
    context: &Context,
    connection: &Connection,
    protocol: Protocol,
) -> Result<(), Problem> {
    if protocol == Protocol::Platform {
        let hello = platform::connected(&connection.user.to_string());
        post(context, &connection.id, &hello).await;
    }
    Ok(())
}

/// Does what a connection's message asks for. Messages of one connection come in their order
/// from the local market, and as Lambda pleases from API Gateway.
///
/// # Errors
/// The connection is told by [`problem_frame`].
pub async fn handle_message(
    context: &Context,
    connection: &Connection,
    text: &str,
) -> Result<(), Problem> {
    talk::handle(context, connection, text).await
}

/// What a connection is told of a problem with its message, with the message's own id if it has
/// one that can be read.
#[must_use]
pub fn problem_frame(problem: &Problem, said: &str) -> Frame {
    let mut told = json!({"type": "error", "code": problem.code, "message": problem.detail});
    let said = serde_json::from_str::<Value>(said).unwrap_or_default();
    if let Some(id) = said.get("id") {
        told["id"] = id.clone();
    }
    Frame::plain(told.to_string())
}

/// What a client of the platform is told before its connection is closed with 1008, because it
/// has no credentials that hold; `None` for any other reason.
#[must_use]
pub fn farewell(code: &str) -> Option<Frame> {
    let told = match code {
        "authentication_required" => json!({
            "event": "error",
            "message": "Missing access token. Use ?token=your_access_token",
        }),
        "invalid_token" => json!({
            "event": "error",
            "message": "Invalid or expired token",
            "details": "Invalid token",
        }),
        "token_expired" => json!({
            "event": "error",
            "message": "Invalid or expired token",
            "details": "Token has expired",
        }),
        _ => return None,
    };
    Some(Frame::plain(told.to_string()))
}

/// Posts to a connection. One that is gone is forgotten.
pub(crate) async fn post(context: &Context, id: &ConnectionId, frame: &Frame) {
    match context.gateway.post(id, frame).await {
        Ok(()) => {}
        Err(PostError::Gone) => {
            if let Err(problem) = forget_gone(context, id).await {
                tracing::warn!(connection = %id, problem = problem.code, "not forgotten");
            }
        }
        // The client finds the gap, and resumes.
        Err(error) => tracing::warn!(connection = %id, %error, "not posted"),
    }
}

/// Posts messages, in their order, to all who listen to a topic. Listeners do not wait for one
/// another.
pub(crate) async fn post_all(context: &Context, listeners: &[ConnectionId], frames: &[Frame]) {
    stream::iter(listeners)
        .for_each_concurrent(POSTS_MAX, |id| async move {
            for frame in frames {
                post(context, id, frame).await;
            }
        })
        .await;
}

async fn forget_gone(context: &Context, id: &ConnectionId) -> Result<(), Problem> {
    let store = &context.market.store;
    let now = context.market.clock.now();
    let opening = match store.connection(id).await? {
        Some(connection) => now.since(connection.connected_at) < OPENING,
        None => false,
    };
    if opening { Ok(()) } else { forget(context, id).await }
}

/// Forgets a connection that is closed, and all that it listened to.
///
/// # Errors
/// The store's own.
pub async fn forget(context: &Context, id: &ConnectionId) -> Result<(), Problem> {
    Ok(context.market.store.remove_connection(id).await?)
}
