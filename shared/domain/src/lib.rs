//! The rules of the market, as pure functions: money, rates, ledger, catalogue, identity.
//! It knows no database, no HTTP, no clock and no randomness: all of these are arguments.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]
#![deny(clippy::disallowed_types)]

pub mod account;
pub mod activity;
pub mod amount;
pub mod book;
pub mod candle;
pub mod catalogue;
pub mod command;
pub mod commit;
pub mod conversion;
pub mod currency;
pub mod id;
pub mod identity;
pub mod ledger;
pub mod market_event;
pub mod operation;
pub mod order;
pub mod pair;
pub mod placement;
pub mod purchase;
pub mod quote;
pub mod rate;
pub mod refund;
pub mod refusal;
pub mod settlement;
pub mod statement;
#[cfg(test)]
pub(crate) mod testing;
pub mod time;
pub mod totals;
pub mod universe;
pub mod venue;
pub mod webhook;
