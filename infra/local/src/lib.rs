//! The local market: the same functions in one process, over an embedded database.
//! What an endpoint does is not known here, only how it is reached.

pub mod arguments;
mod backfill;
mod data_dir;
pub mod demo;
pub mod doorbell;
pub mod embedded;
pub mod endpoint;
mod failures;
pub mod options;
mod queues;
pub mod report;
mod schedules;
mod seed;
mod serve;
mod sockets;
mod start;
pub mod streams;
pub mod tasks;
mod venue;
pub mod verify;

#[cfg(test)]
mod tests;

pub use options::{Options, StartError, Storage, VenueChoice};
pub use report::Report;
pub use seed::SeedError;
pub use start::{RunningMarket, start};
