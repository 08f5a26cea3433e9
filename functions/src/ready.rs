//! GET /ready: the process reaches what it needs.

use app::perform::Freshness;
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new("ready", Method::Get, &["/ready"], |context, call| {
    Box::pin(handle(context, call))
})
.described("Service", "Whether the store answers and has universes")
.gives::<ReadyBody>(200)
.uses(&[uses::CATALOGUE]);

/// The store answers.
#[derive(Serialize, ToSchema)]
pub struct ReadyBody {
    status: &'static str,
    /// How many universes there are.
    universes: usize,
}

async fn handle(context: &Context, _: &Call) -> Result<Reply, Problem> {
    let universes = context.market.rates.current(Freshness::Fresh).await?.all().len();
    if universes == 0 {
        return Err(Problem::passing(503, "not_ready", "there is no universe yet"));
    }
    Reply::json(200, &ReadyBody { status: "ready", universes })
}
