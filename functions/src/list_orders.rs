//! GET /orders: the caller's orders, newest first.

use std::str::FromStr;

use app::orders::{self, OrderFilter, Wished};
use domain::order::{InvalidOrderStatus, Side};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, PAGING, Parameter},
    problem::Problem,
    reply::Reply,
    uses,
    wire::AnyCase,
};

use crate::{bodies::PageBody, order_bodies::OrderBody};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("list-orders", Method::Get, &["/api/v1/orders"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Orders", "The caller's orders, newest first")
    .needs(Scope::Read)
    .queried(&[
        Parameter { name: "market", meaning: "only in this market" },
        Parameter { name: "side", meaning: "only `buy` or only `sell`" },
        Parameter {
            name: "status",
            meaning: "`open`: not over; `closed`: over; or exactly `pending`, \
                `partially_filled`, `filled`, `cancelled`, `expired` or `rejected`",
        },
        PAGING[0],
        PAGING[1],
    ])
    .gives::<PageBody<OrderBody>>(200)
    .uses(&[uses::PLACEMENTS, uses::ORDER_STATES]);

/// A status as a filter names it.
struct StatusFilter(Wished);

impl FromStr for StatusFilter {
    type Err = InvalidOrderStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "open" => Ok(Self(Wished::Working)),
            "closed" => Ok(Self(Wished::Over)),
            _ => text.parse().map(|status| Self(Wished::Exactly(status))),
        }
    }
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let filter = OrderFilter {
        pair: call.query("market")?,
        side: call.query::<AnyCase<Side>>("side")?.map(|word| word.0),
        status: call.query::<StatusFilter>("status")?.map(|filter| filter.0),
    };
    let (after, limit) = (context.cursor(call)?, call.limit()?);
    let caller = call.caller()?.user;
    let listing = orders::list_orders(&context.market, caller, &filter, after, limit).await?;
    let data = listing.rows.iter().map(OrderBody::from).collect();
    Reply::json(200, &PageBody::<OrderBody>::new(context, call, data, listing.next))
}
