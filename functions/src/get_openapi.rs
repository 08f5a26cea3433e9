//! GET /openapi.json: the OpenAPI 3.1 document of all endpoints, made from their types.

use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    openapi::document,
    problem::Problem,
    reply::Reply,
};

use crate::ENDPOINTS;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("get-openapi", Method::Get, &["/openapi.json"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Documentation", "This document");

async fn handle(_: &Context, _: &Call) -> Result<Reply, Problem> {
    Reply::json(200, &document(ENDPOINTS, env!("CARGO_PKG_VERSION")))
}
