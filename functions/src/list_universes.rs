//! GET /universes: all universes with their current rates.

use app::perform::Freshness;
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::bodies::{PageBody, UniverseBody};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("list-universes", Method::Get, &["/api/v1/universes"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Universes and rates", "All universes with their current rates")
    .gives::<PageBody<UniverseBody>>(200)
    .uses(&[uses::RATES]);

async fn handle(context: &Context, _: &Call) -> Result<Reply, Problem> {
    let universes = context.market.rates.current(Freshness::Cached).await?;
    let data = universes.all().iter().map(UniverseBody::from).collect();
    Reply::json(200, &PageBody::<UniverseBody> { data, next_cursor: None })
}
