//! Verifies proofs of wallets' statements: from files, from standard input, or fetched from a
//! market. What makes a proof right, `edge::proof` knows.

#[cfg(test)]
mod tests;

use std::{
    fs,
    io::{self, Read},
    path::PathBuf,
};

use domain::id::WalletId;
use edge::proof::Checking;
use serde_json::Value;

use crate::demo::{
    DemoError,
    client::{Asking, Client},
};

pub use edge::proof::{ProofError, Verified};

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
    /// The pages prove nothing.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The market did not give a page.
    #[error(transparent)]
    Market(#[from] DemoError),
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
    Ok(checking.end()?)
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
