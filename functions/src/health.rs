//! GET /health: the process answers. Nothing else is asked.

use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("health", Method::Get, &["/health", "/healthcheck"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Service", "Whether the process answers")
    .gives::<HealthBody>(200);

/// The process answers. `data`, `success` and `version` are what older clients look for.
#[derive(Serialize, ToSchema)]
pub struct HealthBody {
    status: &'static str,
    data: Health,
    success: bool,
    version: &'static str,
}

/// The same, one level down.
#[derive(Serialize, ToSchema)]
pub struct Health {
    status: &'static str,
}

async fn handle(_: &Context, _: &Call) -> Result<Reply, Problem> {
    let body = HealthBody {
        status: "healthy",
        data: Health { status: "healthy" },
        success: true,
        version: env!("CARGO_PKG_VERSION"),
    };
    Reply::json(200, &body)
}
