//! That what happened in a book is written once under each number, and listed from any of them.

use std::sync::Arc;

use app::ports::{EventQuery, EventStretch, Found, Store, StoreError};
use domain::{
    book::Standing,
    commit::{Commit, Write},
    id::OrderId,
    market_event::{Change, Head, MarketEvent, Trade},
    order::Side,
    pair::{Lots, Ticks},
    time::Timestamp,
};
use tokio::task::JoinSet;

use super::{
    fixtures::{at, done, entry_id, eventually, refused, tried, voided},
    lists::{LIMITS, ROWS_MAX, check_page},
    samples::{STATUSES, largest_command_id, largest_pair},
};
use crate::builders::{lots, mrc_usd, ticks};

/// An event on MRC-USD after which there were so many trades; the last of them is its own.
pub(super) fn event(seq: u32, trades: u64) -> MarketEvent {
    let order = OrderId::from_bits(u128::from(seq));
    let (price, count) = (ticks(50), lots(3));
    let trade = Trade { number: trades, maker: order, taker_side: Side::Buy, price, lots: count };
    let change = match trades {
        0 => Change::Rested { order, side: Side::Sell, price, lots: count },
        _ => Change::Traded(trade),
    };
    let standing = Standing {
        sequence: u64::from(seq),
        trades,
        last_price: (trades > 0).then_some(price),
        status: STATUSES[0],
    };
    let head = Head { seq: seq.into(), standing, begun: None };
    MarketEvent { pair: mrc_usd().id(), head, at: at(seq), changes: vec![change] }
}

/// An event of 40 changes of every kind, each number in it as large as it gets.
fn largest_event() -> MarketEvent {
    let order = OrderId::from_bits(u128::MAX);
    let (price, lots) = (Ticks::MAX, Lots::MAX);
    let changes = (0..10).flat_map(|place| {
        let (side, number) = (Side::Buy, u64::MAX - place);
        let trade = |taker_side| Trade { number, maker: order, taker_side, price, lots };
        [
            Change::Rested { order, side, price, lots },
            Change::Traded(trade(side)),
            Change::Removed { order, side: side.opposite(), price, lots },
            Change::Traded(trade(side.opposite())),
        ]
    });
    let standing = Standing {
        sequence: u64::MAX,
        trades: u64::MAX,
        last_price: Some(price),
        status: STATUSES[2],
    };
    let head = Head { seq: u64::MAX, standing, begun: Some(largest_command_id()) };
    let changes = changes.collect();
    MarketEvent { pair: largest_pair().id(), head, at: Timestamp::MAX, changes }
}

/// All events of a stretch on MRC-USD, read in pages of this size.
async fn pages(
    store: &dyn Store,
    stretch: EventStretch,
    limit: u32,
) -> Result<Vec<u64>, StoreError> {
    let mut rows: Vec<u64> = Vec::new();
    let mut next = stretch;
    while rows.len() < ROWS_MAX {
        let query = EventQuery { pair: mrc_usd().id(), stretch: next, limit };
        let page = store.events(&query).await?;
        check_page(page.rows.len(), limit, page.more, rows.len());
        rows.extend(page.rows.iter().map(|event| event.head.seq));
        let Some(last) = rows.last().copied().filter(|_| page.more) else { break };
        next = match stretch {
            EventStretch::After(_) => EventStretch::After(last),
            EventStretch::Before(_) => EventStretch::Before(last),
            EventStretch::TradesBefore(_) => EventStretch::TradesBefore(last),
        };
    }
    Ok(rows)
}

/// As of the last commit: it does not lag.
async fn listed(store: &dyn Store, stretch: EventStretch, expected: &[u64]) {
    for limit in LIMITS {
        let rows = pages(store, stretch, limit).await;
        assert_eq!(rows.as_deref(), Ok(expected), "{stretch:?} by {limit}");
    }
}

async fn listed_at_last(store: &dyn Store, stretch: EventStretch, expected: &[u64]) {
    for limit in LIMITS {
        eventually(&expected.to_vec(), || pages(store, stretch, limit)).await;
    }
}

/// Twelve events on MRC-USD, the third, sixth, ninth and twelfth with a trade, and as many on
/// another pair.
async fn twelve_events(store: &dyn Store) {
    for seq in 1..13 {
        let trades = if seq % 3 == 0 { u64::from(seq) / 3 } else { 0 };
        let event = event(seq, trades);
        let elsewhere = MarketEvent { pair: largest_pair().id(), ..event.clone() };
        done(store, vec![Write::PutMarketEvent(event), Write::PutMarketEvent(elsewhere)]).await;
    }
}

pub(super) async fn events_are_read_as_they_were_written(store: Arc<dyn Store>) {
    let store = store.as_ref();
    for written in written() {
        let (pair, seq) = (written.pair, written.head.seq);
        done(store, vec![Write::PutMarketEvent(written.clone())]).await;
        let query = EventQuery { pair, stretch: EventStretch::After(seq - 1), limit: 1 };
        let page = store.events(&query).await.expect("a read");
        assert_eq!((page.rows, page.more), (vec![written.clone()], false));
        if written.trades().next().is_some() && seq < u64::MAX {
            let stretch = EventStretch::TradesBefore(seq + 1);
            let query = EventQuery { pair, stretch, limit: 1 };
            let rows = || async { store.events(&query).await.map(|page| page.rows) };
            eventually(&vec![written], rows).await;
        }
    }
}

