//! Parts of answers about markets that several endpoints share, and the market that a request
//! is about.

use std::sync::Arc;

use app::{
    depth::{Depth, Level},
    market_data::oldest_pair,
    perform::Freshness,
};
use domain::{
    order::Side,
    pair::{Pair, PairId, Steps, Ticks},
};
use edge::{call::Call, context::Context, endpoint::Parameter, problem::Problem, wire::rfc3339};
use serde::Serialize;
use utoipa::ToSchema;

/// The market of endpoints that older clients know, which had one market.
pub const MARKET: Parameter =
    Parameter { name: "market", meaning: "which, as in `MRC-USD` (default: the oldest)" };

/// The market that the path names, and its book.
///
/// # Errors
/// 404; 422 if it is no name of a market.
pub async fn named(context: &Context, call: &Call) -> Result<(Pair, Arc<Depth>), Problem> {
    let pair = context.market.pairs.get(call.parameter("market")?, Freshness::Cached).await?;
    let depth = context.market.depths.get(&pair, Freshness::Cached).await?;
    Ok((pair, depth))
}

/// The market that the query names, or else the oldest, and its book.
///
/// # Errors
/// 404; 422 if it is no name of a market.
pub async fn named_or_oldest(
    context: &Context,
    call: &Call,
) -> Result<(Pair, Arc<Depth>), Problem> {
    let market = &context.market;
    let pair = match call.query::<PairId>("market")? {
        Some(id) => market.pairs.get(id, Freshness::Cached).await?,
        None => oldest_pair(market).await?,
    };
    let depth = market.depths.get(&pair, Freshness::Cached).await?;
    Ok((pair, depth))
}

/// A market and its rules.
#[derive(Debug, Serialize, ToSchema)]
pub struct MarketBody {
    /// Its name.
    #[schema(example = "MRC-USD")]
    pub market: String,
    /// What is traded.
    #[schema(example = "MRC")]
    pub base: String,
    /// What it is paid in.
    #[schema(example = "USD")]
    pub quote: String,
    /// `trading`, `cancel_only` or `halted`.
    pub status: &'static str,
    /// Prices are multiples of it.
    #[schema(example = "0.01")]
    pub tick_size: String,
    /// Quantities are multiples of it.
    #[schema(example = "1.00")]
    pub lot_size: String,
    /// The least that an order may be worth, in the quote currency.
    #[schema(example = "1.00")]
    pub min_notional: String,
    /// Decimals of prices.
    pub price_decimals: u8,
    /// What the resting side of a trade pays, in basis points of its worth.
    pub maker_fee_bps: u16,
    /// What the side that takes pays, in basis points of its worth.
    pub taker_fee_bps: u16,
    /// How far from the best price a market order may trade, in basis points.
    pub collar_bps: u16,
    /// Counts the changes of the status, from 1.
    pub version: u64,
    /// When it was made.
    pub created_at: String,
    /// How many events the market has had.
    pub seq: u64,
}

impl MarketBody {
    /// A market that has had so many events.
    #[must_use]
    pub fn new(pair: &Pair, seq: u64) -> Self {
        let steps = &pair.steps;
        Self {
            market: pair.id().to_string(),
            base: steps.base.code.to_string(),
            quote: steps.quote.code.to_string(),
            status: pair.status.as_str(),
            tick_size: steps.tick.to_decimal(steps.price_scale),
            lot_size: steps.lot.to_decimal(steps.base.scale),
            min_notional: steps.quote_of(pair.min_notional).decimal(),
            price_decimals: steps.price_scale.decimals(),
            maker_fee_bps: pair.maker_fee.bps(),
            taker_fee_bps: pair.taker_fee.bps(),
            collar_bps: pair.collar_bps,
            version: pair.version,
            created_at: rfc3339(pair.created_at),
            seq,
        }
    }
}

/// The best levels of a side, the best first, each as its price, its quantity and the number of
/// its orders.
pub fn levels(
    steps: &Steps,
    depth: &Depth,
    side: Side,
    count: usize,
) -> impl Iterator<Item = (String, String, u32)> {
    depth.levels(side).take(count).map(|(price, Level { lots, orders })| {
        (steps.price_text(price), steps.quantity_text(lots), orders)
    })
}

/// The price of the last trade, if there was one.
#[must_use]
pub fn last_price(steps: &Steps, depth: &Depth) -> Option<String> {
    depth.head.standing.last_price.map(|price: Ticks| steps.price_text(price))
}
