//! What is told of what happened, as the store in memory keeps it: changes of accounts,
//! statements, totals, candles.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use app::ports::{
    ActivityLog, CandleQuery, Candles, HEAD_PARTS, HouseFold, LinePlace, LineQuery, LineStretch,
    Page, StatementAppend, Statements, StoreError, TotalsBook, TotalsReading,
};
use async_trait::async_trait;
use domain::{
    activity::Activity,
    candle::{Candle, Interval},
    currency::CurrencyCode,
    id::{EntryId, UserId, WalletId},
    pair::PairId,
    statement::{StatementHead, StatementLine},
    time::Timestamp,
    totals::{Minute, Totals},
};

use super::MemoryStore;

/// The most minutes of one reading.
const MINUTES_MAX: usize = 20;

#[derive(Debug, Default)]
pub(super) struct Projections {
    activity: BTreeMap<(UserId, u64), Activity>,
    heads: BTreeMap<UserId, StatementHead>,
    lines: BTreeMap<(WalletId, LinePlace), StatementLine>,
    totals: BTreeMap<(CurrencyCode, Option<Minute>), Totals>,
    folded: BTreeSet<EntryId>,
    candles: BTreeMap<(PairId, Interval, Timestamp), Candle>,
    candles_heads: BTreeMap<PairId, u64>,
}

impl MemoryStore {
    /// Deletes statements, totals and candles, which can be folded again; the log of the
    /// accounts' changes stays.
    pub fn forget_projections(&self) {
        let projections = &mut self.locked().projections;
        let activity = std::mem::take(&mut projections.activity);
        *projections = Projections { activity, ..Projections::default() };
    }
}

impl Projections {
    fn append(&mut self, append: &StatementAppend) -> bool {
        let user = append.head.user;
        let version = self.heads.get(&user).map_or(0, |head| head.version);
        if version != append.after {
            return false;
        }
        self.heads.insert(user, append.head.clone());
        for line in &append.lines {
            self.lines.insert((line.wallet, LinePlace::of(line)), *line);
        }
        for ((code, minute), change) in &append.totals {
            self.add(*code, *minute, *change);
        }
        true
    }

    fn fold(&mut self, fold: &HouseFold) {
        if self.folded.insert(fold.entry) {
            for (code, change) in &fold.totals {
                self.add(*code, fold.minute, *change);
            }
        }
    }

    fn add(&mut self, code: CurrencyCode, minute: Minute, change: Totals) {
        for part in [None, Some(minute)] {
            let sum = self.totals.entry((code, part)).or_default();
            *sum = sum.plus(change);
        }
    }

    fn put(&mut self, candle: &Candle) {
        let key = (candle.pair, candle.interval, candle.start);
        if self.candles.get(&key).is_none_or(|before| before.last < candle.last) {
            self.candles.insert(key, *candle);
        }
    }
}

/// The first of these rows, and whether there are more.
fn first<'a, K>(
    rows: impl Iterator<Item = (K, &'a StatementLine)>,
    limit: u32,
) -> Page<StatementLine> {
    let mut rows = rows.map(|(_, line)| *line);
    let some = rows.by_ref().take(count(limit)).collect();
    Page { rows: some, more: rows.next().is_some() }
}

