//! The log of an account: a change for each version, so that statements can be folded from it
//! again and end with what the account has.

use std::collections::BTreeMap;

use domain::{
    account::{Account, Balance},
    activity::{Activity, News, Occasion, WalletChange},
    currency::CurrencyCode,
    id::UserId,
    statement::StatementLine,
};

use super::{Draft, Row};

/// What a change is for that stands in for what was lost.
const STANDS_IN: Occasion = Occasion::Matched;
/// More versions than this are not lost by a torn restore.
const MISSING_MAX: u64 = 10_000;

/// Writes an account as it shall be, one version at a time, if it `differs` from what is there or
/// its log tells of later versions; and logs every version that the log lacks.
pub(super) fn mend(draft: &mut Draft, there: Option<Account>, target: Account, differs: bool) {
    let user = target.user;
    let mut log = Log::of(draft, user, there.as_ref());
    let newest = log.newest().max(target.version);
    let mut version = newest.saturating_add(u64::from(differs));
    if let Err(missing) = log.complete(&target, version) {
        // No version that is missing explains the difference: a new one does.
        match missing {
            Missing::AtTheEnd => {
                version = newest.saturating_add(1);
                if log.complete(&target, version).is_err() {
                    draft.leave(format!("{user}: the log of the account does not add up"));
                    return;
                }
            }
            Missing::Before(place) => {
                draft.leave(format!("{user}: the log does not add up at version {place}"));
                return;
            }
        }
    }
    for activity in log.added {
        draft.put(Row::Activity(activity), None, "a version of an account that nobody logged");
    }
    let mut before = there;
    let from = before.as_ref().map_or(0, |account| account.version);
    for step in from.saturating_add(1)..=version {
        let wallets = (step == version).then(|| target.wallets.clone());
        let wallets = wallets.or_else(|| before.as_ref().map(|before| before.wallets.clone()));
        let next = Account {
            wallets: wallets.unwrap_or_else(|| target.wallets.clone()),
            version: step,
            changed_at: draft.now,
            news: News::of(STANDS_IN),
            ..target.clone()
        };
        let next = consistent(next);
        let why = "an account is not what its entries and orders come to";
        draft.put(Row::Account(next.clone()), before.map(Row::Account), why);
        before = Some(next);
    }
}

/// Times of exactly the wallets that there are.
fn consistent(mut account: Account) -> Account {
    account.times.retain(|code, _| account.wallets.contains_key(code));
    account
}

/// Where the log lacks a version that could explain a difference.
enum Missing {
    AtTheEnd,
    Before(u64),
}

struct Log {
    user: UserId,
    known: BTreeMap<u64, Activity>,
    added: Vec<Activity>,
    /// The last change of the account as its own row tells of it.
    last: Option<Account>,
    /// The version that its statements have come to.
    told: u64,
}

impl Log {
    fn of(draft: &Draft, user: UserId, account: Option<&Account>) -> Self {
        let rows = draft.world.activity.range((user, 0)..=(user, u64::MAX));
        let known: BTreeMap<_, _> =
            rows.map(|((_, version), row)| (*version, row.clone())).collect();
        let told = draft.world.heads.get(&user).map_or(0, |head| head.version);
        let mut log = Self { user, known, added: Vec::new(), last: account.cloned(), told };
        // What statements tell of was logged once.
        let lines = draft.world.lines.range((user, 0)..=(user, told));
        for ((_, version), lines) in lines {
            if !log.known.contains_key(version) {
                log.add(stated(user, *version, lines));
            }
        }
        log
    }

    fn is_carried(&self) -> bool {
        let first = self.known.values().next();
        first.is_some_and(|first| first.news.occasion == Occasion::CarriedForward)
    }

    fn newest(&self) -> u64 {
        self.known.keys().next_back().copied().unwrap_or(0).max(self.told)
    }

    fn add(&mut self, activity: Activity) {
        self.known.insert(activity.version, activity.clone());
        self.added.push(activity);
    }

