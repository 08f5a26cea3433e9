//! `statements`: writes proofs of wallets' statements as files, and verifies them offline. A
//! file has a page a line, each as `GET /wallets/{wallet_id}/proof` gives it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use app::{
    market::Market,
    perform::{Failed, Freshness},
    ports::LinePlace,
    statements::proof,
};
use domain::{
    id::{UserId, WalletId},
    universe::Universes,
};
use dynamo::scan;
use edge::proof::{Checking, Page};
use serde_json::json;

use crate::{
    failure::Failure,
    market::market,
    report::{Report, table},
    session::Session,
};

/// The most lines that a store reads at once.
const LINES_PER_PAGE: u32 = 100;

/// Writes the proof of each wallet of a user, or of all users, into `{dir}/{wallet}.jsonl`.
///
/// # Errors
/// The store's own; a file that cannot be written.
pub async fn export(
    session: &Session,
    user: Option<UserId>,
    dir: &Path,
) -> Result<Report, Failure> {
    let market = market(session);
    let universes = market.rates.current(Freshness::Fresh).await.map_err(Failed::from)?;
    let users = match user {
        Some(user) => vec![user],
        None => scan::users(&session.dynamodb, &session.tables).await?,
    };
    let failed = |error| Failure::File(dir.display().to_string(), error);
    fs::create_dir_all(dir).map_err(failed)?;
    let (mut written, mut lines) = (Vec::new(), 0_u64);
    for user in users {
        let Some(head) = market.store.statement_head(user).await? else { continue };
        for code in head.wallets.keys() {
            let wallet = WalletId { owner: user, currency: *code };
            let (text, count) = pages(&market, &universes, wallet).await?;
            let path = dir.join(format!("{wallet}.jsonl"));
            let name = path.display().to_string();
            fs::write(&path, text).map_err(|error| Failure::File(name.clone(), error))?;
            written.push(name);
            lines = lines.saturating_add(count);
        }
    }
    if written.is_empty() {
        return Err(Failure::refused("there is no statement to export"));
    }
    let count = written.len();
    let json = json!({"wallets": count, "lines": lines, "files": written});
    Ok(Report::fine(format!("{count} wallets, {lines} lines, in {}", dir.display()), json))
}

/// All pages of a wallet's proof, and how many lines they have.
async fn pages(
    market: &Market,
    universes: &Universes,
    wallet: WalletId,
) -> Result<(String, u64), Failure> {
    let scale = universes.currency(wallet.currency).map_err(Failed::from)?.scale;
    let (mut text, mut lines, mut after) = (String::new(), 0_u64, LinePlace::start());
    loop {
        let proof = proof(market, wallet, after, LINES_PER_PAGE).await?;
        let last = proof.lines.rows.last().filter(|_| proof.lines.more).map(LinePlace::of);
        let next = last.map(|place| format!("{}.{}", place.at.millis(), place.line));
        let tip = proof.head.wallets.get(&wallet.currency);
        let tip = tip.ok_or_else(|| Failure::refused(format!("{wallet} has no statement")))?;
        let head = (tip.line, tip.hash.to_string(), proof.head.version);
        let page = Page::of(wallet, scale.decimals(), &proof.lines.rows, head, next);
        let page = serde_json::to_string(&page);
        text.push_str(&page.map_err(|error| Failure::refused(error.to_string()))?);
        text.push('\n');
        lines = lines.saturating_add(u64::try_from(proof.lines.rows.len()).unwrap_or(0));
        match last {
            Some(place) => after = place,
            None => return Ok((text, lines)),
        }
    }
}

/// Verifies files, each of one wallet's proof, without asking anybody.
///
/// # Errors
/// A file that cannot be read. A proof that is none is reported.
pub fn verify(files: &[PathBuf]) -> Result<Report, Failure> {
    let (mut rows, mut list, mut fine) = (Vec::new(), Vec::new(), true);
    for path in files {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| Failure::File(name.clone(), error))?;
        let mut checking = Checking::default();
        let checked = checking.all_of(&name, &text).and_then(|()| checking.end());
        match checked {
            Ok(verified) => {
                list.push(json!({"file": name, "wallet": verified.wallet,
                    "lines": verified.tip.line, "hash": verified.tip.hash.to_string()}));
                let lines = verified.tip.line.to_string();
                rows.push([verified.wallet, lines, "right".to_owned()]);
            }
            Err(error) => {
                fine = false;
                list.push(json!({"file": name, "broken": error.to_string()}));
                rows.push([name, "-".to_owned(), error.to_string()]);
            }
        }
    }
    Ok(Report {
        text: table(["wallet", "lines", "is"], &rows),
        json: json!({"proofs": list}),
        fine,
    })
}
