//! POST /orders/place: an order by a client of the trading platform that this market replaces.

use app::perform::Freshness;
use domain::{ledger::Outcome, refusal::Missing};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    dispatch::IDEMPOTENCY_REPLAYED,
    endpoint::{Endpoint, Idempotency, Method},
    problem::Problem,
    reply::Reply,
    uses,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answers::reply,
    order_bodies::{PlatformOrderBody, accepted},
    place_order::{PlaceOrderRequest, market_of, place},
};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "place-platform-order",
    Method::Post,
    &["/api/v1/orders/place"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Orders", "Place an order, for older clients; in the oldest market by default")
.needs(Scope::Trade)
.idempotent(Idempotency::Optional)
.takes::<PlaceOrderRequest>()
.gives::<PlatformPlacementBody>(200)
.uses(&[
    uses::ENTRY,
    uses::RECORD,
    uses::CHANGE_ACCOUNT,
    uses::CATALOGUE,
    uses::BOOK,
    uses::PLACE_COMMAND,
    uses::DOORBELL,
]);

/// An order that was accepted. It is matched later, so nothing of it is filled yet.
#[derive(Serialize, ToSchema)]
pub struct PlatformPlacementBody {
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    trades: [(); 0],
    /// The order as it was accepted.
    order: PlatformOrderBody,
    /// Always false.
    order_executed: bool,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: PlaceOrderRequest = call.json()?;
    let pair = if request.names_market() {
        market_of(context, &request).await?
    } else {
        let pairs = context.market.pairs.all(Freshness::Cached).await?;
        pairs.first().copied().ok_or(Missing::Market)?
    };
    let answer = place(context, call, &request, &pair).await?;
    let Outcome::Placed(placement) = &answer.entry.outcome else { return reply(Ok(answer)) };
    let order = PlatformOrderBody::from(&accepted(placement));
    let body = PlatformPlacementBody { trades: [], order, order_executed: false };
    let reply = Reply::json(200, &body)?;
    Ok(if answer.replayed { reply.with(IDEMPOTENCY_REPLAYED, "true") } else { reply })
}
