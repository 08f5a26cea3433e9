//! GET /orders/{order_id}/fills: the fills of an order, newest first.

use app::orders::{find_order, order_fills};
use domain::id::OrderId;
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, PAGING},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::{bodies::PageBody, order_bodies::FillBody};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "list-order-fills",
    Method::Get,
    &["/api/v1/orders/{order_id}/fills"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Orders", "The fills of an order, newest first")
.needs(Scope::Read)
.queried(&PAGING)
.gives::<PageBody<FillBody>>(200)
.uses(&[uses::ENTRY, uses::ENTRIES, uses::ORDER_STATES]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: OrderId = call.parameter("order_id")?;
    let (after, limit) = (context.cursor(call)?, call.limit()?);
    let caller = call.caller()?.user;
    let view = find_order(&context.market, id, caller, Context::is_admin(call)).await?;
    let listing = order_fills(&context.market, &view, after, limit).await?;
    let data = listing.rows.iter().filter_map(|entry| FillBody::new(entry, &view)).collect();
    Reply::json(200, &PageBody::<FillBody>::new(context, call, data, listing.next))
}
