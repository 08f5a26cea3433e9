//! Random commands: the book, the naive book and one who sees only the events agree.

use crate::{
    book::rehearsal::{Counts, rehearse},
    testing::minor,
};

use super::steps;

/// All that can come about, but the rarest by which order it was.
const OUTCOMES: [&str; 32] = [
    "cancel_only",
    "closed funds expired",
    "closed funds filled",
    "closed funds market_closed",
    "closed funds self_trade",
    "closed funds would_take",
    "closed lots balance_limit",
    "closed lots cancelled",
    "closed lots deadline",
    "closed lots expired",
    "closed lots market_closed",
    "closed lots self_trade",
    "closed lots would_take",
    "cut",
    "filled FOK",
    "filled GTC",
    "filled IOC",
    "filled for funds",
    "halted",
    "prevented",
    "reduced",
    "reduced by prevention",
    "refused MarketClosed",
    "refused NotResting",
    "refused TooFewLots",
    "refused TooLarge",
    "refused Underfunded",
    "refused WouldTake",
    "rested",
    "trading",
    "unheard",
    "withdrawn",
];

/// Pairs in which a lot at one tick is worth 1, 7 and 75 minor units.
#[test]
fn the_book_does_what_the_naive_book_does() {
    let mut counts = Counts::new();
    for (seed, tick, lot) in [(1, 1, 100), (2, 1, 700), (3, 25, 300)] {
        for (outcome, times) in rehearse(steps(minor(tick), minor(lot)), seed, 33_334) {
            *counts.entry(outcome).or_default() += times;
        }
    }
    let seen: Vec<&str> = counts.keys().map(String::as_str).collect();
    assert_eq!(seen, OUTCOMES, "what the random commands bring about");
    assert!(counts.values().all(|times| *times >= 20), "too rare: {counts:?}");
}
