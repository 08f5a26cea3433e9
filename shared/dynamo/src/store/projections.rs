//! What is told of what happened, on DynamoDB: changes of accounts, statements, totals, candles.

use std::collections::{BTreeMap, BTreeSet};

use super::{DynamoStore, books::ALL, page_of, rows_max};
use crate::{
    error::invalid,
    expression::values,
    read::{Stretch, get, query},
    rows::{Row, Spelled, Stored, candles_head, keys, number, sums_of, text, totals},
    schema::{ACTIVITY, STATEMENTS, Table},
    send::{ROWS_MAX, all_at_once, all_or_none, put},
    transact::{Action, Target},
};
use app::ports::{
    ActivityLog, CandleQuery, Candles, HEAD_PARTS, HouseFold, LineQuery, LineStretch, Page,
    StatementAppend, Statements, StoreError, TotalsBook, TotalsReading,
};
use async_trait::async_trait;
use domain::{
    activity::Activity,
    candle::Candle,
    currency::CurrencyCode,
    id::UserId,
    pair::PairId,
    statement::{StatementHead, StatementLine},
    totals::{Minute, Totals},
};

/// The most minutes of one reading.
const MINUTES_MAX: usize = 20;

impl DynamoStore {
    pub(super) fn target(&self, table: &Table) -> Target {
        Target::of(table, &self.tables)
    }

    /// Puts those rows whose conditions are met, at one moment; the others are as good as there.
    async fn put_what_may_be(&self, mut actions: Vec<Action>) -> Result<(), StoreError> {
        while !actions.is_empty() {
            let unmet = all_or_none(&self.client, actions.clone()).await?;
            if unmet.is_empty() {
                break;
            }
            for place in unmet.into_iter().rev() {
                actions.remove(place);
            }
        }
        Ok(())
    }

    /// The heads of accounts, each with its condition; then their lines, and what they add.
    fn append_actions(&self, appends: &[&StatementAppend]) -> Result<Vec<Action>, StoreError> {
        let statements = self.target(&STATEMENTS);
        let mut actions = Vec::new();
        for append in appends {
            let head = append.head.to_row()?;
            actions.push(match append.after {
                0 => statements.put_new(head),
                after => {
                    let after = values([(":after", number(after))]);
                    statements.put_if(head, "#version = :after", after)
                }
            });
        }
        for line in appends.iter().flat_map(|append| &append.lines) {
            actions.push(statements.put_any(line.to_row()?));
        }
        let changes = appends.iter().flat_map(|append| &append.totals);
        let changes = changes.map(|((code, minute), change)| (*code, *minute, *change));
        actions.extend(additions(&statements, changes));
        Ok(actions)
    }

    /// Entries that are not in the totals, marked, and what they add.
    fn house_actions(&self, folds: &[&HouseFold]) -> Vec<Action> {
        let statements = self.target(&STATEMENTS);
        let markers = folds.iter().map(|fold| statements.put_new(keys::folded(fold.entry)));
        let changes = folds.iter().flat_map(|fold| {
            fold.totals.iter().map(|(code, change)| (*code, fold.minute, *change))
        });
        markers.chain(additions(&statements, changes)).collect()
    }
}

/// What each row of totals gains: a currency's, and those of its minutes.
fn additions(
    statements: &Target,
    changes: impl Iterator<Item = (CurrencyCode, Minute, Totals)>,
) -> Vec<Action> {
    let mut sums = BTreeMap::<_, Totals>::new();
    for (code, minute, change) in changes {
        for part in [None, Some(minute)] {
            let sum = sums.entry((code, part)).or_default();
            *sum = sum.plus(change);
        }
    }
    // Also what cancels out has its rows: which they are must not depend on what came together.
    let row = |((code, part), sum)| statements.add(keys::totals_of(code, part), sums_of(&sum));
    sums.into_iter().map(row).collect()
}

