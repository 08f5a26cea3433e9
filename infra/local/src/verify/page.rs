//! A page of a proof as it is written, and the lines that it means.

use std::str::FromStr;

use domain::{account::Balance, amount::Amount, statement::StatementLine, time::Timestamp};
use serde::Deserialize;

/// The one format that is known.
pub(super) const FORMAT: &str = "multiverse-market-statement/1";

/// A part of a page is not what it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("its {0} is malformed")]
pub struct Unreadable(pub &'static str);

#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) wallet: String,
    pub(super) scale: u8,
    pub(super) lines: Vec<Line>,
    pub(super) head: Head,
    pub(super) next: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Head {
    pub(super) line: u64,
    pub(super) hash: String,
}

#[derive(Debug, Deserialize)]
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

impl Line {
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
