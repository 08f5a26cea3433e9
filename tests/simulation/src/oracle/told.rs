//! I11: what is told of what happened is what happened: each account's log and statements, what
//! the house holds, and candles.

use std::collections::BTreeMap;

use app::{
    ports::{CandleQuery, LinePlace, LineQuery, LineStretch, Store, StoreError},
    projecting::sha256,
};
use domain::{
    activity::Activity,
    candle::Interval,
    commit::{Commit, Write},
    currency::CurrencyCode,
    id::{UserId, WalletId},
    ledger::Holder,
    pair::PairId,
    statement::{ChainCheck, StatementLine},
    time::Timestamp,
    totals::{Minute, Totals},
};

use super::model::{AccountLog, Changed, World};

/// The most rows of a page, and the most candles.
const PAGE: u32 = 100;
const CANDLES: u32 = 1_000;

/// Everything told that did not happen, or did and is not told.
///
/// # Errors
/// The store's own.
pub async fn check(
    store: &dyn Store,
    world: &World,
    commits: &[std::sync::Arc<Commit>],
) -> Result<Vec<String>, StoreError> {
    let mut violations = Vec::new();
    for (user, account) in &world.accounts {
        let log = logged(store, *user).await?;
        violations.extend(log_differs(*user, account, &log));
        for code in account.wallets.keys() {
            let wallet = WalletId { owner: *user, currency: *code };
            let lines = lines_of(store, wallet).await?;
            violations.extend(statement_differs(wallet, account, &lines));
        }
    }
    violations.extend(totals_differ(store, world).await?);
    violations.extend(candles_differ(store, world, commits).await?);
    Ok(violations)
}

async fn logged(store: &dyn Store, user: UserId) -> Result<Vec<Activity>, StoreError> {
    let mut log: Vec<Activity> = Vec::new();
    loop {
        let after = log.last().map_or(0, |last| last.version);
        let page = store.activity(user, after, PAGE).await?;
        if page.is_empty() {
            return Ok(log);
        }
        log.extend(page);
    }
}

async fn lines_of(store: &dyn Store, wallet: WalletId) -> Result<Vec<StatementLine>, StoreError> {
    let mut lines: Vec<StatementLine> = Vec::new();
    loop {
        let after = lines.last().map_or(LinePlace::start(), LinePlace::of);
        let query = LineQuery { wallet, stretch: LineStretch::After(after), limit: PAGE };
        let page = store.lines(&query).await?;
        lines.extend(page.rows);
        if !page.more {
            return Ok(lines);
        }
    }
}

/// The log has every change of the account, and says of each what it was.
pub fn log_differs(user: UserId, account: &AccountLog, log: &[Activity]) -> Option<String> {
    if log.len() != account.changes.len() {
        let (told, happened) = (log.len(), account.changes.len());
        return Some(format!("I11: {told} of {happened} changes of {user} are logged"));
    }
    let tells = |(place, (told, changed)): &(usize, (&Activity, &Changed))| {
        let wallets = told.wallets.iter().map(|wallet| {
            let after = [wallet.after.available.minor(), wallet.after.held.minor()];
            let told = [wallet.available, wallet.held, after[0], after[1]];
            (wallet.code, told.map(i128::from))
        });
        usize::try_from(told.version) == Ok(place + 1)
            && (told.at, told.entry) == (changed.at, changed.entry)
            && wallets.eq(changed.wallets.iter().copied())
    };
    let wrong = log.iter().zip(&account.changes).enumerate().find(|row| !tells(row));
    wrong.map(|(_, (told, changed))| format!("I11: {told:?} is logged of {changed:?}"))
}

/// A wallet's statement has one line for each change, chained, and each says what it was.
pub fn statement_differs(
    wallet: WalletId,
    account: &AccountLog,
    lines: &[StatementLine],
) -> Option<String> {
    let mut check = ChainCheck::of(wallet);
    for line in lines {
        if let Err(broken) = check.follow(line, sha256) {
            return Some(format!("I11: line {} of {wallet}: {broken}", line.line));
        }
    }
    let code = wallet.currency;
    let changes = account.changes.iter().enumerate().filter_map(|(place, changed)| {
        let (_, now) = changed.wallets.iter().find(|(of, _)| *of == code)?;
        Some((u64::try_from(place + 1).ok()?, changed.entry, *now))
    });
    let told = lines.iter().map(|line| {
        let after = [line.after.available.minor(), line.after.held.minor()];
        let now = [line.available, line.held, after[0], after[1]].map(i128::from);
        (line.version, line.entry, now)
    });
    let same = told.eq(changes);
    (!same).then(|| format!("I11: the statement of {wallet} is not what happened to it"))
}

