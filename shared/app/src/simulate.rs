//! The same pure decision as the real thing, with nothing written.

use domain::{
    account::Account,
    commit::{Commit, Write},
    id::{EntryId, UserId},
    ledger::{Fingerprint, Guard},
    refusal::Missing,
};

use crate::{
    market::Market,
    perform::{Failed, Freshness, Operation},
};

/// What an operation would do now.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// The commit that would be written.
    pub commit: Commit,
    /// The actor's account as it would be.
    pub account: Account,
}

/// Decides an operation on fresh knowledge and applies it to a copy of the actor's account.
/// Another's account is neither read nor shown: whether it has room is not simulated.
///
/// # Errors
/// What the operation would be declined for.
pub async fn simulate<O: Operation>(
    market: &Market,
    actor: UserId,
    operation: &O,
) -> Result<Simulated, Failed> {
    let guard = Guard {
        entry: EntryId::from_bits(0),
        actor,
        fingerprint: Fingerprint([0; 16]),
        request_id: String::new(),
        at: market.clock.now(),
    };
    let loaded = operation.load(market, Freshness::Fresh).await?;
    let commit = operation.decide(&guard, &loaded)?;
    let account = market.store.account(actor).await?.ok_or(Missing::User)?;
    let moved = commit.writes().iter().find_map(|write| match write {
        Write::MoveFunds { user, legs, change } if *user == actor => Some((legs, change)),
        _ => None,
    });
    let account = match moved {
        Some((legs, change)) => account.after(legs, change)?,
        None => account,
    };
    Ok(Simulated { commit, account })
}
