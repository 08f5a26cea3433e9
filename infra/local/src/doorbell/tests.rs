//! Who is handled when, with a matcher and a clock in the test's hand. One thread, and nothing
//! waits for real time: when all tasks have had their turns, what has not happened will not.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::time::Timestamp;
use tokio::{
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        oneshot,
    },
    task::{JoinHandle, yield_now},
};

use super::*;

/// Far more turns than any of these tests has tasks.
const TURNS: usize = 100;

/// A clock that wakes a sleeper when the test says so.
struct HeldClock(UnboundedSender<(i64, oneshot::Sender<()>)>);

#[async_trait]
impl Clock for HeldClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }

    async fn sleep(&self, span: Span) {
        let (wake, woken) = oneshot::channel();
        self.0.send((span.as_millis(), wake)).expect("a test that listens");
        if woken.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// A handling that the test ends.
struct Begun {
    pair: String,
    end: oneshot::Sender<Result<(), Problem>>,
}

impl Begun {
    fn works(self) {
        self.end.send(Ok(())).expect("under way");
    }

    fn fails(self) {
        let problem = Problem::passing(503, "store_unavailable", "no answer");
        self.end.send(Err(problem)).expect("under way");
    }

    /// The matcher panics over an end that is dropped.
    fn panics(self) {
        drop(self.end);
    }
}

struct Bench {
    doorbell: LocalDoorbell,
    answering: Option<Answering>,
    begun: UnboundedReceiver<Begun>,
    sleepers: UnboundedReceiver<(i64, oneshot::Sender<()>)>,
    /// The sweep, which sleeps for a minute.
    sweeper: Option<oneshot::Sender<()>>,
    sweeps: Arc<AtomicU32>,
}

impl Bench {
    /// Answers from the beginning, after these pairs have rung.
    async fn after(rings: &[&str]) -> Self {
        let (doorbell, unanswered) = doorbell();
        for pair in rings {
            ring(&doorbell, pair).await.expect("kept");
        }
        let (begin, begun) = unbounded_channel();
        let handle: Handle = Arc::new(move |pair| {
            let begin = begin.clone();
            Box::pin(async move {
                let (end, ended) = oneshot::channel();
                let pair = pair.to_string();
                begin.send(Begun { pair, end }).unwrap_or_else(|_| panic!("the test is over"));
                ended.await.expect("a matcher without a bug")
            })
        });
        let sweeps = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&sweeps);
        let sweep: Sweep = Arc::new(move || {
            let nth = counted.fetch_add(1, Ordering::Relaxed);
            let failed = Problem::passing(503, "store_unavailable", "no answer");
            Box::pin(async move { if nth.is_multiple_of(2) { Err(failed) } else { Ok(()) } })
        });
        let (sleep, sleepers) = unbounded_channel();
        let answering = Some(unanswered.answer(handle, sweep, Arc::new(HeldClock(sleep))));
        Self { doorbell, answering, begun, sleepers, sweeper: None, sweeps }
    }

    async fn new() -> Self {
        Self::after(&[]).await
    }

    async fn ring(&self, pair: &str) {
        ring(&self.doorbell, pair).await.expect("rung");
    }

    /// The one handling that has begun since the last look.
    async fn begun(&mut self) -> Begun {
        settle().await;
        let begun = self.begun.try_recv().expect("nothing has begun");
        self.nothing_begins().await;
        begun
    }

    async fn nothing_begins(&mut self) {
        settle().await;
        if let Ok(begun) = self.begun.try_recv() {
            panic!("{} has begun", begun.pair);
        }
    }

    /// Ends the one pause that was begun; its length.
    async fn pass_pause(&mut self) -> i64 {
        settle().await;
        loop {
            let (millis, wake) = self.sleepers.try_recv().expect("nobody pauses");
            if millis != SWEEP_INTERVAL.as_millis() {
                wake.send(()).expect("asleep");
                return millis;
            }
            self.sweeper = Some(wake);
        }
    }

    async fn pass_minute(&mut self) {
        settle().await;
        let (millis, wake) = self.sleepers.try_recv().expect("nobody sleeps");
        assert_eq!(millis, 60_000);
        wake.send(()).expect("asleep");
        settle().await;
    }

    fn shutdown(&mut self) -> JoinHandle<()> {
        tokio::spawn(self.answering.take().expect("not yet").shutdown())
    }
}

