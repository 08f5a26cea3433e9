//! GET /orders/{order_id}: an order as it is now.

use app::orders::find_order;
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

use crate::order_bodies::OrderBody;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("get-order", Method::Get, &["/api/v1/orders/{order_id}"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Orders", "An order as it is now")
    .needs(Scope::Read)
    .gives::<OrderBody>(200)
    .uses(&[uses::ENTRY, uses::ORDER_STATES]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: OrderId = call.parameter("order_id")?;
    let caller = call.caller()?.user;
    let view = find_order(&context.market, id, caller, Context::is_admin(call)).await?;
    Reply::json(200, &OrderBody::from(&view))
}
