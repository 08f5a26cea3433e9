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

/// Follows one change of an account: logs it, and folds the account's statements as far as its
/// log goes without a gap. What the change was; `None` if nothing changed.
///
/// # Errors
/// As those of [`log_change`] and [`fold_statements`].
pub async fn follow_account(
    market: &Market,
    before: Option<&Account>,
    after: &Account,
) -> Result<Option<Activity>, Failed> {
    let activity = log_change(market, before, after).await?;
    fold_statements(market, after.user, before).await?;
    Ok(activity)
}

/// Logs what changed in an account; `None` if nothing did.
///
/// # Errors
/// The store's own; [`Unsound`] if the two are not one version apart.
pub async fn log_change(
    market: &Market,
    before: Option<&Account>,
    after: &Account,
) -> Result<Option<Activity>, Failed> {
    let change = Activity::between(before, after).map_err(Declined::Unsound)?;
    if let Some(activity) = &change {
        market.store.log_activity(std::slice::from_ref(activity)).await?;
    }
    Ok(change)
}

/// An account whose statements are to be folded.
#[derive(Debug, Clone, Copy)]
pub struct ToFold<'a> {
    /// Whose.
    pub user: UserId,
    /// The account before the first change that its caller knows of: if nothing was ever logged
    /// of what led there, as where an account is older than its log, that stands for it.
    pub earliest: Option<&'a Account>,
}

/// Folds an account's statements as far as its log goes: [`fold_all`] of one.
///
/// # Errors
/// As those of [`fold_all`].
pub async fn fold_statements(
    market: &Market,
    user: UserId,
    earliest: Option<&Account>,
) -> Result<(), Failed> {
    let folded = fold_all(market, vec![ToFold { user, earliest }]).await;
    folded.into_iter().try_for_each(|(_, outcome)| outcome)
}

/// Folds the statements of accounts, each once, as far as their logs go. A change that is not
/// logged yet holds up those after it until it is. What became of each account.
///
/// # Errors
/// [`Failed::Busy`] if others fold the same statements again and again; the store's own;
/// [`Unsound`] if the log does not add up: then nothing is appended of what was read together.
pub async fn fold_all(
    market: &Market,
    accounts: Vec<ToFold<'_>>,
) -> Vec<(UserId, Result<(), Failed>)> {
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
        Ok(next_append(&head, &changes).map_err(Declined::Unsound)?)
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
