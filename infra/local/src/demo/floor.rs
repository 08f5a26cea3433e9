//! What the bots of a run share: how many orders are left, how fast they may come, whether it is
//! time to stop, and what was counted. What an order is, it does not know.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Interval, MissedTickBehavior, interval},
};

/// Orders, by what was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Orders that were sent.
    pub(super) placed: u64,
    /// Those that were accepted.
    pub(super) accepted: u64,
    /// Those that were not, by the code.
    pub(super) refused: BTreeMap<String, u64>,
}

/// The floor that bots trade on.
pub(super) struct Floor {
    orders_max: u64,
    next: AtomicU64,
    /// None: as fast as the market answers.
    pace: Option<tokio::sync::Mutex<Interval>>,
    stopped: watch::Sender<bool>,
    tally: Mutex<Tally>,
}

impl Floor {
    /// A floor for so many orders, so many a second at most; 0: without a limit.
    pub(super) fn new(orders_max: u64, rate: u32) -> Self {
        let pace = Duration::from_secs(1).checked_div(rate).map(|gap| {
            // An interval of nothing is none.
            let mut pace = interval(gap.max(Duration::from_micros(1)));
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            tokio::sync::Mutex::new(pace)
        });
        let (next, tally) = (AtomicU64::new(0), Mutex::default());
        Self { orders_max, next, pace, stopped: watch::Sender::new(false), tally }
    }

    /// The number of the next order, when it is time for it; none if there is to be none.
    pub(super) async fn next(&self) -> Option<u64> {
        let mut stopped = self.stopped.subscribe();
        if let Some(pace) = &self.pace
            && self.next.load(Ordering::Relaxed) < self.orders_max
        {
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => return None,
                _ = async { pace.lock().await.tick().await } => {}
            }
        }
        if *stopped.borrow() {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.orders_max).then_some(number)
    }

    /// There is no next order from here on.
    pub(super) fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Counts an order that was sent, and its refusal's code if it was refused.
    pub(super) fn count(&self, refusal: Option<String>) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.placed = tally.placed.saturating_add(1);
        match refusal {
            None => tally.accepted = tally.accepted.saturating_add(1),
            Some(code) => {
                let times = tally.refused.entry(code).or_default();
                *times = times.saturating_add(1);
            }
        }
    }

    /// What was counted so far.
    pub(super) fn tally(&self) -> Tally {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn so_many_orders_have_a_number_and_no_more() {
        for rate in [0, u32::MAX] {
            let floor = Floor::new(2, rate);
            let numbers = [floor.next().await, floor.next().await, floor.next().await];
            assert_eq!(numbers, [Some(0), Some(1), None]);
        }
    }

    #[tokio::test]
    async fn whoever_waits_for_a_turn_hears_of_the_end() {
        let floor = Floor::new(100, 1);
        assert_eq!(floor.next().await, Some(0));
        let mut waiting = Box::pin(floor.next());
        assert!(futures_util::poll!(&mut waiting).is_pending(), "a second has to pass");
        floor.stop();
        assert_eq!(waiting.await, None);
        assert_eq!(floor.next().await, None);
    }
}
