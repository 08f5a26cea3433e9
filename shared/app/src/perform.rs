//! The one road from a request with an idempotency key to its one effect.
//!
//! Load, decide, commit; the entry's conditional put is guard, effect and answer in one write
//! (promises I5 to I7). What is decided, each [`Operation`] knows.

use std::future::Future;

use domain::{
    commit::{Claim, Commit, Write},
    ledger::{Entry, Guard, Outcome},
    refusal::{Declined, Missing, Refusal},
};

use crate::{
    market::{Asked, Market, TRIES_MAX},
    ports::{CommitError, Failure, Found, StoreError},
};

/// How old what is loaded may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// As old as the caches allow.
    Cached,
    /// As of the last commit.
    Fresh,
}

/// A use case that moves money or lists an item, once a key.
pub trait Operation: Sync {
    /// What the decision needs to know.
    type Loaded: Send;

    /// Loads it.
    fn load(
        &self,
        market: &Market,
        freshness: Freshness,
    ) -> impl Future<Output = Result<Self::Loaded, Failed>> + Send;

    /// Decides: no clock, no ids, no input or output.
    ///
    /// # Errors
    /// Why there is no commit.
    fn decide(&self, guard: &Guard, loaded: &Self::Loaded) -> Result<Commit, Declined>;
}

/// What a client learns under its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The key's entry: a success or a frozen refusal.
    pub entry: Entry,
    /// Whether an earlier request made it.
    pub replayed: bool,
}

/// Why a use case has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// It cannot be, as things stand; nothing was written.
    #[error(transparent)]
    Declined(#[from] Declined),
    /// The key belongs to a request that asked something else.
    #[error("the idempotency key belongs to another request")]
    KeyReused,
    /// The key was given up.
    #[error("the idempotency key was voided")]
    Voided,
    /// Too many others want the same rows.
    #[error("gave up after {TRIES_MAX} conflicts")]
    Busy,
    /// The store failed; whether anything was written is settled by the same key.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Missing> for Failed {
    fn from(missing: Missing) -> Self {
        Self::Declined(missing.into())
    }
}

/// Carries an operation out, or finds what became of it before.
///
/// # Errors
/// See [`Failed`]. A refusal is not an error but an [`Answer`].
pub async fn perform<O: Operation>(
    market: &Market,
    asked: &Asked,
    operation: &O,
) -> Result<Answer, Failed> {
    let mut freshness = Freshness::Cached;
    for attempt in 0..TRIES_MAX {
        let guard = asked.guard(market);
        let decision = match operation.load(market, freshness).await {
            Ok(loaded) => operation.decide(&guard, &loaded).map_err(Failed::Declined),
            Err(failed) => Err(failed),
        };
        let commit = match decision {
            Ok(commit) => commit,
            // What was loaded may be old news: a refusal is only final on fresh knowledge.
            Err(Failed::Declined(_)) if freshness == Freshness::Cached => {
                freshness = Freshness::Fresh;
                continue;
            }
            Err(Failed::Declined(Declined::Refused(refusal))) => {
                return freeze(market, &guard, refusal).await;
            }
            Err(failed) => return earlier_answer(market, &guard).await?.ok_or(failed),
        };
        match market.store.commit(&commit).await {
            Ok(()) => return fresh(&commit),
            Err(CommitError::Conflict) => {
                market.back_off(attempt).await;
                freshness = Freshness::Fresh;
            }
            Err(CommitError::Store(error)) => return Err(error.into()),
            Err(CommitError::Refused(failures)) => match explain(&commit, &failures) {
                Explained::Earlier(entry) => return replay(market, &guard, *entry).await,
                Explained::Named(entry) => return named(market, &guard, *entry).await,
                Explained::Refused(refusal) => return freeze(market, &guard, refusal).await,
                Explained::Declined(declined) => return Err(declined.into()),
                Explained::Changed => freshness = Freshness::Fresh,
            },
        }
    }
    Err(Failed::Busy)
}

/// Writes a refusal under its key, unless the key has an entry already.
async fn freeze(market: &Market, guard: &Guard, refusal: Refusal) -> Result<Answer, Failed> {
    settle(market, guard, &Commit::refusing(guard, refusal)).await
}

