//! A Lambda function that a standard queue wakes. A message says what is to be done; messages
//! come at least once, in no order, and do not wait for each other.

use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::future::join_all;
use lambda_runtime::{Error, LambdaEvent, service_fn};

use crate::{
    acting::{Invocation, invoked},
    context::Context,
    problem::Problem,
    telemetry::{Origin, Work},
    uses::Use,
};

use super::{Handling, caught, primed_context, queue::origin_of, start};

/// A function behind a standard queue.
#[derive(Clone, Copy)]
pub struct TaskFunction {
    /// `deliver-webhooks`: verb first.
    pub stem: &'static str,
    /// What it needs of the world.
    pub uses: &'static [Use],
    /// Does what a message says; again, if it comes again.
    pub handle: for<'a> fn(&'a Context, &'a str) -> Handling<'a>,
}

/// Runs a function behind a standard queue, for ever.
///
/// # Errors
/// The environment does not say what is needed, or the runtime API is gone.
pub fn run_tasks(function: &'static TaskFunction) -> Result<(), Error> {
    start(async move {
        let context = primed_context(function.uses).await?;
        lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
            let context = Arc::clone(&context);
            async move {
                let invocation = Invocation::from(&event.context);
                let handling = handle_task_event(&context, function, event.payload);
                Ok::<_, Error>(invoked(invocation, handling).await)
            }
        }))
        .await
    })
}

/// Handles all messages of a batch beside each other. Says which are to come again.
pub async fn handle_task_event(
    context: &Context,
    function: &TaskFunction,
    event: SqsEvent,
) -> SqsBatchResponse {
    let handled = event.records.into_iter().map(|message| async move {
        let origin = origin_of(context, &message);
        let SqsMessage { message_id, body, .. } = message;
        let done = do_task(context, function, &body.unwrap_or_default(), origin).await;
        done.err().map(|_| message_id.unwrap_or_default())
    });
    let failed = join_all(handled).await.into_iter().flatten();
    let mut response = SqsBatchResponse::default();
    // An empty id, which no message has, would make the whole batch come again.
    failed.for_each(|message_id| response.add_failure(message_id));
    response
}

/// Does what a message says.
///
/// # Errors
/// The function's own; it is in the log.
pub async fn handle_task(
    context: &Context,
    function: &TaskFunction,
    body: &str,
) -> Result<(), Problem> {
    let origin = Origin::own(context.market.entropy.as_ref());
    do_task(context, function, body, origin).await
}

async fn do_task(
    context: &Context,
    function: &TaskFunction,
    body: &str,
    origin: Origin,
) -> Result<(), Problem> {
    let work = Work::begin(context, function.stem, function.uses, origin);
    let done = work.run(async {
        let result = caught(async { (function.handle)(context, body).await }).await;
        if let Err(problem) = &result {
            let (code, detail) = (problem.code, problem.detail.as_str());
            tracing::error!(function = function.stem, body, code, detail, "failed");
            work.failed();
        }
        result
    });
    done.await
}
