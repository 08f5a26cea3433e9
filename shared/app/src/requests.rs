//! Certainty: what became of an idempotency key, and giving one up for good.

use domain::{commit::Commit, id::UserId, ledger::Entry};

use crate::{
    market::{Asked, Market, entry_id},
    perform::{Answer, Failed, settle},
};

/// What became of a key, as of the last commit. `None`: nothing yet, but a request that is
/// still under way may yet commit, unless the key is voided.
///
/// # Errors
/// The store's own.
pub async fn find_request(
    market: &Market,
    principal: UserId,
    key: &str,
) -> Result<Option<Entry>, Failed> {
    Ok(market.store.entry(entry_id(principal, key)).await?)
}

/// Gives a key up: from now on it can never execute. A key that came to something before
/// stays what it is.
///
/// # Errors
/// [`Failed::Busy`]; the store's own.
pub async fn void_request(market: &Market, asked: &Asked) -> Result<Entry, Failed> {
    let guard = asked.guard(market);
    match settle(market, &guard, &Commit::voiding(&guard)).await {
        Ok(Answer { entry, .. }) => Ok(entry),
        Err(Failed::Voided | Failed::KeyReused) => {
            let entry = market.store.entry(guard.entry).await?;
            entry.ok_or(Failed::Busy)
        }
        Err(failed) => Err(failed),
    }
}
