//! Functions as Lambda runs them: each in processes of its own that do one thing at a time, keep
//! their caches between two invocations, stand still meanwhile, and may end at any moment.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use app::ports::Clock;
use domain::time::Span;
use edge::context::Context;
use futures_util::future::{Either, select};
use testkit::virtual_time::VirtualTime;

use crate::{chaos::Chaos, life::Life, swarm::Kind};

/// What a process does in one invocation.
pub type Job<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An invocation without a result. What it did before that, it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The process ended.
    Killed,
    /// Its time was over.
    TimedOut,
}

/// Makes the context of a new process.
pub type Start = Box<dyn Fn(&'static str, Arc<Life>) -> Context + Send + Sync>;

/// A process with its caches.
struct Process {
    context: Context,
    life: Arc<Life>,
}

/// All processes.
pub struct Fleet {
    time: VirtualTime,
    chaos: Arc<Chaos>,
    start: Start,
    idle: Mutex<BTreeMap<&'static str, Vec<Process>>>,
    left: AtomicUsize,
}

impl Fleet {
    /// No processes yet; so many invocations at most.
    #[must_use]
    pub fn new(time: VirtualTime, chaos: Arc<Chaos>, start: Start, most: usize) -> Self {
        let left = AtomicUsize::new(most);
        Self { time, chaos, start, idle: Mutex::default(), left }
    }

    /// Has a function do something, in a process that is idle or begins, within its time.
    ///
    /// # Errors
    /// [`Lost`]: nobody knows how far it came.
    pub async fn invoke<T: Send>(
        &self,
        stem: &'static str,
        limit: Span,
        job: impl for<'a> FnOnce(&'a Context) -> Job<'a, T> + Send,
    ) -> Result<T, Lost> {
        assert!(self.left.fetch_sub(1, Ordering::Relaxed) > 0, "it never comes to rest");
        let process = self.process(stem);
        let done = {
            let Process { context, life } = &process;
            let end = Box::pin(select(Box::pin(life.ended()), Box::pin(self.late(life, limit))));
            match select(job(context), end).await {
                Either::Left((done, _)) => Ok(done),
                Either::Right((Either::Left(_), _)) => Err(Lost::Killed),
                Either::Right((Either::Right(_), _)) => Err(Lost::TimedOut),
            }
        };
        if done.is_ok() && !self.chaos.strikes(Kind::KillIdle) {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.entry(stem).or_default().push(process);
        }
        done
    }

    /// All processes that do nothing now end, and with them what they remember.
    pub fn end_idle(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Over when a process has had its time. One that stands still is not ended for it.
    async fn late(&self, life: &Life, limit: Span) {
        self.time.sleep(limit).await;
        while life.is_frozen() {
            self.time.sleep(Span::seconds(30)).await;
        }
    }

    fn process(&self, stem: &'static str) -> Process {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let known = idle.entry(stem).or_default();
        // Any of those that are idle, so that some caches are older than others.
        if !known.is_empty() {
            return known.swap_remove(self.chaos.dice.place(known.len()));
        }
        drop(idle);
        let life = Arc::new(Life::default());
        Process { context: (self.start)(stem, Arc::clone(&life)), life }
    }
}
