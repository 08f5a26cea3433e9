//! Making universes and setting their rates, and looking rates up.

use domain::{
    commit::Commit,
    rate::RateVersion,
    refusal::{Declined, Missing},
    time::Timestamp,
    universe::{NewRate, NewUniverse, Universe, UniverseId, Universes, create, set_rate},
};

use crate::{
    market::{Market, TRIES_MAX},
    paging::Listing,
    perform::Failed,
    ports::{Position, RateQuery},
};

/// Makes a universe.
///
/// # Errors
/// As [`create`].
pub async fn create_universe(market: &Market, wanted: &NewUniverse) -> Result<Universe, Failed> {
    commit_fresh(market, |universes, now| create(wanted.clone(), universes, now)).await
}

/// Writes the next version of a universe's rate and hands it to the caches.
///
/// # Errors
/// [`Missing::Universe`], and as [`set_rate`].
pub async fn replace_rate(
    market: &Market,
    id: UniverseId,
    wanted: &NewRate,
) -> Result<Universe, Failed> {
    let factor_max = market.settings.rate_jump_factor_max;
    commit_fresh(market, |universes, now| set_rate(universes.get(id)?, wanted, factor_max, now))
        .await
}

async fn commit_fresh(
    market: &Market,
    decide: impl Fn(&Universes, Timestamp) -> Result<(Universe, Commit), Declined>,
) -> Result<Universe, Failed> {
    for attempt in 0..TRIES_MAX {
        let universes = market.rates.renew().await?;
        let (universe, commit) = decide(&universes, market.clock.now())?;
        if market.commit_try(&commit, attempt).await? {
            // The commit stands whether or not the caches hear of it at once.
            if let Err(error) = market.rates.renew().await {
                tracing::warn!(%error, "rates were not renewed after a change");
            }
            return Ok(universe);
        }
    }
    Err(Failed::Busy)
}

/// The version of a universe's rate that held at a time.
///
/// # Errors
/// [`Missing::Rate`] if there was none yet.
pub async fn rate_at(
    market: &Market,
    universe: UniverseId,
    at: Timestamp,
) -> Result<RateVersion, Failed> {
    let query = RateQuery { universe, at, below: None, limit: 1 };
    let page = market.store.rate_versions(&query).await?;
    Ok(page.rows.into_iter().next().ok_or(Missing::Rate)?)
}

/// The versions of a universe's rate, newest first.
///
/// # Errors
/// The store's own.
pub async fn rate_history(
    market: &Market,
    universe: UniverseId,
    after: Option<Position>,
    limit: u32,
) -> Result<Listing<RateVersion>, Failed> {
    let below = after.and_then(|position| u32::try_from(position.key).ok());
    let query = RateQuery { universe, at: Timestamp::MAX, below, limit };
    let page = market.store.rate_versions(&query).await?;
    let last = page.rows.last().filter(|_| page.more);
    let next = last.map(|rate| Position { key: i64::from(rate.id.version), tie: 0 });
    Ok(Listing { rows: page.rows, next })
}
