//! What tests stand on: a store in memory, the contract of every store, a clock and entropy
//! that tests set, decorators that count and fail, and fixtures. Never part of a function.

pub mod audit;
pub mod builders;
pub mod clock;
pub mod contract;
pub mod dead_letters;
pub mod doorbell;
pub mod entropy;
pub mod faults;
pub mod memory;
pub mod metered;
pub mod passwords;
pub mod tasks;
#[cfg(test)]
mod use_cases;
pub mod virtual_time;
pub mod webhook_sender;
