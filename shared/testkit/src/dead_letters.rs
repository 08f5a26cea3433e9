//! Dead letters in memory, which tests read.

use std::sync::{Mutex, PoisonError};

use app::ports::{DeadLetter, DeadLetters, NotKept};
use async_trait::async_trait;

#[derive(Debug, Default)]
struct Kept {
    letters: Vec<DeadLetter>,
    refuses: bool,
}

/// Remembers letters in their order.
#[derive(Debug, Default)]
pub struct RecordingDeadLetters(Mutex<Kept>);

impl RecordingDeadLetters {
    /// All letters so far.
    #[must_use]
    pub fn letters(&self) -> Vec<DeadLetter> {
        self.with(|kept| kept.letters.clone())
    }

    /// Whether letters are refused from now on: not remembered, and answered by [`NotKept`].
    pub fn refuse(&self, refuses: bool) {
        self.with(|kept| kept.refuses = refuses);
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Kept) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl DeadLetters for RecordingDeadLetters {
    async fn put(&self, letter: &DeadLetter) -> Result<(), NotKept> {
        self.with(|kept| {
            if kept.refuses {
                return Err(NotKept("the test refuses it".to_owned()));
            }
            kept.letters.push(letter.clone());
            Ok(())
        })
    }
}
