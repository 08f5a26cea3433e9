//! GET /venues: external stock exchanges, and what they list.

use app::perform::Freshness;
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::{bodies::PageBody, venue_bodies::VenueBody};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("list-venues", Method::Get, &["/api/v1/venues"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Venues", "External venues with what they list, the oldest first")
    .gives::<PageBody<VenueBody>>(200)
    .uses(&[uses::VENUE_LIST]);

async fn handle(context: &Context, _: &Call) -> Result<Reply, Problem> {
    let venues = context.market.venues.all(Freshness::Cached).await?;
    let data = venues.iter().map(VenueBody::from).collect();
    Reply::json(200, &PageBody::<VenueBody> { data, next_cursor: None })
}
