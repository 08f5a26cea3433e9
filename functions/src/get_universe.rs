//! GET /universes/{universe_id}: a universe with its current rate.

use domain::universe::UniverseId;
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::{bodies::UniverseBody, currencies::universe};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "get-universe",
    Method::Get,
    &["/api/v1/universes/{universe_id}"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Universes and rates", "A universe with its current rate")
.gives::<UniverseBody>(200)
.uses(&[uses::RATES]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: UniverseId = call.parameter("universe_id")?;
    let universe = universe(context, id).await?;
    let version = universe.rate.id.to_string();
    let reply = Reply::json(200, &UniverseBody::from(&universe))?;
    Ok(reply.tagged(&version, call.if_none_match.as_deref()))
}
