//! The exchange among many who ask it at once: one at a time, each decision kept before anyone
//! hears of it.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use tokio::sync::watch;

use crate::exchange::{Exchange, Terms};

use super::{
    Changed, Now,
    keeping::{BookError, BookFile},
};

struct Inside {
    exchange: Exchange,
    file: Option<BookFile>,
    /// How many decisions are in the file.
    kept: usize,
}

/// The exchange, and where its book is kept.
pub(super) struct Hall {
    inside: Mutex<Inside>,
    now: Now,
    /// The number of the feed's last message.
    feed: watch::Sender<u64>,
}

impl Hall {
    pub(super) fn open(terms: Terms, now: Now, book: Option<PathBuf>) -> Result<Self, BookError> {
        let (decisions, file) = match book {
            Some(path) => {
                let (decisions, file) = BookFile::open(path, &terms)?;
                (decisions, Some(file))
            }
            None => (Vec::new(), None),
        };
        let kept = decisions.len();
        let exchange = Exchange::replay(terms, decisions, now());
        let (feed, _) = watch::channel(exchange.feed_length());
        Ok(Self { inside: Mutex::new(Inside { exchange, file, kept }), now, feed })
    }

    /// What time it is.
    pub(super) fn now(&self) -> i64 {
        (self.now)()
    }

    /// Lets someone ask the exchange, at the time that they are told. Whoever waits hears of it.
    pub(super) fn with<T>(&self, ask: impl FnOnce(&mut Exchange, i64) -> T) -> T {
        let (answer, length) = self.ask(ask);
        self.feed.send_replace(length);
        answer
    }

    /// The same, by itself: who waits hears of it if the feed is longer.
    pub(super) fn tend<T>(&self, ask: impl FnOnce(&mut Exchange, i64) -> T) -> T {
        let (answer, length) = self.ask(ask);
        self.feed.send_if_modified(|there| std::mem::replace(there, length) != length);
        answer
    }

    fn ask<T>(&self, ask: impl FnOnce(&mut Exchange, i64) -> T) -> (T, u64) {
        let mut inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = ask(&mut inside.exchange, self.now());
        let Inside { exchange, file, kept } = &mut *inside;
        let decided = exchange.decisions(*kept);
        if let (Some(file), false) = (file, decided.is_empty()) {
            if let Err(error) = file.append(decided) {
                tracing::error!(%error, "the venue's book is not kept");
            }
            *kept = kept.saturating_add(decided.len());
        }
        (answer, exchange.feed_length())
    }

    /// Lets someone look, which changes nothing.
    pub(super) fn with_book<T>(&self, look: impl FnOnce(&Exchange) -> T) -> T {
        look(&self.inside.lock().unwrap_or_else(PoisonError::into_inner).exchange)
    }

    /// Hears of each time that the exchange was asked.
    pub(super) fn changed(&self) -> Changed {
        self.feed.subscribe()
    }
}
