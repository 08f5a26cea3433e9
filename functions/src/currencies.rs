//! Finding the universe of a currency or a number: from the cache, and if it is unknown
//! there, from the store.

use domain::{
    currency::CurrencyCode,
    universe::{Universe, UniverseId},
};
use edge::{
    call::Call,
    context::Context,
    problem::Problem,
    wire::{Text, UniverseNumber},
};

/// The universe that has a currency.
///
/// # Errors
/// 404.
pub async fn universe_of(context: &Context, code: CurrencyCode) -> Result<Universe, Problem> {
    Ok(context.market.rates.find(|universes| universes.of_currency(code).cloned()).await?)
}

/// The universe with a number.
///
/// # Errors
/// 404.
pub async fn universe(context: &Context, id: UniverseId) -> Result<Universe, Problem> {
    Ok(context.market.rates.find(|universes| universes.get(id).cloned()).await?)
}

/// The universe that the caller calls home.
///
/// # Errors
/// 401 without a caller.
pub async fn home(context: &Context, call: &Call) -> Result<Universe, Problem> {
    universe(context, call.caller()?.home).await
}

/// The universe that a request names by number, by currency, or (naming both) by both; `side`
/// is what the fields' names begin with, as in `/from`.
///
/// # Errors
/// 404; 422 if it names none, or two that differ.
pub async fn named(
    context: &Context,
    id: &Option<UniverseNumber>,
    code: &Option<Text<CurrencyCode>>,
    side: &str,
) -> Result<Universe, Problem> {
    let invalid = |error: &str, detail: &str| {
        Problem::invalid(&format!("{side}_universe_id"), error, detail).at(
            &format!("{side}_currency"),
            error,
            detail,
        )
    };
    match (id, code) {
        (Some(id), None) => universe(context, id.0).await,
        (None, Some(code)) => universe_of(context, code.0).await,
        (None, None) => Err(invalid("missing", "one of the two is required")),
        (Some(id), Some(code)) => {
            let universe = universe(context, id.0).await?;
            if universe.currency.code == code.0 {
                return Ok(universe);
            }
            Err(invalid("contradiction", "universe and currency differ"))
        }
    }
}
