//! GET /markets/{market}/book: what rests in a market, by price.

use app::depth::Depth;
use domain::{
    order::Side,
    pair::{Pair, Steps},
};
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, Parameter},
    problem::Problem,
    reply::Reply,
    uses,
    wire::rfc3339,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::market_bodies::{last_price, levels, named};

const DEPTH_DEFAULT: usize = 20;
const DEPTH_MAX: usize = 100;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "get-market-book",
    Method::Get,
    &["/api/v1/markets/{market}/book"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Markets", "What rests in a market, by price; at most 250 ms old")
.queried(&[Parameter { name: "depth", meaning: "levels of a side, 1 to 100 (default 20)" }])
.gives::<BookBody>(200)
.uses(&[uses::CATALOGUE, uses::BOOK]);

/// A market's book as of its event `seq`.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookBody {
    /// Whose book.
    #[schema(example = "MRC-USD")]
    market: String,
    /// The number of the event.
    seq: u64,
    /// When the event was; null before the first.
    at: Option<String>,
    /// What may be done after it: `trading`, `cancel_only` or `halted`.
    status: &'static str,
    /// Who buys, the highest price first.
    bids: Vec<LevelBody>,
    /// Who sells, the lowest price first.
    asks: Vec<LevelBody>,
    /// The price of the last trade; null before the first.
    last_price: Option<String>,
}

/// What rests at one price.
#[derive(Debug, Serialize, ToSchema)]
pub struct LevelBody {
    /// The price, in the quote currency.
    #[schema(example = "0.40")]
    price: String,
    /// How much, in the base currency.
    #[schema(example = "120.00")]
    quantity: String,
    /// In how many orders.
    orders: u32,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let count = count(call)?;
    let (pair, depth) = named(context, call).await?;
    Reply::json(200, &BookBody::new(&pair, &depth, count))
}

fn count(call: &Call) -> Result<usize, Problem> {
    let Some(text) = call.query_text("depth") else { return Ok(DEPTH_DEFAULT) };
    let count = text.parse().ok().filter(|count: &usize| count.to_string() == text);
    count.filter(|count| (1..=DEPTH_MAX).contains(count)).ok_or_else(|| {
        Problem::invalid("/query/depth", "invalid", "must be a whole number from 1 to 100")
    })
}

impl BookBody {
    fn new(pair: &Pair, depth: &Depth, count: usize) -> Self {
        let side = |side| side_of(&pair.steps, depth, side, count);
        Self {
            market: pair.id().to_string(),
            seq: depth.head.seq,
            at: depth.at.map(rfc3339),
            status: depth.head.standing.status.as_str(),
            bids: side(Side::Buy),
            asks: side(Side::Sell),
            last_price: last_price(&pair.steps, depth),
        }
    }
}

fn side_of(steps: &Steps, depth: &Depth, side: Side, count: usize) -> Vec<LevelBody> {
    let body = |(price, quantity, orders)| LevelBody { price, quantity, orders };
    levels(steps, depth, side, count).map(body).collect()
}
