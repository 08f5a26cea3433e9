//! That candles and their head only ever go forward, and are listed from the newest down.

use std::sync::Arc;

use app::ports::{CandleQuery, Store};
use domain::{
    candle::{Candle, Interval},
    pair::{PairId, Ticks},
    time::{Span, Timestamp},
};

use super::samples::largest_pair;
use crate::builders::{mrc_usd, start, ticks};

fn pair() -> PairId {
    mrc_usd().id()
}

fn minute(number: u32) -> Timestamp {
    start().plus(Span::seconds(60 * number))
}

/// The minute that begins so many after the start, up to the trade of this number.
fn candle(number: u32, last: u64) -> Candle {
    let price = ticks(i64::try_from(last).expect("small"));
    Candle {
        pair: pair(),
        interval: Interval::Minute,
        start: minute(number),
        open: ticks(1),
        high: price,
        low: ticks(1),
        close: price,
        lots: last.into(),
        notional: i128::from(last) * 2,
        first: 1,
        last,
    }
}

async fn put(store: &dyn Store, candles: &[Candle], head: u64) {
    store.put_candles(pair(), candles, head).await.expect("put");
}

fn all() -> CandleQuery {
    CandleQuery {
        pair: pair(),
        interval: Interval::Minute,
        from: Timestamp::from_millis(0),
        before: Timestamp::MAX,
        limit: 1000,
    }
}

async fn listed(store: &dyn Store, query: &CandleQuery, expected: &[Candle]) {
    assert_eq!(store.candles(query).await.as_deref(), Ok(expected), "{query:?}");
}

pub(super) async fn candles_are_read_as_they_were_put(store: Arc<dyn Store>) {
    let store = store.as_ref();
    assert_eq!(store.candles_head(pair()).await, Ok(0));
    listed(store, &all(), &[]).await;
    let largest = Candle {
        pair: largest_pair().id(),
        interval: Interval::Day,
        start: Timestamp::MAX,
        open: Ticks::MAX,
        high: Ticks::MAX,
        low: Ticks::MIN,
        close: Ticks::MAX,
        lots: i128::MAX,
        notional: i128::MAX,
        first: u64::MAX,
        last: u64::MAX,
    };
    store.put_candles(largest.pair, &[largest], u64::MAX).await.expect("put");
    assert_eq!(store.candles_head(largest.pair).await, Ok(u64::MAX));
    let CandleQuery { from, limit, .. } = all();
    // No candle begins at the last instant there is, but that it could be asked for.
    let before = Timestamp::MAX;
    let query = CandleQuery { pair: largest.pair, interval: Interval::Day, from, before, limit };
    listed(store, &query, &[]).await;
    let earlier = Candle { start: minute(1), ..largest };
    store.put_candles(largest.pair, &[earlier], 1).await.expect("put");
    listed(store, &query, &[earlier]).await;
    // Another market has a head of its own.
    assert_eq!(store.candles_head(pair()).await, Ok(0));
}

pub(super) async fn candles_are_replaced_only_by_later_ones(store: Arc<dyn Store>) {
    let store = store.as_ref();
    put(store, &[candle(0, 5), candle(1, 9)], 3).await;
    let same = Candle { open: ticks(7), ..candle(0, 5) };
    put(store, &[same, candle(1, 8), candle(2, 10)], 4).await;
    listed(store, &all(), &[candle(2, 10), candle(1, 9), candle(0, 5)]).await;
    put(store, &[candle(0, 6)], 4).await;
    listed(store, &all(), &[candle(2, 10), candle(1, 9), candle(0, 6)]).await;
}

pub(super) async fn the_head_of_candles_never_goes_back(store: Arc<dyn Store>) {
    let store = store.as_ref();
    for (head, stands) in [(3, 3), (2, 3), (3, 3), (17, 17), (16, 17)] {
        put(store, &[], head).await;
        assert_eq!(store.candles_head(pair()).await, Ok(stands), "{head}");
    }
}

pub(super) async fn candles_are_listed_from_the_newest_down(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let candles: Vec<_> = (1..12).map(|number| candle(number, number.into())).collect();
    put(store, &candles, 1).await;
    let hour = Candle { interval: Interval::Hour, ..candles[0] };
    put(store, &[hour], 1).await;
    let elsewhere = Candle { pair: largest_pair().id(), ..candles[0] };
    store.put_candles(elsewhere.pair, &[elsewhere], 1).await.expect("put");
    for (from, before) in [(0, 20), (1, 12), (2, 11), (5, 6), (5, 5), (6, 5), (12, 20)] {
        for limit in [1, 2, 1000] {
            let here = |candle: &&Candle| (minute(from)..minute(before)).contains(&candle.start);
            let expected = candles.iter().rev().filter(here);
            let expected = expected.take(usize::try_from(limit).expect("small")).copied();
            let expected: Vec<_> = expected.collect();
            let (from, before) = (minute(from), minute(before));
            listed(store, &CandleQuery { from, before, limit, ..all() }, &expected).await;
        }
    }
    listed(store, &CandleQuery { interval: Interval::Hour, ..all() }, &[hour]).await;
    listed(store, &CandleQuery { before: Timestamp::from_millis(0), ..all() }, &[]).await;
}

pub(super) async fn as_many_candles_as_a_transaction_has_are_put_at_once(store: Arc<dyn Store>) {
    let candles: Vec<_> = (1..=99).map(|number| candle(number, number.into())).collect();
    put(store.as_ref(), &candles, 99).await;
    let newest_first: Vec<_> = candles.into_iter().rev().collect();
    listed(store.as_ref(), &all(), &newest_first).await;
    assert_eq!(store.candles_head(pair()).await, Ok(99));
}
