//! Whether what is told agrees with what was committed: money by money, account by account. It
//! changes nothing and halts nothing.
//!
//! A currency's totals are stated at a cut: the start of a minute, two minutes ago at least. They
//! hold every change that was decided before it. All parts of a commit have one decision time,
//! and a function ends within 30 s, so nothing decided before the cut can still be committed.
//! What users hold is folded from the changes of accounts and what the house holds from the
//! journal, two streams apart, so that their sum is zero is no matter of course.

use std::collections::BTreeSet;

use domain::{
    account::{Account, Balance},
    currency::{Currency, Scale},
    id::WalletId,
    statement::StatementHead,
    time::{Span, Timestamp},
    totals::{Minute, Totals},
};

use crate::{
    market::Market,
    perform::Freshness,
    ports::{HEAD_PARTS, StoreError},
};

/// How long before now a cut is at least, in milliseconds.
const CUT_AGE_MS: i64 = 120_000;
/// How long an account may be ahead of its statements before it is said that they lag.
const LAG_MAX: Span = Span::seconds(300);
/// The accounts that are looked at to find out whether projections lag behind a cut.
const SAMPLE_MAX: usize = 25;

/// What everybody holds, per currency, at a cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conservation {
    /// The totals hold every change that was decided before it, and no other.
    pub cut: Timestamp,
    /// By currency, in order of their universes; and then by instrument that a venue lists.
    pub totals: Vec<(Currency, Totals)>,
    /// `false` if a sampled account has changed before the cut and the change is not folded:
    /// then the totals are not all there, and a sum says nothing.
    pub complete: bool,
}

/// The cut that totals are stated at now.
#[must_use]
pub fn cut_at(now: Timestamp) -> Minute {
    Minute::of(Timestamp::from_millis(now.millis().saturating_sub(CUT_AGE_MS)))
}

/// What everybody holds, per currency, at the newest cut.
///
/// # Errors
/// The store's own.
pub async fn conservation(market: &Market) -> Result<Conservation, StoreError> {
    let now = market.clock.now();
    let cut = cut_at(now);
    // Before the totals: what lags now may be folded when they are read, and not the reverse.
    let complete = !lags_behind(market, part_at(now), cut.start()).await?;
    let mut totals = Vec::new();
    for currency in all_that_wallets_hold(market).await? {
        // Clocks differ: another's may be in the next minute already.
        let until = Minute::of(now).next();
        let reading = market.store.totals(currency.code, cut, until).await?;
        totals.push((currency, reading.all.minus(reading.since)));
    }
    Ok(Conservation { cut: cut.start(), totals, complete })
}

/// The currencies of all universes, in their order, and then every instrument that any venue
/// lists, once.
async fn all_that_wallets_hold(market: &Market) -> Result<Vec<Currency>, StoreError> {
    let universes = market.rates.current(Freshness::Cached).await?;
    let venues = market.venues.all(Freshness::Cached).await?;
    let listings = venues.iter().flat_map(|venue| &venue.listings);
    let listed: BTreeSet<_> = listings.map(|listing| listing.instrument).collect();
    let instruments =
        listed.iter().map(|instrument| Currency { code: instrument.code(), scale: Scale::WHOLE });
    Ok(universes.all().iter().map(|universe| universe.currency).chain(instruments).collect())
}

/// The part of all accounts whose turn it is: each minute the next one.
fn part_at(now: Timestamp) -> u8 {
    let minute = now.millis().checked_div(Minute::SPAN.as_millis()).unwrap_or(0);
    let part = minute.checked_rem(i64::from(HEAD_PARTS)).unwrap_or(0);
    u8::try_from(part).unwrap_or(0)
}

async fn lags_behind(market: &Market, part: u8, cut: Timestamp) -> Result<bool, StoreError> {
    let heads = market.store.statement_heads(part).await?;
    for head in heads.iter().take(SAMPLE_MAX) {
        let account = market.store.account(head.user).await?;
        if account.is_some_and(|it| it.version > head.version && it.changed_at < cut) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Money was made, or lost: what everybody holds of a currency is not zero.
    Conservation {
        /// Of which.
        currency: Currency,
        /// What everybody holds.
        totals: Totals,
    },
    /// A wallet does not hold what its statement says, at the same version of the account.
    Wallet {
        /// Which.
        wallet: WalletId,
        /// The account's version.
        version: u64,
        /// What it holds; `None`: there is no such wallet.
        holds: Option<Balance>,
        /// What its statement says; `None`: it has none.
        stated: Option<Balance>,
    },
    /// Statements tell of versions that the account has not had.
    Ahead {
        /// How far the statements have come.
        head: StatementHead,
        /// The account's version; 0: there is no account.
        version: u64,
    },
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// What everybody holds.
    pub conservation: Conservation,
    /// The part of all accounts that was looked at, 0 to 63.
    pub part: u8,
    /// How many accounts that were.
    pub accounts: usize,
    /// What does not agree.
    pub differences: Vec<Difference>,
    /// How long ago an account changed last whose statements have not come as far, if that is
    /// over five minutes; the longest of them.
    pub lag: Span,
}

/// Compares what everybody holds with nothing, and one of 64 parts of all accounts, each minute
/// the next, with their statements.
///
/// # Errors
/// The store's own.
pub async fn audit(market: &Market) -> Result<Audit, StoreError> {
    let now = market.clock.now();
    let conservation = conservation(market).await?;
    let mut differences: Vec<_> = conservation.totals.iter().filter_map(unequal).collect();
    if !conservation.complete {
        differences.clear();
    }
    let part = part_at(now);
    // Heads first: an account is then never older than its head.
    let heads = market.store.statement_heads(part).await?;
    let mut lag = Span::millis(0);
    for head in &heads {
        let account = market.store.account(head.user).await?;
        let version = account.as_ref().map_or(0, |account| account.version);
        match account {
            Some(account) if account.version == head.version => {
                differences.extend(wallets_that_differ(&account, head));
            }
            Some(account) if account.version > head.version => {
                let behind = now.since(account.changed_at);
                if behind > LAG_MAX {
                    lag = lag.max(behind);
                }
            }
            _ => differences.push(Difference::Ahead { head: head.clone(), version }),
        }
    }
    Ok(Audit { conservation, part, accounts: heads.len(), differences, lag })
}

fn unequal((currency, totals): &(Currency, Totals)) -> Option<Difference> {
    let (currency, totals) = (*currency, *totals);
    (totals.sum() != 0).then_some(Difference::Conservation { currency, totals })
}

fn wallets_that_differ(account: &Account, head: &StatementHead) -> Vec<Difference> {
    let mut codes: Vec<_> = account.wallets.keys().chain(head.wallets.keys()).copied().collect();
    codes.sort();
    codes.dedup();
    let difference = |code| {
        let holds = account.wallets.get(&code).copied();
        let stated = head.wallets.get(&code).map(|tip| tip.after);
        let wallet = WalletId { owner: account.user, currency: code };
        let version = account.version;
        (holds != stated).then_some(Difference::Wallet { wallet, version, holds, stated })
    };
    codes.into_iter().filter_map(difference).collect()
}
