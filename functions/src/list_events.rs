//! GET /events: the caller's events, oldest first, and a wait for the next one.

use app::ports::contiguous;
use domain::{refusal::Missing, time::Span};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, Parameter},
    problem::Problem,
    reply::Reply,
    uses,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::user_events::{UserEventBody, bodies};

/// The longest wait, in seconds: API Gateway gives up after 30.
const WAIT_MAX_S: u64 = 20;
/// How long until the log is looked at again.
const LOOK_AGAIN: Span = Span::millis(100);

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("list-events", Method::Get, &["/api/v1/events"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Events", "The caller's events after a number, oldest first; may wait for one")
    .needs(Scope::Read)
    .queried(&[
        Parameter { name: "after", meaning: "only events with higher numbers (default 0: all)" },
        Parameter {
            name: "wait",
            meaning: "how long to wait for an event if there is none yet, 0 to 20 s (default 0)",
        },
        Parameter { name: "limit", meaning: "events on the page, 1 to 100 (default 50)" },
    ])
    .gives::<EventsResponse>(200)
    .uses(&[uses::ACCOUNT, uses::CATALOGUE, uses::ACTIVITIES]);

/// A page of a user's events.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventsResponse {
    /// The events, oldest first, without a gap after `after`.
    data: Vec<UserEventBody>,
    /// Give it as `after` to read on.
    next_after: u64,
    /// The number of the user's newest event. Events up to it that are not on the page are on
    /// the next ones; the newest follow within moments.
    newest: u64,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let (user, limit) = (call.caller()?.user, call.limit()?);
    let after = number(call, "after", u64::MAX)?;
    let wait = u32::try_from(number(call, "wait", WAIT_MAX_S)?).unwrap_or(0);
    let market = &context.market;
    let account = market.store.account(user).await?.ok_or(Missing::User)?;
    if after > account.version {
        let detail = format!("the newest event is number {}", account.version);
        return Err(Problem::invalid("/query/after", "out_of_range", &detail));
    }
    let until = market.clock.now().plus(Span::seconds(wait));
    let found = loop {
        let found = contiguous(after, market.store.activity(user, after, limit).await?);
        if !found.is_empty() || market.clock.now() >= until {
            break found;
        }
        market.clock.sleep(LOOK_AGAIN).await;
    };
    let next_after = found.last().map_or(after, |activity| activity.version);
    let newest = account.version.max(next_after);
    Reply::json(200, &EventsResponse { data: bodies(context, &found).await?, next_after, newest })
}

/// A whole number of the query, in its one spelling; 0 if it is not there.
fn number(call: &Call, name: &str, max: u64) -> Result<u64, Problem> {
    let Some(text) = call.query_text(name) else { return Ok(0) };
    let number = text.parse().ok().filter(|number: &u64| number.to_string() == text);
    number.filter(|number| *number <= max).ok_or_else(|| {
        let detail = format!("must be a whole number from 0 to {max}");
        Problem::invalid(&format!("/query/{name}"), "invalid", &detail)
    })
}
