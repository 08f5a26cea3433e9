//! The real world behind the ports: the system's clock, its entropy, its slow hashes.

use std::{
    num::NonZero,
    sync::Arc,
    thread::available_parallelism,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use app::ports::{Clock, Entropy, HashingFailed, Passwords};
use async_trait::async_trait;
use domain::{
    identity::PasswordHash,
    time::{Span, Timestamp},
};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::{sync::Semaphore, task::JoinError};

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

    #[expect(clippy::disallowed_methods, reason = "this is the port's one real implementation")]
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

/// Work on blocking threads, so much at once and the rest in order of arrival.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Semaphore>);

impl Turns {
    /// So many at once.
    #[must_use]
    pub fn new(at_once: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once)))
    }

    /// Does something when it is its turn. A caller that stops waiting does not stop what has
    /// begun, and its turn lasts until it ends.
    ///
    /// # Errors
    /// The work panicked, or the runtime ends.
    #[expect(clippy::disallowed_methods, reason = "its caller waits for it")]
    pub async fn run<Outcome: Send + 'static>(
        &self,
        work: impl FnOnce() -> Outcome + Send + 'static,
    ) -> Result<Outcome, JoinError> {
        // Nobody closes the semaphore, so it is always a turn.
        let turn = Arc::clone(&self.0).acquire_owned().await;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await
    }
}

/// Argon2id on threads of its own, so that others are served meanwhile: no more at once than
/// there are processors, since each takes its memory (19 MiB by the standard) while it runs, and
/// more would not be faster.
#[derive(Debug, Clone)]
pub struct Argon2Passwords {
    hasher: PasswordHasher,
    turns: Turns,
}

impl Argon2Passwords {
    /// Hashes new passwords like this; verifies each as it was hashed.
    #[must_use]
    pub fn new(hasher: PasswordHasher) -> Self {
        let processors = available_parallelism().map_or(1, NonZero::get);
        Self { hasher, turns: Turns::new(processors) }
    }
}

#[async_trait]
impl Passwords for Argon2Passwords {
    async fn hash(&self, password: &str, salt: u128) -> Result<PasswordHash, HashingFailed> {
        let password = Password::parse(password).map_err(|_| HashingFailed)?;
        let hasher = self.hasher;
        let hashed = self.turns.run(move || hasher.hash(&password, &salt.to_be_bytes())).await;
        hashed.map_err(|_| HashingFailed)?.map_err(|_| HashingFailed)
    }

    async fn verify(&self, password: &str, hash: Option<&PasswordHash>) -> bool {
        let Ok(password) = Password::parse(password) else { return false };
        let known = hash.is_some();
        let hash = hash.cloned().unwrap_or_else(|| self.hasher.decoy());
        let right = self.turns.run(move || verify(&password, &hash)).await;
        right.unwrap_or(false) && known
    }
}

/// No passwords: none is right.
pub struct NoPasswords;

#[async_trait]
impl Passwords for NoPasswords {
    async fn hash(&self, _password: &str, _salt: u128) -> Result<PasswordHash, HashingFailed> {
        Err(HashingFailed)
    }

    async fn verify(&self, _password: &str, _hash: Option<&PasswordHash>) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn no_more_passwords_are_hashed_at_once_than_there_are_processors() {
        let passwords = Argon2Passwords::new(PasswordHasher::STANDARD);
        let processors = available_parallelism().map_or(1, NonZero::get);
        let [running, most] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
        let work = |_| {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            passwords.turns.run(move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                (0..1_000).for_each(|_| std::thread::yield_now());
                running.fetch_sub(1, Ordering::SeqCst);
            })
        };
        let done = join_all((0..processors * 8).map(work)).await;
        assert!(done.iter().all(Result::is_ok));
        assert!((1..=processors).contains(&most.load(Ordering::SeqCst)));
    }
}