/// What everybody holds of a currency, as the entries and accounts say.
fn totals_of(world: &World, code: CurrencyCode) -> Totals {
    let wallets = world.accounts.values().filter_map(|account| account.wallets.get(&code)?.last());
    let (available, held) =
        wallets.fold((0, 0), |(available, held), it| (available + it.available, held + it.held));
    let house = |holder| world.house.get(&(code, holder)).copied().unwrap_or(0);
    Totals {
        users_available: available,
        users_held: held,
        world: house(Holder::World),
        pool: house(Holder::Pool),
        fees: house(Holder::Fees),
        dust: house(Holder::Dust),
        venues: house(Holder::Venues),
    }
}

async fn totals_differ(store: &dyn Store, world: &World) -> Result<Vec<String>, StoreError> {
    let held = world.accounts.values().flat_map(|account| account.wallets.keys());
    let codes: std::collections::BTreeSet<_> = held.copied().collect();
    let minute = Minute::of(Timestamp::from_millis(0));
    let mut violations = Vec::new();
    for code in codes {
        let told = store.totals(code, minute, minute).await?.all;
        let right = totals_of(world, code);
        if told != right {
            violations.push(format!("I11: totals of {code} are {told:?}, not {right:?}"));
        }
        if right.sum() != 0 {
            violations.push(format!("I1: {code} does not sum to zero: {right:?}"));
        }
    }
    Ok(violations)
}

/// A candle: open, high, low, close, lots, worth, first and last trade.
type Bar = (i64, i64, i64, i64, i128, i128, u64, u64);

/// By market and interval, and by when they begin.
type Bars = BTreeMap<(PairId, Interval), BTreeMap<i64, Bar>>;

async fn candles_differ(
    store: &dyn Store,
    world: &World,
    commits: &[std::sync::Arc<Commit>],
) -> Result<Vec<String>, StoreError> {
    let mut violations = Vec::new();
    let bars = bars(world, commits);
    for pair in world.pairs.keys() {
        for interval in Interval::ALL {
            let query = CandleQuery {
                pair: *pair,
                interval,
                from: Timestamp::from_millis(0),
                before: Timestamp::MAX,
                limit: CANDLES,
            };
            let told = store.candles(&query).await?;
            let told: BTreeMap<_, Bar> = told
                .iter()
                .map(|it| {
                    let [open, high, low, close] =
                        [it.open, it.high, it.low, it.close].map(domain::pair::Ticks::count);
                    let bar = (open, high, low, close, it.lots, it.notional, it.first, it.last);
                    (it.start.millis(), bar)
                })
                .collect();
            let right = bars.get(&(*pair, interval)).cloned().unwrap_or_default();
            if told != right {
                let name = interval.as_str();
                violations.push(format!("I11: candles of {pair} {name}: {told:?}, not {right:?}"));
            }
        }
    }
    Ok(violations)
}

fn bars(world: &World, commits: &[std::sync::Arc<Commit>]) -> Bars {
    let mut bars = Bars::new();
    for write in commits.iter().flat_map(|commit| commit.writes()) {
        let Write::PutMarketEvent(event) = write else { continue };
        let Some(pair) = world.pairs.get(&event.pair) else { continue };
        for trade in event.trades() {
            let (price, lots) = (trade.price.count(), i128::from(trade.lots.count()));
            let worth = i128::from(price) * lots * i128::from(pair.steps.unit_value);
            for interval in Interval::ALL {
                let span = interval.span().as_millis();
                let start = event.at.millis() - event.at.millis() % span;
                let of = bars.entry((event.pair, interval)).or_default();
                let number = trade.number;
                let bar = of.entry(start);
                bar.and_modify(|(_, high, low, close, all, sum, _, last)| {
                    (*high, *low, *close) = (price.max(*high), price.min(*low), price);
                    (*all, *sum, *last) = (*all + lots, *sum + worth, number);
                })
                .or_insert((price, price, price, price, lots, worth, number, number));
            }
        }
    }
    bars
}
