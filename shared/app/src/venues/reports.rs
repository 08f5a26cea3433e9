//! What venues say of orders, settled: each fill once, in whatever order and however often it is
//! said.

use domain::{
    id::{EntryId, VenueOrderId},
    venue::{Applied, Dispute, Execution, Report, VenueId, VenueOrder, VenueState},
};

use super::{routing::letter, unavailable};
use crate::{
    market::{Market, TRIES_MAX, venue_fill_entry},
    perform::Failed,
    ports::{CommitError, DeadLetters, Found},
};

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It changed the order, or the order was as it says.
    Applied,
    /// There is no such order of this venue.
    UnknownOrder,
}

/// Applies a venue's report.
///
/// # Errors
/// [`Failed::Busy`]; the store's own: then the venue must send it again.
pub async fn receive(
    market: &Market,
    venue: VenueId,
    report: &Report,
    dead_letters: &dyn DeadLetters,
) -> Result<Received, Failed> {
    let found = market.store.venue_order(report.order).await?;
    if found.is_none_or(|order| order.terms.venue != venue) {
        return Ok(Received::UnknownOrder);
    }
    settle(market, report.order, &report.state, dead_letters).await?;
    Ok(Received::Applied)
}

/// Settles the fills that a venue names, and nothing else that it says.
pub(super) async fn settle_fills(
    market: &Market,
    id: VenueOrderId,
    state: &VenueState,
    dead_letters: &dyn DeadLetters,
) -> Result<(), Failed> {
    for execution in &state.executions {
        settle_fill(market, id, execution, state, dead_letters).await?;
    }
    Ok(())
}

/// Settles the fills that a venue names, and then the rest that it says.
async fn settle(
    market: &Market,
    id: VenueOrderId,
    state: &VenueState,
    dead_letters: &dyn DeadLetters,
) -> Result<(), Failed> {
    settle_fills(market, id, state, dead_letters).await?;
    for attempt in 0..TRIES_MAX {
        let order = load(market, id).await?;
        let Some(next) = order.told(state, market.clock.now()) else { return Ok(()) };
        if market.commit_try(&next.replacing(&order), attempt).await? {
            market.wake(&next).await;
            return Ok(());
        }
    }
    Err(Failed::Busy)
}

async fn load(market: &Market, id: VenueOrderId) -> Result<VenueOrder, Failed> {
    let found = market.store.venue_order(id).await?;
    found.ok_or_else(|| unavailable("an order is not there"))
}

async fn settle_fill(
    market: &Market,
    id: VenueOrderId,
    execution: &Execution,
    state: &VenueState,
    dead_letters: &dyn DeadLetters,
) -> Result<(), Failed> {
    for attempt in 0..TRIES_MAX {
        let order = load(market, id).await?;
        let entry = venue_fill_entry(order.terms.venue, execution.id.as_str());
        // All fills but one are said of an order with the rest of it still to come.
        let said = VenueState { executions: Vec::new(), ..state.clone() };
        match order.settling(execution, &said, entry, market.clock.now())? {
            Err(dispute) => {
                return dispute_of(market, &order, execution, entry, dispute, dead_letters).await;
            }
            Ok(Applied { order: next, commit }) => match market.store.commit(&commit).await {
                Ok(()) => {
                    market.wake(&next).await;
                    return Ok(());
                }
                Err(CommitError::Conflict) => market.back_off(attempt).await,
                Err(CommitError::Store(error)) => return Err(error.into()),
                Err(CommitError::Refused(failures)) => {
                    let guarded = failures.iter().find(|failure| failure.write == 0);
                    if guarded.is_some() {
                        let dispute = Dispute::NameTaken;
                        return dispute_of(market, &order, execution, entry, dispute, dead_letters)
                            .await;
                    }
                    let account = failures.iter().find_map(|failure| match &failure.found {
                        Found::Account(account) if failure.write == 1 => Some(account),
                        _ => None,
                    });
                    // The order is as it was, so it is the wallet that will not do.
                    if account.is_some() && failures.len() == 1 {
                        let dispute = Dispute::NoRoom;
                        return dispute_of(market, &order, execution, entry, dispute, dead_letters)
                            .await;
                    }
                    market.back_off(attempt).await;
                }
            },
        }
    }
    Err(Failed::Busy)
}

/// A fill that cannot be settled has been settled already, or somebody must look at it.
async fn dispute_of(
    market: &Market,
    order: &VenueOrder,
    execution: &Execution,
    entry: EntryId,
    dispute: Dispute,
    dead_letters: &dyn DeadLetters,
) -> Result<(), Failed> {
    let dispute = match market.store.entry(entry).await? {
        Some(settled) if settled.fingerprint == order.fingerprint_of(execution) => return Ok(()),
        Some(_) => Dispute::NameTaken,
        None => dispute,
    };
    let (id, venue) = (order.terms.id, order.terms.venue);
    tracing::error!(order = %id, %venue, execution = execution.id.as_str(), %dispute, "disputed");
    let source = format!("{venue}/{}", execution.id.as_str());
    let body = format!(
        r#"{{"order_id":"{id}","execution_id":"{}","quantity":"{}","price_minor":"{}"}}"#,
        execution.id.as_str().escape_default(),
        execution.quantity.minor(),
        execution.price.minor(),
    );
    let letter = letter(source, dispute.to_string(), body);
    dead_letters.put(&letter).await.map_err(|error| unavailable(error.to_string()))
}
