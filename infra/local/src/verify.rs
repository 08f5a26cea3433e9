//! Verifies proofs of wallets' statements: from files, from standard input, or fetched from a
//! market. It trusts nothing but arithmetic and SHA-256; the format is in docs/STATEMENTS.md.

mod page;
#[cfg(test)]
mod tests;

use std::{
    fmt, fs,
    io::{self, Read},
    path::PathBuf,
};

use app::projecting::sha256;
use domain::{
    id::WalletId,
    statement::{BrokenChain, ChainCheck, ChainHash, Tip},
};
use serde_json::Value;

use crate::demo::{
    DemoError,
    client::{Asking, Client},
};

use page::{Page, Unreadable};

/// How many lines are asked for at once: the most that a market gives.
const LINES_PER_PAGE: u32 = 100;

/// Where the pages of a proof come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Files in the order of their pages, each of one page or several; `-` is standard input.
    Files(Vec<PathBuf>),
    /// A market, which is asked for all of them.
    Market {
        /// Its address, as in `http://localhost:8000`.
        url: String,
        /// An access token of the wallet's owner.
        token: String,
        /// Which wallet's statement.
        wallet: WalletId,
    },
}

/// Why a proof is none.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    NotRead {
        /// Which.
        path: String,
        /// Why not.
        source: io::Error,
    },
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
    /// The market did not give a page.
    #[error(transparent)]
    Market(#[from] DemoError),
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

/// Verifies a whole statement, from its first line to its last.
///
/// # Errors
/// [`VerifyError`] names the first line that is broken.
pub async fn run(source: &Source) -> Result<Verified, VerifyError> {
    let mut checking = Checking::default();
    match source {
        Source::Files(paths) => {
            for path in paths {
                let name = path.display().to_string();
                let text = read(path)
                    .map_err(|source| VerifyError::NotRead { path: name.clone(), source })?;
                checking.all_of(&name, &text)?;
            }
        }
        Source::Market { url, token, wallet } => {
            fetch(&mut checking, url, token, *wallet).await?;
        }
    }
    checking.end()
}

fn read(path: &PathBuf) -> io::Result<String> {
    if path.as_os_str() != "-" {
        return fs::read_to_string(path);
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

async fn fetch(
    checking: &mut Checking,
    url: &str,
    token: &str,
    wallet: WalletId,
) -> Result<(), VerifyError> {
    let client = Client::new(url);
    let mut after = String::new();
    loop {
        let path = format!("/api/v1/wallets/{wallet}/proof?limit={LINES_PER_PAGE}{after}");
        let asking = Asking { token: Some(token), ..Asking::get(&path) };
        let page = client.ask(&asking).await?.read::<Value>("a proof")?;
        match checking.value("the market's answer", page)? {
            Some(next) => after = format!("&after={next}"),
            None => return Ok(()),
        }
    }
}

/// How far pages were checked.
#[derive(Default)]
struct Checking {
    check: Option<ChainCheck>,
    wallet: String,
    scale: u8,
    /// The number of the statement's last line, as far as pages say.
    head: u64,
}

impl Checking {
    fn all_of(&mut self, name: &str, text: &str) -> Result<(), VerifyError> {
        for value in serde_json::Deserializer::from_str(text).into_iter() {
            let value =
                value.map_err(|error| VerifyError::NotUnderstood(name.to_owned(), error))?;
            self.value(name, value)?;
        }
        Ok(())
    }

    /// Checks a page; where the next one begins, if it says that there is one.
    fn value(&mut self, name: &str, value: Value) -> Result<Option<String>, VerifyError> {
        let format = value.get("format").and_then(Value::as_str).unwrap_or_default();
        if format != page::FORMAT {
            return Err(VerifyError::OtherFormat(format.to_owned()));
        }
        let page: Page = serde_json::from_value(value)
            .map_err(|error| VerifyError::NotUnderstood(name.to_owned(), error))?;
        let next = page.next.clone();
        self.page(page)?;
        Ok(next)
    }

    fn page(&mut self, page: Page) -> Result<(), VerifyError> {
        let wallet = page.wallet.parse::<WalletId>();
        let mut check = self
            .check
            .or(wallet.ok().map(ChainCheck::of))
            .ok_or_else(|| VerifyError::Unreadable { line: 0, source: Unreadable("wallet") })?;
        for body in &page.lines {
            let number = body.line;
            let line = body.line(&page.wallet);
            let line = line.map_err(|source| VerifyError::Unreadable { line: number, source })?;
            let followed = check.follow(&line, sha256);
            followed.map_err(|source| VerifyError::Broken { line: number, source })?;
            if line.line == page.head.line && line.hash.to_string() != page.head.hash {
                return Err(VerifyError::HeadDiffers(number));
            }
        }
        if page.head.hash.parse::<ChainHash>().is_err() {
            return Err(VerifyError::HeadDiffers(page.head.line));
        }
        (self.check, self.wallet, self.scale) = (Some(check), page.wallet, page.scale);
        self.head = self.head.max(page.head.line);
        Ok(())
    }

    fn end(self) -> Result<Verified, VerifyError> {
        let Self { check, wallet, scale, head } = self;
        let tip = check.ok_or(VerifyError::NoPage)?.tip();
        let line = tip.map_or(0, |tip| tip.line);
        match tip {
            Some(tip) if tip.line >= head => Ok(Verified { wallet, scale, tip }),
            _ => Err(VerifyError::CutShort { line, head }),
        }
    }
}
