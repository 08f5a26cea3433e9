//! What it costs to keep what is told, and to whom.

use std::collections::BTreeMap;

use app::ports::{
    ActivityLog, CandleQuery, Candles, Connection, ConnectionId, HouseFold, LinePlace, LineQuery,
    LineStretch, Sockets, StatementAppend, Statements, Topic, TotalsBook,
};
use domain::{
    account::Account,
    activity::Activity,
    candle::{Candle, Interval},
    id::{EntryId, WalletId},
    statement::StatementHead,
    totals::{Minute, Totals},
};
use testkit::builders::{earth, mrc_usd, start, ticks, trader};

use crate::engines::{metered, two_processes};

/// A change of an account is one write and its lines are another; a house's fold is one, and one
/// more if some of it was folded before; and what is read is one request each.
pub(crate) async fn projections_take_as_few_round_trips_as_they_can() {
    let (store, meter) = metered("projections").await;
    let (user, code) = (trader("alice").id, earth().currency.code);
    let account = Account::opened(user, code, start());
    let activity = Activity::between(None, &account).expect("sound").expect("a change");
    meter.reset();
    store.log_activity(std::slice::from_ref(&activity)).await.expect("logged");
    assert_eq!(meter.reset().total_round_trips(), 1);
    store.activity(user, 0, 100).await.expect("a read");
    assert_eq!(meter.reset().total_round_trips(), 1);

    let mut head = StatementHead::of_new(user);
    let lines = head.follow(&activity, |_| [0; 32]).expect("the next change");
    let minute = Minute::of(start());
    let gained = Totals { users_available: 1, ..Totals::default() };
    let totals = BTreeMap::from([((code, minute), gained)]);
    let append = StatementAppend { after: 0, head, lines, totals };
    assert_eq!(store.append_lines(&[append]).await, Ok(vec![true]));
    let reading = meter.reset();
    // Four rows: the head, the line, the totals and those of the minute. Doubled.
    assert_eq!((reading.total_round_trips(), reading.write_milliunits), (1, 8_000));
    store.statement_head(user).await.expect("a read");
    let wallet = WalletId { owner: user, currency: code };
    let stretch = LineStretch::Before(LinePlace::end());
    store.lines(&LineQuery { wallet, stretch, limit: 1 }).await.expect("a read");
    assert_eq!(meter.reset().total_round_trips(), 2);

    let fold = |entry| HouseFold {
        entry: EntryId::from_bits(entry),
        minute,
        totals: BTreeMap::from([(code, Totals { world: -1, ..Totals::default() })]),
    };
    store.fold_house(&[fold(1), fold(2)]).await.expect("folded");
    let reading = meter.reset();
    // Two markers, the totals and those of the minute.
    assert_eq!((reading.total_round_trips(), reading.write_milliunits), (1, 8_000));
    store.fold_house(&[fold(2), fold(3)]).await.expect("folded");
    assert_eq!(meter.reset().total_round_trips(), 2);
    store.totals(code, minute, minute).await.expect("a reading");
    assert_eq!(meter.reset().total_round_trips(), 1);

    candles(&store, &meter).await;
}

async fn candles(store: &dynamo::DynamoStore, meter: &market::embedded::MeteredTransport) {
    let pair = mrc_usd().id();
    let price = ticks(50);
    let candle = |interval: Interval| Candle {
        pair,
        interval,
        start: interval.start_of(start()),
        open: price,
        high: price,
        low: price,
        close: price,
        lots: 1,
        notional: 50,
        first: 1,
        last: 1,
    };
    store.put_candles(pair, &Interval::ALL.map(candle), 1).await.expect("put");
    let reading = meter.reset();
    assert_eq!((reading.total_round_trips(), reading.write_milliunits), (1, 10_000));
    store.candles_head(pair).await.expect("a read");
    let (interval, from, before) = (Interval::Hour, start(), start().plus(Interval::Day.span()));
    let query = CandleQuery { pair, interval, from, before, limit: 1000 };
    store.candles(&query).await.expect("a read");
    assert_eq!(meter.reset().total_round_trips(), 2);
}

/// Who listens to a topic is one request; all connections are sixteen at once.
pub(crate) async fn sockets_take_as_few_round_trips_as_they_can() {
    let (store, meter) = metered("sockets").await;
    let id = ConnectionId("L0SM9cOFvHcCIhw=".to_owned());
    let user = trader("alice").id;
    meter.reset();
    assert_eq!(store.spend_ticket(7, start()).await, Ok(true));
    let connection = Connection { id: id.clone(), user, connected_at: start(), noticed: false };
    store.put_connection(&connection).await.expect("put");
    store.connection(&id).await.expect("a read");
    assert_eq!(meter.reset().total_round_trips(), 3);
    for topic in [Topic::Heartbeat, Topic::User(user), Topic::Book(mrc_usd().id())] {
        store.subscribe(&id, topic).await.expect("subscribed");
        let reading = meter.reset();
        assert_eq!((reading.total_round_trips(), reading.write_milliunits), (3, 3_000));
    }
    // The mark of the roll and the list; and while the mark is the same, the mark alone.
    for round_trips in [2, 1, 1] {
        let listeners = store.subscribers(Topic::Heartbeat).await.expect("a list");
        assert_eq!(listeners.as_ref(), std::slice::from_ref(&id));
        assert_eq!(meter.reset().total_round_trips(), round_trips);
    }
    store.unsubscribe(&id, Topic::Heartbeat).await.expect("done");
    assert_eq!(meter.reset().total_round_trips(), 3);
    assert!(store.subscribers(Topic::Heartbeat).await.expect("a list").is_empty());
    assert_eq!(meter.reset().total_round_trips(), 2);
    store.connections().await.expect("a list");
    assert_eq!(meter.reset().total_round_trips(), 16);
    store.remove_connection(&id).await.expect("removed");
    // And a mark for each of the two topics that were left.
    assert_eq!(meter.reset().total_round_trips(), 5);
}

/// A process that has told listeners something knows them, and yet learns of each change.
pub(crate) async fn a_process_learns_who_listens_since_it_last_told_them() {
    let [one, other] = two_processes("listeners").await;
    let id = |number: u32| ConnectionId(format!("connection-{number}"));
    let topic = Topic::Book(mrc_usd().id());
    for number in 0..5 {
        one.subscribe(&id(number), topic).await.expect("subscribed");
        let listeners = other.subscribers(topic).await.expect("a list");
        assert_eq!(listeners.len(), usize::try_from(number).expect("few") + 1);
    }
    one.unsubscribe(&id(0), topic).await.expect("done");
    one.remove_connection(&id(1)).await.expect("removed");
    let mut left = other.subscribers(topic).await.expect("a list").to_vec();
    left.sort();
    assert_eq!(left, [2, 3, 4].map(id));
}
