//! GET /markets: all markets with their rules.

use app::perform::Freshness;
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::{bodies::PageBody, market_bodies::MarketBody};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("list-markets", Method::Get, &["/api/v1/markets"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Markets", "All markets with their rules, the oldest first")
    .gives::<PageBody<MarketBody>>(200)
    .uses(&[uses::CATALOGUE, uses::BOOK]);

async fn handle(context: &Context, _: &Call) -> Result<Reply, Problem> {
    let pairs = context.market.pairs.all(Freshness::Cached).await?;
    let mut data = Vec::with_capacity(pairs.len());
    for pair in pairs.iter() {
        let depth = context.market.depths.get(pair, Freshness::Cached).await?;
        data.push(MarketBody::new(pair, depth.head.seq));
    }
    Reply::json(200, &PageBody::<MarketBody> { data, next_cursor: None })
}