/// At the end of a range of keys, or at its beginning.
fn bounded(mut stretch: Stretch, bound: &str, key: String) -> Stretch {
    stretch.keys.push_str(" AND #kind ");
    stretch.keys.push_str(bound);
    stretch.keys.push_str(" :bound");
    stretch.values.insert(":bound".to_owned(), text(key));
    stretch
}

#[async_trait]
impl ActivityLog for DynamoStore {
    async fn log_activity(&self, activities: &[Activity]) -> Result<(), StoreError> {
        let target = self.target(&ACTIVITY);
        let put_new = |activity: &Activity| Ok(target.put_new(activity.to_row()?));
        if let [activity] = activities {
            // Half as dear as a transaction of one.
            return put(&self.client, put_new(activity)?).await.map(|_was_new| ());
        }
        for some in activities.chunks(ROWS_MAX) {
            let actions = some.iter().map(put_new).collect::<Result<_, _>>()?;
            self.put_what_may_be(actions).await?;
        }
        Ok(())
    }

    async fn activity(
        &self,
        user: UserId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Activity>, StoreError> {
        let log = self.partition(&ACTIVITY, user.spell(), rows_max(limit));
        let stretch = bounded(log, ">", keys::seq_key(after));
        query(&self.client, &stretch).await?.into_iter().map(Activity::from_row).collect()
    }
}

#[async_trait]
impl Statements for DynamoStore {
    async fn statement_head(&self, user: UserId) -> Result<Option<StatementHead>, StoreError> {
        self.get(&STATEMENTS, keys::statement_head(user)).await
    }

    async fn append_lines(&self, appends: &[StatementAppend]) -> Result<Vec<bool>, StoreError> {
        let mut done = vec![false; appends.len()];
        let mut left: Vec<usize> = (0..appends.len()).collect();
        while !left.is_empty() {
            let of = |count: usize| -> Vec<_> {
                left.iter().take(count).filter_map(|place| appends.get(*place)).collect()
            };
            // As many accounts as fit one transaction share its rows of totals.
            let mut count = left.len();
            let mut actions = self.append_actions(&of(count))?;
            while actions.len() > ROWS_MAX && count > 1 {
                count = count.div_ceil(2);
                actions = self.append_actions(&of(count))?;
            }
            let elsewhere = all_or_none(&self.client, actions).await?;
            if elsewhere.is_empty() {
                left.drain(..count).for_each(|place| done[place] = true);
                continue;
            }
            // The heads come first, so a condition's place is its account's.
            for place in elsewhere.into_iter().rev() {
                if place >= count {
                    return Err(invalid("lines are appended without a condition"));
                }
                left.remove(place);
            }
        }
        Ok(done)
    }

    async fn lines(&self, wanted: &LineQuery) -> Result<Page<StatementLine>, StoreError> {
        let limit = rows_max(wanted.limit);
        let lines = keys::lines_of(wanted.wallet);
        let lines = self.partition(&STATEMENTS, lines, limit.saturating_add(1));
        let stretch = match wanted.stretch {
            LineStretch::Before(place) => {
                let lines = Stretch { ascending: false, ..lines };
                bounded(lines, "<", keys::line_key(place))
            }
            LineStretch::After(place) => bounded(lines, ">", keys::line_key(place)),
        };
        page_of(query(&self.client, &stretch).await?, limit)
    }

    async fn statement_heads(&self, part: u8) -> Result<Vec<StatementHead>, StoreError> {
        if part >= HEAD_PARTS {
            return Ok(Vec::new());
        }
        let heads = self.partition(&STATEMENTS, keys::heads_in(part), ALL);
        query(&self.client, &heads).await?.into_iter().map(StatementHead::from_row).collect()
    }
}

#[async_trait]
impl TotalsBook for DynamoStore {
    async fn fold_house(&self, folds: &[HouseFold]) -> Result<(), StoreError> {
        let mut entries = BTreeSet::new();
        let moves = |fold: &&HouseFold| fold.totals.values().any(|change| !change.is_nothing());
        let new = folds.iter().filter(moves).filter(|fold| entries.insert(fold.entry));
        let mut left: Vec<&HouseFold> = new.collect();
        while !left.is_empty() {
            // Each entry is folded for itself, so as many as fit one transaction are in it.
            let fits = |count: &usize| self.house_actions(&left[..*count]).len() <= ROWS_MAX;
            let count = (1..=left.len()).rev().find(fits);
            let count = count.ok_or_else(|| invalid("an entry of too many currencies"))?;
            let known = all_or_none(&self.client, self.house_actions(&left[..count])).await?;
            if known.is_empty() {
                left.drain(..count);
                continue;
            }
            // The markers come first, so a condition's place is its entry's.
            for place in known.into_iter().rev() {
                if place >= left.len() {
                    return Err(invalid("totals are added to without a condition"));
                }
                left.remove(place);
            }
        }
        Ok(())
    }

