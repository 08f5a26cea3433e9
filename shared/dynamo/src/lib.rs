//! DynamoDB: tables, keys and rows, and commits as conditional transactions.
//! The only crate that names the DynamoDB SDK. What is committed, it does not decide.

mod connect;
mod create;
mod error;
mod expression;
mod listeners;
mod read;
mod rows;
pub mod schema;
mod send;
mod store;
pub mod stream;
mod token;
mod transact;

pub use connect::{Access, connect, https_client};
pub use create::{Streams, create_missing_tables};
pub use schema::TableNames;
pub use store::DynamoStore;
