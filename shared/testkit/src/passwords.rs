//! Passwords that are not hashed at all, for tests of use cases. They must never leave tests.

use app::ports::{HashingFailed, Passwords};
use async_trait::async_trait;
use domain::identity::PasswordHash;

/// Every "hash" begins with it, so that one is recognised wherever it turns up.
pub const PREFIX: &str = "not-hashed:";

/// Keeps the password readable behind [`PREFIX`] and its salt. It takes no time, so it says
/// nothing of timing.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainPasswords;

#[async_trait]
impl Passwords for PlainPasswords {
    async fn hash(&self, password: &str, salt: u128) -> Result<PasswordHash, HashingFailed> {
        Ok(PasswordHash(format!("{PREFIX}{salt:032x}:{password}")))
    }

    async fn verify(&self, password: &str, hash: Option<&PasswordHash>) -> bool {
        let kept = hash.and_then(|hash| hash.0.strip_prefix(PREFIX));
        kept.and_then(|kept| kept.split_once(':')).is_some_and(|(_, kept)| kept == password)
    }
}
