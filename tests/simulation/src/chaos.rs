//! Chance at work: whether a fault strikes now, and how many have; and the plan by which the store
//! of one process fails.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use app::ports::Clock;
use async_trait::async_trait;
use domain::time::{Span, Timestamp};
use testkit::{
    faults::{Call, CallKind, Fault, FaultPlan},
    virtual_time::VirtualTime,
};

use crate::{
    dice::Dice,
    exhaustive::aim::{Aim, Strike},
    life::Life,
    swarm::{Kind, Swarm},
};

/// How often each kind of fault has struck.
pub type Struck = BTreeMap<Kind, u64>;

/// Chance.
pub struct Chaos {
    /// Everything that is left to chance and is no fault.
    pub dice: Dice,
    faults: Dice,
    swarm: Swarm,
    on: AtomicBool,
    struck: Mutex<Struck>,
}

impl Chaos {
    /// Chance as a seed determines it; faults happen from the beginning.
    #[must_use]
    pub fn new(seed: u64, swarm: Swarm) -> Self {
        Self {
            dice: Dice::new(seed, 2),
            faults: Dice::new(seed, 3),
            swarm,
            on: AtomicBool::new(true),
            struck: Mutex::default(),
        }
    }

    /// Whether faults happen.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// Faults happen from now on, or not any more.
    pub fn set(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }

    /// Whether a fault strikes on this occasion.
    #[must_use]
    pub fn strikes(&self, kind: Kind) -> bool {
        let rate = self.swarm.rate(kind);
        let strikes = rate > 0 && self.is_on() && self.faults.below(10_000) < rate;
        if strikes {
            *self.struck().entry(kind).or_default() += 1;
        }
        strikes
    }

    /// A time from one number of milliseconds to another.
    #[must_use]
    pub fn span(&self, from_ms: u64, to_ms: u64) -> Span {
        Span::of_millis(i64::try_from(self.dice.between(from_ms, to_ms)).unwrap_or(i64::MAX))
    }

    /// What has struck so far.
    #[must_use]
    pub fn counts(&self) -> Struck {
        self.struck().clone()
    }

    fn struck(&self) -> std::sync::MutexGuard<'_, Struck> {
        self.struck.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the store of one process fails: by chance, and the process with it.
pub struct StorePlan {
    /// Chance.
    pub chaos: Arc<Chaos>,
    /// The time.
    pub time: VirtualTime,
    /// The process's.
    pub life: Arc<Life>,
    /// Makes the store forget which commits it has seen.
    pub forget: Arc<dyn Fn() + Send + Sync>,
    /// The function whose process it is.
    pub stem: &'static str,
    /// What shall go wrong, besides what does by chance.
    pub aim: Arc<Aim>,
    /// What follows once the call that is under way is over.
    pub then: Mutex<Option<Strike>>,
}

impl StorePlan {
    async fn wait(&self, from_ms: u64, to_ms: u64) {
        self.time.sleep(self.chaos.span(from_ms, to_ms)).await;
    }

    /// The process dies, and what it was doing never goes on.
    async fn die(&self) {
        self.life.end();
        pending::<()>().await;
    }

    /// What was aimed at this call.
    async fn struck(&self, strike: Strike) -> Fault {
        match strike {
            Strike::LostRequest => return Fault::LostRequest,
            Strike::LostAnswer => return Fault::LostAnswer,
            Strike::Conflict => return Fault::Conflict,
            Strike::Doubled => return Fault::Doubled,
            Strike::KillBefore => self.die().await,
            Strike::Hang => pending::<()>().await,
            Strike::Slow => self.wait(4_000, 4_000).await,
            Strike::KillAfter | Strike::LostAnswerAndLapsed => {
                *self.then.lock().unwrap_or_else(PoisonError::into_inner) = Some(strike);
            }
        }
        if strike == Strike::LostAnswerAndLapsed { Fault::LostAnswer } else { Fault::None }
    }

    fn fault_of_commit(&self) -> Fault {
        let chaos = &self.chaos;
        if chaos.strikes(Kind::TokenLapsed) {
            (self.forget)();
        }
        if chaos.strikes(Kind::Conflict) {
            Fault::Conflict
        } else if chaos.strikes(Kind::LostAnswer) || chaos.strikes(Kind::InProgress) {
            Fault::LostAnswer
        } else if chaos.strikes(Kind::Doubled) {
            Fault::Doubled
        } else {
            Fault::None
        }
    }
}

#[async_trait]
impl FaultPlan for StorePlan {
    async fn before(&self, call: Call) -> Fault {
        self.wait(1, 8).await;
        if let Some(strike) = self.aim.strike(self.stem, call) {
            return self.struck(strike).await;
        }
        let chaos = &self.chaos;
        if chaos.strikes(Kind::Slow) {
            self.wait(200, 4_000).await;
        }
        if chaos.strikes(Kind::Freeze) {
            self.life.freeze();
            self.wait(20_000, 900_000).await;
            self.life.thaw();
        }
        if chaos.strikes(Kind::KillBefore) {
            self.die().await;
        }
        if chaos.strikes(Kind::Hang) {
            pending::<()>().await;
        }
        if chaos.strikes(Kind::Throttle) || chaos.strikes(Kind::LostRequest) {
            return Fault::LostRequest;
        }
        match call.kind {
            CallKind::Commit => self.fault_of_commit(),
            CallKind::Write if chaos.strikes(Kind::LostAnswer) => Fault::LostAnswer,
            CallKind::Write | CallKind::Read | CallKind::LaggingRead => Fault::None,
        }
    }

    async fn after(&self, call: Call) {
        let then = self.then.lock().unwrap_or_else(PoisonError::into_inner).take();
        match then {
            Some(Strike::KillAfter) => self.die().await,
            Some(_) => (self.forget)(),
            None => {}
        }
        let writes = matches!(call.kind, CallKind::Commit | CallKind::Write);
        if writes && self.chaos.strikes(Kind::KillAfter) {
            self.die().await;
        }
        self.wait(1, 4).await;
    }

    fn horizon(&self) -> Option<Timestamp> {
        let lag = self.chaos.strikes(Kind::StaleRead).then(|| self.chaos.span(1, 2_000))?;
        Some(Timestamp::from_millis(self.time.now().millis().saturating_sub(lag.as_millis())))
    }
}
