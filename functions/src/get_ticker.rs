//! GET /markets/{market}/ticker: a market's last and best prices, and its last 24 hours.

use app::{
    day_stats::{DayStats, day_stats},
    depth::Depth,
};
use domain::{
    amount::Amount,
    candle::Candle,
    order::Side,
    pair::{Pair, Steps, Ticks},
};
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::rfc3339,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    market_bodies::{last_price, levels, named},
    sums::{base_volume, decimal, quote_volume},
};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "get-ticker",
    Method::Get,
    &["/api/v1/markets/{market}/ticker"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Markets", "A market's last and best prices, and its last 24 hours")
.gives::<TickerBody>(200)
.uses(&[uses::CATALOGUE, uses::BOOK, uses::STATEMENT_LINES]);

/// A market's prices as of its event `seq`, at most 250 ms old; and its last 24 hours, a second
/// old and behind the last commit by a moment. What there is not is null.
#[derive(Debug, Serialize, ToSchema)]
pub struct TickerBody {
    /// Whose prices.
    #[schema(example = "MRC-USD")]
    market: String,
    /// The number of the event.
    seq: u64,
    /// What may be done after it: `trading`, `cancel_only` or `halted`.
    status: &'static str,
    /// The price of the last trade.
    last_price: Option<String>,
    /// The highest price that is bid.
    best_bid: Option<String>,
    /// How much is bid at that price.
    best_bid_quantity: Option<String>,
    /// The lowest price that is asked.
    best_ask: Option<String>,
    /// How much is asked at that price.
    best_ask_quantity: Option<String>,
    /// What lies between the two.
    spread: Option<String>,
    /// The middle of the two, with one more decimal where it needs it.
    mid: Option<String>,
    /// When the event was.
    at: Option<String>,
    /// The trades of the last 24 hours.
    day: DayBody,
}

/// A market's last 24 hours. Without a trade, the prices are null.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayBody {
    /// When they begin: the last multiple of five minutes at least 24 hours ago.
    from: String,
    /// The price of the first trade.
    open: Option<String>,
    /// The highest price.
    high: Option<String>,
    /// The lowest price.
    low: Option<String>,
    /// The price of the last trade.
    last: Option<String>,
    /// How far the last price is above the first, or below.
    #[schema(example = "-0.02")]
    change: Option<String>,
    /// How much was traded, in the base currency.
    volume: String,
    /// What it was worth, in the quote currency.
    quote_volume: String,
    /// How many trades.
    trades: u64,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let (pair, depth) = named(context, call).await?;
    let day = day_stats(&context.market, pair.id()).await?;
    Reply::json(200, &TickerBody::new(&pair, &depth, &day))
}

impl DayBody {
    fn new(steps: &Steps, day: &DayStats) -> Self {
        let sum = day.sum.as_ref();
        let nothing = |scale| decimal(0, scale);
        let change = sum.and_then(|sum| change(steps, sum.open, sum.close));
        Self {
            from: rfc3339(day.from),
            open: sum.map(|sum| steps.price_text(sum.open)),
            high: sum.map(|sum| steps.price_text(sum.high)),
            low: sum.map(|sum| steps.price_text(sum.low)),
            last: sum.map(|sum| steps.price_text(sum.close)),
            change,
            volume: sum.map_or_else(|| nothing(steps.base.scale), |sum| base_volume(steps, sum)),
            quote_volume: sum
                .map_or_else(|| nothing(steps.quote.scale), |sum| quote_volume(steps, sum)),
            trades: sum.map_or(0, Candle::trades),
        }
    }
}

fn change(steps: &Steps, open: Ticks, last: Ticks) -> Option<String> {
    let ticks = i128::from(last.count()).checked_sub(open.count().into())?;
    Some(decimal(ticks.checked_mul(steps.tick.minor().into())?, steps.price_scale))
}

impl TickerBody {
    /// The prices of a market whose book is this.
    #[must_use]
    pub fn new(pair: &Pair, depth: &Depth, day: &DayStats) -> Self {
        let steps = &pair.steps;
        let best = |side| levels(steps, depth, side, 1).next();
        let best = |side| best(side).map(|(price, quantity, _)| (price, quantity)).unzip();
        let (best_bid, best_bid_quantity) = best(Side::Buy);
        let (best_ask, best_ask_quantity) = best(Side::Sell);
        let both = depth.best(Side::Buy).zip(depth.best(Side::Sell));
        Self {
            market: pair.id().to_string(),
            seq: depth.head.seq,
            status: depth.head.standing.status.as_str(),
            last_price: last_price(steps, depth),
            best_bid,
            best_bid_quantity,
            best_ask,
            best_ask_quantity,
            spread: both.and_then(|(bid, ask)| spread(steps, bid, ask)),
            mid: both.and_then(|(bid, ask)| mid(steps, bid, ask)),
            at: depth.at.map(rfc3339),
            day: DayBody::new(steps, day),
        }
    }
}

fn spread(steps: &Steps, bid: Ticks, ask: Ticks) -> Option<String> {
    let between = ask.count().checked_sub(bid.count())?;
    Ticks::new(between).map(|between| steps.price_text(between))
}

fn mid(steps: &Steps, bid: Ticks, ask: Ticks) -> Option<String> {
    let sum = bid.count().checked_add(ask.count())?.checked_mul(steps.tick.minor())?;
    let half = Amount::from_minor(sum / 2).ok()?.to_decimal(steps.price_scale);
    let point = if steps.price_scale.decimals() == 0 { "." } else { "" };
    Some(if sum % 2 == 0 { half } else { format!("{half}{point}5") })
}

#[cfg(test)]
mod tests {
    use domain::currency::{Currency, Scale};

    use super::*;

    fn steps(decimals: u8, tick: i64) -> Steps {
        let scale = Scale::new(2).expect("a scale");
        let currency = |code: &str| Currency { code: code.parse().expect("a code"), scale };
        let (base, quote) = (currency("MRC"), currency("USD"));
        let minor = |minor| Amount::from_minor(minor).expect("an amount");
        let price_scale = Scale::new(decimals).expect("a scale");
        Steps::new(base, quote, price_scale, minor(tick), minor(10_000)).expect("steps")
    }

    fn between(decimals: u8, tick: i64, bid: i64, ask: i64) -> (Option<String>, Option<String>) {
        let steps = steps(decimals, tick);
        let (bid, ask) = (Ticks::new(bid).expect("a price"), Ticks::new(ask).expect("a price"));
        (spread(&steps, bid, ask), mid(&steps, bid, ask))
    }

    #[test]
    fn the_middle_has_one_more_decimal_only_where_it_needs_it() {
        let texts = |spread: &str, mid: &str| (Some(spread.to_owned()), Some(mid.to_owned()));
        assert_eq!(between(2, 1, 40, 42), texts("0.02", "0.41"));
        assert_eq!(between(2, 1, 40, 41), texts("0.01", "0.405"));
        assert_eq!(between(0, 1, 3, 4), texts("1", "3.5"));
        assert_eq!(between(2, 5, 3, 4), texts("0.05", "0.175"));
        assert_eq!(between(2, 2, 3, 4), texts("0.02", "0.07"));
    }
}
