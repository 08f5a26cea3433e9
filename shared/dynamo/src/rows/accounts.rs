//! Accounts: maps by currency, so that a condition can name one balance.

use std::collections::BTreeMap;

use domain::{
    account::{Account, Balance, WalletTimes},
    activity::{News, last_change},
    amount::Amount,
    currency::CurrencyCode,
    id::{EntryId, UserId},
    time::Timestamp,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::spelling::{Counted, Spelled, spelled, spelled_option};

/// `available.USD` and `held.USD` in minor units; `opened.USD` and `changed.USD` in
/// milliseconds.
#[derive(Serialize, Deserialize)]
pub(super) struct AccountRow {
    #[serde(with = "spelled")]
    user: UserId,
    available: BTreeMap<String, i64>,
    held: BTreeMap<String, i64>,
    opened: BTreeMap<String, i64>,
    changed: BTreeMap<String, i64>,
    version: u64,
    #[serde(with = "spelled_option", default, skip_serializing_if = "Option::is_none")]
    last_entry: Option<EntryId>,
    /// In milliseconds, as `news` not in rows of the first markets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changed_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    news: Option<String>,
}

impl AccountRow {
    pub(super) fn serialize<S: Serializer>(
        account: &Account,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let part = |of: fn(&Balance) -> Amount| {
            account.wallets.iter().map(move |(code, balance)| (code.spell(), of(balance).count()))
        };
        let time = |of: fn(&WalletTimes) -> Timestamp| {
            account.times.iter().map(move |(code, times)| (code.spell(), of(times).count()))
        };
        let row = Self {
            user: account.user,
            available: part(|balance| balance.available).collect(),
            held: part(|balance| balance.held).collect(),
            opened: time(|times| times.opened_at).collect(),
            changed: time(|times| times.changed_at).collect(),
            version: account.version,
            last_entry: account.last_entry,
            changed_at: Some(account.changed_at.count()),
            news: Some(account.news.text()),
        };
        Serialize::serialize(&row, serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Account, D::Error> {
        let row = <Self as Deserialize>::deserialize(deserializer)?;
        let wallets = row.wallets().ok_or_else(|| D::Error::custom("no balances"))?;
        let times = row.times().ok_or_else(|| D::Error::custom("no times"))?;
        let changed_at = match row.changed_at {
            Some(millis) => Timestamp::of(millis).ok_or_else(|| D::Error::custom("no time"))?,
            None => last_change(times.values()),
        };
        let news = row.news.as_deref().map_or(Ok(News::default()), str::parse);
        let news = news.map_err(D::Error::custom)?;
        let Self { user, version, last_entry, .. } = row;
        Ok(Account { user, wallets, times, version, changed_at, last_entry, news })
    }

    /// A wallet has both of its parts, or the row is corrupt.
    fn wallets(&self) -> Option<BTreeMap<CurrencyCode, Balance>> {
        if self.available.len() != self.held.len() {
            return None;
        }
        let wallet = |(code, available): (&String, &i64)| {
            let held = Amount::of(*self.held.get(code)?)?;
            let available = Amount::of(*available)?;
            Some((CurrencyCode::read(code)?, Balance { available, held }))
        };
        self.available.iter().map(wallet).collect()
    }

    /// A wallet has both of its times, too.
    fn times(&self) -> Option<BTreeMap<CurrencyCode, WalletTimes>> {
        if self.opened.len() != self.available.len() || self.changed.len() != self.opened.len() {
            return None;
        }
        let times = |code: &String| {
            let opened_at = Timestamp::of(*self.opened.get(code)?)?;
            let changed_at = Timestamp::of(*self.changed.get(code)?)?;
            Some((CurrencyCode::read(code)?, WalletTimes { opened_at, changed_at }))
        };
        self.available.keys().map(times).collect()
    }
}
