//! What must hold when all is quiet: the promises, checked against the store and against what
//! clients were told.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::{Context, Poll, Waker},
};

use crate::{run::text_of, sim::Sim};

/// Everything that does not hold.
#[must_use]
pub fn judge(sim: &Sim) -> Vec<String> {
    let mut violations = Vec::new();
    let users = sim.town.users();
    let store = sim.seam.plain();
    let audited =
        catch_unwind(AssertUnwindSafe(|| now(testkit::audit::audit(store.as_ref(), &users))));
    if let Err(panic) = audited {
        violations.push(text_of(panic.as_ref()));
    }
    for letter in sim.letters.letters() {
        violations.push(format!("a dead letter: {letter:?}"));
    }
    violations
}

/// A store that lets others go first, but never waits.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}
