//! Whether a process is alive, and whether it stands still.

use std::{
    future::{Future, poll_fn},
    sync::{Mutex, PoisonError},
    task::{Poll, Waker},
};

#[derive(Debug, Default)]
struct State {
    ended: bool,
    frozen: u32,
    waker: Option<Waker>,
}

/// The life of one process.
#[derive(Debug, Default)]
pub struct Life(Mutex<State>);

impl Life {
    /// It ends, whatever it is doing.
    pub fn end(&self) {
        let waker = self.with(|state| {
            state.ended = true;
            state.waker.take()
        });
        waker.into_iter().for_each(Waker::wake);
    }

    /// It stands still: nobody can end it for being late.
    pub fn freeze(&self) {
        self.with(|state| state.frozen += 1);
    }

    /// It goes on.
    pub fn thaw(&self) {
        self.with(|state| state.frozen = state.frozen.saturating_sub(1));
    }

    /// Whether it stands still.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.with(|state| state.frozen > 0)
    }

    /// Over when it ends.
    pub fn ended(&self) -> impl Future<Output = ()> + '_ {
        poll_fn(|context| {
            self.with(|state| {
                if state.ended {
                    return Poll::Ready(());
                }
                state.waker = Some(context.waker().clone());
                Poll::Pending
            })
        })
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut State) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
