//! PUT /orders/cancel-after: all orders of the caller's in a market end by themselves, unless
//! the caller asks again in time.

use app::orders;
use domain::{pair::PairId, time::Span};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::{Text, rfc3339},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Less would run out before a client's next request is there.
const TIMEOUT_S_MIN: u32 = 5;
/// A day.
const TIMEOUT_S_MAX: u32 = 86_400;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "cancel-after",
    Method::Put,
    &["/api/v1/orders/cancel-after"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Orders", "Cancel all the caller's orders in a market unless this is asked again")
.needs(Scope::Trade)
.takes::<CancelAfterRequest>()
.gives::<CancelAfterBody>(200)
.uses(&[uses::CATALOGUE, uses::PLACE_COMMAND, uses::DOORBELL]);

/// Where, and when.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelAfterRequest {
    /// In which market.
    #[schema(value_type = String, example = "MRC-USD")]
    market: Text<PairId>,
    /// Seconds from now, 5 to 86,400; 0: never.
    #[schema(example = 60)]
    timeout_seconds: u32,
}

/// When the orders end.
#[derive(Serialize, ToSchema)]
pub struct CancelAfterBody {
    /// In which market.
    #[schema(example = "MRC-USD")]
    market: String,
    /// When; null: never.
    cancels_at: Option<String>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: CancelAfterRequest = call.json()?;
    let deadline = match request.timeout_seconds {
        0 => None,
        seconds @ TIMEOUT_S_MIN..=TIMEOUT_S_MAX => {
            Some(context.market.clock.now().plus(Span::seconds(seconds)))
        }
        _ => {
            let detail = "must be 0 or from 5 to 86400";
            return Err(Problem::invalid("/timeout_seconds", "invalid", detail));
        }
    };
    let pair = request.market.0;
    orders::cancel_after(&context.market, call.caller()?.user, pair, deadline).await?;
    let body = CancelAfterBody { market: pair.to_string(), cancels_at: deadline.map(rfc3339) };
    Reply::json(200, &body)
}
