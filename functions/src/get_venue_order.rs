//! GET /venues/{venue}/orders/{order_id}: how far an order has come on its way.

use app::venues::find_order;
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
    "get-venue-order",
    Method::Get,
    &["/api/v1/venues/{venue}/orders/{order_id}"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Venues", "How far an order at a venue has come, with the attempts to place it")
.needs(Scope::Read)
.gives::<VenueOrderBody>(200)
.uses(&[uses::VENUE_ORDER]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let (venue, id): (VenueId, VenueOrderId) =
        (call.parameter("venue")?, call.parameter("order_id")?);
    let (caller, admin) = (call.caller()?.user, Context::is_admin(call));
    let order = find_order(&context.market, venue, id, caller, admin).await?;
    Reply::json(200, &VenueOrderBody::from(&order))
}
