//! The cache cluster's level of the rates, against a real Valkey or Redis server that each
//! test starts for itself. What a cached rate may be used for is tested elsewhere.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod discovering;
mod failing;
mod moving;
mod secured;
mod server;
mod sharing;
mod signing_in;
mod world;
