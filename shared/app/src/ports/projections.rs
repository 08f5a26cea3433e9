//! What is told of what happened: the log of each account, statements, totals, candles. All of
//! it follows from streams; nothing here decides about money.

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
use std::collections::{BTreeMap, BTreeSet};

use super::{Page, StoreError};

/// The changes of accounts, in order, for ever: a user's events.
#[async_trait]
pub trait ActivityLog: Send + Sync {
    /// Logs changes, each of a version of its own. If one of its version is there, that one stays
    /// as it is. If it fails, some may have been logged.
    async fn log_activity(&self, activities: &[Activity]) -> Result<(), StoreError>;

    /// Changes of a user's account with higher versions than `after`, from the lowest up, as of
    /// the last call of `log_activity`; at most `limit`, 1 to 100. Versions may be missing for a
    /// moment: see [`contiguous`].
    async fn activity(
        &self,
        user: UserId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError>;
}

/// As much of a user's changes as follow `after` without a gap: a later one may be logged before
/// an earlier one, and must not be told before it.
#[must_use]
pub fn contiguous(after: u64, mut rows: Vec<Activity>) -> Vec<Activity> {
    let mut next = after;
    let end = rows.iter().position(|row| {
        next = next.saturating_add(1);
        row.version != next
    });
    rows.truncate(end.unwrap_or(rows.len()));
    rows
}

/// Lines of one account that are appended together, and the totals that move with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementAppend {
    /// The version that the account's statements must have come to; 0: to nothing yet.
    pub after: u64,
    /// How far they come by it.
    pub head: StatementHead,
    /// At most so many that there are [`StatementAppend::ROWS_MAX`] rows in all.
    pub lines: Vec<StatementLine>,
    /// What changes of what users hold, by currency and minute.
    pub totals: BTreeMap<(CurrencyCode, Minute), Totals>,
}

impl StatementAppend {
    /// The `TransactWriteItems` limit. With 39 lines of 20 wallets there cannot be more: the
    /// head, 39 lines, 20 currencies and 39 of their minutes.
    pub const ROWS_MAX: usize = 100;

    /// How many rows it writes: the head, each line, and for each currency one of all that was
    /// ever folded and one of each minute.
    #[must_use]
    pub fn rows(&self) -> usize {
        let codes: BTreeSet<_> = self.totals.keys().map(|(code, _)| code).collect();
        let totals = codes.len().saturating_add(self.totals.len());
        totals.saturating_add(self.lines.len()).saturating_add(1)
    }
}

/// Lines of a wallet's statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineQuery {
    /// Whose.
    pub wallet: WalletId,
    /// Which, and in what order.
    pub stretch: LineStretch,
    /// The most rows: 1 to 100.
    pub limit: u32,
}

/// A stretch of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineStretch {
    /// Those before this place, from the last down. The first place is [`LinePlace::END`].
    Before(LinePlace),
    /// Those after this place, from the first up. The first place is [`LinePlace::START`].
    After(LinePlace),
}

/// A line's place in its statement: its time, and its number, which breaks ties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinePlace {
    /// The line's time.
    pub at: Timestamp,
    /// The line's number.
    pub line: u64,
}

impl LinePlace {
    /// Before every line.
    #[must_use]
    pub fn start() -> Self {
        Self { at: Timestamp::from_millis(0), line: 0 }
    }

    /// After every line.
    #[must_use]
    pub fn end() -> Self {
        Self::after_all_of(Timestamp::MAX)
    }

    /// After every line of this time or before it.
    #[must_use]
    pub fn after_all_of(at: Timestamp) -> Self {
        Self { at, line: u64::MAX }
    }

    /// A line's own.
    #[must_use]
    pub fn of(line: &StatementLine) -> Self {
        Self { at: line.at, line: line.line }
    }
}

/// How many parts the heads of all statements are in, so that each can be read whole.
pub const HEAD_PARTS: u8 = 64;

/// Statements of wallets.
#[async_trait]
pub trait Statements: Send + Sync {
    /// How far a user's statements have come, as of the last append.
    async fn statement_head(&self, user: UserId) -> Result<Option<StatementHead>, StoreError>;

    /// For each account, at most once each: appends lines, moves the head and adds to the totals,
    /// all or nothing. `false`: the head was elsewhere, and nothing was written for it. So the
    /// same append again, after a lost answer, is `false`. If it fails, some may have been
    /// appended. More rows than [`StatementAppend::ROWS_MAX`] are a bug: nothing is written.
    async fn append_lines(&self, appends: &[StatementAppend]) -> Result<Vec<bool>, StoreError>;

    /// A page of a wallet's lines, as of the last append.
    async fn lines(&self, query: &LineQuery) -> Result<Page<StatementLine>, StoreError>;

    /// The heads of one part of all accounts, 0 to [`HEAD_PARTS`] − 1, in no order.
    async fn statement_heads(&self, part: u8) -> Result<Vec<StatementHead>, StoreError>;
}

/// What an entry moved out of and into accounts of the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseFold {
    /// The entry.
    pub entry: EntryId,
    /// The minute in which it was decided.
    pub minute: Minute,
    /// By currency.
    pub totals: BTreeMap<CurrencyCode, Totals>,
}

/// What everybody holds together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TotalsReading {
    /// All that was ever folded.
    pub all: Totals,
    /// What was folded of the minutes asked for.
    pub since: Totals,
}

/// Totals per currency.
#[async_trait]
pub trait TotalsBook: Send + Sync {
    /// Adds what entries moved; each entry's once and never again, however often it comes. At
    /// most 30 at once. An entry's currencies move together, the entries one by one: if it fails,
    /// some may be in and others not, and the same call again adds what is missing.
    async fn fold_house(&self, folds: &[HouseFold]) -> Result<(), StoreError>;

    /// A currency's totals, and of them what is of the minutes from `since` to `until`, both
    /// included and at most 20: read at one moment.
    async fn totals(
        &self,
        code: CurrencyCode,
        since: Minute,
        until: Minute,
    ) -> Result<TotalsReading, StoreError>;
}

/// Candles of a market and interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CandleQuery {
    /// Whose.
    pub pair: PairId,
    /// Of which interval.
    pub interval: Interval,
    /// Only those that begin at this time or later.
    pub from: Timestamp,
    /// Only those that begin before this time.
    pub before: Timestamp,
    /// The most rows, 1 to 1000; the newest of them.
    pub limit: u32,
}

/// Candles of markets.
#[async_trait]
pub trait Candles: Send + Sync {
    /// The number of the event that was folded last into a market's candles; 0: none.
    async fn candles_head(&self, pair: PairId) -> Result<u64, StoreError>;

    /// Puts candles in the place of those that they follow from, and moves the head; a candle
    /// with the same last trade or a later one stays, and so does a later head. At most 99. If it
    /// fails, nothing or all was put: fold from the head and put them again.
    async fn put_candles(
        &self,
        pair: PairId,
        candles: &[Candle],
        head: u64,
    ) -> Result<(), StoreError>;

    /// Candles from the newest down, as of the last put.
    async fn candles(&self, query: &CandleQuery) -> Result<Vec<Candle>, StoreError>;
}
