//! A seam whose store fails above the port, where each call is one step, and which remembers the
//! calls, when they were made, and what became of them.

use std::sync::{Arc, Mutex, PoisonError};

use app::ports::{Clock, Store};
use async_trait::async_trait;
use domain::{commit::Commit, id::UserId, time::Timestamp};
use edge::function::StreamRow;
use testkit::{
    faults::{Call, Fault, FaultPlan, FaultyStore},
    virtual_time::VirtualTime,
};

use tokio::runtime::{Builder, Runtime};

use super::recorded::Recorded;
use crate::{
    life::Life,
    seam::{Seam, ToldRow},
};

/// Calls in the order in which they were made.
#[derive(Clone, Default)]
pub(super) struct Calls(Arc<Mutex<Vec<Made>>>);

/// When, which, and what was to become of it.
type Made = (i64, &'static str, Fault);

impl Calls {
    /// All of them.
    pub(super) fn all(&self) -> Vec<Made> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A seam whose calls are remembered.
pub(super) struct Traced {
    seam: Arc<dyn Seam>,
    calls: Calls,
    time: VirtualTime,
    runtime: Arc<Runtime>,
}

impl Traced {
    /// Around a seam whose plain store never waits.
    pub(super) fn new(seam: Arc<dyn Seam>, calls: Calls, time: VirtualTime) -> Self {
        let runtime = Arc::new(Builder::new_current_thread().build().expect("a runtime"));
        Self { seam, calls, time, runtime }
    }
}

#[async_trait]
impl Seam for Traced {
    fn plain(&self) -> Arc<dyn Store> {
        Arc::new(Recorded {
            inner: self.seam.plain(),
            runtime: Arc::clone(&self.runtime),
            time: self.time.clone(),
            at_once: true,
        })
    }

    fn of_process(&self, plan: Arc<dyn FaultPlan>, _life: &Arc<Life>) -> Arc<dyn Store> {
        let (calls, time) = (self.calls.clone(), self.time.clone());
        let plan = TracedPlan { plan, calls, time };
        Arc::new(FaultyStore::planned(self.plain(), Arc::new(plan)))
    }

    fn forget_commits(&self) {
        self.seam.forget_commits();
    }

    fn hear_key(&self, user: UserId, key: &str) {
        self.seam.hear_key(user, key);
    }

    async fn told(&self) -> Vec<ToldRow> {
        let mut told = self.seam.told().await;
        // The store in memory does not tell of what no function makes anything of.
        told.retain(|(_, row)| !matches!(row, StreamRow::Other));
        told
    }

    fn commits_so_far(&self) -> usize {
        self.seam.commits_so_far()
    }

    fn commits(&self) -> Vec<Arc<Commit>> {
        self.seam.commits()
    }
}

struct TracedPlan {
    plan: Arc<dyn FaultPlan>,
    calls: Calls,
    time: VirtualTime,
}

#[async_trait]
impl FaultPlan for TracedPlan {
    async fn before(&self, call: Call) -> Fault {
        let fault = self.plan.before(call).await;
        let mut calls = self.calls.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push((self.time.now().millis(), call.name, fault));
        fault
    }

    async fn after(&self, call: Call) {
        self.plan.after(call).await;
    }

    fn horizon(&self) -> Option<Timestamp> {
        self.plan.horizon()
    }
}
