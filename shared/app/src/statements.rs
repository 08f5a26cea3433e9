//! Reading wallets' statements: a page of a history, the balances at a time, a proof.

use std::collections::BTreeMap;

use domain::{
    account::Account,
    activity::Occasion,
    id::{EntryId, UserId, WalletId},
    ledger::{Entry, Outcome},
    refusal::Missing,
    statement::{StatementHead, StatementLine},
    time::Timestamp,
};

use crate::{
    market::Market,
    perform::Failed,
    ports::{EntryQuery, LinePlace, LineQuery, LineStretch, Page, Position, StoreError},
};

/// The most rows that a store reads at once.
const ROWS_MAX: u32 = 100;

/// A page of a wallet's history.
#[derive(Debug, Clone)]
pub struct History {
    /// Lines, newest first.
    pub lines: Vec<StatementLine>,
    /// Where to go on; `None`: this was the last page.
    pub next: Option<Position>,
    /// The journal's entries of those lines that name one in which money moved, as far as the
    /// entry says more than the line.
    pub entries: BTreeMap<EntryId, Entry>,
    /// The version of the account that its statements have come to.
    pub as_of_version: u64,
    /// The version of the account.
    pub version: u64,
}

/// A page of a wallet's lines that changed it, newest first. That it was opened changed nothing.
///
/// # Errors
/// The store's own.
pub async fn history(
    market: &Market,
    wallet: WalletId,
    after: Option<Position>,
    limit: u32,
) -> Result<History, StoreError> {
    let user = wallet.owner;
    // The head first: the lines are then at least as new as it says, and the account newer.
    let head = market.store.statement_head(user).await?;
    let from = after.map_or_else(LinePlace::end, place);
    let stretch = LineStretch::Before(from);
    // One more, to know whether any follows that is shown.
    let asked = limit.saturating_add(1).min(ROWS_MAX);
    let page = market.store.lines(&LineQuery { wallet, stretch, limit: asked }).await?;
    let mut lines = page.rows;
    lines.retain(|line| line.available != 0 || line.held != 0);
    let rows = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = page.more || lines.len() > rows;
    lines.truncate(rows);
    let next = lines.last().filter(|_| more).map(position);
    let entries = entries_of(market, user, &lines).await?;
    let version = market.store.account(user).await?.map_or(0, |account| account.version);
    let as_of_version = head.map_or(0, |head| head.version);
    Ok(History { lines, next, entries, as_of_version, version })
}

fn place(position: Position) -> LinePlace {
    let line = u64::try_from(position.tie).unwrap_or(u64::MAX);
    LinePlace { at: Timestamp::from_millis(position.key), line }
}

fn position(line: &StatementLine) -> Position {
    Position { key: line.at.millis(), tie: line.line.into() }
}

/// Whether the entry of a line says more than the line: who else took part, or, where a
/// matcher moved money, whether it is the entry of a fill.
fn says_more(line: &StatementLine) -> bool {
    match line.occasion {
        Occasion::Transfer | Occasion::Purchase | Occasion::Refund => true,
        Occasion::Matched => line.posted() != 0,
        _ => false,
    }
}

/// Most of them stand together in the user's list; what is not there yet is looked up.
async fn entries_of(
    market: &Market,
    user: UserId,
    lines: &[StatementLine],
) -> Result<BTreeMap<EntryId, Entry>, StoreError> {
    let wanted: Vec<_> = lines.iter().filter(|line| says_more(line)).collect();
    let mut entries = BTreeMap::new();
    let Some(newest) = wanted.first() else { return Ok(entries) };
    let after = Position { key: newest.at.millis().saturating_add(1), tie: 0 };
    let query = EntryQuery { user, after: Some(after), limit: ROWS_MAX };
    let listed = market.store.entries(&query).await?.rows;
    let mut listed: BTreeMap<_, _> = listed.into_iter().map(|entry| (entry.id, entry)).collect();
    for id in wanted.into_iter().filter_map(|line| line.entry) {
        let entry = match listed.remove(&id) {
            Some(entry) => Some(entry),
            None if entries.contains_key(&id) => None,
            None => market.store.entry(id).await?,
        };
        let moved = |entry: &Entry| matches!(entry.outcome, Outcome::Moved(_));
        entries.extend(entry.filter(moved).map(|entry| (id, entry)));
    }
    Ok(entries)
}

/// The account, and the last line of one of its wallets that is not after this time; `None`: a
/// change at that time or before may not be in the statement yet.
///
/// # Errors
/// [`Missing::Wallet`] if there was no such wallet then; the store's own.
pub async fn as_of(
    market: &Market,
    wallet: WalletId,
    at: Timestamp,
) -> Result<Option<(Account, StatementLine)>, Failed> {
    let account = market.store.account(wallet.owner).await?.ok_or(Missing::Wallet)?;
    if !account.wallets.contains_key(&wallet.currency) {
        return Err(Missing::Wallet.into());
    }
    let head = market.store.statement_head(wallet.owner).await?;
    if !tells_of(head.as_ref(), &account, wallet, at) {
        return Ok(None);
    }
    let stretch = LineStretch::Before(LinePlace::after_all_of(at));
    let page = market.store.lines(&LineQuery { wallet, stretch, limit: 1 }).await?;
    let line = page.rows.first().copied().ok_or(Missing::Wallet)?;
    Ok(Some((account, line)))
}

/// Whether no line will be added to a wallet that is not after this time, as far as the account
/// has come. Lines are never before the last one, whatever their changes' times.
fn tells_of(
    head: Option<&StatementHead>,
    account: &Account,
    wallet: WalletId,
    at: Timestamp,
) -> bool {
    head.is_some_and(|head| {
        let tip = head.wallets.get(&wallet.currency);
        head.version >= account.version || tip.is_some_and(|tip| at < tip.at)
    })
}

/// Lines of a wallet as they follow one another, and how far its statement has come.
#[derive(Debug, Clone)]
pub struct Proof {
    /// From the first one after the place that was asked for.
    pub lines: Page<StatementLine>,
    /// The head of all statements of the account; its lines are at least as new.
    pub head: StatementHead,
}

/// A stretch of a wallet's whole statement, to be verified.
///
/// # Errors
/// [`Missing::Wallet`] if it has no line; the store's own.
pub async fn proof(
    market: &Market,
    wallet: WalletId,
    after: LinePlace,
    limit: u32,
) -> Result<Proof, Failed> {
    let head = market.store.statement_head(wallet.owner).await?.ok_or(Missing::Wallet)?;
    if !head.wallets.contains_key(&wallet.currency) {
        return Err(Missing::Wallet.into());
    }
    let stretch = LineStretch::After(after);
    let lines = market.store.lines(&LineQuery { wallet, stretch, limit }).await?;
    Ok(Proof { lines, head })
}
