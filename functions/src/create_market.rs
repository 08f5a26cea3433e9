//! POST /admin/markets: a new market of two currencies.

use std::str::FromStr;

use app::pairs::create_pair;
use domain::{
    amount::Amount,
    currency::{CurrencyCode, Scale},
    pair::{FeeBps, PairTerms},
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::{AmountText, Text},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{currencies::universe_of, market_bodies::MarketBody};

/// A tenth, as at large venues.
const COLLAR_BPS_DEFAULT: u16 = 1_000;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("create-market", Method::Post, &["/api/v1/admin/markets"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Administration", "Make a market; all but its status is fixed for ever")
    .needs(Scope::Admin)
    .takes::<CreateMarketRequest>()
    .gives::<MarketBody>(201)
    .uses(&[uses::CATALOGUE, uses::EDIT_CATALOGUE]);

/// A new market.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateMarketRequest {
    /// The currency that is traded.
    #[schema(value_type = String, example = "MRC")]
    base: Text<CurrencyCode>,
    /// The currency that it is paid in.
    #[schema(value_type = String, example = "USD")]
    quote: Text<CurrencyCode>,
    /// The step of prices. Prices have as many decimals as it is written with, 0 to 8.
    #[schema(value_type = String, example = "0.01")]
    tick_size: Text<TickSize>,
    /// The step of quantities, in the base currency. At one tick it must be worth a whole number
    /// of the quote currency's minor units.
    #[schema(value_type = String, example = "1.00")]
    lot_size: AmountText,
    /// The least that an order may be worth, in the quote currency.
    #[schema(value_type = String, example = "1.00")]
    min_notional: AmountText,
    /// What the resting side of a trade pays, 0 to 1000 basis points.
    maker_fee_bps: u16,
    /// What the side that takes pays, 0 to 1000 basis points.
    taker_fee_bps: u16,
    /// How far from the best price a market order may trade, 1 to 9999 basis points; 1000 by
    /// default.
    #[schema(value_type = u16, required = false)]
    collar_bps: Option<u16>,
}

/// A step of prices, and how many decimals it is written with.
struct TickSize {
    tick: Amount,
    scale: Scale,
}

impl FromStr for TickSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let scale = u8::try_from(decimals).ok().and_then(Scale::new);
        let scale = scale.ok_or_else(|| "has more than 8 decimals".to_owned())?;
        let tick = Amount::parse(text, scale).map_err(|error| error.to_string())?;
        if tick.is_zero() {
            Err("must be more than zero".to_owned())
        } else {
            Ok(Self { tick, scale })
        }
    }
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: CreateMarketRequest = call.json()?;
    let maker_fee = fee(request.maker_fee_bps, "/maker_fee_bps")?;
    let taker_fee = fee(request.taker_fee_bps, "/taker_fee_bps")?;
    let collar_bps = collar(request.collar_bps)?;
    let base = universe_of(context, request.base.0).await?.currency;
    let quote = universe_of(context, request.quote.0).await?.currency;
    let terms = PairTerms {
        price_scale: request.tick_size.0.scale,
        tick: request.tick_size.0.tick,
        lot: request.lot_size.positive(base, "/lot_size")?.amount,
        min_notional: request.min_notional.of(quote, "/min_notional")?.amount,
        maker_fee,
        taker_fee,
        collar_bps,
    };
    let pair = create_pair(&context.market, base.code, quote.code, terms).await?;
    Reply::json(201, &MarketBody::new(&pair, 0))
}

fn fee(bps: u16, pointer: &str) -> Result<FeeBps, Problem> {
    FeeBps::new(bps).ok_or_else(|| Problem::invalid(pointer, "invalid", "must be from 0 to 1000"))
}

fn collar(bps: Option<u16>) -> Result<u16, Problem> {
    let bps = bps.unwrap_or(COLLAR_BPS_DEFAULT);
    let invalid = || Problem::invalid("/collar_bps", "invalid", "must be from 1 to 9999");
    (1..10_000).contains(&bps).then_some(bps).ok_or_else(invalid)
}
