//! What a slow reader is spared: messages about books, prices and candles are pressed together
//! and say the same; a user's events and trades never are.

use std::sync::Arc;

use edge::sockets::Frame;
use serde_json::{Value, json};

use super::{Client, Socket, Venue, client::Counts, document::name_of};
use crate::workload::Dice;

fn read(frame: &Frame) -> Value {
    let message = serde_json::from_str(&frame.text).expect("JSON");
    name_of(&message);
    message
}

/// Frames of one connection, as they were posted.
fn posted(socket: &Socket<'_>) -> Vec<Frame> {
    let posts = socket.world.gateway.posts();
    posts.into_iter().filter(|(to, _)| *to == socket.id).map(|(_, frame)| frame).collect()
}

/// All frames of a long run of trading, of one channel.
async fn frames(seed: u64, asks: &Value, commands: u64) -> (Venue, Vec<Frame>) {
    let mut venue = Venue::open(seed).await;
    let world = Arc::clone(&venue.world);
    let socket = Socket::open(&world, &venue.traders[0], "listener").await;
    world.gateway.take(&socket.id);
    socket.tells(asks).await;
    for _ in 0..commands / 4 {
        venue.trade(4).await;
        venue.publish().await;
    }
    let frames = posted(&socket).split_off(1);
    (venue, frames)
}

fn subscribe(channel: &str) -> Value {
    json!({"type": "subscribe", "channel": channel, "market": "MRC-USD"})
}

fn client_of<'a>(frames: impl IntoIterator<Item = &'a Frame>) -> Client {
    let mut client = Client::default();
    for frame in frames {
        assert_eq!(client.hear(&read(frame)), None, "{}", frame.text);
    }
    client
}

/// Presses runs of frames together, of a random length each.
fn pressed(frames: &[Frame], dice: &mut Dice) -> Vec<Frame> {
    let mut out: Vec<Frame> = Vec::new();
    let mut left = 0;
    for frame in frames {
        let both = out.last().filter(|_| left > 0).and_then(|last| last.with_later(frame));
        left = if left == 0 { dice.below(9) } else { left - 1 };
        match (both, out.last_mut()) {
            (Some(both), Some(last)) => *last = both,
            _ => out.push(frame.clone()),
        }
    }
    out
}

#[tokio::test]
async fn a_book_pressed_together_anyhow_is_the_same_book() {
    let (_venue, frames) = frames(11, &subscribe("book"), 400).await;
    let plain = client_of(&frames);
    for seed in 0..10 {
        let some = pressed(&frames, &mut Dice::new(seed, 3));
        assert!(some.len() * 3 < frames.len() * 2, "{} of {}", some.len(), frames.len());
        let client = client_of(&some);
        assert_eq!((&client.bids, &client.asks), (&plain.bids, &plain.asks));
        assert_eq!(client.seq("book"), plain.seq("book"));
        let Counts { gaps, wrong_checksums, .. } = client.counts;
        assert_eq!((gaps, wrong_checksums), (0, 0));
    }
    // All of it, after the snapshot, as one.
    let one = frames[2..]
        .iter()
        .fold(frames[1].clone(), |all, frame| all.with_later(frame).expect("no gap"));
    let client = client_of([&frames[0], &one]);
    assert_eq!((&client.bids, &client.asks), (&plain.bids, &plain.asks));
}

#[tokio::test]
async fn messages_that_were_told_again_are_pressed_into_what_all_of_them_say() {
    let (_venue, frames) = frames(12, &subscribe("book"), 200).await;
    let plain = client_of(&frames);
    let mut dice = Dice::new(12, 4);
    for _ in 0..200 {
        // A message stands for some that were told before: it may cover less, or begin earlier.
        let one = 1 + dice.place(frames.len() - 12);
        let merge = |from: usize, to: usize| {
            frames[from + 1..=to]
                .iter()
                .fold(frames[from].clone(), |all, frame| all.with_later(frame).expect("no gap"))
        };
        let first = merge(one, one + dice.place(6));
        let other = one + 1 - dice.place(2).min(one);
        let again = merge(other.max(1), other.max(1) + dice.place(6));
        let Some(both) = first.with_later(&again) else { continue };
        let rest: Vec<_> = frames.iter().skip(1).collect();
        // Whoever has followed all up to the first of them goes on with it.
        let start = one.min(other.max(1));
        let messages = frames[..start].iter().chain([&both]).chain(rest);
        let client = client_of(messages);
        assert_eq!((&client.bids, &client.asks), (&plain.bids, &plain.asks));
        assert_eq!((client.counts.gaps, client.counts.wrong_checksums), (0, 0));
    }
}

