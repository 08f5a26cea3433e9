//! GET /venues/{venue}/orders: the caller's orders at a venue, newest first.

use app::venues::list_orders;
use domain::venue::VenueId;
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, PAGING},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::{bodies::PageBody, venue_bodies::VenueOrderBody};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "list-venue-orders",
    Method::Get,
    &["/api/v1/venues/{venue}/orders"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Venues", "The caller's orders at a venue, newest first")
.needs(Scope::Read)
.queried(&PAGING)
.gives::<PageBody<VenueOrderBody>>(200)
.uses(&[uses::VENUE_LIST, uses::VENUE_ORDERS]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let venue: VenueId = call.parameter("venue")?;
    let (after, limit) = (context.cursor(call)?, call.limit()?);
    let caller = call.caller()?.user;
    let listing = list_orders(&context.market, venue, caller, after, limit).await?;
    let data = listing.rows.iter().map(VenueOrderBody::from).collect();
    Reply::json(200, &PageBody::<VenueOrderBody>::new(context, call, data, listing.next))
}
