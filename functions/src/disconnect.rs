//! Woken when a WebSocket was closed: it listens to nothing any more.

use edge::{
    context::Context,
    function::{SocketEvent, SocketFunction},
    problem::Problem,
    uses,
};

use crate::feed;

/// The function.
pub static FUNCTION: SocketFunction = SocketFunction {
    stem: "disconnect",
    uses: &[uses::LISTENERS, uses::PUT_CONNECTION, uses::FORGET_CONNECTION],
    handle: |context, event| Box::pin(disconnect(context, event)),
};

async fn disconnect(context: &Context, event: &SocketEvent) -> Result<(), Problem> {
    feed::forget(context, &event.connection).await
}