    async fn totals(
        &self,
        code: CurrencyCode,
        since: Minute,
        until: Minute,
    ) -> Result<TotalsReading, StoreError> {
        let minutes = std::iter::successors(Some(since), |minute| Some(minute.next()));
        let minutes = minutes.take_while(|minute| *minute <= until).take(MINUTES_MAX + 1);
        let mut rows: Vec<_> = minutes.map(|minute| keys::totals_of(code, Some(minute))).collect();
        if rows.len() > MINUTES_MAX {
            return Err(invalid("totals of more than 20 minutes"));
        }
        rows.push(keys::totals_of(code, None));
        let mut found = all_at_once(&self.client, &self.tables.of(&STATEMENTS), rows).await?;
        let read = |row: Option<Row>| row.as_ref().map_or(Ok(Totals::default()), totals);
        let all = read(found.pop().flatten())?;
        let since = found
            .into_iter()
            .try_fold(Totals::default(), |sum, row| Ok::<_, StoreError>(sum.plus(read(row)?)))?;
        Ok(TotalsReading { all, since })
    }
}

#[async_trait]
impl Candles for DynamoStore {
    async fn candles_head(&self, pair: PairId) -> Result<u64, StoreError> {
        let head = get(&self.client, self.tables.of(&STATEMENTS), keys::candles_head(pair)).await?;
        head.as_ref().map_or(Ok(0), candles_head)
    }

    async fn put_candles(
        &self,
        pair: PairId,
        candles: &[Candle],
        head: u64,
    ) -> Result<(), StoreError> {
        let statements = self.target(&STATEMENTS);
        let mut row = keys::candles_head(pair);
        row.insert(keys::SEQ.to_owned(), number(head));
        let condition = "attribute_not_exists(#part) OR #seq < :seq";
        let head = statements.put_if(row, condition, values([(":seq", number(head))]));
        if candles.is_empty() {
            return put(&self.client, head).await.map(|_moved| ());
        }
        let mut actions = vec![head];
        for candle in candles {
            let last = values([(":last", number(candle.last))]);
            let condition = "attribute_not_exists(#part) OR #last < :last";
            actions.push(statements.put_if(candle.to_row()?, condition, last));
        }
        // A candle that stands already, or a later one, is as good.
        self.put_what_may_be(actions).await
    }

    async fn candles(&self, wanted: &CandleQuery) -> Result<Vec<Candle>, StoreError> {
        let CandleQuery { pair, interval, from, before, limit } = *wanted;
        // The service takes one range with both ends included, and no range that ends before it
        // begins.
        let last = before.millis().saturating_sub(1);
        if from.millis() > last {
            return Ok(Vec::new());
        }
        let candles = keys::candles_of(pair, interval);
        let mut stretch = self.partition(&STATEMENTS, candles, rows_max(limit));
        stretch.ascending = false;
        stretch.keys.push_str(" AND #kind BETWEEN :from AND :last");
        let last = domain::time::Timestamp::from_millis(last);
        let range =
            [(":from", text(keys::candle_key(from))), (":last", text(keys::candle_key(last)))];
        stretch.values.extend(values(range));
        query(&self.client, &stretch).await?.into_iter().map(Candle::from_row).collect()
    }
}
