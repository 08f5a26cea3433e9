//! That a ticket opens one connection, that who subscribed is named, and who is gone is not.

use std::{collections::BTreeSet, sync::Arc};

use app::ports::{Connection, ConnectionId, Store, Topic};
use domain::{candle::Interval, id::UserId, time::Timestamp};
use tokio::task::JoinSet;

use super::{
    fixtures::{ALICE, BOB, at},
    samples::largest_pair,
};
use crate::builders::{earth, mars, mrc_usd};

fn id(number: u32) -> ConnectionId {
    ConnectionId(format!("L0SM9cOFvHcCIhw={number}"))
}

fn connection(number: u32) -> Connection {
    Connection { id: id(number), user: ALICE, connected_at: at(number), noticed: false }
}

/// One of each kind and each interval, and those of other markets, currencies and users.
fn topics() -> Vec<Topic> {
    let pairs = [mrc_usd().id(), largest_pair().id()];
    let of_pairs = pairs.into_iter().flat_map(|pair| {
        let candles = Interval::ALL.map(|interval| Topic::Candles(pair, interval));
        let others = [
            Topic::Book(pair),
            Topic::Trades(pair),
            Topic::Ticker(pair),
            Topic::PlatformMarket(pair),
        ];
        candles.into_iter().chain(others)
    });
    let rates = [earth(), mars()].map(|universe| Topic::Rates(universe.currency.code));
    let users =
        [ALICE, BOB].into_iter().flat_map(|user| [Topic::User(user), Topic::PlatformUser(user)]);
    of_pairs.chain(rates).chain(users).chain([Topic::Heartbeat]).collect()
}

async fn subscribed(store: &dyn Store, number: u32, topic: Topic) {
    store.subscribe(&id(number), topic).await.expect("subscribed");
}

/// Each at most once.
async fn listeners(store: &dyn Store, topic: Topic) -> BTreeSet<ConnectionId> {
    let ids = store.subscribers(topic).await.expect("a list");
    let (count, ids) = (ids.len(), ids.iter().cloned().collect::<BTreeSet<_>>());
    assert_eq!(ids.len(), count, "one is named twice");
    ids
}

fn ids(numbers: impl IntoIterator<Item = u32>) -> BTreeSet<ConnectionId> {
    numbers.into_iter().map(id).collect()
}

pub(super) async fn a_ticket_is_spent_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    for ticket in [0, 1, u128::MAX] {
        assert_eq!(store.spend_ticket(ticket, at(60)).await, Ok(true));
        assert_eq!(store.spend_ticket(ticket, at(60)).await, Ok(false));
        assert_eq!(store.spend_ticket(ticket, Timestamp::MAX).await, Ok(false));
    }
}

pub(super) async fn of_concurrent_spenders_one_wins(store: Arc<dyn Store>) {
    let mut spenders = JoinSet::new();
    for _ in 0..16 {
        let store = Arc::clone(&store);
        spenders.spawn(async move { store.spend_ticket(7, at(60)).await.expect("an answer") });
    }
    let won = spenders.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
}

pub(super) async fn a_connection_is_read_as_it_was_put(store: Arc<dyn Store>) {
    let store = store.as_ref();
    assert_eq!(store.connection(&id(1)).await, Ok(None));
    let longest = Connection {
        id: ConnectionId("#".repeat(128)),
        user: UserId::from_bits(u128::MAX),
        connected_at: Timestamp::MAX,
        noticed: true,
    };
    for connection in [connection(1), Connection { noticed: true, ..connection(1) }, longest] {
        store.put_connection(&connection).await.expect("put");
        assert_eq!(store.connection(&connection.id).await, Ok(Some(connection)));
    }
}

pub(super) async fn connections_are_all_listed(store: Arc<dyn Store>) {
    assert_eq!(store.connections().await, Ok(Vec::new()));
    for number in 0..50 {
        store.put_connection(&connection(number)).await.expect("put");
        subscribed(store.as_ref(), number, Topic::Heartbeat).await;
    }
    store.put_connection(&connection(7)).await.expect("put again");
    for number in 40..50 {
        store.remove_connection(&id(number)).await.expect("removed");
    }
    let mut listed = store.connections().await.expect("a list");
    listed.sort_by_key(|connection| connection.connected_at);
    assert_eq!(listed, (0..40).map(connection).collect::<Vec<_>>());
}

pub(super) async fn a_subscriber_is_named_from_then_on(store: Arc<dyn Store>) {
    let (store, topics) = (store.as_ref(), topics());
    for topic in &topics {
        assert_eq!(store.subscribers(*topic).await, Ok(Arc::default()), "{topic}");
    }
    for (number, topic) in (0..).zip(&topics) {
        subscribed(store, number, *topic).await;
        assert_eq!(listeners(store, *topic).await, ids([number]), "{topic}");
    }
    // No topic is mistaken for another, and who subscribes again is named once.
    for (number, topic) in (0..).zip(&topics) {
        subscribed(store, number, *topic).await;
        subscribed(store, 1000, *topic).await;
        assert_eq!(listeners(store, *topic).await, ids([number, 1000]), "{topic}");
    }
}

pub(super) async fn who_unsubscribes_is_named_no_more(store: Arc<dyn Store>) {
    let (store, book) = (store.as_ref(), Topic::Book(mrc_usd().id()));
    for number in 1..4 {
        subscribed(store, number, book).await;
        subscribed(store, number, Topic::Heartbeat).await;
    }
    for number in [2, 2, 9] {
        store.unsubscribe(&id(number), book).await.expect("no matter what was before");
    }
    assert_eq!(listeners(store, book).await, ids([1, 3]));
    assert_eq!(listeners(store, Topic::Heartbeat).await, ids([1, 2, 3]));
    subscribed(store, 2, book).await;
    assert_eq!(listeners(store, book).await, ids([1, 2, 3]));
}

pub(super) async fn a_removed_connection_listens_to_nothing(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let many = (0..).map(|bits| Topic::User(UserId::from_bits(bits)));
    let topics: Vec<_> = topics().into_iter().chain(many).take(50).collect();
    for number in [1, 2] {
        store.put_connection(&connection(number)).await.expect("put");
        for topic in &topics {
            subscribed(store, number, *topic).await;
        }
    }
    for number in [1, 1, 9] {
        store.remove_connection(&id(number)).await.expect("no matter what was before");
    }
    assert_eq!(store.connection(&id(1)).await, Ok(None));
    assert_eq!(store.connections().await, Ok(vec![connection(2)]));
    for topic in &topics {
        assert_eq!(listeners(store, *topic).await, ids([2]), "{topic}");
    }
}

pub(super) async fn a_connection_that_was_never_put_is_removed_as_well(store: Arc<dyn Store>) {
    let store = store.as_ref();
    subscribed(store, 1, Topic::Heartbeat).await;
    store.remove_connection(&id(1)).await.expect("removed");
    assert_eq!(store.subscribers(Topic::Heartbeat).await, Ok(Arc::default()));
}

pub(super) async fn hundreds_of_subscribers_are_all_named(store: Arc<dyn Store>) {
    let ticker = Topic::Ticker(mrc_usd().id());
    for number in 0..300 {
        subscribed(store.as_ref(), number, ticker).await;
    }
    assert_eq!(listeners(store.as_ref(), ticker).await, ids(0..300));
}
