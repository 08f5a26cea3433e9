//! The same pure decision as the real thing, with nothing written.

use domain::{
    account::{Account, Leg},
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
    let legs = legs_of(&commit, actor);
    let account = account.after(&legs, guard.entry, guard.at)?;
    Ok(Simulated { commit, account })
}

fn legs_of(commit: &Commit, actor: UserId) -> Vec<Leg> {
    let moved = commit.writes().iter().find_map(|write| match write {
        Write::MoveFunds { user, legs, .. } if *user == actor => Some(legs.clone()),
        _ => None,
    });
    moved.unwrap_or_default()
}
