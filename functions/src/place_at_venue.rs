//! Woken by the queue of orders at venues: does what is to be done about one order now. What that
//! is, and when it is done again, the use case decides.

use app::{
    ports::DeadLetter,
    venues::routing::{Outside, work},
};
use domain::venue::Task;
use edge::{context::Context, function::TaskFunction, problem::Problem, uses};

/// The function.
pub static FUNCTION: TaskFunction = TaskFunction {
    stem: "place-at-venue",
    uses: &[
        uses::ENTRY,
        uses::RECORD,
        uses::CHANGE_ACCOUNT,
        uses::VENUE_LIST,
        uses::VENUE_ORDER,
        uses::PUT_VENUE_ORDER,
        uses::PACE_VENUES,
        uses::VENUE_PLACEMENTS,
        uses::VENUE_CONNECTOR,
        uses::DEAD_LETTERS,
    ],
    handle: |context, task| Box::pin(place(context, task)),
};

/// Does what a message is for. One that is no task never will be: it is put away.
///
/// # Errors
/// Whatever passes: then the same message comes again.
pub async fn place(context: &Context, message: &str) -> Result<(), Problem> {
    match message.parse::<Task>() {
        Ok(task) => Ok(work(&context.market, task, outside(context)).await?),
        Err(invalid) => put_away(context, message, &invalid.to_string()).await,
    }
}

/// What a context has for those who see to orders at venues.
#[must_use]
pub fn outside(context: &Context) -> Outside<'_> {
    Outside {
        connector: context.venue_connector.as_ref(),
        dead_letters: context.dead_letters.as_ref(),
    }
}

async fn put_away(context: &Context, message: &str, reason: &str) -> Result<(), Problem> {
    tracing::error!(message, reason, "no task about an order at a venue");
    let letter = DeadLetter {
        function: FUNCTION.stem,
        source: "the queue of orders at venues".to_owned(),
        reason: reason.to_owned(),
        body: serde_json::Value::from(message).to_string(),
    };
    let put = context.dead_letters.put(&letter).await;
    put.map_err(|error| Problem::passing(503, "unavailable", error.to_string()))
}
