//! All projections again, from what they follow from: the log of each account, the journal,
//! the pairs' events. Who finds all users, entries and pairs is not known here: it takes a scan,
//! which only an operator's tool may do.

use domain::{activity::Activity, id::UserId, ledger::Entry, pair::PairId};

use crate::{market::Market, perform::Failed};

use super::{catch_up_candles, fold_statements, follow_entries};

/// The entries that are looked at together.
const ENTRIES_AT_ONCE: usize = 100;

/// Folds everything that is not folded yet; after the projections were deleted, everything, to
/// the same rows as before. Give an entry's id as often as you like: it counts once.
///
/// # Errors
/// The first failure; the rest is not done. To call it again goes on.
pub async fn rebuild(
    market: &Market,
    users: impl IntoIterator<Item = UserId>,
    entries: impl IntoIterator<Item = Entry>,
    pairs: impl IntoIterator<Item = PairId>,
) -> Result<(), Failed> {
    for user in users {
        rebuild_statements(market, user).await?;
    }
    let mut entries = entries.into_iter();
    loop {
        let some: Vec<_> = entries.by_ref().take(ENTRIES_AT_ONCE).collect();
        if some.is_empty() {
            break;
        }
        follow_entries(market, &some).await?;
    }
    for pair in pairs {
        catch_up_candles(market, pair).await?;
    }
    Ok(())
}

/// Folds a user's statements as far as the log goes. An account of which nothing was ever
/// logged is logged as it stands: see [`Activity::carried_forward`].
///
/// # Errors
/// As those of [`fold_statements`].
pub async fn rebuild_statements(market: &Market, user: UserId) -> Result<(), Failed> {
    if market.store.activity(user, 0, 1).await?.is_empty() {
        let Some(account) = market.store.account(user).await? else { return Ok(()) };
        market.store.log_activity(&[Activity::carried_forward(&account)]).await?;
    }
    fold_statements(market, user).await
}