/// Events with each status, with and without a last price, a begun command and changes.
fn written() -> Vec<MarketEvent> {
    let nothing = MarketEvent { changes: Vec::new(), ..event(1, 0) };
    let statuses = (2..).zip(STATUSES).map(|(seq, status)| {
        let event = event(seq, 7);
        let standing = Standing { status, ..event.head.standing };
        MarketEvent { head: Head { standing, ..event.head }, ..event }
    });
    let large = largest_event();
    let head = Head { seq: 9, ..large.head };
    let here = MarketEvent { pair: mrc_usd().id(), head, ..large.clone() };
    [nothing].into_iter().chain(statuses).chain([here, large]).collect()
}

pub(super) async fn the_number_of_an_event_is_taken_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    done(store, vec![Write::PutMarketEvent(event(1, 0))]).await;
    let other = MarketEvent { at: at(9), changes: Vec::new(), ..event(1, 0) };
    let writes = vec![Write::PutEntry(voided(100)), Write::PutMarketEvent(other)];
    assert_eq!(refused(store, writes).await, [(1, Found::Other)]);
    assert_eq!(store.entry(entry_id(100)).await, Ok(None));
    let stretch = EventStretch::After(0);
    let query = EventQuery { pair: mrc_usd().id(), stretch, limit: 100 };
    let page = store.events(&query).await.expect("a read");
    assert_eq!(page.rows, [event(1, 0)]);
    // Another pair has numbers of its own.
    let elsewhere = MarketEvent { pair: largest_pair().id(), ..event(1, 0) };
    done(store, vec![Write::PutMarketEvent(elsewhere)]).await;
}

pub(super) async fn of_concurrent_events_with_one_number_one_is_written(store: Arc<dyn Store>) {
    let mut commits = JoinSet::new();
    for number in 1..17_u32 {
        let store = Arc::clone(&store);
        commits.spawn(async move {
            let event = MarketEvent { at: at(number), ..event(1, 0) };
            let entry = Write::PutEntry(voided(number.into()));
            let commit = Commit::of(vec![Write::PutMarketEvent(event), entry]);
            tried(store.as_ref(), &commit).await.then_some(number)
        });
    }
    let written: Vec<_> = commits.join_all().await.into_iter().flatten().collect();
    let [winner] = written[..] else { panic!("{written:?}") };
    let query = EventQuery { pair: mrc_usd().id(), stretch: EventStretch::After(0), limit: 100 };
    let page = store.events(&query).await.expect("a read");
    assert_eq!(page.rows, [MarketEvent { at: at(winner), ..event(1, 0) }]);
    for number in 1..17 {
        let entry = store.entry(entry_id(number.into())).await.expect("a read");
        assert_eq!(entry.is_some(), number == winner, "{number}");
    }
}

pub(super) async fn events_are_listed_upwards_after_a_number(store: Arc<dyn Store>) {
    let store = store.as_ref();
    listed(store, EventStretch::After(0), &[]).await;
    twelve_events(store).await;
    listed(store, EventStretch::After(0), &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]).await;
    listed(store, EventStretch::After(8), &[9, 10, 11, 12]).await;
    listed(store, EventStretch::After(11), &[12]).await;
    listed(store, EventStretch::After(12), &[]).await;
    listed(store, EventStretch::After(u64::MAX), &[]).await;
}

pub(super) async fn events_are_listed_downwards_before_a_number(store: Arc<dyn Store>) {
    let store = store.as_ref();
    listed(store, EventStretch::Before(u64::MAX), &[]).await;
    twelve_events(store).await;
    let all = [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1];
    listed(store, EventStretch::Before(u64::MAX), &all).await;
    listed(store, EventStretch::Before(13), &all).await;
    listed(store, EventStretch::Before(11), &all[2..]).await;
    listed(store, EventStretch::Before(2), &[1]).await;
    listed(store, EventStretch::Before(1), &[]).await;
    listed(store, EventStretch::Before(0), &[]).await;
}

pub(super) async fn events_with_trades_are_listed_downwards_before_a_number(store: Arc<dyn Store>) {
    let store = store.as_ref();
    listed_at_last(store, EventStretch::TradesBefore(u64::MAX), &[]).await;
    twelve_events(store).await;
    listed_at_last(store, EventStretch::TradesBefore(u64::MAX), &[12, 9, 6, 3]).await;
    listed_at_last(store, EventStretch::TradesBefore(12), &[9, 6, 3]).await;
    listed_at_last(store, EventStretch::TradesBefore(10), &[9, 6, 3]).await;
    listed_at_last(store, EventStretch::TradesBefore(4), &[3]).await;
    listed_at_last(store, EventStretch::TradesBefore(3), &[]).await;
    listed_at_last(store, EventStretch::TradesBefore(0), &[]).await;
}
