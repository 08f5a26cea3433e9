//! The doorbell of a market in one process: what SQS and the scheduler are to functions. Decides
//! when the matcher of a pair runs and when it runs again; what it does is not known here.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use app::ports::{Clock, Doorbell, NotRung};
use async_trait::async_trait;
use domain::{command::CommandId, pair::PairId, time::Span};
use edge::{function::caught, problem::Problem};
use futures_util::future::BoxFuture;
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};

/// How long after its first failure a pair is handled again; doubled after each further one.
const PAUSE_MIN_MS: u32 = 100;
const PAUSE_MAX_MS: u32 = 5_000;
/// How long after a sweep the next one begins.
const SWEEP_INTERVAL: Span = Span::seconds(60);

/// Does everything that waits for a pair.
pub type Handle = Arc<dyn Fn(PairId) -> BoxFuture<'static, Result<(), Problem>> + Send + Sync>;
/// Does everything that is due and was not rung for.
pub type Sweep = Arc<dyn Fn() -> BoxFuture<'static, Result<(), Problem>> + Send + Sync>;

/// Pairs that were rung for and that nobody has seen to: one entry a pair, however often it rang.
#[derive(Default)]
struct Rung {
    pairs: Mutex<BTreeSet<PairId>>,
    news: Notify,
}

impl Rung {
    fn take(&self) -> BTreeSet<PairId> {
        std::mem::take(&mut self.pairs.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Rings in this process. It never waits.
pub struct LocalDoorbell(Weak<Rung>);

/// What was rung for, until somebody answers: [`Rings::answer`].
pub struct Rings(Arc<Rung>);

/// A doorbell, and what becomes of its rings: those before the answering begins are kept.
#[must_use]
pub fn doorbell() -> (LocalDoorbell, Rings) {
    let rung = Arc::new(Rung::default());
    (LocalDoorbell(Arc::downgrade(&rung)), Rings(rung))
}

#[async_trait]
impl Doorbell for LocalDoorbell {
    async fn ring(&self, pair: PairId, _command: CommandId) -> Result<(), NotRung> {
        let rung = self.0.upgrade();
        let rung = rung.ok_or_else(|| NotRung("nobody answers any more".to_owned()))?;
        rung.pairs.lock().unwrap_or_else(PoisonError::into_inner).insert(pair);
        rung.news.notify_one();
        Ok(())
    }
}

/// How pairs are handled and when.
#[derive(Clone)]
struct Matching {
    handle: Handle,
    clock: Arc<dyn Clock>,
    stopped: watch::Receiver<bool>,
}

/// Handles what is rung for, until it is shut down; dropped, it ends at once.
pub struct Answering {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Rings {
    /// Handles each pair that is rung for, at once and alone: pairs do not wait for each other,
    /// and rings during a handling make one more. What fails is tried again until it works:
    /// after 100 ms at first, after 5 s at most. Sweeps once now and then every minute.
    /// Waits by the clock, which must be one that takes its time.
    #[must_use]
    pub fn answer(self, handle: Handle, sweep: Sweep, clock: Arc<dyn Clock>) -> Answering {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(sweep_for_ever(sweep, Arc::clone(&clock), stopped.clone()));
        tasks.spawn(answer_all(self.0, Matching { handle, clock, stopped }));
        Answering { stop, tasks }
    }
}

impl Answering {
    /// Ends when what is being handled is, and begins nothing more.
    pub async fn shutdown(mut self) {
        // Tasks that have ended listen no more, which is as good.
        let _told = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// One task a pair, for ever: there are as many pairs as an operator has made.
async fn answer_all(rung: Arc<Rung>, mut matching: Matching) {
    let mut bells: BTreeMap<PairId, Arc<Notify>> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    while matching.goes_on_after(rung.news.notified()).await {
        for pair in rung.take() {
            let bell = bells.entry(pair).or_insert_with(|| {
                let bell = Arc::new(Notify::new());
                tasks.spawn(answer_one(pair, Arc::clone(&bell), matching.clone()));
                bell
            });
            // It remembers one ring while whoever hears it is busy.
            bell.notify_one();
        }
    }
    // Rings come to nothing from here on, and their doorbell says so.
    drop(rung);
    while tasks.join_next().await.is_some() {}
}

async fn answer_one(pair: PairId, bell: Arc<Notify>, mut matching: Matching) {
    while matching.goes_on_after(bell.notified()).await {
        let mut pause_ms = PAUSE_MIN_MS;
        loop {
            let handle = Arc::clone(&matching.handle);
            let Err(problem) = caught(async move { handle(pair).await }).await else { break };
            tracing::warn!(%pair, code = problem.code, pause_ms, "not matched: {}", problem.detail);
            let clock = Arc::clone(&matching.clock);
            if !matching.goes_on_after(clock.sleep(Span::millis(pause_ms))).await {
                return;
            }
            pause_ms = pause_ms.saturating_mul(2).min(PAUSE_MAX_MS);
        }
    }
}

async fn sweep_for_ever(sweep: Sweep, clock: Arc<dyn Clock>, mut stopped: watch::Receiver<bool>) {
    loop {
        if let Err(problem) = caught(async { sweep().await }).await {
            tracing::warn!(code = problem.code, "not swept: {}", problem.detail);
        }
        if !goes_on_after(&mut stopped, clock.sleep(SWEEP_INTERVAL)).await {
            return;
        }
    }
}

impl Matching {
    async fn goes_on_after(&mut self, waiting: impl Future<Output = ()>) -> bool {
        goes_on_after(&mut self.stopped, waiting).await
    }
}

/// Whether the wait is over before it is time to stop. A sender that is gone is a stop.
pub(crate) async fn goes_on_after(
    stopped: &mut watch::Receiver<bool>,
    waiting: impl Future<Output = ()>,
) -> bool {
    tokio::select! {
        biased;
        _ = stopped.wait_for(|stopped| *stopped) => false,
        () = waiting => true,
    }
}
