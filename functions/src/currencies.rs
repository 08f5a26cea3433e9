//! Finding the universe of a currency or a number: from the cache, and if it is unknown
//! there, from the store.

use app::perform::Freshness;
use domain::{
    currency::CurrencyCode,
    refusal::Declined,
    universe::{Universe, UniverseId, Universes},
};
use edge::{call::Call, context::Context, problem::Problem};

/// The universe that has a currency.
///
/// # Errors
/// 404.
pub async fn universe_of(context: &Context, code: CurrencyCode) -> Result<Universe, Problem> {
    find(context, |universes| universes.of_currency(code).cloned()).await
}

/// The universe with a number.
///
/// # Errors
/// 404.
pub async fn universe(context: &Context, id: UniverseId) -> Result<Universe, Problem> {
    find(context, |universes| universes.get(id).cloned()).await
}

/// The universe that the caller calls home.
///
/// # Errors
/// 401 without a caller.
pub async fn home(context: &Context, call: &Call) -> Result<Universe, Problem> {
    universe(context, call.caller()?.home).await
}

/// The universe that a request names by number, by currency, or (naming both) by both.
///
/// # Errors
/// 404; 422 if it names none, or two that differ.
pub async fn named(
    context: &Context,
    id: Option<UniverseId>,
    code: Option<CurrencyCode>,
    pointer: &str,
) -> Result<Universe, Problem> {
    match (id, code) {
        (Some(id), None) => universe(context, id).await,
        (None, Some(code)) => universe_of(context, code).await,
        (None, None) => Err(Problem::invalid(pointer, "missing", "is required")),
        (Some(id), Some(code)) => {
            let universe = universe(context, id).await?;
            if universe.currency.code == code {
                return Ok(universe);
            }
            Err(Problem::invalid(pointer, "contradiction", "universe and currency differ"))
        }
    }
}

async fn find(
    context: &Context,
    look: impl Fn(&Universes) -> Result<Universe, Declined>,
) -> Result<Universe, Problem> {
    let cached = context.market.rates.current(Freshness::Cached).await?;
    if let Ok(found) = look(&cached) {
        return Ok(found);
    }
    Ok(look(&context.market.rates.current(Freshness::Fresh).await?)?)
}
