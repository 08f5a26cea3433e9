//! GET /orders/my-orders: the caller's newest orders, for clients of the trading platform that
//! this market replaces.

use app::orders::{self, OrderFilter, Wished};
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

use crate::order_bodies::PlatformOrderBody;

/// What fits on one page of any list. There is only one here.
const ORDERS_MAX: u32 = 100;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("list-my-orders", Method::Get, &["/api/v1/orders/my-orders"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Orders", "The caller's newest orders, for older clients")
    .needs(Scope::Read)
    .queried(&[
        Parameter { name: "active_only", meaning: "`true`: only orders that are not over" },
        Parameter { name: "limit", meaning: "how many, 1 to 100 (default 100)" },
    ])
    .gives::<PlatformOrdersBody>(200)
    .uses(&[uses::PLACEMENTS, uses::ORDER_STATES]);

/// Orders, newest first.
#[derive(Serialize, ToSchema)]
#[serde(transparent)]
pub struct PlatformOrdersBody(Vec<PlatformOrderBody>);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let active_only = call.query("active_only")?.unwrap_or(false);
    let filter =
        OrderFilter { status: active_only.then_some(Wished::Working), ..OrderFilter::default() };
    let limit = if call.query_text("limit").is_some() { call.limit()? } else { ORDERS_MAX };
    let caller = call.caller()?.user;
    let listing = orders::list_orders(&context.market, caller, &filter, None, limit).await?;
    let body = listing.rows.iter().map(PlatformOrderBody::from).collect();
    Reply::json(200, &PlatformOrdersBody(body))
}
