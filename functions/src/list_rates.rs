//! GET /universes/{universe_id}/rates: every version of a universe's rate, newest first.

use app::universes::rate_history;
use domain::universe::UniverseId;
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, PAGING},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::{
    bodies::{PageBody, RateBody},
    currencies::universe,
};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "list-rates",
    Method::Get,
    &["/api/v1/universes/{universe_id}/rates"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Universes and rates", "Every version of a universe's rate, newest first")
.queried(&PAGING)
.gives::<PageBody<RateBody>>(200)
.uses(&[uses::CATALOGUE]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: UniverseId = call.parameter("universe_id")?;
    let (after, limit) = (context.cursor(call)?, call.limit()?);
    let currency = universe(context, id).await?.currency;
    let listing = rate_history(&context.market, id, after, limit).await?;
    let data = listing.rows.iter().map(|rate| RateBody::new(currency, rate)).collect();
    Reply::json(200, &PageBody::<RateBody>::new(context, call, data, listing.next))
}
