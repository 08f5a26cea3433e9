//! GET /: where to go from here.

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
    Endpoint::new("welcome", Method::Get, &["/"], |context, call| Box::pin(handle(context, call)))
        .described("Service", "Where to go from here")
        .gives::<WelcomeBody>(200);

/// Where to go from here.
#[derive(Serialize, ToSchema)]
pub struct WelcomeBody {
    message: &'static str,
    docs_url: &'static str,
    redoc_url: &'static str,
    openapi_url: &'static str,
    asyncapi_url: &'static str,
}

async fn handle(_: &Context, _: &Call) -> Result<Reply, Problem> {
    let body = WelcomeBody {
        message: "Welcome to the Multiverse Market!",
        docs_url: "/docs",
        redoc_url: "/redoc",
        openapi_url: "/openapi.json",
        asyncapi_url: "/asyncapi.json",
    };
    Reply::json(200, &body)
}
