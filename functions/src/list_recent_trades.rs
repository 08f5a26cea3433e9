//! GET /orders/recent-trades: trades as clients of the trading platform know them, without the
//! users and orders, so that everyone may see them.

use app::market_data::{PublicTrade, public_trades};
use domain::{id::TradeId, pair::Pair};
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, PAGING},
    problem::Problem,
    reply::Reply,
    uses,
    wire::rfc3339,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::market_bodies::{MARKET, named_or_oldest};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "list-recent-trades",
    Method::Get,
    &["/api/v1/orders/recent-trades"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Markets", "The last trades of a market; older clients know it so")
.queried(&[MARKET, PAGING[0]])
.gives::<RecentTradesResponse>(200)
.uses(&[uses::CATALOGUE, uses::BOOK, uses::TRADES]);

/// The last trades, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecentTradesResponse(Vec<RecentTradeBody>);

/// A trade.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecentTradeBody {
    /// `trd_…`
    id: String,
    /// The market's trades are numbered from 1, without gaps.
    engine_trade_id: u64,
    /// The price, in the quote currency.
    #[schema(example = "0.40")]
    price: String,
    /// How much, in the base currency.
    #[schema(example = "10.00")]
    quantity: String,
    /// What the order that took did: `buy` or `sell`.
    side: &'static str,
    /// When.
    ts: String,
    /// In which market.
    #[schema(example = "MRC-USD")]
    market: String,
    /// The number of the market's event that it is of.
    seq: u64,
}

impl RecentTradeBody {
    fn new(pair: &Pair, row: &PublicTrade) -> Self {
        let PublicTrade { trade, seq, at } = row;
        Self {
            id: TradeId::of(pair.id(), trade.number).to_string(),
            engine_trade_id: trade.number,
            price: pair.steps.price_text(trade.price),
            quantity: pair.steps.quantity_text(trade.lots),
            side: trade.taker_side.as_str(),
            ts: rfc3339(*at),
            market: pair.id().to_string(),
            seq: *seq,
        }
    }
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let limit = call.limit()?;
    let (pair, depth) = named_or_oldest(context, call).await?;
    let seq = depth.head.seq;
    let trades = public_trades(&context.market, pair.id(), seq, None, limit).await?;
    let body = |row: &PublicTrade| RecentTradeBody::new(&pair, row);
    Reply::json(200, &RecentTradesResponse(trades.rows.iter().map(body).collect()))
}
