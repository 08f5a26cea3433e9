//! Proofs of wallets' statements: their pages as they are written, and whether they are right. It
//! trusts nothing but arithmetic and SHA-256; the format is in docs/STATEMENTS.md. Where pages come
//! from is not known here.

mod page;

use std::fmt;

use app::projecting::sha256;
use domain::{
    id::WalletId,
    statement::{BrokenChain, ChainCheck, ChainHash, Tip},
};
use serde_json::Value;

pub use page::{FORMAT, Page, Unreadable};

/// Why a proof is none.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// A page is not of the shape that is documented.
    #[error("{0} is no page of a proof")]
    NotUnderstood(String, #[source] serde_json::Error),
    /// A page is of another format.
    #[error("the format is {0:?}, not multiverse-market-statement/1")]
    OtherFormat(String),
    /// There is not a single page.
    #[error("there is no page to verify")]
    NoPage,
    /// Something in a line cannot be.
    #[error("line {line} is broken: {source}")]
    Unreadable {
        /// The number that the line gives itself.
        line: u64,
        /// What cannot be.
        source: Unreadable,
    },
    /// A line does not follow from the lines before it.
    #[error("line {line} is broken: {source}")]
    Broken {
        /// The number that the line gives itself.
        line: u64,
        /// Which rule it breaks.
        source: BrokenChain,
    },
    /// A page's head is not the line that it names.
    #[error("line {0} is broken: the head of the statement has another hash for it")]
    HeadDiffers(u64),
    /// The pages end before the statement does.
    #[error("the proof ends with line {line}, the statement with line {head}: pages are missing")]
    CutShort {
        /// The last line that is there.
        line: u64,
        /// The last line of the statement.
        head: u64,
    },
}

/// What was found to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Whose statement.
    pub wallet: String,
    /// The currency's decimals.
    pub scale: u8,
    /// Its last line.
    pub tip: Tip,
}

impl fmt::Display for Verified {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wallet, scale, tip: Tip { line, after, hash, .. } } = self;
        let amount = |minor: i64| decimal(minor, usize::from(*scale));
        let (available, held) = (amount(after.available.minor()), amount(after.held.minor()));
        writeln!(out, "{wallet}: {line} lines, each follows from the one before")?;
        writeln!(out, "available {available}, held {held} after the last one")?;
        write!(out, "hash {hash}")
    }
}

/// Minor units, not negative, as a decimal.
fn decimal(minor: i64, decimals: usize) -> String {
    let digits = format!("{minor:0>width$}", width = decimals.saturating_add(1));
    let (whole, rest) = digits.split_at(digits.len().saturating_sub(decimals));
    if rest.is_empty() { whole.to_owned() } else { format!("{whole}.{rest}") }
}

/// How far pages were checked.
#[derive(Default)]
pub struct Checking {
    check: Option<ChainCheck>,
    wallet: String,
    scale: u8,
    /// The number of the statement's last line, as far as pages say.
    head: u64,
}

impl Checking {
    /// Checks pages one after another in a text; `name` is where it is from.
    ///
    /// # Errors
    /// The first line that is broken.
    pub fn all_of(&mut self, name: &str, text: &str) -> Result<(), ProofError> {
        for value in serde_json::Deserializer::from_str(text).into_iter() {
            let value = value.map_err(|error| ProofError::NotUnderstood(name.to_owned(), error))?;
            self.value(name, value)?;
        }
        Ok(())
    }

    /// Checks a page; where the next one begins, if it says that there is one.
    ///
    /// # Errors
    /// The first line that is broken.
    pub fn value(&mut self, name: &str, value: Value) -> Result<Option<String>, ProofError> {
        let format = value.get("format").and_then(Value::as_str).unwrap_or_default();
        if format != page::FORMAT {
            return Err(ProofError::OtherFormat(format.to_owned()));
        }
        let page: Page = serde_json::from_value(value)
            .map_err(|error| ProofError::NotUnderstood(name.to_owned(), error))?;
        let next = page.next.clone();
        self.page(page)?;
        Ok(next)
    }

    fn page(&mut self, page: Page) -> Result<(), ProofError> {
        let wallet = page.wallet.parse::<WalletId>();
        let mut check = self
            .check
            .or(wallet.ok().map(ChainCheck::of))
            .ok_or(ProofError::Unreadable { line: 0, source: Unreadable("wallet") })?;
        for body in &page.lines {
            let number = body.line;
            let line = body.line(&page.wallet);
            let line = line.map_err(|source| ProofError::Unreadable { line: number, source })?;
            let followed = check.follow(&line, sha256);
            followed.map_err(|source| ProofError::Broken { line: number, source })?;
            if line.line == page.head.line && line.hash.to_string() != page.head.hash {
                return Err(ProofError::HeadDiffers(number));
            }
        }
        if page.head.hash.parse::<ChainHash>().is_err() {
            return Err(ProofError::HeadDiffers(page.head.line));
        }
        (self.check, self.wallet, self.scale) = (Some(check), page.wallet, page.scale);
        self.head = self.head.max(page.head.line);
        Ok(())
    }

    /// That all pages of the statement were there.
    ///
    /// # Errors
    /// [`ProofError::NoPage`], [`ProofError::CutShort`].
    pub fn end(self) -> Result<Verified, ProofError> {
        let Self { check, wallet, scale, head } = self;
        let tip = check.ok_or(ProofError::NoPage)?.tip();
        let line = tip.map_or(0, |tip| tip.line);
        match tip {
            Some(tip) if tip.line >= head => Ok(Verified { wallet, scale, tip }),
            _ => Err(ProofError::CutShort { line, head }),
        }
    }
}
