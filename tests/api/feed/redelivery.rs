//! What streams tell comes again, torn, in another order across keys, and to processes that know
//! nothing: it is told under the same numbers, and nothing is missing.

use std::sync::Arc;

use app::perform::Freshness;
use edge::function::handle_stream_event;
use functions::publish;
use serde_json::Value;
use testkit::faults::FaultyStore;

use super::{Client, Socket, Venue, events::live};
use crate::{floor::Floor, workload::Dice};

const TABLES: &[&str] = &["accounts", "orders", "catalog"];

/// What a client has once it has heard all of this.
fn client_of(messages: &[Value]) -> Client {
    let mut client = Client::default();
    for message in messages {
        assert_eq!(client.hear(message), None, "{message}");
    }
    client
}

/// John listens to everything from the beginning of the market.
async fn listener<'a>(floor: &'a Floor) -> (Socket<'a>, Vec<Value>) {
    let socket = Socket::open(&floor.world, &floor.john, "john").await;
    let mut heard = vec![socket.listens("user").await];
    for channel in ["book", "trades"] {
        heard.push(socket.subscribes(channel, "MRC-USD").await);
    }
    (socket, heard)
}

#[tokio::test]
async fn batches_that_come_torn_again_and_across_keys_in_any_order_tell_the_same() {
    let floor = Floor::open().await;
    let world = &floor.world;
    let (socket, mut heard) = listener(&floor).await;
    let before: Vec<_> = heard.clone();
    live(&floor).await;
    let batches = world.stream_events(TABLES).await;
    let mut dice = Dice::new(5, 5);
    // Each table's records in order; of which table the next ones are is left to chance.
    let mut places = vec![0; batches.len()];
    while let Some(table) = {
        let open: Vec<_> =
            (0..batches.len()).filter(|at| places[*at] < batches[*at].records.len()).collect();
        (!open.is_empty()).then(|| open[dice.place(open.len())])
    } {
        let mut part = batches[table].clone();
        let start = places[table] - dice.place(3).min(places[table]);
        let end = (places[table] + 1 + dice.place(4)).min(part.records.len());
        part.records = part.records[start..end].to_vec();
        let response = handle_stream_event(&world.context, &publish::FUNCTION, part).await;
        assert!(response.batch_item_failures.is_empty());
        places[table] = end;
    }
    heard.extend(socket.hears());
    let torn = client_of(&heard);
    assert_eq!(torn.counts.gaps, 0, "{:?}", torn.counts);
    assert!(torn.counts.old > 3, "{:?}", torn.counts);

    // A process that knows nothing is handed everything, newest table first.
    let elsewhere = world.elsewhere(|store| store);
    for batch in batches.iter().rev() {
        handle_stream_event(&elsewhere, &publish::FUNCTION, batch.clone()).await;
    }
    let again = socket.hears();
    assert!(!again.is_empty());
    let mut all = heard.clone();
    all.extend(again.clone());
    let twice = client_of(&all);
    assert_eq!(twice.counts.applied, torn.counts.applied, "nothing of it is new");
    for both in [(&twice.bids, &torn.bids), (&twice.asks, &torn.asks)] {
        assert_eq!(both.0, both.1);
    }
    assert_eq!((&twice.events, &twice.trades), (&torn.events, &torn.trades));
    // Whoever heard only the second telling has the same.
    let late = client_of(&before.into_iter().chain(again).collect::<Vec<_>>());
    assert_eq!((&late.bids, &late.asks), (&torn.bids, &torn.asks));
    assert_eq!((&late.events, &late.trades), (&torn.events, &torn.trades));
}

#[tokio::test]
async fn a_process_that_knows_nothing_goes_on_with_one_message() {
    let mut venue = Venue::open(6).await;
    let world = Arc::clone(&venue.world);
    let socket = Socket::open(&world, &venue.traders[0], "listener").await;
    let mut heard = vec![socket.subscribes("book", "MRC-USD").await];
    venue.trade(60).await;
    venue.publish().await;
    heard.extend(socket.hears());
    let known = heard.last().expect("a message")["seq"].as_u64().expect("a number");

    venue.trade(30).await;
    let news = venue.news();
    let last = news.last().expect("events").head.seq;
    assert!(last > known + 1, "several events");
    let cold = world.elsewhere(|store| store);
    venue.hand(&cold, &publish::FUNCTION, &news).await;
    let merged = socket.hears();
    assert_eq!(merged.len(), 1, "{merged:?}");
    let numbers = (merged[0]["prev_seq"].as_u64(), merged[0]["seq"].as_u64());
    assert_eq!(numbers, (Some(known), Some(last)));
    heard.extend(merged);
    // It is warm now: each event has a message of its own.
    venue.trade(10).await;
    let news = venue.news();
    venue.hand(&cold, &publish::FUNCTION, &news).await;
    let single = socket.hears();
    assert_eq!(single.len(), news.len());
    heard.extend(single);
    // What the first process missed it reads from the log: some is told again, none is missing.
    venue.trade(5).await;
    venue.publish().await;
    heard.extend(socket.hears());
    let client = client_of(&heard);
    let newest = venue.store.market_events(venue.pair.id()).last().expect("events").head.seq;
    assert_eq!((client.seq("book"), client.counts.gaps), (Some(newest), 0));
}

