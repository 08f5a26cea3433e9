//! DELETE /orders: the end of all orders of the caller's in a market.

use app::orders::cancel_all;
use domain::{order::Side, pair::PairId};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, Parameter},
    problem::Problem,
    reply::Reply,
    uses,
    wire::AnyCase,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("cancel-orders", Method::Delete, &["/api/v1/orders"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Orders", "Cancel all the caller's orders in a market; 202 as for one")
    .needs(Scope::Trade)
    .queried(&[
        Parameter { name: "market", meaning: "in which market; required" },
        Parameter { name: "side", meaning: "only `buy` or only `sell`" },
    ])
    .gives::<CancelledOrdersBody>(200)
    .uses(&[uses::CATALOGUE, uses::COMMAND, uses::PLACE_COMMAND, uses::DOORBELL]);

/// Orders were cancelled, or with 202 will be.
#[derive(Serialize, ToSchema)]
pub struct CancelledOrdersBody {
    /// In which market.
    #[schema(example = "MRC-USD")]
    market: String,
    /// Only those of this side; null: of both.
    side: Option<&'static str>,
    /// Whether the market has come to it.
    done: bool,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let Some(pair) = call.query::<PairId>("market")? else {
        return Err(Problem::invalid("/query/market", "missing", "is required"));
    };
    let side = call.query::<AnyCase<Side>>("side")?.map(|word| word.0);
    let caller = call.caller()?.user;
    let done = cancel_all(&context.market, caller, pair, side).await?;
    let body = CancelledOrdersBody { market: pair.to_string(), side: side.map(Side::as_str), done };
    Reply::json(if done { 200 } else { 202 }, &body)
}
