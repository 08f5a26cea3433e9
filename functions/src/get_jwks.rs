//! GET /.well-known/jwks.json: the public keys that verify access tokens.

use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
};
use http::header;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("get-jwks", Method::Get, &["/.well-known/jwks.json"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Identity", "The public keys that verify access tokens (RFC 7517)");

async fn handle(context: &Context, _: &Call) -> Result<Reply, Problem> {
    let reply = Reply::json(200, &context.secrets().jwks())?;
    Ok(reply.with(header::CACHE_CONTROL, "public, max-age=300"))
}
