//! Runs each minute: a sign of life to those who listen to it, and a word to connections that the
//! gateway will soon close by itself.

use app::ports::{Connection, Topic};
use domain::time::Span;
use edge::{
    context::Context, function::ScheduleFunction, problem::Problem, sockets::Frame, uses,
    wire::rfc3339,
};
use serde_json::json;

use crate::feed::{heartbeat, post, post_all};

/// API Gateway closes a connection two hours after it was opened, without a word.
const LIFE: Span = Span::seconds(2 * 3600);
/// A client is told this long before: time enough to open another connection and to resume.
const NOTICE: Span = Span::seconds(600);

/// The function.
pub static FUNCTION: ScheduleFunction = ScheduleFunction {
    stem: "beat",
    uses: &[
        uses::CATALOGUE,
        uses::BOOK,
        uses::CONNECTION,
        uses::LISTENERS,
        uses::PUT_CONNECTION,
        uses::FORGET_CONNECTION,
        uses::CONNECTIONS,
    ],
    handle: |context| Box::pin(beat(context)),
};

async fn beat(context: &Context) -> Result<(), Problem> {
    let store = &context.market.store;
    let listeners = store.subscribers(Topic::Heartbeat).await?;
    if !listeners.is_empty() {
        post_all(context, &listeners, &[heartbeat::frame(context).await?]).await;
    }
    let now = context.market.clock.now();
    for connection in store.connections().await? {
        let ends = connection.connected_at.plus(LIFE);
        if !connection.noticed && ends.since(now) <= NOTICE {
            let told = Connection { noticed: true, ..connection };
            // First, for one that turns out to be gone is forgotten by the post.
            store.put_connection(&told).await?;
            let notice = json!({"type": "reconnect", "closes_at": rfc3339(ends)});
            post(context, &told.id, &Frame::plain(notice.to_string())).await;
        }
    }
    Ok(())
}
