//! GET /orders/book: the book as clients of the trading platform know it.

use app::depth::Depth;
use domain::{
    order::Side,
    pair::{Pair, Steps},
};
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::market_bodies::{MARKET, last_price, levels, named_or_oldest};

/// As many levels of a side as those clients show.
const LEVELS: usize = 10;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("get-platform-book", Method::Get, &["/api/v1/orders/book"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Markets", "The ten best levels of a book; older clients know it so")
    .queried(&[MARKET])
    .gives::<PlatformBookBody>(200)
    .uses(&[uses::CATALOGUE, uses::BOOK]);

/// The best of a book as of the market's event `seq`.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlatformBookBody {
    /// Who buys, the highest price first.
    bids: Vec<PlatformLevelBody>,
    /// Who sells, the lowest price first.
    asks: Vec<PlatformLevelBody>,
    /// The price of the last trade; null before the first.
    last_trade_price: Option<String>,
    /// Whose book.
    #[schema(example = "MRC-USD")]
    market: String,
    /// The number of the event.
    seq: u64,
}

/// What rests at one price.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlatformLevelBody {
    /// The price, in the quote currency.
    #[schema(example = "0.40")]
    price: String,
    /// How much, in the base currency.
    #[schema(example = "120.00")]
    total_qty: String,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let (pair, depth) = named_or_oldest(context, call).await?;
    Reply::json(200, &PlatformBookBody::new(&pair, &depth))
}

impl PlatformBookBody {
    /// The best of a market's book.
    #[must_use]
    pub fn new(pair: &Pair, depth: &Depth) -> Self {
        Self {
            bids: side_of(&pair.steps, depth, Side::Buy),
            asks: side_of(&pair.steps, depth, Side::Sell),
            last_trade_price: last_price(&pair.steps, depth),
            market: pair.id().to_string(),
            seq: depth.head.seq,
        }
    }
}

fn side_of(steps: &Steps, depth: &Depth, side: Side) -> Vec<PlatformLevelBody> {
    let body = |(price, total_qty, _)| PlatformLevelBody { price, total_qty };
    levels(steps, depth, side, LEVELS).map(body).collect()
}
