//! The operator's command on the embedded engine, and beside it on services that answer from a
//! script.
#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod drill;
mod market_place;
mod scripted;
mod services;
mod stage;
mod venues;
