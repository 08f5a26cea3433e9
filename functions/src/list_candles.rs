//! GET /markets/{market}/candles: a market's trades summed up by stretches of time.

use app::{perform::Freshness, ports::CandleQuery};
use domain::{
    candle::{Candle, Interval},
    pair::Steps,
    time::Timestamp,
};
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, Parameter},
    problem::Problem,
    reply::Reply,
    uses,
    wire::{parse_rfc3339, rfc3339},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::sums::{base_volume, quote_volume};

const LIMIT_DEFAULT: u32 = 100;
const LIMIT_MAX: u32 = 1_000;

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "list-candles",
    Method::Get,
    &["/api/v1/markets/{market}/candles"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Markets", "A market's trades summed up by stretches of time, newest first")
.queried(&[
    Parameter { name: "interval", meaning: "`1m`, `5m`, `1h` or `1d` (default `1m`)" },
    Parameter { name: "from", meaning: "RFC 3339: only those that begin then or later" },
    Parameter { name: "to", meaning: "RFC 3339: only those that begin before then" },
    Parameter { name: "limit", meaning: "how many at most, 1 to 1000 (default 100)" },
])
.gives::<CandlesResponse>(200)
.uses(&[uses::CATALOGUE, uses::STATEMENT_HEAD, uses::STATEMENT_LINES]);

/// A market's candles. There is none for a stretch without a trade.
#[derive(Serialize, ToSchema)]
pub struct CandlesResponse {
    /// Whose.
    #[schema(example = "MRC-USD")]
    market: String,
    /// How long each is.
    #[schema(example = "1m")]
    interval: &'static str,
    /// The number of the market's event that they have come to, at least.
    seq: u64,
    /// The newest of those that were asked for, newest first. To see earlier ones, ask for those
    /// `to` the start of the last one.
    data: Vec<CandleBody>,
}

/// The trades of one stretch of time.
#[derive(Serialize, ToSchema)]
pub struct CandleBody {
    /// When it begins: a multiple of the interval, in UTC.
    start: String,
    /// The price of the first trade, in the quote currency.
    #[schema(example = "0.40")]
    open: String,
    /// The highest price.
    #[schema(example = "0.42")]
    high: String,
    /// The lowest price.
    #[schema(example = "0.39")]
    low: String,
    /// The price of the last trade.
    #[schema(example = "0.41")]
    close: String,
    /// How much was traded, in the base currency.
    #[schema(example = "120.00")]
    volume: String,
    /// What it was worth, in the quote currency.
    #[schema(example = "48.60")]
    quote_volume: String,
    /// How many trades.
    trades: u64,
    /// The number of the last trade.
    last_trade: u64,
}

impl CandleBody {
    /// A candle of a market with these steps.
    #[must_use]
    pub fn new(steps: &Steps, candle: &Candle) -> Self {
        Self {
            start: rfc3339(candle.start),
            open: steps.price_text(candle.open),
            high: steps.price_text(candle.high),
            low: steps.price_text(candle.low),
            close: steps.price_text(candle.close),
            volume: base_volume(steps, candle),
            quote_volume: quote_volume(steps, candle),
            trades: candle.trades(),
            last_trade: candle.last,
        }
    }
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let market = &context.market;
    let interval = call.query("interval")?.unwrap_or(Interval::Minute);
    let from = time(call, "from")?.unwrap_or(Timestamp::from_millis(0));
    let before = time(call, "to")?.unwrap_or(Timestamp::MAX);
    let limit = limit(call)?;
    let pair = market.pairs.get(call.parameter("market")?, Freshness::Cached).await?;
    let steps = &pair.steps;
    // The head first: what it counts is in the candles, which may have more.
    let seq = market.store.candles_head(pair.id()).await?;
    let query = CandleQuery { pair: pair.id(), interval, from, before, limit };
    let candles = if from < before { market.store.candles(&query).await? } else { Vec::new() };
    let response = CandlesResponse {
        market: pair.id().to_string(),
        interval: interval.as_str(),
        seq,
        data: candles.iter().map(|candle| CandleBody::new(steps, candle)).collect(),
    };
    Reply::json(200, &response)
}

fn time(call: &Call, name: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = call.query_text(name) else { return Ok(None) };
    let time = parse_rfc3339(text);
    time.map(Some).ok_or_else(|| {
        Problem::invalid(&format!("/query/{name}"), "invalid", "not an RFC 3339 time")
    })
}

fn limit(call: &Call) -> Result<u32, Problem> {
    let Some(text) = call.query_text("limit") else { return Ok(LIMIT_DEFAULT) };
    let limit = text.parse().ok().filter(|limit: &u32| limit.to_string() == text);
    limit.filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(|| {
        Problem::invalid("/query/limit", "invalid", "must be a whole number from 1 to 1000")
    })
}
