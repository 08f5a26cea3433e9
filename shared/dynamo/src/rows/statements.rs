//! Lines of statements, and how far an account's statements have come.

use std::collections::BTreeMap;

use domain::{
    account::Balance,
    activity::Occasion,
    currency::CurrencyCode,
    id::{EntryId, UserId, WalletId},
    statement::{ChainHash, StatementHead, StatementLine, Tip},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{
    orders::{counted as count, words},
    spelling::{Spelled, counted, spelled, spelled_by_as_str, spelled_by_display, spelled_option},
};

spelled_by_display!(ChainHash, WalletId);
spelled_by_as_str!(Occasion);

#[derive(Serialize, Deserialize)]
#[serde(remote = "StatementLine")]
pub(super) struct StatementLineRow {
    #[serde(with = "spelled")]
    wallet: WalletId,
    line: u64,
    version: u64,
    #[serde(with = "counted")]
    at: Timestamp,
    #[serde(with = "spelled_option", default, skip_serializing_if = "Option::is_none")]
    entry: Option<EntryId>,
    #[serde(with = "spelled")]
    occasion: Occasion,
    available: i64,
    held: i64,
    #[serde(with = "spelled")]
    after: Balance,
    #[serde(with = "spelled")]
    previous: ChainHash,
    #[serde(with = "spelled")]
    hash: ChainHash,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "StatementHead")]
pub(super) struct StatementHeadRow {
    #[serde(with = "spelled")]
    user: UserId,
    version: u64,
    #[serde(with = "spelled")]
    wallets: BTreeMap<CurrencyCode, Tip>,
}

/// `USD 7 1700000000000 395 5 9f86…`, and a comma between wallets: the number of the last line,
/// its time in milliseconds, what is available and held after it, and its hash. Some 150 bytes a
/// wallet.
impl Spelled for BTreeMap<CurrencyCode, Tip> {
    fn spell(&self) -> String {
        let tip = |(code, tip): (_, &Tip)| {
            let Tip { line, at, after, hash } = tip;
            format!("{code} {line} {} {} {hash}", at.millis(), after.spell())
        };
        self.iter().map(tip).collect::<Vec<_>>().join(",")
    }

    fn read(text: &str) -> Option<Self> {
        let tip = |text| {
            let [code, line, at, available, held, hash] = words(text)?;
            let after = Balance { available: count(available)?, held: count(held)? };
            let (line, at, hash) = (line.parse().ok()?, count(at)?, ChainHash::read(hash)?);
            Some((CurrencyCode::read(code)?, Tip { line, at, after, hash }))
        };
        let tips = text.split(',').filter(|_| !text.is_empty());
        let tips: Self = tips.map(tip).collect::<Option<_>>()?;
        Some(tips).filter(|tips| tips.spell() == text)
    }
}
