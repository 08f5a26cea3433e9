//! GET /asyncapi.json: the AsyncAPI 3 document of the socket, made from the types of its messages.

use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
};

use crate::feed::description::document;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("get-asyncapi", Method::Get, &["/asyncapi.json"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Documentation", "The AsyncAPI 3 document of the socket");

async fn handle(_: &Context, _: &Call) -> Result<Reply, Problem> {
    Reply::json(200, &document(env!("CARGO_PKG_VERSION")))
}
