//! What a slow reader is spared, and what never.

use std::any::Any;

use app::ports::Topic;
use edge::sockets::{Merge, Whole};

use super::*;

/// A book's change from one number to another.
struct Change {
    topic: Topic,
    from: u32,
    to: u32,
}

impl Merge for Change {
    fn with_later(&self, later: &dyn Merge) -> Option<Frame> {
        let later = (later as &dyn Any).downcast_ref::<Self>()?;
        (later.from == self.to).then(|| change(self.topic, self.from, later.to))
    }
}

fn change(topic: Topic, from: u32, to: u32) -> Frame {
    Frame::pressed(format!("{topic} {from}-{to}"), topic, Change { topic, from, to })
}

fn book(pair: &str) -> Topic {
    Topic::Book(pair.parse().expect("a pair"))
}

/// All that waits, as texts.
async fn drained(outbox: &Outbox) -> Vec<String> {
    let mut texts = Vec::new();
    while outbox.waiting().frames.front().is_some() {
        let Next::Send(frames) = outbox.next().await else { panic!("something waits") };
        texts.extend(frames.iter().map(|frame| frame.text.to_string()));
    }
    texts
}

#[tokio::test]
async fn a_reader_who_keeps_up_gets_every_frame() {
    let outbox = Outbox::default();
    for number in 0..1000 {
        outbox.post(&change(book("MRC-USD"), number, number + 1)).expect("open");
        assert_eq!(drained(&outbox).await, [format!("book#MRC-USD {number}-{}", number + 1)]);
    }
}

#[tokio::test]
async fn a_slow_reader_gets_the_latest_state_of_each_topic_and_every_plain_frame() {
    let outbox = Outbox::default();
    for number in 0..1000 {
        for pair in ["MRC-USD", "VNC-USD"] {
            outbox.post(&change(book(pair), number, number + 1)).expect("open");
        }
        outbox.post(&Frame::plain(format!("trade {number}"))).expect("open");
    }
    let texts = drained(&outbox).await;
    let trades: Vec<_> = texts.iter().filter(|text| text.starts_with("trade")).collect();
    let expected: Vec<_> = (0..1000).map(|number| format!("trade {number}")).collect();
    assert_eq!(trades, expected.iter().collect::<Vec<_>>());
    assert!(texts.len() < 1000 + SLOW_FRAMES, "{} frames", texts.len());
    for pair in ["MRC-USD", "VNC-USD"] {
        let prefix = format!("book#{pair} ");
        let mut at = 0_u32;
        for change in texts.iter().filter_map(|text| text.strip_prefix(&prefix)) {
            let (from, to) = change.split_once('-').expect("a change");
            assert_eq!(from, at.to_string(), "a gap in {pair}");
            at = to.parse().expect("a number");
        }
        assert_eq!(at, 1000, "the latest of {pair}");
    }
}

#[tokio::test]
async fn nothing_is_pressed_over_a_frame_that_stands_for_itself() {
    let (outbox, topic) = (Outbox::default(), book("MRC-USD"));
    for number in 0..SLOW_FRAMES {
        outbox.post(&Frame::plain(number.to_string())).expect("open");
    }
    outbox.post(&change(topic, 1, 2)).expect("open");
    outbox.post(&Frame::pressed("snapshot at 2", topic, Whole)).expect("open");
    outbox.post(&change(topic, 2, 3)).expect("open");
    outbox.post(&change(topic, 3, 4)).expect("open");
    outbox.post(&change(topic, 9, 10)).expect("open");
    let texts = drained(&outbox).await;
    let expected = ["book#MRC-USD 1-2", "snapshot at 2", "book#MRC-USD 2-4", "book#MRC-USD 9-10"];
    assert_eq!(texts[SLOW_FRAMES..], expected);
}

#[tokio::test]
async fn what_was_handed_out_is_not_pressed_any_more() {
    let (outbox, topic) = (Outbox::default(), book("MRC-USD"));
    outbox.post(&change(topic, 0, 1)).expect("open");
    for number in 0..SLOW_FRAMES + BATCH_FRAMES {
        outbox.post(&Frame::plain(number.to_string())).expect("open");
    }
    let Next::Send(batch) = outbox.next().await else { panic!("something waits") };
    assert_eq!(batch.len(), BATCH_FRAMES);
    outbox.post(&change(topic, 1, 2)).expect("open");
    outbox.post(&change(topic, 2, 3)).expect("open");
    assert_eq!(drained(&outbox).await.last().map(String::as_str), Some("book#MRC-USD 1-3"));
}

#[tokio::test]
async fn a_reader_who_is_hopelessly_behind_is_told_to_come_again() {
    let by_count = |_: usize| Frame::plain("trade");
    let by_size = |_: usize| Frame::plain("x".repeat(100_000));
    for (make, taken) in [(&by_count as &dyn Fn(usize) -> Frame, FRAMES_MAX), (&by_size, 83)] {
        let outbox = Outbox::default();
        for number in 0..taken {
            assert_eq!(outbox.post(&make(number)), Ok(()), "{number}");
        }
        assert_eq!(outbox.post(&make(taken)), Err(PostError::Gone));
        assert_eq!(outbox.post(&Frame::plain("one more")), Err(PostError::Gone));
        let Next::End(ending) = outbox.next().await else { panic!("nothing is sent any more") };
        assert_eq!(ending.code, CloseCode::Again);
    }
}

#[tokio::test]
async fn what_waits_is_sent_before_the_end() {
    let outbox = Outbox::default();
    outbox.post(&Frame::plain("last words")).expect("open");
    outbox.end(Ending::new(CloseCode::Normal, ""));
    outbox.end(Ending::new(CloseCode::Away, "too late"));
    assert_eq!(outbox.post(&Frame::plain("after that")), Err(PostError::Gone));
    assert_eq!(drained(&outbox).await, ["last words"]);
    let Next::End(ending) = outbox.next().await else { panic!("the end") };
    assert_eq!(ending, Ending::new(CloseCode::Normal, ""));
}
