//! What changed in an account, numbered by its version without gaps: what its owner is told, and
//! what statements are folded from. How a change is seen, and who is told, is not known here.

mod news;

use crate::{
    account::{Account, Balance, WalletTimes},
    currency::CurrencyCode,
    id::{EntryId, UserId},
    ledger::Unsound,
    time::Timestamp,
};

pub use news::{InvalidNews, News, Occasion, OrderNews, RefusedAmendment};

/// One change of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Whose account.
    pub user: UserId,
    /// The account's version after it: the user's events are numbered by it, from 1.
    pub version: u64,
    /// When it was decided. Clocks of several functions differ a little, so it may be before
    /// the time of the change before.
    pub at: Timestamp,
    /// The journal entry that it belongs to; none if only a wallet was opened.
    pub entry: Option<EntryId>,
    /// What it was for.
    pub news: News,
    /// The wallets that it changed or opened, by currency; none if only an order changed.
    pub wallets: Vec<WalletChange>,
}

/// What changed in one wallet, in minor units of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalletChange {
    /// The wallet's currency.
    pub code: CurrencyCode,
    /// Change of what is available.
    pub available: i64,
    /// Change of what is held.
    pub held: i64,
    /// What the wallet holds after it.
    pub after: Balance,
}

impl WalletChange {
    /// Change of everything that the wallet holds.
    #[must_use]
    pub fn posted(&self) -> i64 {
        self.available.saturating_add(self.held)
    }
}

impl Activity {
    /// What changed between an account and the same account one version later. `None`: nothing
    /// did, as where a row is written as it was.
    ///
    /// # Errors
    /// [`Unsound`] if the two are not one version apart.
    pub fn between(before: Option<&Account>, after: &Account) -> Result<Option<Self>, Unsound> {
        let version = before.map_or(0, |before| before.version);
        if before == Some(after) {
            return Ok(None);
        }
        if version.checked_add(1) != Some(after.version) {
            return Err(Unsound::new("a change of an account skips a version"));
        }
        let changed = after.wallets.iter().filter_map(|(code, now)| {
            let then = before.and_then(|before| before.wallets.get(code)).copied();
            let opened = then.is_none();
            let change = WalletChange::between(*code, then.unwrap_or_default(), *now);
            (opened || change.available != 0 || change.held != 0).then_some(change)
        });
        let News { occasion, .. } = after.news;
        Ok(Some(Self {
            user: after.user,
            version: after.version,
            at: after.changed_at,
            entry: after.last_entry.filter(|_| occasion != Occasion::Opened),
            news: after.news.clone(),
            wallets: changed.collect(),
        }))
    }

    /// What stands in for the changes of an account that nobody logged: it is as if all that
    /// the account has had come at its newest version. Nothing is known of earlier ones.
    #[must_use]
    pub fn carried_forward(account: &Account) -> Self {
        let wallets = account.wallets.iter();
        let change =
            |(code, now): (_, &Balance)| WalletChange::between(code, Balance::default(), *now);
        Self {
            user: account.user,
            version: account.version,
            at: account.changed_at,
            entry: None,
            news: News { occasion: Occasion::CarriedForward, ..News::default() },
            wallets: wallets.map(|(code, now)| change((*code, now))).collect(),
        }
    }
}

impl WalletChange {
    fn between(code: CurrencyCode, then: Balance, now: Balance) -> Self {
        let available = now.available.minor().saturating_sub(then.available.minor());
        let held = now.held.minor().saturating_sub(then.held.minor());
        Self { code, available, held, after: now }
    }
}

/// When an account changed last, as far as its wallets tell: what rows say that were written
/// before accounts had a time of their own.
#[must_use]
pub fn last_change<'a>(times: impl Iterator<Item = &'a WalletTimes>) -> Timestamp {
    times.map(|times| times.changed_at).max().unwrap_or(Timestamp::from_millis(0))
}

#[cfg(test)]
mod tests;
