//! PATCH /orders/{order_id}: another price or quantity of an order of the caller's. It is
//! accepted here; whether the order is still there to be changed, the market's book decides.

use app::orders;
use domain::id::OrderId;
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Idempotency, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::AmountText,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{answers::reply, order_bodies::AmendmentBody};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("amend-order", Method::Patch, &["/api/v1/orders/{order_id}"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Orders", "Change an order; with its price and no more of it, it keeps its place")
    .needs(Scope::Trade)
    .idempotent(Idempotency::Required)
    .takes::<AmendOrderRequest>()
    .gives::<AmendmentBody>(202)
    .uses(&[
        uses::ENTRY,
        uses::RECORD,
        uses::CHANGE_ACCOUNT,
        uses::CATALOGUE,
        uses::ORDER_STATES,
        uses::PLACE_COMMAND,
        uses::DOORBELL,
    ]);

/// What to change, one of the two at least; the rest stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendOrderRequest {
    /// The worst price to trade at.
    #[schema(value_type = String, required = false, example = "0.41")]
    price: Option<AmountText>,
    /// How much it is for in all, filled ones included.
    #[schema(value_type = String, required = false, example = "12.00")]
    quantity: Option<AmountText>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: OrderId = call.parameter("order_id")?;
    let request: AmendOrderRequest = call.json()?;
    let caller = call.caller()?.user;
    let view = orders::find_order(&context.market, id, caller, false).await?;
    if request.price.is_none() && request.quantity.is_none() {
        let detail = "one of the two is required";
        let problem = Problem::invalid("/price", "missing", detail);
        return Err(problem.at("/quantity", "missing", detail));
    }
    let steps = &view.placement.steps;
    let operation = orders::AmendOrder {
        order: id,
        price: request.price.map(|text| text.price(steps, "/price")).transpose()?,
        lots: request.quantity.map(|text| text.lots(steps, "/quantity")).transpose()?,
    };
    reply(orders::amend_order(&context.market, &context.asked(call)?, &operation).await)
}
