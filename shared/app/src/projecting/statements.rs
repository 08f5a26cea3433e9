//! From the changes of an account to its log, and from the log to the lines of its wallets'
//! statements. The log decides what the lines are; in what batches it came does not.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    account::Account,
    activity::{Activity, Occasion},
    id::UserId,
    ledger::Unsound,
    refusal::Declined,
    statement::StatementHead,
    totals::{Minute, user_totals},
};

use crate::{
    market::{Market, TRIES_MAX},
    perform::Failed,
    ports::{StatementAppend, StoreError, contiguous},
};

use super::sha256;

/// The most lines that are appended together. With a total of a minute for each, the totals of
/// 19 currencies, and the head, that is a transaction of 100 writes.
const LINES_MAX: usize = 40;
/// The most wallets that they are of.
const WALLETS_MAX: usize = 19;
/// The most changes that are read at once.
const CHANGES_PER_READ: u32 = 100;

/// A change of an account, and the account before it; a new one was nothing before.
#[derive(Debug, Clone)]
pub struct Changed<'a> {
    /// The account before it.
    pub before: Option<&'a Account>,
    /// The change.
    pub activity: Activity,
}

/// Logs changes of accounts, and folds their statements as far as their logs then go without a
/// gap. Of one account they come in order; one that comes twice is logged once. What became of
/// each account's statements.
///
/// # Errors
/// The store's own: some may have been logged, and nothing was folded. Of each account: as
/// [`fold_statements`].
pub async fn follow_accounts(
    market: &Market,
    changes: &[Changed<'_>],
) -> Result<Vec<(UserId, Result<(), Failed>)>, StoreError> {
    let (mut log, mut accounts) = (BTreeMap::new(), BTreeMap::new());
    for Changed { before, activity } in changes {
        log.insert((activity.user, activity.version), activity.clone());
        accounts.entry(activity.user).or_insert(*before);
    }
    let log: Vec<_> = log.into_values().collect();
    market.store.log_activity(&log).await?;
    let accounts = accounts.into_iter().map(|(user, earliest)| ToFold { user, earliest });
    Ok(fold_all(market, accounts.collect()).await)
}

/// An account whose statements are to be folded.
#[derive(Debug, Clone, Copy)]
struct ToFold<'a> {
    /// Whose.
    user: UserId,
    /// The account before the first change that its caller knows of: if nothing was ever logged
    /// of what led there, as where an account is older than its log, that stands for it.
    earliest: Option<&'a Account>,
}

/// Folds an account's statements as far as its log goes. A change that is not logged yet holds up
/// those after it until it is.
///
/// # Errors
/// [`Failed::Busy`] if others fold the same statements again and again; the store's own, also if
/// a change is more than one append has; [`Unsound`] if the log does not add up: then nothing is
/// appended of what was read together.
pub async fn fold_statements(market: &Market, user: UserId) -> Result<(), Failed> {
    let folded = fold_all(market, vec![ToFold { user, earliest: None }]).await;
    folded.into_iter().try_for_each(|(_, outcome)| outcome)
}

/// Folds the statements of accounts as [`fold_statements`] does, each once and together; what
/// became of each. No account is held up by another whose log is bad.
async fn fold_all(market: &Market, accounts: Vec<ToFold<'_>>) -> Vec<(UserId, Result<(), Failed>)> {
    let mut outcomes = Vec::new();
    let mut left: Vec<_> =
        accounts.into_iter().map(|account| Folding { account, tries: 0 }).collect();
    while !left.is_empty() {
        let (mut waiting, mut appends) = (Vec::new(), Vec::new());
        for folding in left {
            let user = folding.account.user;
            match folding.next(market).await {
                Ok(Some(append)) => {
                    waiting.push(folding);
                    appends.push(append);
                }
                Ok(None) => outcomes.push((user, Ok(()))),
                Err(failed) => outcomes.push((user, Err(failed))),
            }
        }
        left = Vec::new();
        if appends.is_empty() {
            break;
        }
        match market.store.append_lines(&appends).await {
            Ok(appended) => {
                for (mut folding, appended) in waiting.into_iter().zip(appended) {
                    folding.tries = if appended { 0 } else { folding.tries.saturating_add(1) };
                    if folding.tries < TRIES_MAX {
                        left.push(folding);
                    } else {
                        outcomes.push((folding.account.user, Err(Failed::Busy)));
                    }
                }
                if let Some(tries) = left.iter().map(|folding| folding.tries).max()
                    && tries > 0
                {
                    market.back_off(tries).await;
                }
            }
            Err(error) => {
                let failed =
                    |folding: Folding<'_>| (folding.account.user, Err(error.clone().into()));
                outcomes.extend(waiting.into_iter().map(failed));
            }
        }
    }
    outcomes
}

