//! GET /markets/{market}: a market and its rules.

use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::market_bodies::{MarketBody, named};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("get-market", Method::Get, &["/api/v1/markets/{market}"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Markets", "A market and its rules")
    .gives::<MarketBody>(200)
    .uses(&[uses::CATALOGUE, uses::BOOK]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let (pair, depth) = named(context, call).await?;
    Reply::json(200, &MarketBody::new(&pair, depth.head.seq))
}
