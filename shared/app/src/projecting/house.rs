//! From journal entries to what the accounts of the house hold.

use domain::{
    ledger::Entry,
    totals::{Minute, house_totals},
};

use crate::{
    market::Market,
    ports::{HouseFold, StoreError},
};

/// The most entries that are folded at once.
const FOLDS_MAX: usize = 30;

/// Folds what entries moved out of and into accounts of the house, each entry once and never
/// again. Entries that only users are part of are passed over.
///
/// # Errors
/// The store's own; a part may have been folded.
pub async fn follow_entries<'a>(
    market: &Market,
    entries: impl IntoIterator<Item = &'a Entry>,
) -> Result<(), StoreError> {
    let folds: Vec<_> = entries.into_iter().filter_map(house_fold).collect();
    for folds in folds.chunks(FOLDS_MAX) {
        market.store.fold_house(folds).await?;
    }
    Ok(())
}

/// What an entry adds to the house's totals; `None` if it is nothing.
#[must_use]
pub fn house_fold(entry: &Entry) -> Option<HouseFold> {
    let totals = house_totals(entry);
    let minute = Minute::of(entry.at);
    (!totals.is_empty()).then_some(HouseFold { entry: entry.id, minute, totals })
}
