//! DELETE /orders/cancel/{order_id}: the end of an order, for clients of the trading platform
//! that this market replaces.

use domain::id::OrderId;
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::cancel_order::cancel;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "cancel-platform-order",
    Method::Delete,
    &["/api/v1/orders/cancel/{order_id}"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Orders", "Cancel an order, for older clients")
.needs(Scope::Trade)
.gives::<PlatformCancelBody>(200)
.uses(&[
    uses::ENTRY,
    uses::CATALOGUE,
    uses::ORDER_STATES,
    uses::COMMAND,
    uses::PLACE_COMMAND,
    uses::DOORBELL,
]);

/// An order was cancelled, or with 202 will be.
#[derive(Serialize, ToSchema)]
pub struct PlatformCancelBody {
    /// What was done, for people.
    #[schema(example = "Order cancelled successfully")]
    message: &'static str,
    /// The order.
    order_id: String,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: OrderId = call.parameter("order_id")?;
    let cancelled = cancel(context, call).await?;
    let message = match cancelled.status {
        200 => "Order cancelled successfully",
        _ => "Order is being cancelled",
    };
    Reply::json(cancelled.status, &PlatformCancelBody { message, order_id: id.to_string() })
}