    /// Logs each version up to this one that the log lacks, so that in the end wallets hold what
    /// the account does. Each difference goes to the last version that is missing before it shows.
    fn complete(&mut self, target: &Account, version: u64) -> Result<(), Missing> {
        let first = if self.is_carried() { self.known.keys().next().copied() } else { None };
        let first = first.unwrap_or(1);
        let missing: Vec<u64> = (first..=version)
            .filter(|version| !self.known.contains_key(version))
            .take(usize::try_from(MISSING_MAX).unwrap_or(usize::MAX))
            .collect();
        let mut fills = BTreeMap::<u64, BTreeMap<CurrencyCode, (Balance, Balance)>>::new();
        for (code, ends) in codes(&self.known, target) {
            let mut holds = Balance::default();
            let mut since = 0;
            let mentions = self.known.values().filter_map(|activity| {
                let change = activity.wallets.iter().find(|change| change.code == code)?;
                Some((activity.version, before(change), Some(change.after)))
            });
            let end = (version.saturating_add(1), Some(ends), None);
            for (at, starts, after) in mentions.chain([end]) {
                let Some(starts) = starts else { return Err(Missing::Before(at)) };
                let opens = after.is_none() && since == 0 && target.wallets.contains_key(&code);
                if starts != holds || opens {
                    let gap = missing.iter().rev().find(|gap| (since..at).contains(*gap));
                    match (gap, after) {
                        (Some(gap), _) => {
                            fills.entry(*gap).or_default().insert(code, (holds, starts));
                        }
                        // An empty wallet that nobody logged is told when it has something.
                        (None, None) if starts == holds => {}
                        (None, None) => return Err(Missing::AtTheEnd),
                        (None, Some(_)) => return Err(Missing::Before(at)),
                    }
                }
                holds = after.unwrap_or(starts);
                since = at;
            }
        }
        for version in missing {
            let changes = fills.remove(&version).unwrap_or_default();
            let wallets = changes.into_iter().map(|(code, (then, now))| change(code, then, now));
            let wallets = wallets.collect();
            let activity = Activity { wallets, ..self.filler(version, target) };
            self.add(activity);
        }
        Ok(())
    }

    /// A change of this version: what the account's own row says of it, if it is the row's.
    fn filler(&self, version: u64, target: &Account) -> Activity {
        match &self.last {
            Some(account) if account.version == version && account.wallets == target.wallets => {
                Activity {
                    at: account.changed_at,
                    entry: account.last_entry.filter(|_| account.news.occasion != Occasion::Opened),
                    news: account.news.clone(),
                    ..empty(self.user, version)
                }
            }
            _ => Activity { at: target.changed_at, ..empty(self.user, version) },
        }
    }
}

fn codes(known: &BTreeMap<u64, Activity>, target: &Account) -> BTreeMap<CurrencyCode, Balance> {
    let mentioned = known.values().flat_map(|activity| &activity.wallets);
    let mentioned = mentioned.map(|change| (change.code, Balance::default()));
    let held = target.wallets.iter().map(|(code, balance)| (*code, *balance));
    mentioned.chain(held).collect()
}

/// What a wallet held before a change.
fn before(change: &WalletChange) -> Option<Balance> {
    let part = |after: domain::amount::Amount, change: i64| {
        domain::amount::Amount::from_minor(after.minor().checked_sub(change)?).ok()
    };
    Some(Balance {
        available: part(change.after.available, change.available)?,
        held: part(change.after.held, change.held)?,
    })
}

fn change(code: CurrencyCode, then: Balance, now: Balance) -> WalletChange {
    let available = now.available.minor().saturating_sub(then.available.minor());
    let held = now.held.minor().saturating_sub(then.held.minor());
    WalletChange { code, available, held, after: now }
}

fn empty(user: UserId, version: u64) -> Activity {
    let at = domain::time::Timestamp::from_millis(0);
    Activity { user, version, at, entry: None, news: News::of(STANDS_IN), wallets: Vec::new() }
}

/// The change that lines of statements were folded from.
fn stated(user: UserId, version: u64, lines: &[StatementLine]) -> Activity {
    let mut activity = empty(user, version);
    for line in lines {
        activity.at = line.at;
        activity.entry = line.entry;
        activity.news = News::of(line.occasion);
        activity.wallets.push(WalletChange {
            code: line.wallet.currency,
            available: line.available,
            held: line.held,
            after: line.after,
        });
    }
    activity.wallets.sort_by_key(|change| change.code);
    activity
}
