//! The real world behind the ports: the system's clock, its entropy, its slow hashes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use app::ports::{Clock, Entropy, HashingFailed, Passwords};
use async_trait::async_trait;
use domain::{
    identity::PasswordHash,
    time::{Span, Timestamp},
};
use ring::rand::{SecureRandom, SystemRandom};

use crate::auth::password::{Password, PasswordHasher, verify};

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port's one real implementation")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    async fn sleep(&self, span: Span) {
        let millis = u64::try_from(span.as_millis()).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
}

/// The system's entropy.
#[derive(Debug, Clone)]
pub struct SystemEntropy(SystemRandom);

impl Default for SystemEntropy {
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    fn bits(&self) -> u128 {
        let mut bytes = [0; 16];
        // Linux answers from getrandom(2), which does not fail once the machine has booted. A
        // zero would be guessable, so a failure must end the process rather than go on.
        if self.0.fill(&mut bytes).is_err() {
            tracing::error!("the system has no entropy");
            std::process::abort();
        }
        u128::from_be_bytes(bytes)
    }
}

/// Argon2id on a thread of its own, so that others are served meanwhile.
#[derive(Debug, Clone, Copy)]
pub struct Argon2Passwords(pub PasswordHasher);

#[async_trait]
impl Passwords for Argon2Passwords {
    async fn hash(&self, password: &str, salt: u128) -> Result<PasswordHash, HashingFailed> {
        let password = Password::parse(password).map_err(|_| HashingFailed)?;
        let hasher = self.0;
        tokio::task::spawn_blocking(move || hasher.hash(&password, &salt.to_be_bytes()))
            .await
            .map_err(|_| HashingFailed)?
            .map_err(|_| HashingFailed)
    }

    async fn verify(&self, password: &str, hash: Option<&PasswordHash>) -> bool {
        let Ok(password) = Password::parse(password) else { return false };
        let known = hash.is_some();
        let hash = hash.cloned().unwrap_or_else(|| self.0.decoy());
        let right = tokio::task::spawn_blocking(move || verify(&password, &hash)).await;
        right.unwrap_or(false) && known
    }
}
