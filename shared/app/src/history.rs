//! What happened: a user's trades, a wallet's entries, one transaction.

use domain::{
    account::Leg,
    id::{EntryId, UserId, WalletId},
    ledger::{Cause, Entry, Outcome},
    refusal::Missing,
};

use crate::{
    market::Market,
    paging::{Listing, filtered},
    perform::Failed,
    ports::{EntryQuery, Position},
};

/// Purchases in which the user bought or sold, newest first.
///
/// # Errors
/// The store's own.
pub async fn trades(
    market: &Market,
    user: UserId,
    after: Option<Position>,
    limit: u32,
) -> Result<Listing<Entry>, Failed> {
    let purchase = |entry: &Entry| {
        matches!(&entry.outcome, Outcome::Moved(movement)
            if matches!(movement.cause, Cause::Purchase(_)))
    };
    entries(market, user, after, limit, purchase).await
}

/// Entries that moved money into or out of a wallet, newest first.
///
/// # Errors
/// The store's own.
pub async fn wallet_entries(
    market: &Market,
    wallet: WalletId,
    after: Option<Position>,
    limit: u32,
) -> Result<Listing<Entry>, Failed> {
    let touches = |entry: &Entry| wallet_leg(entry, wallet).is_some();
    entries(market, wallet.owner, after, limit, touches).await
}

/// What an entry moved into or out of a wallet, net.
#[must_use]
pub fn wallet_leg(entry: &Entry, wallet: WalletId) -> Option<Leg> {
    let Outcome::Moved(movement) = &entry.outcome else { return None };
    let legs = movement.postings.legs().ok()?;
    legs.get(&wallet.owner)?.iter().copied().find(|leg| leg.code() == wallet.currency)
}

async fn entries(
    market: &Market,
    user: UserId,
    after: Option<Position>,
    limit: u32,
    fits: impl Fn(&Entry) -> bool,
) -> Result<Listing<Entry>, Failed> {
    let read =
        |after| async move { market.store.entries(&EntryQuery { user, after, limit }).await };
    Ok(filtered(limit, after, read, EntryQuery::position, fits).await?)
}

/// A transaction that moved money, if the viewer took part in it or is an administrator.
///
/// # Errors
/// [`Missing::Transaction`], also for a foreign one.
pub async fn transaction(
    market: &Market,
    id: EntryId,
    viewer: UserId,
    admin: bool,
) -> Result<Entry, Failed> {
    let entry = market.store.entry(id).await?.ok_or(Missing::Transaction)?;
    let Outcome::Moved(movement) = &entry.outcome else {
        return Err(Missing::Transaction.into());
    };
    let took_part =
        entry.actor == viewer || movement.party == viewer || movement.counterparty == Some(viewer);
    if took_part || admin { Ok(entry) } else { Err(Missing::Transaction.into()) }
}
