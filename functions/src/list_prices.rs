//! GET /prices/: the prices of the last trades as clients of the trading platform know them.

use app::market_data::{PublicTrade, public_trades};
use domain::pair::Pair;
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
    "list-prices",
    Method::Get,
    &["/api/v1/prices", "/api/v1/prices/"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Markets", "The prices of a market's last trades; older clients know it so")
.queried(&[MARKET, PAGING[0]])
.gives::<PricesResponse>(200)
.uses(&[uses::CATALOGUE, uses::BOOK, uses::TRADES]);

/// The prices of the last trades, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct PricesResponse(Vec<TradedPriceBody>);

/// The price of a trade, in an object of its own.
#[derive(Debug, Serialize, ToSchema)]
pub struct TradedPriceBody {
    /// The price and its time.
    price: PriceBody,
}

/// A price and its time.
#[derive(Debug, Serialize, ToSchema)]
pub struct PriceBody {
    /// When it was traded at.
    timestamp: String,
    /// The price, in the quote currency.
    #[schema(example = "0.40")]
    price: String,
    /// In which market.
    #[schema(example = "MRC-USD")]
    market: String,
    /// The number of the market's event that the trade is of.
    seq: u64,
}

impl TradedPriceBody {
    fn new(pair: &Pair, row: &PublicTrade) -> Self {
        let price = PriceBody {
            timestamp: rfc3339(row.at),
            price: pair.steps.price_text(row.trade.price),
            market: pair.id().to_string(),
            seq: row.seq,
        };
        Self { price }
    }
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let limit = call.limit()?;
    let (pair, depth) = named_or_oldest(context, call).await?;
    let seq = depth.head.seq;
    let trades = public_trades(&context.market, pair.id(), seq, None, limit).await?;
    let body = |row: &PublicTrade| TradedPriceBody::new(&pair, row);
    Reply::json(200, &PricesResponse(trades.rows.iter().map(body).collect()))
}
