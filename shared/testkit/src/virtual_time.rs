//! Time that passes only when everybody waits for it: many futures on one thread, each woken at
//! its time and in one order, so that days go by in seconds and a run can be repeated.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use app::ports::Clock;
use async_trait::async_trait;
use domain::time::{Span, Timestamp};
use futures_util::stream::{FuturesUnordered, StreamExt};

/// How often everybody may go on at one moment before something is taken to go on for ever.
const TURNS_MAX: u64 = 1_000_000;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Inner {
    now: Timestamp,
    /// Who is woken when; two at the same time in the order in which they asked.
    timers: BTreeMap<(Timestamp, u64), Waker>,
    asked: u64,
    spawned: Vec<Task>,
}

/// The time, and what happens in it.
#[derive(Clone)]
pub struct VirtualTime(Arc<Mutex<Inner>>);

impl VirtualTime {
    /// Time that begins here.
    #[must_use]
    pub fn from(start: Timestamp) -> Self {
        let timers = BTreeMap::new();
        Self(Arc::new(Mutex::new(Inner { now: start, timers, asked: 0, spawned: Vec::new() })))
    }

    /// Lets something happen beside everything else, from now on.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.with(|inner| inner.spawned.push(Box::pin(future)));
    }

    /// Lets time pass until nothing is left to happen.
    ///
    /// # Panics
    /// If something waits for what never comes, or never waits.
    pub fn run(&self) {
        let flag = Arc::new(Flag::default());
        let waker = Waker::from(Arc::clone(&flag));
        let mut all = FuturesUnordered::new();
        let (mut moment, mut turns) = (self.now(), 0_u64);
        loop {
            turns = if moment == self.now() { turns + 1 } else { 0 };
            assert!(turns < TURNS_MAX, "something never waits: time stands still at {moment:?}");
            moment = self.now();
            all.extend(self.with(|inner| std::mem::take(&mut inner.spawned)));
            flag.0.store(false, Ordering::Relaxed);
            let polled = all.poll_next_unpin(&mut Context::from_waker(&waker));
            let spawned = self.with(|inner| !inner.spawned.is_empty());
            // Pending with the flag up is a pause between two that are ready, and no wait.
            let goes_on = spawned || flag.0.load(Ordering::Relaxed);
            match polled {
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) if !spawned => return,
                _ if goes_on => {}
                _ => assert!(self.pass(), "something waits for what never comes"),
            }
        }
    }

    /// Moves on to the next moment at which somebody is woken; `false`: there is none.
    fn pass(&self) -> bool {
        let woken = self.with(|inner| {
            let ((at, _), waker) = inner.timers.pop_first()?;
            inner.now = inner.now.max(at);
            Some(waker)
        });
        woken.map(Waker::wake).is_some()
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Inner) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Over at a time. It is woken once, and not at all when nobody waits for it any more.
struct Until {
    time: VirtualTime,
    until: Timestamp,
    /// Its place among those who asked to be woken then.
    asked: Option<u64>,
}

impl Future for Until {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (until, known) = (self.until, self.asked);
        let asked = self.time.with(|inner| {
            if inner.now >= until {
                return None;
            }
            let asked = known.unwrap_or_else(|| {
                inner.asked = inner.asked.saturating_add(1);
                inner.asked
            });
            inner.timers.insert((until, asked), context.waker().clone());
            Some(asked)
        });
        self.asked = asked.or(known);
        if asked.is_some() { Poll::Pending } else { Poll::Ready(()) }
    }
}

impl Drop for Until {
    fn drop(&mut self) {
        if let Some(asked) = self.asked {
            let until = self.until;
            self.time.with(|inner| inner.timers.remove(&(until, asked)));
        }
    }
}

#[async_trait]
impl Clock for VirtualTime {
    fn now(&self) -> Timestamp {
        self.with(|inner| inner.now)
    }

    async fn sleep(&self, span: Span) {
        let until = self.now().plus(span);
        Until { time: self.clone(), until, asked: None }.await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builders::start;

    #[test]
    fn days_pass_at_once_and_everybody_is_woken_in_order() {
        let time = VirtualTime::from(start());
        let seen = Arc::new(Mutex::new(Vec::new()));
        for hours in [48, 1, 24] {
            let (there, seen) = (time.clone(), Arc::clone(&seen));
            time.spawn(async move {
                there.sleep(Span::seconds(hours * 3600)).await;
                seen.lock().expect("no panic").push((hours, there.now()));
                let (later, seen) = (there.clone(), Arc::clone(&seen));
                there.spawn(async move {
                    later.sleep(Span::seconds(1)).await;
                    seen.lock().expect("no panic").push((0, later.now()));
                });
            });
        }
        time.run();
        let seen = seen.lock().expect("no panic");
        let at = |seconds| start().plus(Span::seconds(seconds));
        let expected =
            [1, 24, 48].map(|hours| [(hours, at(hours * 3600)), (0, at(hours * 3600 + 1))]);
        assert_eq!(*seen, expected.concat());
    }

    #[test]
    fn a_wait_that_is_given_up_wakes_nobody() {
        let time = VirtualTime::from(start());
        let there = time.clone();
        time.spawn(async move {
            for _ in 0..10 {
                let (short, long) = (there.sleep(Span::seconds(1)), there.sleep(Span::seconds(60)));
                drop(futures_util::future::select(short, long).await);
            }
        });
        time.run();
        assert_eq!(time.with(|inner| (inner.timers.len(), inner.asked)), (0, 20));
        assert_eq!(time.now(), start().plus(Span::seconds(10)));
    }

    #[test]
    fn a_thousand_that_are_ready_are_all_done_before_time_passes() {
        let time = VirtualTime::from(start());
        let done = Arc::new(Mutex::new(0));
        for _ in 0..1_000 {
            let done = Arc::clone(&done);
            time.spawn(async move { *done.lock().expect("no panic") += 1 });
        }
        time.run();
        assert_eq!((*done.lock().expect("no panic"), time.now()), (1_000, start()));
    }
}
