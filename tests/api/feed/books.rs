//! Books, trades and candles of a client that has nothing but its socket, against those that
//! everyone reads over HTTP.

use std::{collections::BTreeMap, sync::Arc};

use domain::time::Span;
use serde_json::{Value, json};
use tests::Ask;

use super::{
    Client, Socket, Venue,
    chaos::Chaos,
    client::{Levels, price},
};
use crate::steps::walk;

/// How many beats a client may need to catch up with a market that rests.
const BEATS_MAX: usize = 40;
/// How often it may have something to say to what it hears before it hears no more.
const TURNS_MAX: usize = 40;

struct Listener<'a> {
    socket: Socket<'a>,
    client: Client,
    chaos: Chaos,
}

impl Listener<'_> {
    /// The client hears what there is, and says what it then has to say, until it is quiet.
    async fn hear(&mut self) {
        for _ in 0..TURNS_MAX {
            let messages = self.socket.hears();
            if messages.is_empty() {
                return;
            }
            for message in self.chaos.pass(messages, &self.client) {
                if let Some(says) = self.client.hear(&message) {
                    self.socket.tells(&says).await;
                }
            }
        }
        panic!("it never gets what it asks for: {:?}", self.client.counts);
    }
}

/// A market and a listener to all of its channels, which take their turns; each round ends with
/// the client up to date.
async fn run(seed: u64, chaos: Chaos, rounds: usize, commands: u64) -> (Client, Chaos) {
    let mut venue = Venue::open(seed).await;
    let world = Arc::clone(&venue.world);
    let socket = Socket::open(&world, &venue.traders[0], "listener").await;
    for channel in ["book", "trades"] {
        socket.tells(&json!({"type": "subscribe", "channel": channel, "market": "MRC-USD"})).await;
    }
    let candles = json!({
        "type": "subscribe", "channel": "candles", "market": "MRC-USD", "interval": "1m",
    });
    socket.tells(&candles).await;
    socket.tells(&json!({"type": "subscribe", "channel": "heartbeat"})).await;
    let mut listener = Listener { socket, client: Client::default(), chaos };
    for round in 0..rounds {
        let mut left = commands;
        while left > 0 {
            let some = left.min(1 + venue.below(25));
            left -= some;
            venue.trade(some).await;
            venue.publish().await;
            listener.hear().await;
        }
        if round % 3 == 0 {
            venue.project().await;
        }
        catch_up(&venue, &mut listener).await;
        compare_book(&venue, &listener.client).await;
    }
    venue.project().await;
    compare_trades(&venue, &listener.client).await;
    (listener.client, listener.chaos)
}

async fn catch_up(venue: &Venue, listener: &mut Listener<'_>) {
    let head = venue.store.market_events(venue.pair.id()).last().expect("an event").head;
    let trades = head.standing.trades;
    let mut beats = 0;
    while [("book", head.seq), ("trades", trades), ("candles", trades)]
        .iter()
        .any(|(channel, head)| listener.client.seq(channel) != Some(*head))
    {
        beats += 1;
        assert!(beats < BEATS_MAX, "behind {head:?} for ever: {:?}", listener.client.counts);
        venue.beat().await;
        listener.hear().await;
    }
}

/// The client's book is the one that everyone reads, level by level.
async fn compare_book(venue: &Venue, client: &Client) {
    // Longer than a book is kept.
    venue.world.pass(Span::seconds(1));
    let book = venue.world.send(Ask::get("/api/v1/markets/MRC-USD/book?depth=100")).await;
    let book = &book.expect_status(200).body;
    assert_eq!(book["seq"].as_u64(), client.seq("book"));
    for (name, kept) in [("bids", &client.bids), ("asks", &client.asks)] {
        let level = |row: &Value| {
            let [at, quantity] =
                ["price", "quantity"].map(|name| row[name].as_str().expect("text"));
            (price(at), [at.to_owned(), quantity.to_owned()])
        };
        let levels: Levels = book[name].as_array().expect("rows").iter().map(level).collect();
        assert!(levels.len() < 100, "all of them are read");
        assert_eq!(kept, &levels, "{name} at {}", book["seq"]);
    }
}

/// The client has every trade that there was, and each candle that sums them up.
async fn compare_trades(venue: &Venue, client: &Client) {
    let numbers = walk(&venue.world, None, "/markets/MRC-USD/trades", 100, "number").await;
    let quantities = walk(&venue.world, None, "/markets/MRC-USD/trades", 100, "quantity").await;
    let listed: BTreeMap<u64, String> =
        numbers.iter().map(|number| number.parse().expect("a number")).zip(quantities).collect();
    let told = client
        .trades
        .iter()
        .map(|(number, trade)| (*number, trade["quantity"].as_str().expect("a text").to_owned()));
    assert_eq!(told.collect::<BTreeMap<_, _>>(), listed);
    let path = "/api/v1/markets/MRC-USD/candles?interval=1m&limit=1000";
    let candles = venue.world.send(Ask::get(path)).await;
    let listed: BTreeMap<String, Value> = candles.expect_status(200).body["data"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|candle| (candle["start"].as_str().expect("a time").to_owned(), candle.clone()))
        .collect();
    assert!(listed.len() > 3, "{listed:?}");
    assert_eq!(client.candles, listed);
}

#[tokio::test]
async fn a_client_that_only_listens_has_the_market_though_messages_are_lost_doubled_and_late() {
    let (client, chaos) = run(1, Chaos::seeded(1), 25, 400).await;
    let (counts, passed) = (&client.counts, &chaos.passed);
    for some in [passed.lost, passed.doubled, passed.overtaken] {
        assert!(some * 20 >= passed.all, "5 in a hundred at least: {passed:?}");
    }
    assert!(passed.damaged > 50, "{passed:?}");
    assert!(counts.gaps > 100 && counts.wrong_checksums > 40, "{counts:?}");
    assert!(counts.resumes > 100 && counts.old > 100, "{counts:?}");
    assert_eq!(counts.resyncs, 0, "{counts:?}");
}

#[tokio::test]
async fn where_nothing_is_lost_nobody_resumes() {
    let (client, _) = run(2, Chaos::none(), 5, 200).await;
    let counts = &client.counts;
    let trouble = [counts.gaps, counts.wrong_checksums, counts.resumes, counts.resyncs];
    assert_eq!(trouble, [0; 4], "{counts:?}");
    assert!(counts.applied > 300, "{counts:?}");
}
