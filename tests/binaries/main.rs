//! Every function as the program that is shipped: it starts against a Lambda Runtime API,
//! takes a gateway's event and answers as the gateway wants it. Needs the programs in the
//! target directory: `cargo build --workspace --bins`.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod answers;
mod connections;
mod environment;
mod function;
mod market;
mod queue;
mod runtime_api;
mod venues;
mod webhooks;