async fn ring(doorbell: &LocalDoorbell, pair: &str) -> Result<(), NotRung> {
    let command = CommandId { at: Timestamp::from_millis(0), bits: 0 };
    doorbell.ring(pair.parse().expect("a pair"), command).await
}

async fn settle() {
    for _ in 0..TURNS {
        yield_now().await;
    }
}

#[tokio::test]
async fn rings_during_a_handling_make_exactly_one_more() {
    let mut bench = Bench::new().await;
    bench.ring("MRC-USD").await;
    let first = bench.begun().await;
    for _ in 0..3 {
        bench.ring("MRC-USD").await;
        bench.nothing_begins().await;
    }
    first.works();
    let second = bench.begun().await;
    assert_eq!(second.pair, "MRC-USD");
    second.works();
    bench.nothing_begins().await;
    bench.ring("MRC-USD").await;
    bench.begun().await.works();
}

#[tokio::test]
async fn pairs_do_not_wait_for_each_other() {
    let mut bench = Bench::new().await;
    bench.ring("MRC-USD").await;
    let slow = bench.begun().await;
    for _ in 0..2 {
        bench.ring("VNC-USD").await;
        let quick = bench.begun().await;
        assert_eq!(quick.pair, "VNC-USD");
        quick.works();
    }
    bench.nothing_begins().await;
    slow.works();
}

#[tokio::test]
async fn what_fails_is_tried_again_until_it_works() {
    let mut bench = Bench::new().await;
    bench.ring("MRC-USD").await;
    bench.begun().await.panics();
    let mut pauses = vec![bench.pass_pause().await];
    for _ in 0..7 {
        bench.begun().await.fails();
        bench.nothing_begins().await;
        pauses.push(bench.pass_pause().await);
    }
    assert_eq!(pauses, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    bench.begun().await.works();
    bench.nothing_begins().await;

    bench.ring("MRC-USD").await;
    bench.begun().await.fails();
    assert_eq!(bench.pass_pause().await, 100, "from the beginning");
    bench.begun().await.works();
}

#[tokio::test]
async fn another_pair_is_handled_while_one_fails() {
    let mut bench = Bench::new().await;
    bench.ring("MRC-USD").await;
    bench.begun().await.fails();
    bench.ring("VNC-USD").await;
    assert_eq!(bench.begun().await.pair, "VNC-USD");
}

#[tokio::test]
async fn rings_before_anybody_answers_are_kept_one_a_pair() {
    let mut bench = Bench::after(&["MRC-USD", "MRC-USD"]).await;
    bench.begun().await.works();
    bench.nothing_begins().await;
}

#[tokio::test]
async fn it_sweeps_at_once_and_each_minute_whatever_came_of_the_last_sweep() {
    let mut bench = Bench::new().await;
    settle().await;
    for sweeps in 1..4 {
        assert_eq!(bench.sweeps.load(Ordering::Relaxed), sweeps);
        bench.pass_minute().await;
    }
}

#[tokio::test]
async fn a_shutdown_waits_for_what_is_under_way_and_begins_nothing_more() {
    let mut bench = Bench::new().await;
    bench.ring("MRC-USD").await;
    let last = bench.begun().await;
    bench.ring("MRC-USD").await;
    let shutdown = bench.shutdown();
    settle().await;
    assert!(!shutdown.is_finished());
    assert!(ring(&bench.doorbell, "VNC-USD").await.is_err(), "nobody would hear it");

    last.works();
    bench.nothing_begins().await;
    assert!(shutdown.is_finished());
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_pause() {
    let mut bench = Bench::new().await;
    bench.ring("MRC-USD").await;
    bench.begun().await.fails();
    settle().await;
    let shutdown = bench.shutdown();
    settle().await;
    assert!(shutdown.is_finished());
    bench.nothing_begins().await;
}

#[tokio::test]
async fn a_doorbell_that_nobody_will_answer_says_so() {
    let (doorbell, unanswered) = doorbell();
    drop(unanswered);
    assert!(ring(&doorbell, "MRC-USD").await.is_err());
}
