//! GET /rates: what one currency is worth in another, now or at a time.

use app::{perform::Freshness, universes::rate_at};
use domain::{conversion::provenance, currency::CurrencyCode, universe::Universe};
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, Parameter},
    problem::Problem,
    reply::Reply,
    uses,
    wire::parse_rfc3339,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::bodies::{ConversionRateBody, RateBody};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("get-rates", Method::Get, &["/api/v1/rates"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Universes and rates", "Rates of currencies, now or at a time")
    .queried(&[
        Parameter { name: "from", meaning: "a currency's code" },
        Parameter { name: "to", meaning: "another currency's code; needs `from`" },
        Parameter { name: "at", meaning: "RFC 3339: the rates that held then" },
    ])
    .gives::<RatesResponse>(200)
    .uses(&[uses::RATES]);

/// Rates. Asked for one or two currencies, it has just these.
#[derive(Serialize, ToSchema)]
pub struct RatesResponse {
    /// Units of each currency per base unit.
    data: Vec<RateBody>,
    /// What `from` is worth in `to`, if both were asked for.
    pair: Option<ConversionRateBody>,
    /// All rates are on one page.
    next_cursor: Option<String>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let from: Option<CurrencyCode> = call.query("from")?;
    let to: Option<CurrencyCode> = call.query("to")?;
    if from.is_none() && to.is_some() {
        return Err(Problem::invalid("/query/from", "missing", "`to` needs `from`"));
    }
    let known = context.market.rates.current(Freshness::Cached).await?;
    let mut wanted: Vec<Universe> = match from {
        None => known.all().to_vec(),
        Some(from) => {
            let codes = [Some(from), to].into_iter().flatten();
            codes.map(|code| known.of_currency(code).cloned()).collect::<Result<_, _>>()?
        }
    };
    if let Some(text) = call.query_text("at") {
        let at = parse_rfc3339(text)
            .ok_or_else(|| Problem::invalid("/query/at", "invalid", "not an RFC 3339 time"))?;
        for universe in &mut wanted {
            universe.rate = rate_at(&context.market, universe.id, at).await?;
        }
    }
    let pair = match (to, wanted.as_slice()) {
        (Some(_), [from, to]) => Some(ConversionRateBody::from(&provenance(from, to))),
        _ => None,
    };
    let data = wanted.iter().map(|universe| RateBody::new(universe.currency, &universe.rate));
    Reply::json(200, &RatesResponse { data: data.collect(), pair, next_cursor: None })
}
