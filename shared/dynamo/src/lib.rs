//! DynamoDB: tables, keys and rows, and commits as conditional transactions.
//! The only crate that names the DynamoDB SDK. What is committed, it does not decide.

mod connect;
mod create;
mod error;
mod expression;
pub mod grants;
mod https;
mod listeners;
mod read;
mod rows;
pub mod scan;
pub mod schema;
mod send;
mod store;
pub mod stream;
mod tally;
mod token;
mod transact;
mod wait;

pub use connect::{Access, connect};
pub use create::{Streams, create_missing_tables};
pub use https::https_client;
pub use schema::TableNames;
pub use store::DynamoStore;
