//! DELETE /orders/{order_id}: the end of an order of the caller's.

use app::{
    orders::{self, OrderView},
    perform::{Failed, Freshness},
};
use domain::{id::OrderId, order::OrderStatus, pair::PairStatus, refusal::Refusal};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::order_bodies::OrderBody;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "cancel-order",
    Method::Delete,
    &["/api/v1/orders/{order_id}"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Orders", "Cancel an order; 202 if the market has not come to it in a second")
.needs(Scope::Trade)
.gives::<OrderBody>(200)
.uses(&[
    uses::ENTRY,
    uses::CATALOGUE,
    uses::ORDER_STATES,
    uses::COMMAND,
    uses::PLACE_COMMAND,
    uses::DOORBELL,
]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let cancelled = cancel(context, call).await?;
    Reply::json(cancelled.status, &cancelled.order)
}

/// Why a book has passed a cancellation over: its market was halted, or the order was not in the
/// book yet.
async fn passed_over(context: &Context, view: &OrderView) -> Result<Problem, Problem> {
    let pair = view.placement.steps.pair();
    let status = context.market.pairs.get(pair, Freshness::Fresh).await?.status;
    Ok(match status {
        PairStatus::Halted => Problem::from(&Refusal::MarketNotTrading { status }),
        PairStatus::Trading | PairStatus::CancelOnly => Failed::Busy.into(),
    })
}

/// A cancellation that was done or is under way.
pub struct Cancelled {
    /// 200 if it was done, now or before; 202 if it is under way.
    pub status: u16,
    /// The order as it is now.
    pub order: OrderBody,
}

/// Cancels the order that the path names.
///
/// # Errors
/// 404; 409 if it is over by anything else, or the market is halted.
pub async fn cancel(context: &Context, call: &Call) -> Result<Cancelled, Problem> {
    let id: OrderId = call.parameter("order_id")?;
    let caller = call.caller()?.user;
    let orders::Cancelling { view, done } =
        orders::cancel_order(&context.market, caller, id).await?;
    let (status, order) = (view.status(), OrderBody::from(&view));
    if status == OrderStatus::Cancelled {
        return Ok(Cancelled { status: 200, order });
    }
    if view.is_over() {
        let order = serde_json::to_value(&order).map_err(|error| Problem::bug(&error))?;
        return Err(Problem::from(&Refusal::OrderClosed { status }).with("order", order));
    }
    if done {
        return Err(passed_over(context, &view).await?);
    }
    Ok(Cancelled { status: 202, order })
}