#[tokio::test]
async fn a_gap_a_snapshot_and_another_market_are_never_pressed() {
    let (_venue, frames) = frames(13, &subscribe("book"), 40).await;
    assert!(frames[1].with_later(&frames[3]).is_none(), "a gap");
    assert!(frames[3].with_later(&frames[1]).is_none(), "a gap backwards");
    assert!(frames[0].with_later(&frames[1]).is_none(), "a snapshot");
    assert!(frames[1].with_later(&frames[0]).is_none(), "a snapshot");
    assert!(frames[1].with_later(&frames[2]).is_some());
}

#[tokio::test]
async fn of_prices_and_of_the_platforms_book_the_latest_stays() {
    let (_venue, frames) = frames(14, &subscribe("ticker"), 80).await;
    let one = frames[2..]
        .iter()
        .fold(frames[1].clone(), |all, frame| all.with_later(frame).expect("no gap"));
    let (one, first, last) = (read(&one), read(&frames[1]), read(frames.last().expect("frames")));
    assert_eq!((&one["data"], &one["seq"]), (&last["data"], &last["seq"]));
    assert_eq!(one["prev_seq"], first["prev_seq"]);
    assert!(
        frames[2]
            .with_later(&frames[1])
            .is_some_and(|both| read(&both)["seq"] == read(&frames[2])["seq"])
    );

    let mut venue = Venue::open(15).await;
    let world = Arc::clone(&venue.world);
    let socket = Socket::open_platform(&world, &venue.traders[0], "older").await;
    socket.hears();
    for _ in 0..20 {
        venue.trade(4).await;
        venue.publish().await;
    }
    let books = |frame: &&Frame| read(frame)["type"] == "order_book_update";
    let frames = posted(&socket);
    let books: Vec<_> = frames.iter().filter(books).collect();
    assert!(books.len() > 3);
    let one =
        books[1..].iter().fold(books[0].clone(), |all, book| all.with_later(book).expect("always"));
    assert_eq!(one.text, books.last().expect("a book").text);
    let others = frames.iter().filter(|frame| frame.pressed.is_none());
    assert!(others.clone().count() > 0);
    assert!(others.map(read).all(|message| message["event"] == "price_change"));
}

#[tokio::test]
async fn candles_pressed_together_leave_out_the_last_word_on_none() {
    let asks = json!({
        "type": "subscribe", "channel": "candles", "market": "MRC-USD", "interval": "1m",
    });
    let (_venue, frames) = frames(16, &asks, 1_500).await;
    let plain = client_of(&frames);
    assert!(plain.candles.len() > 4, "{}", plain.candles.len());
    for seed in 0..10 {
        let some = pressed(&frames, &mut Dice::new(seed, 5));
        assert!(some.len() < frames.len());
        let client = client_of(&some);
        assert_eq!(
            (&client.candles, client.seq("candles")),
            (&plain.candles, plain.seq("candles"))
        );
    }
}

#[tokio::test]
async fn trades_and_a_users_events_are_never_pressed() {
    let (_venue, frames) = frames(17, &subscribe("trades"), 80).await;
    assert!(frames.len() > 5);
    assert!(frames.iter().all(|frame| frame.pressed.is_none()));
    let floor = crate::floor::Floor::open().await;
    let socket = Socket::open(&floor.world, &floor.john, "john").await;
    socket.tells(&json!({"type": "subscribe", "channel": "user"})).await;
    super::events::live(&floor).await;
    floor.world.follow_streams().await;
    let frames = posted(&socket);
    assert!(frames.len() > 5 && frames.iter().all(|frame| frame.pressed.is_none()));
}
