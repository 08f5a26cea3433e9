//! The local market: the same functions in one process, over an embedded database.

pub mod embedded;
