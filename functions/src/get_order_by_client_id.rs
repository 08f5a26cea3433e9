//! GET /orders/by-client-id/{client_order_id}: an order by its owner's own id of it.

use app::orders::find_by_client_id;
use domain::order::ClientOrderId;
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
    "get-order-by-client-id",
    Method::Get,
    &["/api/v1/orders/by-client-id/{client_order_id}"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Orders", "An order of the caller's by the caller's own id of it")
.needs(Scope::Read)
.gives::<OrderBody>(200)
.uses(&[uses::ENTRY, uses::ORDER_STATES]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: ClientOrderId = call.parameter("client_order_id")?;
    let caller = call.caller()?.user;
    let view = find_by_client_id(&context.market, caller, id.as_str()).await?;
    Reply::json(200, &OrderBody::from(&view))
}