/// An account whose statements are being folded.
struct Folding<'a> {
    account: ToFold<'a>,
    /// How often another has appended to the same statements meanwhile.
    tries: u32,
}

impl Folding<'_> {
    /// What is to be appended next; `None`: nothing is left.
    async fn next(&self, market: &Market) -> Result<Option<StatementAppend>, Failed> {
        let ToFold { user, earliest } = self.account;
        let head = market.store.statement_head(user).await?;
        let head = head.unwrap_or_else(|| StatementHead::of_new(user));
        let changes = changes_after(market, &head, earliest).await?;
        let append = next_append(&head, &changes).map_err(Declined::Unsound)?;
        match append {
            // The store would refuse it, and with it those of others that it comes with.
            Some(append) if append.rows() > StatementAppend::ROWS_MAX => {
                let text = format!("a change of {user} is more than one append has");
                Err(StoreError::Corrupt(text).into())
            }
            append => Ok(append),
        }
    }
}

/// The logged changes that come next.
async fn changes_after(
    market: &Market,
    head: &StatementHead,
    earliest: Option<&Account>,
) -> Result<Vec<Activity>, StoreError> {
    let store = &market.store;
    let mut changes = store.activity(head.user, head.version, CHANGES_PER_READ).await?;
    if head.version > 0 {
        return Ok(contiguous(head.version, changes));
    }
    if let (Some(first), Some(earliest)) = (changes.first(), earliest)
        && !changes.iter().any(is_carried)
        && earliest.version.checked_add(1) == Some(first.version)
    {
        store.log_activity(&[Activity::carried_forward(earliest)]).await?;
        changes = store.activity(head.user, 0, CHANGES_PER_READ).await?;
    }
    // Whatever is logged before it, it stands for.
    let carried = changes.iter().rposition(is_carried);
    let changes = changes.split_off(carried.unwrap_or(0));
    let first = changes.first().filter(|first| is_carried(first));
    let after = first.map_or(0, |first| first.version.saturating_sub(1));
    Ok(contiguous(after, changes))
}

fn is_carried(change: &Activity) -> bool {
    change.news.occasion == Occasion::CarriedForward
}

/// As much as is appended at once; `None`: nothing is left.
fn next_append(
    head: &StatementHead,
    changes: &[Activity],
) -> Result<Option<StatementAppend>, Unsound> {
    let mut append = StatementAppend {
        after: head.version,
        head: head.clone(),
        lines: Vec::new(),
        totals: BTreeMap::new(),
    };
    let mut wallets = BTreeSet::new();
    for change in changes {
        let mut next = append.head.clone();
        let lines = next.follow(change, sha256)?;
        wallets.extend(lines.iter().map(|line| line.wallet.currency));
        let many = append.lines.len().saturating_add(lines.len()) > LINES_MAX;
        if (many || wallets.len() > WALLETS_MAX) && !append.lines.is_empty() {
            break;
        }
        append.head = next;
        append.lines.extend(lines);
        for (code, change_of_total) in user_totals(change) {
            let total = append.totals.entry((code, Minute::of(change.at))).or_default();
            *total = total.plus(change_of_total);
        }
    }
    Ok((append.head.version != head.version).then_some(append))
}
