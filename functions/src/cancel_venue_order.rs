//! DELETE /venues/{venue}/orders/{order_id}: the end of an order of the caller's. What was never
//! sent is over at once; else the venue is asked.

use app::venues::cancel_order;
use domain::{id::VenueOrderId, venue::VenueId};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::venue_bodies::VenueOrderBody;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "cancel-venue-order",
    Method::Delete,
    &["/api/v1/venues/{venue}/orders/{order_id}"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Venues", "Cancel an order at a venue; 202 if the venue has not said so in a second")
.needs(Scope::Trade)
.gives::<VenueOrderBody>(200)
.uses(&[uses::VENUE_ORDER, uses::PUT_VENUE_ORDER, uses::CHANGE_ACCOUNT, uses::VENUE_PLACEMENTS]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let (venue, id): (VenueId, VenueOrderId) =
        (call.parameter("venue")?, call.parameter("order_id")?);
    let order = cancel_order(&context.market, venue, id, call.caller()?.user).await?;
    let status = if order.is_over() { 200 } else { 202 };
    Reply::json(status, &VenueOrderBody::from(&order))
}
