//! Woken by what a client says over its WebSocket. What that means, the feed knows.

use app::ports::ConnectionId;
use edge::{
    context::Context,
    function::{SocketEvent, SocketEventKind, SocketFunction},
    problem::Problem,
    uses,
};

use crate::feed;

/// The most bytes of a client's message: 50 topics by name fit.
pub const MESSAGE_BYTES_MAX: usize = 4096;

/// The function.
pub static FUNCTION: SocketFunction = SocketFunction {
    stem: "message",
    uses: &[
        uses::ACCOUNT,
        uses::CATALOGUE,
        uses::BOOK,
        uses::TRADES,
        uses::ACTIVITIES,
        uses::STATEMENT_HEAD,
        uses::STATEMENT_LINES,
        uses::CONNECTION,
        uses::LISTENERS,
        uses::PUT_CONNECTION,
        uses::FORGET_CONNECTION,
        uses::CONNECTIONS,
    ],
    handle: |context, event| Box::pin(message(context, event)),
};

/// Whoever sent something that cannot be done is told so over the connection.
async fn message(context: &Context, event: &SocketEvent) -> Result<(), Problem> {
    let SocketEventKind::Message { text } = &event.kind else {
        return Err(Problem::refused(400, "unknown_event", "nothing was said"));
    };
    let id = &event.connection;
    let handled = handle(context, id, text).await;
    if let Err(problem) = &handled {
        let told = context.gateway.post(id, &feed::problem_frame(problem, text)).await;
        if let Err(error) = told {
            tracing::debug!(connection = %id, %error, "a problem was not told");
        }
    }
    handled
}

async fn handle(context: &Context, id: &ConnectionId, text: &str) -> Result<(), Problem> {
    let (quota, now) = (context.limiter.quotas.messages, context.market.clock.now());
    if !context.limiter.count(quota, &id.0, now).granted {
        let detail = "too many messages; this one was not read";
        return Err(Problem::passing(429, "too_many_requests", detail));
    }
    if text.len() > MESSAGE_BYTES_MAX {
        return Err(Problem::refused(413, "message_too_large", "a message has at most 4096 bytes"));
    }
    match context.market.store.connection(id).await? {
        Some(connection) => feed::handle_message(context, &connection, text).await,
        None => {
            // Whoever it is was forgotten, and hears nothing any more: it is to come anew.
            if let Err(error) = context.gateway.close(id).await {
                tracing::debug!(connection = %id, %error, "not closed");
            }
            Err(Problem::refused(410, "connection_unknown", "the connection is not known"))
        }
    }
}
