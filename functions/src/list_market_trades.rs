//! GET /markets/{market}/trades: what was traded in a market, newest first.

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

use crate::market_bodies::named;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "list-market-trades",
    Method::Get,
    &["/api/v1/markets/{market}/trades"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Markets", "What was traded in a market, newest first")
.queried(&PAGING)
.gives::<MarketTradesResponse>(200)
.uses(&[uses::CATALOGUE, uses::BOOK, uses::TRADES]);

/// A page of a market's trades, as of its event `seq`.
#[derive(Debug, Serialize, ToSchema)]
pub struct MarketTradesResponse {
    /// Whose trades.
    #[schema(example = "MRC-USD")]
    market: String,
    /// The number of the event.
    seq: u64,
    /// The trades, newest first.
    data: Vec<TradeBody>,
    /// Give it as `cursor` to read on; null on the last page.
    next_cursor: Option<String>,
}

/// A trade as everyone sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TradeBody {
    /// `trd_…`
    trade_id: String,
    /// The market's trades are numbered from 1, without gaps.
    number: u64,
    /// The price, in the quote currency.
    #[schema(example = "0.40")]
    price: String,
    /// How much, in the base currency.
    #[schema(example = "10.00")]
    quantity: String,
    /// What the order that took did: `buy` or `sell`.
    side: &'static str,
    /// When.
    created_at: String,
    /// The number of the event that it is of.
    seq: u64,
}

impl TradeBody {
    /// A trade of a market.
    #[must_use]
    pub fn new(pair: &Pair, row: &PublicTrade) -> Self {
        let PublicTrade { trade, seq, at } = row;
        Self {
            trade_id: TradeId::of(pair.id(), trade.number).to_string(),
            number: trade.number,
            price: pair.steps.price_text(trade.price),
            quantity: pair.steps.quantity_text(trade.lots),
            side: trade.taker_side.as_str(),
            created_at: rfc3339(*at),
            seq: *seq,
        }
    }
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let (after, limit) = (context.cursor(call)?, call.limit()?);
    let (pair, depth) = named(context, call).await?;
    let (id, seq) = (pair.id(), depth.head.seq);
    let listing = public_trades(&context.market, id, seq, after, limit).await?;
    let body = MarketTradesResponse {
        market: id.to_string(),
        seq,
        data: listing.rows.iter().map(|row| TradeBody::new(&pair, row)).collect(),
        next_cursor: context.next_cursor(call, listing.next),
    };
    Reply::json(200, &body)
}
