//! Making pairs and changing their status.

use domain::{
    command::CommandId,
    commit::{Commit, Write},
    currency::CurrencyCode,
    pair::{InvalidPair, Pair, PairId, PairStatus, PairTerms},
    placement::set_status,
    refusal::{Declined, Refusal},
};

use crate::{
    market::{Market, TRIES_MAX},
    perform::{Failed, Freshness},
    ports::CommitError,
};

/// Why there is no new pair.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairFailed {
    /// Its terms do not fit together.
    #[error(transparent)]
    Invalid(#[from] InvalidPair),
    /// Anything else.
    #[error(transparent)]
    Failed(#[from] Failed),
}

/// Makes a pair of two universes' currencies.
///
/// # Errors
/// [`Refusal::PairTaken`]; a currency that no universe has; terms that do not fit together.
pub async fn create_pair(
    market: &Market,
    base: CurrencyCode,
    quote: CurrencyCode,
    terms: PairTerms,
) -> Result<Pair, PairFailed> {
    let universes = market.rates.current(Freshness::Fresh).await.map_err(Failed::from)?;
    let base = universes.of_currency(base).map_err(Failed::from)?.currency;
    let quote = universes.of_currency(quote).map_err(Failed::from)?.currency;
    let pair = Pair::new(base, quote, terms, market.clock.now())?;
    let commit = Commit::of(vec![Write::PutPair(pair)]);
    for attempt in 0..TRIES_MAX {
        match market.store.commit(&commit).await {
            Ok(()) => {
                market.pairs.all(Freshness::Fresh).await.map_err(Failed::from)?;
                return Ok(pair);
            }
            Err(CommitError::Refused(_)) => {
                let taken = Refusal::PairTaken { pair: pair.id() };
                return Err(Failed::from(Declined::from(taken)).into());
            }
            Err(CommitError::Conflict) => market.back_off(attempt).await,
            Err(CommitError::Store(error)) => return Err(Failed::from(error).into()),
        }
    }
    Err(Failed::Busy.into())
}

/// Changes what may be done in a pair, for new orders at once and for its book in the order of
/// its log.
///
/// # Errors
/// [`domain::refusal::Missing::Market`]; [`Failed::Busy`]; the store's own.
pub async fn replace_status(
    market: &Market,
    id: PairId,
    status: PairStatus,
) -> Result<Pair, Failed> {
    for attempt in 0..TRIES_MAX {
        let pair = market.pairs.get(id, Freshness::Fresh).await?;
        let command = CommandId { at: market.clock.now(), bits: market.entropy.bits() };
        let (next, commit) = set_status(&pair, command, status);
        if market.commit_try(&commit, attempt).await? {
            market.pairs.all(Freshness::Fresh).await?;
            market.ring(id, command).await;
            return Ok(next);
        }
    }
    Err(Failed::Busy)
}
