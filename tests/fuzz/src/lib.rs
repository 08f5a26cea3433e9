//! What must hold whatever bytes come from outside: one function a target, which panics where a
//! promise is broken. Who makes up the bytes, a fuzzer or a corpus, is not known here.

#![expect(clippy::expect_used, reason = "a promise that is broken ends the run")]

// The oracle's files name the crate that they belong to, and are compiled here once more.
use domain::{amount, book, id, order, pair};

mod amounts;
mod commands;
mod cursors;
mod events;
mod floor;
mod input;
mod natural;
#[path = "../../../shared/domain/src/book/oracle.rs"]
mod oracle;
mod rates;
mod requests;
mod rows;
mod tokens;
#[path = "../../../shared/domain/src/book/witness.rs"]
mod witness;

pub use amounts::amounts;
pub use commands::commands;
pub use cursors::cursors;
pub use events::events;
pub use rates::rates;
pub use requests::{answers, requests};
pub use rows::rows;
pub use tokens::tokens;

/// A target: what it does with bytes. It panics if something does not hold.
pub type Target = fn(&[u8]);

/// All targets by their names: of the fuzzers' programs and of the corpora.
pub const TARGETS: &[(&str, Target)] = &[
    ("amounts", amounts),
    ("commands", commands),
    ("cursors", cursors),
    ("events", events),
    ("rates", rates),
    ("requests", requests),
    ("rows", rows),
    ("tokens", tokens),
];
