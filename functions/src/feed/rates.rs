//! The channel `rates`: the rate of one currency, numbered by its versions.

use std::sync::Arc;

use app::{perform::Freshness, ports::Topic};
use domain::{currency::CurrencyCode, rate::RateVersion};
use edge::{context::Context, problem::Problem, sockets::Frame};

use super::envelope::{self, Heading, Latest};
use crate::{bodies::RateBody, currencies::universe};

/// A new version of a rate, and of what.
///
/// # Errors
/// The store's own.
pub async fn update(context: &Context, rate: &RateVersion) -> Result<(Topic, Frame), Problem> {
    let currency = universe(context, rate.id.universe).await?.currency;
    let topic = Topic::Rates(currency.code);
    let heading = heading(currency.code, Some(rate.id.version.saturating_sub(1)), rate);
    let rate = Latest(Arc::new(RateBody::new(currency, rate)));
    Ok((topic, envelope::frame(topic, heading, rate)))
}

/// The rate that holds.
///
/// # Errors
/// 404; the store's own.
pub async fn snapshot(context: &Context, code: CurrencyCode) -> Result<Frame, Problem> {
    let universes = context.market.rates.current(Freshness::Fresh).await?;
    let universe = universes.of_currency(code)?;
    let heading = heading(code, None, &universe.rate);
    let rate = RateBody::new(universe.currency, &universe.rate);
    Ok(envelope::snapshot(Topic::Rates(code), &heading, &rate))
}

fn heading(code: CurrencyCode, after: Option<u32>, rate: &RateVersion) -> Heading {
    Heading {
        channel: "rates",
        market: Some(code.to_string()),
        after: after.map(u64::from),
        seq: rate.id.version.into(),
        at: rate.observed_at,
    }
}
