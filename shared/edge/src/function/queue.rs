//! A Lambda function that a FIFO queue wakes. A message says only which pair has something
//! waiting; what that is, the function knows.

use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::pair::PairId;
use futures_util::future::join_all;
use lambda_runtime::{Error, LambdaEvent, service_fn};

use crate::context::Context;

use super::{Handling, caught, primed_context, start};

/// The message attribute that names the group; a group is a pair, as in `MRC-USD`.
const GROUP: &str = "MessageGroupId";

/// A function behind a FIFO queue whose groups are pairs.
#[derive(Clone, Copy)]
pub struct QueueFunction {
    /// `match-orders`: verb first.
    pub stem: &'static str,
    /// Does everything that waits for a pair; again, if it is woken again.
    pub handle: for<'a> fn(&'a Context, PairId) -> Handling<'a>,
}

/// Runs a function behind a queue, for ever.
///
/// # Errors
/// The environment does not say what is needed, or the runtime API is gone.
pub fn run_queue(function: &'static QueueFunction) -> Result<(), Error> {
    start(async move {
        let context = primed_context().await?;
        lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
            let context = Arc::clone(&context);
            async move {
                Ok::<_, Error>(handle_queue_event(&context, function, event.payload).await)
            }
        }))
        .await
    })
}

/// Handles each pair of a batch once, whatever the number of its messages, and no pair waits for
/// another. Says which messages are to come again: all those of the pairs that failed.
pub async fn handle_queue_event(
    context: &Context,
    function: &QueueFunction,
    event: SqsEvent,
) -> SqsBatchResponse {
    let groups = groups(function, event.records);
    let handled = groups.into_iter().map(|(pair, messages)| async move {
        if handle_group(context, function, pair, messages.len()).await {
            Vec::new()
        } else {
            messages
        }
    });
    let failed = join_all(handled).await.into_iter().flatten();
    let mut response = SqsBatchResponse::default();
    // An empty id, which no message has, would make the whole batch come again.
    failed.for_each(|message_id| response.add_failure(message_id));
    response
}

/// Whether it was handled.
async fn handle_group(
    context: &Context,
    function: &QueueFunction,
    pair: PairId,
    messages: usize,
) -> bool {
    let clock = &context.market.clock;
    let started = clock.now();
    let result = caught(async { (function.handle)(context, pair).await }).await;
    let (stem, took_ms) = (function.stem, clock.now().since(started).as_millis());
    match result {
        Ok(()) => tracing::info!(function = stem, %pair, messages, took_ms, "handled"),
        Err(problem) => {
            let (code, detail) = (problem.code, problem.detail.as_str());
            tracing::error!(function = stem, %pair, messages, took_ms, code, detail, "failed");
            return false;
        }
    }
    true
}

/// The messages' ids by pair, both in order of appearance. A message of no pair would come again
/// for ever, and nothing is lost with it: it goes to the log.
fn groups(function: &QueueFunction, messages: Vec<SqsMessage>) -> Vec<(PairId, Vec<String>)> {
    let mut groups: Vec<(PairId, Vec<String>)> = Vec::new();
    for message in messages {
        let id = message.message_id.unwrap_or_default();
        let group = message.attributes.get(GROUP).map(String::as_str);
        let Some(Ok(pair)) = group.map(str::parse::<PairId>) else {
            tracing::error!(function = function.stem, id, group, "a message of no market");
            continue;
        };
        match groups.iter_mut().find(|(known, _)| *known == pair) {
            Some((_, ids)) => ids.push(id),
            None => groups.push((pair, vec![id])),
        }
    }
    groups
}
