//! A Lambda function that a FIFO queue wakes. A message says only which pair has something
//! waiting; what that is, the function knows.

use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::pair::PairId;
use futures_util::future::join_all;
use lambda_runtime::{Error, LambdaEvent, service_fn};

use crate::{
    acting::{Invocation, invoked},
    context::Context,
    telemetry::{MESSAGE_REQUEST_ID, MESSAGE_TRACE_PARENT, Origin, Work},
    uses::Use,
};

use super::{Handling, caught, followed::names, primed_context, start};

/// The message attribute that names the group; a group is a pair, as in `MRC-USD`.
const GROUP: &str = "MessageGroupId";

/// A function behind a FIFO queue whose groups are pairs.
#[derive(Clone, Copy)]
pub struct QueueFunction {
    /// `match-orders`: verb first.
    pub stem: &'static str,
    /// What it needs of the world.
    pub uses: &'static [Use],
    /// Does everything that waits for a pair; again, if it is woken again.
    pub handle: for<'a> fn(&'a Context, PairId) -> Handling<'a>,
}

/// Runs a function behind a queue, for ever.
///
/// # Errors
/// The environment does not say what is needed, or the runtime API is gone.
pub fn run_queue(function: &'static QueueFunction) -> Result<(), Error> {
    start(async move {
        let context = primed_context(function.uses).await?;
        lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
            let context = Arc::clone(&context);
            async move {
                let invocation = Invocation::from(&event.context);
                let handling = handle_queue_event(&context, function, event.payload);
                Ok::<_, Error>(invoked(invocation, handling).await)
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
        if handle_group(context, function, pair, &messages).await { Vec::new() } else { messages }
    });
    let failed = join_all(handled).await.into_iter().flatten();
    let failed = failed.map(|message| message.message_id.unwrap_or_default());
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
    messages: &[SqsMessage],
) -> bool {
    // Work for several requests is of no trace but its own, and names those that it is for.
    let named = |name| names(messages.iter().filter_map(|message| text_of(message, name)));
    let (origin, requests, traces) = match messages {
        [only] => (origin_of(context, only), None, None),
        _ => {
            let origin = Origin::own(context.market.entropy.as_ref());
            (origin, named(MESSAGE_REQUEST_ID), named(MESSAGE_TRACE_PARENT))
        }
    };
    let work = Work::begin(context, function.stem, function.uses, origin);
    let handled = work.run(async {
        let result = caught(async { (function.handle)(context, pair).await }).await;
        let (stem, took_ms, messages) = (function.stem, work.took_ms(), messages.len());
        match result {
            Ok(()) => {
                tracing::info!(
                    function = stem, %pair, messages, took_ms, requests, traces, "handled"
                );
                true
            }
            Err(problem) => {
                let (code, detail) = (problem.code, problem.detail.as_str());
                tracing::error!(
                    function = stem, %pair, messages, took_ms, requests, traces, code, detail,
                    "failed"
                );
                work.failed();
                false
            }
        }
    });
    handled.await
}

/// Whom a message was sent for.
pub(super) fn origin_of(context: &Context, message: &SqsMessage) -> Origin {
    let [request_id, trace] =
        [MESSAGE_REQUEST_ID, MESSAGE_TRACE_PARENT].map(|name| text_of(message, name));
    let entropy = context.market.entropy.as_ref();
    Origin::of_message(request_id.as_deref(), trace.as_deref(), entropy)
}

/// What a message says beside its text.
fn text_of(message: &SqsMessage, name: &str) -> Option<String> {
    message.message_attributes.get(name)?.string_value.clone()
}

/// The messages by pair, both in order of appearance. A message of no pair would come again for
/// ever, and nothing is lost with it: it goes to the log.
fn groups(function: &QueueFunction, messages: Vec<SqsMessage>) -> Vec<(PairId, Vec<SqsMessage>)> {
    let mut groups: Vec<(PairId, Vec<SqsMessage>)> = Vec::new();
    for message in messages {
        let group = message.attributes.get(GROUP).map(String::as_str);
        let Some(Ok(pair)) = group.map(str::parse::<PairId>) else {
            let id = message.message_id.as_deref();
            tracing::error!(function = function.stem, id, group, "a message of no market");
            continue;
        };
        match groups.iter_mut().find(|(known, _)| *known == pair) {
            Some((_, messages)) => messages.push(message),
            None => groups.push((pair, vec![message])),
        }
    }
    groups
}