/// Writes a commit that consists of its entry alone, unless the key has an entry already.
pub(crate) async fn settle(
    market: &Market,
    guard: &Guard,
    commit: &Commit,
) -> Result<Answer, Failed> {
    for attempt in 0..TRIES_MAX {
        match market.store.commit(commit).await {
            Ok(()) => return fresh(commit),
            Err(CommitError::Conflict) => market.back_off(attempt).await,
            Err(CommitError::Store(error)) => return Err(error.into()),
            Err(CommitError::Refused(failures)) => match explain(commit, &failures) {
                Explained::Earlier(entry) => return replay(market, guard, *entry).await,
                _ => return Err(corrupt("an entry alone was refused without an entry")),
            },
        }
    }
    Err(Failed::Busy)
}

fn fresh(commit: &Commit) -> Result<Answer, Failed> {
    let entry = commit.entry().cloned().ok_or_else(|| corrupt("a commit without an entry"))?;
    Ok(Answer { entry, replayed: false })
}

fn corrupt(what: &str) -> Failed {
    Failed::Store(StoreError::Corrupt(what.to_owned()))
}

async fn earlier_answer(market: &Market, guard: &Guard) -> Result<Option<Answer>, Failed> {
    match market.store.entry(guard.entry).await? {
        Some(entry) => replay(market, guard, entry).await.map(Some),
        None => Ok(None),
    }
}

async fn replay(market: &Market, guard: &Guard, entry: Entry) -> Result<Answer, Failed> {
    if entry.outcome == Outcome::Voided {
        return Err(Failed::Voided);
    }
    if entry.fingerprint != guard.fingerprint {
        return Err(Failed::KeyReused);
    }
    let entry = match entry.outcome {
        Outcome::SameAs(id) => {
            let other = market.store.entry(id).await?;
            other.ok_or_else(|| corrupt("a name of an entry that is not there"))?
        }
        _ => entry,
    };
    Ok(Answer { entry, replayed: true })
}

/// The answer to a request whose name for its order stands for another entry: that entry's, if
/// it asked the same, and else a refusal.
async fn named(market: &Market, guard: &Guard, entry: Entry) -> Result<Answer, Failed> {
    if entry.fingerprint == guard.fingerprint {
        return replay(market, guard, entry).await;
    }
    freeze(market, guard, Refusal::ClientOrderIdReused).await
}

enum Explained {
    /// The key has an entry.
    Earlier(Box<Entry>),
    /// The client's own id of the order stands for an entry.
    Named(Box<Entry>),
    /// The rules forbid it.
    Refused(Refusal),
    /// Someone who would receive money has no account, or the commit is a bug of ours.
    Declined(Declined),
    /// What was loaded is not so any more.
    Changed,
}

/// What unmet expectations mean. The guard speaks first, then stock, then claims and funds.
fn explain(commit: &Commit, failures: &[Failure]) -> Explained {
    let failed = || {
        failures.iter().filter_map(|failure| {
            commit.writes().get(failure.write).map(|write| (write, &failure.found))
        })
    };
    for (write, found) in failed() {
        if let (Write::PutEntry(wanted), Found::Entry(entry)) = (write, found) {
            return match wanted.outcome {
                Outcome::SameAs(_) => Explained::Named(entry.clone()),
                _ => Explained::Earlier(entry.clone()),
            };
        }
    }
    if failed().any(|(write, _)| matches!(write, Write::SellStock { .. })) {
        return Explained::Changed;
    }
    for (write, _) in failed() {
        match write {
            Write::PutClaim { claim: Claim::Quote(_), .. } => {
                return Explained::Refused(Refusal::QuoteUsed);
            }
            Write::PutClaim { claim: Claim::Refund(_), .. } => {
                return Explained::Refused(Refusal::AlreadyRefunded);
            }
            Write::ReturnStock { .. } => return Explained::Refused(Refusal::StockLimit),
            _ => {}
        }
    }
    for (write, found) in failed() {
        match (write, found) {
            (Write::MoveFunds { legs, change, .. }, Found::Account(account)) => {
                match account.after(legs, change) {
                    Ok(_) => {}
                    Err(Declined::Refused(refusal)) => return Explained::Refused(refusal),
                    Err(declined) => return Explained::Declined(declined),
                }
            }
            (Write::MoveFunds { .. }, Found::Nothing) => {
                return Explained::Declined(Missing::User.into());
            }
            _ => {}
        }
    }
    Explained::Changed
}
