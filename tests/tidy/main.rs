//! The tree is as its rules say: crates, endpoints, events, sources and documents. What the
//! program does, other tests say.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod compose;
mod crates;
mod documents;
mod endpoints;
mod events;
mod sources;
mod stacks;
mod tree;
mod workflows;
mod yaml;
