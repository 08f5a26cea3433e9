//! A page of a proof as it is written, and the lines that it means.

use std::str::FromStr;

use domain::{
    account::Balance, amount::Amount, id::WalletId, statement::StatementLine, time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// The one format that is known.
pub const FORMAT: &str = "multiverse-market-statement/1";

/// A part of a page is not what it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its {0} is malformed")]
pub struct Unreadable(pub &'static str);

/// A stretch of a wallet's statement, as `GET /wallets/{wallet_id}/proof` gives it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Page {
    pub(super) format: String,
    pub(super) wallet: String,
    currency: String,
    pub(super) scale: u8,
    pub(super) lines: Vec<Line>,
    pub(super) head: Head,
    pub(super) next: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) line: u64,
    pub(super) hash: String,
    version: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) line: u64,
    version: u64,
    at: i64,
    entry: String,
    occasion: String,
    available_delta: String,
    held_delta: String,
    available: String,
    held: String,
    previous: String,
    hash: String,
}

impl Page {
    /// A page of a wallet's lines. `head` is the number, the hash and the version of the last line
    /// that there is; `scale` the decimals of the currency; `next` is for whoever reads on.
    #[must_use]
    pub fn of(
        wallet: WalletId,
        scale: u8,
        lines: &[StatementLine],
        head: (u64, String, u64),
        next: Option<String>,
    ) -> Self {
        let (line, hash, version) = head;
        Self {
            format: FORMAT.to_owned(),
            wallet: wallet.to_string(),
            currency: wallet.currency.to_string(),
            scale,
            lines: lines.iter().map(Line::of).collect(),
            head: Head { line, hash, version },
            next,
        }
    }

    /// Where the next page begins, if there is one.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }
}

impl Line {
    fn of(line: &StatementLine) -> Self {
        Self {
            line: line.line,
            version: line.version,
            at: line.at.millis(),
            entry: line.entry.map_or_else(|| "-".to_owned(), |entry| entry.to_string()),
            occasion: line.occasion.as_str().to_owned(),
            available_delta: line.available.to_string(),
            held_delta: line.held.to_string(),
            available: line.after.available.minor().to_string(),
            held: line.after.held.minor().to_string(),
            previous: line.previous.to_string(),
            hash: line.hash.to_string(),
        }
    }

    /// The line of this wallet that it means.
    pub(super) fn line(&self, wallet: &str) -> Result<StatementLine, Unreadable> {
        let entry = match &*self.entry {
            "-" => None,
            entry => Some(parsed(entry, "entry")?),
        };
        let amount = |text, name| {
            let amount = Amount::from_minor(whole(text, name)?);
            amount.map_err(|_| Unreadable(name))
        };
        let at = Timestamp::from_millis(self.at);
        if at.millis() != self.at {
            return Err(Unreadable("at"));
        }
        Ok(StatementLine {
            wallet: parsed(wallet, "wallet")?,
            line: self.line,
            version: self.version,
            at,
            entry,
            occasion: parsed(&self.occasion, "occasion")?,
            available: whole(&self.available_delta, "available_delta")?,
            held: whole(&self.held_delta, "held_delta")?,
            after: Balance {
                available: amount(&self.available, "available")?,
                held: amount(&self.held, "held")?,
            },
            previous: parsed(&self.previous, "previous")?,
            hash: parsed(&self.hash, "hash")?,
        })
    }
}

fn parsed<T: FromStr>(text: &str, name: &'static str) -> Result<T, Unreadable> {
    text.parse().map_err(|_| Unreadable(name))
}

/// A whole number in its one spelling.
fn whole(text: &str, name: &'static str) -> Result<i64, Unreadable> {
    let number: i64 = parsed(text, name)?;
    Some(number).filter(|number| number.to_string() == text).ok_or(Unreadable(name))
}
