//! Where what nobody can handle is kept until somebody has looked at it. Why it could not be
//! handled, the letter says; who looks, and what becomes of it, is not known here.

use async_trait::async_trait;

/// Something that came to a function and that it will never be able to handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The function's stem, as in `project`.
    pub function: &'static str,
    /// Where it came from: the table and the sequence number, as in `market-journal/1000…`.
    pub source: String,
    /// Why it could not be handled, for people.
    pub reason: String,
    /// What came, as JSON.
    pub body: String,
}

/// A letter was not kept: whatever it is about must come again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the dead letter was not kept: {0}")]
pub struct NotKept(pub String);

/// Keeps dead letters. Once it has said so, a letter is not lost.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Keeps a letter. The same letter again, after a lost answer, may be kept twice.
    async fn put(&self, letter: &DeadLetter) -> Result<(), NotKept>;
}
