//! Faults where they are wanted: at this call of the store by that function, and nowhere else.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use testkit::faults::{Call, CallKind};

/// What goes wrong at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strike {
    /// The store is not reached, or takes no request.
    LostRequest,
    /// The store decides and its answer is lost.
    LostAnswer,
    /// Another transaction touches the same rows.
    Conflict,
    /// The request arrives twice.
    Doubled,
    /// The answer is lost, and the store forgets that it has seen the request.
    LostAnswerAndLapsed,
    /// The process ends before the call is sent.
    KillBefore,
    /// The process ends after the call was carried out.
    KillAfter,
    /// The store never answers, and the function runs out of its time.
    Hang,
    /// The store takes 4 s.
    Slow,
}

impl Strike {
    /// What can go wrong at a call of a kind.
    #[must_use]
    pub fn of(kind: CallKind) -> &'static [Self] {
        use Strike::{
            Conflict, Doubled, Hang, KillAfter, KillBefore, LostAnswer, LostAnswerAndLapsed,
            LostRequest, Slow,
        };
        match kind {
            CallKind::Commit => &[
                LostRequest,
                LostAnswer,
                Conflict,
                Doubled,
                LostAnswerAndLapsed,
                KillBefore,
                KillAfter,
                Hang,
                Slow,
            ],
            CallKind::Write => &[LostRequest, LostAnswer, KillBefore, KillAfter, Hang, Slow],
            CallKind::Read | CallKind::LaggingRead => &[LostRequest, KillBefore, Hang, Slow],
        }
    }
}

#[derive(Debug, Default)]
struct State {
    stem: Option<&'static str>,
    strikes: BTreeMap<usize, Strike>,
    calls: Vec<Call>,
}

/// At which calls of which function something goes wrong, and all calls that it has made.
#[derive(Debug, Default)]
pub struct Aim(Mutex<State>);

impl Aim {
    /// From now on the calls of a function are counted, and these of them fail.
    pub fn take(&self, stem: &'static str, strikes: BTreeMap<usize, Strike>) {
        *self.state() = State { stem: Some(stem), strikes, calls: Vec::new() };
    }

    /// Nothing goes wrong any more; the calls that were made.
    pub fn lower(&self) -> Vec<Call> {
        std::mem::take(&mut *self.state()).calls
    }

    /// What goes wrong at the next call of a function.
    pub fn strike(&self, stem: &'static str, call: Call) -> Option<Strike> {
        let mut state = self.state();
        if state.stem != Some(stem) {
            return None;
        }
        let place = state.calls.len();
        state.calls.push(call);
        state.strikes.remove(&place)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
