//! GET /quotes/{quote}: what a quote of the caller's promises.

use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::quotes::{QuoteBody, open};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("get-quote", Method::Get, &["/api/v1/quotes/{quote}"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Exchange", "What a quote promises; it is signed, so none is kept")
    .needs(Scope::Read)
    .gives::<QuoteBody>(200)
    .uses(&[uses::CATALOGUE]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let text: String = call.parameter("quote")?;
    let quote = open(context, call, &text)?;
    Reply::json(200, &QuoteBody::new(context, &quote, text).await?)
}
