//! Changes of accounts, as their owners are told of them.

use domain::{
    account::Balance,
    activity::{Activity, News, WalletChange},
    currency::CurrencyCode,
    id::{EntryId, UserId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{
    orders::{counted as count, words},
    spelling::{Spelled, counted, spelled, spelled_option},
};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Activity")]
pub(super) struct ActivityRow {
    #[serde(with = "spelled")]
    user: UserId,
    version: u64,
    #[serde(with = "counted")]
    at: Timestamp,
    #[serde(with = "spelled_option", default, skip_serializing_if = "Option::is_none")]
    entry: Option<EntryId>,
    #[serde(with = "spelled")]
    news: News,
    #[serde(with = "spelled")]
    wallets: Vec<WalletChange>,
}

impl Spelled for News {
    fn spell(&self) -> String {
        self.text()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// `400 5`: what is available and what is held, in minor units.
impl Spelled for Balance {
    fn spell(&self) -> String {
        format!("{} {}", self.available.minor(), self.held.minor())
    }

    fn read(text: &str) -> Option<Self> {
        let [available, held] = words(text)?;
        let balance = Self { available: count(available)?, held: count(held)? };
        Some(balance).filter(|balance| balance.spell() == text)
    }
}

/// `USD -5 5 395 5`: the changes of what is available and held, and both after it.
impl Spelled for WalletChange {
    fn spell(&self) -> String {
        format!("{} {} {} {}", self.code, self.available, self.held, self.after.spell())
    }

    fn read(text: &str) -> Option<Self> {
        let [code, available, held, free, reserved] = words(text)?;
        let change = Self {
            code: CurrencyCode::read(code)?,
            available: available.parse().ok()?,
            held: held.parse().ok()?,
            after: Balance { available: count(free)?, held: count(reserved)? },
        };
        Some(change).filter(|change| change.spell() == text)
    }
}

/// The changes between commas; an empty text if there are none.
impl Spelled for Vec<WalletChange> {
    fn spell(&self) -> String {
        self.iter().map(Spelled::spell).collect::<Vec<_>>().join(",")
    }

    fn read(text: &str) -> Option<Self> {
        let changes = text.split(',').filter(|_| !text.is_empty());
        changes.map(WalletChange::read).collect()
    }
}