fn count(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[async_trait]
impl ActivityLog for MemoryStore {
    async fn log_activity(&self, activities: &[Activity]) -> Result<(), StoreError> {
        let mut state = self.state().await;
        for activity in activities {
            let row = state.projections.activity.entry((activity.user, activity.version));
            row.or_insert_with(|| activity.clone());
        }
        Ok(())
    }

    async fn activity(
        &self,
        user: UserId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError> {
        let state = self.state().await;
        let Some(next) = after.checked_add(1) else { return Ok(Vec::new()) };
        let rows = state.projections.activity.range((user, next)..=(user, u64::MAX));
        Ok(rows.take(count(limit)).map(|(_, activity)| activity.clone()).collect())
    }
}

#[async_trait]
impl Statements for MemoryStore {
    async fn statement_head(&self, user: UserId) -> Result<Option<StatementHead>, StoreError> {
        Ok(self.state().await.projections.heads.get(&user).cloned())
    }

    async fn append_lines(&self, appends: &[StatementAppend]) -> Result<Vec<bool>, StoreError> {
        if appends.iter().any(|append| append.rows() > StatementAppend::ROWS_MAX) {
            return Err(StoreError::Corrupt("more rows than one append has".to_owned()));
        }
        let projections = &mut self.state().await.projections;
        Ok(appends.iter().map(|append| projections.append(append)).collect())
    }

    async fn lines(&self, query: &LineQuery) -> Result<Page<StatementLine>, StoreError> {
        let state = self.state().await;
        let (lines, wallet) = (&state.projections.lines, query.wallet);
        let (start, end) = (LinePlace::start(), LinePlace::end());
        Ok(match query.stretch {
            LineStretch::Before(place) => {
                first(lines.range((wallet, start)..(wallet, place)).rev(), query.limit)
            }
            LineStretch::After(place) if place < end => {
                let range = (Bound::Excluded((wallet, place)), Bound::Included((wallet, end)));
                first(lines.range(range), query.limit)
            }
            LineStretch::After(_) => Page { rows: Vec::new(), more: false },
        })
    }

    async fn statement_heads(&self, part: u8) -> Result<Vec<StatementHead>, StoreError> {
        let state = self.state().await;
        let heads = state.projections.heads.values();
        let here =
            |head: &&StatementHead| head.user.bits() % u128::from(HEAD_PARTS) == u128::from(part);
        Ok(heads.filter(here).cloned().collect())
    }
}

#[async_trait]
impl TotalsBook for MemoryStore {
    async fn fold_house(&self, folds: &[HouseFold]) -> Result<(), StoreError> {
        let mut state = self.state().await;
        folds.iter().for_each(|fold| state.projections.fold(fold));
        Ok(())
    }

    async fn totals(
        &self,
        code: CurrencyCode,
        since: Minute,
        until: Minute,
    ) -> Result<TotalsReading, StoreError> {
        let state = self.state().await;
        let of = |part| state.projections.totals.get(&(code, part)).copied().unwrap_or_default();
        let minutes = std::iter::successors(Some(since), |minute| Some(minute.next()));
        let minutes: Vec<_> =
            minutes.take_while(|minute| *minute <= until).take(MINUTES_MAX + 1).collect();
        if minutes.len() > MINUTES_MAX {
            return Err(StoreError::Corrupt("totals of more than 20 minutes".to_owned()));
        }
        let since = minutes.into_iter().map(|minute| of(Some(minute)));
        Ok(TotalsReading { all: of(None), since: since.fold(Totals::default(), Totals::plus) })
    }
}

#[async_trait]
impl Candles for MemoryStore {
    async fn candles_head(&self, pair: PairId) -> Result<u64, StoreError> {
        Ok(self.state().await.projections.candles_heads.get(&pair).copied().unwrap_or(0))
    }

    async fn put_candles(
        &self,
        pair: PairId,
        candles: &[Candle],
        head: u64,
    ) -> Result<(), StoreError> {
        let mut state = self.state().await;
        candles.iter().for_each(|candle| state.projections.put(candle));
        let before = state.projections.candles_heads.entry(pair).or_default();
        *before = head.max(*before);
        Ok(())
    }

    async fn candles(&self, query: &CandleQuery) -> Result<Vec<Candle>, StoreError> {
        let CandleQuery { pair, interval, from, before, limit } = *query;
        let state = self.state().await;
        if from >= before {
            return Ok(Vec::new());
        }
        let range = (pair, interval, from)..(pair, interval, before);
        let candles = state.projections.candles.range(range).rev();
        Ok(candles.take(count(limit)).map(|(_, candle)| *candle).collect())
    }
}
