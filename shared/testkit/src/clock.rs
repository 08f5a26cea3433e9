//! A clock that stands still until a test moves it. It knows nothing of real time.

use std::sync::{Mutex, PoisonError};

use app::ports::Clock;
use async_trait::async_trait;
use domain::time::{Span, Timestamp};

/// A clock whose time is what the test says. Sleeping moves it on and returns at once.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self(Mutex::new(time))
    }

    /// Sets the clock, forwards or backwards.
    pub fn set(&self, time: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = time;
    }

    /// Moves the clock forwards.
    pub fn advance(&self, span: Span) {
        let mut time = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *time = time.plus(span);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, span: Span) {
        self.advance(span);
    }
}
