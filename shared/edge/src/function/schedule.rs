//! A Lambda function that a schedule wakes. When that is, the schedule knows; what is to be
//! done then, the function.

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::de::IgnoredAny;

use crate::{
    acting::{Invocation, invoked},
    context::Context,
    problem::Problem,
    telemetry::{Origin, Work},
    uses::Use,
};

use super::{Handling, caught, primed_context, start};

/// A function behind a schedule.
#[derive(Clone, Copy)]
pub struct ScheduleFunction {
    /// `sweep`: verb first.
    pub stem: &'static str,
    /// What it needs of the world.
    pub uses: &'static [Use],
    /// Does what is due.
    pub handle: for<'a> fn(&'a Context) -> Handling<'a>,
}

/// Runs a function behind a schedule, for ever.
///
/// # Errors
/// The environment does not say what is needed, or the runtime API is gone.
pub fn run_schedule(function: &'static ScheduleFunction) -> Result<(), Error> {
    start(async move {
        let context = primed_context(function.uses).await?;
        lambda_runtime::run(service_fn(move |event: LambdaEvent<IgnoredAny>| {
            let context = Arc::clone(&context);
            async move {
                let invocation = Invocation::from(&event.context);
                let handled = invoked(invocation, handle_schedule(&context, function)).await;
                handled.map_err(|problem| Error::from(problem.code))
            }
        }))
        .await
    })
}

/// Does what is due, once.
///
/// # Errors
/// The function's own; it is in the log.
pub async fn handle_schedule(
    context: &Context,
    function: &ScheduleFunction,
) -> Result<(), Problem> {
    let origin = Origin::own(context.market.entropy.as_ref());
    let work = Work::begin(context, function.stem, function.uses, origin);
    let handled = work.run(async {
        let result = caught(async { (function.handle)(context).await }).await;
        let (stem, took_ms) = (function.stem, work.took_ms());
        match &result {
            Ok(()) => tracing::info!(function = stem, took_ms, "handled"),
            Err(problem) => {
                let (code, detail) = (problem.code, problem.detail.as_str());
                tracing::error!(function = stem, took_ms, code, detail, "failed");
                work.failed();
            }
        }
        result
    });
    handled.await
}
