//! PUT /admin/markets/{market}/status: what may be done in a market.

use app::{pairs::replace_status, perform::Freshness};
use domain::pair::{PairId, PairStatus};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::Text,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::market_bodies::MarketBody;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "set-market-status",
    Method::Put,
    &["/api/v1/admin/markets/{market}/status"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Administration", "Open a market, close it for new orders, or halt it")
.needs(Scope::Admin)
.takes::<SetMarketStatusRequest>()
.gives::<MarketBody>(200)
.uses(&[uses::CATALOGUE, uses::EDIT_CATALOGUE, uses::BOOK, uses::PLACE_COMMAND, uses::DOORBELL]);

/// What may be done in a market.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetMarketStatusRequest {
    /// `trading`; `cancel_only`: orders are only cancelled; or `halted`: nothing happens.
    #[schema(value_type = String, example = "cancel_only")]
    status: Text<PairStatus>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: PairId = call.parameter("market")?;
    let request: SetMarketStatusRequest = call.json()?;
    let pair = replace_status(&context.market, id, request.status.0).await?;
    let depth = context.market.depths.get(&pair, Freshness::Cached).await?;
    Reply::json(200, &MarketBody::new(&pair, depth.head.seq))
}
