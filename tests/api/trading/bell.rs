//! A doorbell that loses a third of its rings, doubles a third, and is late with the others.
//! Doubled ones wake a matcher in each of two processes at the same time.

use std::sync::Arc;

use app::{matching::match_orders, perform::Failed, ports::StoreError};
use domain::pair::PairId;
use edge::context::Context;
use tokio::task::{JoinSet, yield_now};

use super::hall::Hall;
use crate::workload::Dice;

/// How many turns of the other tasks a ring is late at most.
const TURNS_MAX: u64 = 200;

/// What became of rings.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    pub(crate) lost: u32,
    pub(crate) doubled: u32,
    pub(crate) late: u32,
    /// Matchers that failed and were rung for again, as a queue does.
    pub(crate) failed: u32,
}

/// The bell at its work.
pub(crate) struct Bell {
    hall: Arc<Hall>,
    processes: [Arc<Context>; 2],
    dice: Dice,
    carried: Carried,
    late: Vec<(u64, PairId)>,
    matchers: JoinSet<(PairId, Result<(), Failed>)>,
}

impl Bell {
    pub(crate) fn new(hall: Arc<Hall>, seed: u64) -> Self {
        let processes = [Arc::clone(&hall.world.context), hall.world.elsewhere(|store| store)];
        let (carried, late, matchers) = (Carried::default(), Vec::new(), JoinSet::new());
        // No trader throws these dice.
        Self { hall, processes, dice: Dice::new(seed, 999), carried, late, matchers }
    }

    /// Carries rings until nobody places orders any more. What is then lost, the sweep finds.
    pub(crate) async fn carry(mut self) -> Carried {
        loop {
            for (pair, _) in self.hall.world.doorbell.take() {
                self.ring(pair);
            }
            self.deliver();
            while let Some(ended) = self.matchers.try_join_next() {
                let (pair, matched) = ended.expect("a matcher that came to its end");
                self.again(pair, matched);
            }
            if self.hall.is_closed() && self.late.is_empty() && self.matchers.is_empty() {
                return self.carried;
            }
            yield_now().await;
        }
    }

    fn ring(&mut self, pair: PairId) {
        match self.dice.below(3) {
            0 => self.carried.lost += 1,
            1 => {
                self.carried.doubled += 1;
                self.wake(0, pair);
                self.wake(1, pair);
            }
            _ => {
                self.carried.late += 1;
                self.late.push((1 + self.dice.below(TURNS_MAX), pair));
            }
        }
    }

    /// Wakes a matcher for each late ring whose turn has come.
    fn deliver(&mut self) {
        for (turns, _) in &mut self.late {
            *turns -= 1;
        }
        let due = self.late.extract_if(.., |(turns, _)| *turns == 0);
        for (_, pair) in due.collect::<Vec<_>>() {
            let process = self.dice.place(2);
            self.wake(process, pair);
        }
    }

    fn wake(&mut self, process: usize, pair: PairId) {
        let context = Arc::clone(&self.processes[process]);
        self.matchers.spawn_local(async move {
            let matched = match_orders(&context.market, pair).await;
            (pair, matched.map(|_| ()))
        });
    }

    fn again(&mut self, pair: PairId, matched: Result<(), Failed>) {
        match matched {
            Ok(()) => {}
            Err(Failed::Busy | Failed::Store(StoreError::Unavailable(_))) => {
                self.carried.failed += 1;
                self.late.push((1 + self.dice.below(TURNS_MAX), pair));
            }
            Err(failed) => panic!("a matcher of {pair}: {failed}"),
        }
    }
}