#[tokio::test]
async fn a_batch_with_events_missing_or_doubled_within_it_is_told_whole() {
    let mut venue = Venue::open(7).await;
    let world = Arc::clone(&venue.world);
    let socket = Socket::open(&world, &venue.traders[0], "listener").await;
    let mut heard = vec![
        socket.subscribes("book", "MRC-USD").await,
        socket.subscribes("trades", "MRC-USD").await,
    ];
    venue.trade(20).await;
    venue.publish().await;
    heard.extend(socket.hears());
    for _ in 0..10 {
        for _ in 0..8 {
            venue.trade(3).await;
        }
        let mut news = venue.news();
        assert!(news.len() > 3, "{}", news.len());
        // One in the middle never comes, one comes twice, and the last two change places.
        let place = news.len() / 2;
        news.remove(place);
        let doubled = news[0].clone();
        news.insert(1, doubled);
        let last = news.len() - 1;
        news.swap(last, last - 1);
        venue.hand(&world.context, &publish::FUNCTION, &news).await;
        heard.extend(socket.hears());
    }
    let client = client_of(&heard);
    let newest = venue.store.market_events(venue.pair.id()).last().expect("events").head;
    assert_eq!(client.seq("book"), Some(newest.seq));
    assert_eq!(client.seq("trades"), Some(newest.standing.trades));
    assert_eq!(client.counts.gaps, 0);
    assert_eq!(client.trades.keys().max(), Some(&newest.standing.trades));
}

#[tokio::test]
async fn a_long_backlog_is_told_at_once_and_one_beyond_measure_as_a_gap() {
    let mut venue = Venue::open(8).await;
    let world = Arc::clone(&venue.world);
    let socket = Socket::open(&world, &venue.traders[0], "listener").await;
    let mut client = Client::default();
    client.hear(&socket.subscribes("book", "MRC-USD").await);
    venue.trade(5).await;
    venue.publish().await;
    socket.hears().iter().for_each(|message| assert_eq!(client.hear(message), None));
    for _ in 0..30 {
        venue.trade(1).await;
    }
    venue.publish().await;
    let [all] = socket.hears().try_into().expect("one message of more than twenty events");
    assert_eq!(client.hear(&all), None);
    assert_eq!(client.seq("book"), all["seq"].as_u64());
    // A process slept over a thousand events: it does not read them all.
    for _ in 0..1_200 {
        venue.trade(1).await;
    }
    let news = venue.news();
    let last = &news[news.len() - 1..];
    assert!(news.len() > 1_001, "{}", news.len());
    venue.hand(&world.context, &publish::FUNCTION, last).await;
    let [told] = socket.hears().try_into().expect("one message");
    let resume = client.hear(&told).expect("it sees the gap");
    for message in socket.says(&resume).await {
        assert_eq!(client.hear(&message), None);
    }
    assert_eq!(client.seq("book"), Some(last[0].head.seq));
    assert_eq!((client.counts.gaps, client.counts.resyncs), (1, 0));
}

#[tokio::test]
async fn where_reading_fails_in_the_middle_the_batch_comes_again_and_nothing_is_lost() {
    let floor = Floor::open().await;
    let world = &floor.world;
    let (socket, mut heard) = listener(&floor).await;
    live(&floor).await;
    let faulty = world.elsewhere(|store| Arc::new(FaultyStore::seeded(store, 9, 60)));
    let mut again = 0;
    for mut batch in world.stream_events(TABLES).await {
        while !batch.records.is_empty() {
            let some = batch.records.len().min(7);
            let mut part = batch.clone();
            part.records.truncate(some);
            let numbers: Vec<_> =
                part.records.iter().map(|record| record.change.sequence_number.clone()).collect();
            let response = handle_stream_event(&faulty, &publish::FUNCTION, part).await;
            let failed =
                response.batch_item_failures.first().map(|failure| &failure.item_identifier);
            let done = failed.map_or(some, |failed| {
                again += 1;
                numbers.iter().position(|number| number == failed).expect("of this batch")
            });
            batch.records.drain(..done);
        }
    }
    assert!(again > 3, "{again}");
    assert!(world.dead_letters.letters().is_empty());
    heard.extend(socket.hears());
    let client = client_of(&heard);
    assert_eq!(client.counts.gaps, 0);
    let john = world.context.market.store.account(floor.john.id).await.expect("readable");
    assert_eq!(client.seq("user"), john.map(|account| account.version));
    let market = &world.context.market;
    let pair = market.pairs.get("MRC-USD".parse().expect("a market"), Freshness::Fresh).await;
    let depth = market.depths.get(&pair.expect("a pair"), Freshness::Fresh).await;
    assert_eq!(client.seq("book"), Some(depth.expect("a book").head.seq));
}

#[tokio::test]
async fn a_message_that_was_not_taken_is_a_gap_and_is_resumed() {
    let floor = Floor::open().await;
    let world = &floor.world;
    let (socket, heard) = listener(&floor).await;
    let mut client = client_of(&heard);
    live(&floor).await;
    world.gateway.fall_silent(true);
    world.follow_streams().await;
    world.gateway.fall_silent(false);
    assert_eq!(socket.hears(), [Value::Null; 0]);
    crate::steps::deposit(world, &floor.john, "after", "1.00").await.expect_status(200);
    world.follow_streams().await;
    let mut resumes = 0;
    for message in socket.hears() {
        let Some(says) = client.hear(&message) else { continue };
        resumes += 1;
        assert_eq!(says["type"], "resume");
        for replayed in socket.says(&says).await {
            assert_eq!(client.hear(&replayed), None, "{replayed}");
        }
    }
    assert_eq!(resumes, 1, "of the user's; nothing has come of the market");
    let page = crate::steps::get(world, &floor.john, "/events?limit=100").await;
    let rows = page.expect_status(200).body["data"].as_array().cloned().expect("rows");
    let told = rows.iter().skip(rows.len() - client.events.len());
    assert!(client.events.iter().eq(told), "{:?}", client.events);
    assert_eq!(client.seq("user"), rows.last().and_then(|row| row["seq"].as_u64()));
    let start = usize::try_from(heard[0]["seq"].as_u64().expect("a number")).expect("small");
    assert_eq!(client.events.len(), rows.len() - start);
}
