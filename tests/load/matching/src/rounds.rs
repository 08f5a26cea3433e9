//! The books take turns on the same commands, in alternating order, each round from an empty
//! book; the median of the rounds counts.

use std::time::{Duration, Instant};

use domain::pair::Steps;

use crate::{
    engines::{Engine, Matchcore, OrderbookRs, Ours, Outcome},
    stream::Stream,
};

/// How long the measured commands took, and what came of all of them.
fn round<E: Engine>(steps: Steps, stream: &Stream) -> (Duration, Outcome) {
    let mut engine = E::new(steps);
    let all = stream.before.iter().chain(&stream.measured).zip(0..);
    let mut before: Vec<_> = all.map(|(asked, number)| engine.prepare(*asked, number)).collect();
    let measured = before.split_off(stream.before.len());
    engine.run(&before);
    let start = Instant::now();
    engine.run(&measured);
    (start.elapsed(), engine.outcome())
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Prints how fast each is, and how many times as fast ours is.
///
/// # Panics
/// If the books do not agree on trades and depth.
pub(crate) fn compare(steps: Steps, resting: u64, commands: u64, rounds: u64) {
    type Round = fn(Steps, &Stream) -> (Duration, Outcome);
    let engines: [(&str, Round); 3] = [
        (Ours::NAME, round::<Ours>),
        (Matchcore::NAME, round::<Matchcore>),
        (OrderbookRs::NAME, round::<OrderbookRs>),
    ];
    let stream = Stream::new(steps, resting, commands);
    let mut times: [Vec<Duration>; 3] = Default::default();
    let mut expected = None;
    for number in 0..rounds {
        let mut order = [0, 1, 2];
        if number % 2 == 1 {
            order.reverse();
        }
        for one in order {
            let (name, round) = engines[one];
            let (time, outcome) = round(steps, &stream);
            let expected: &Outcome = expected.get_or_insert_with(|| outcome.clone());
            assert_eq!(outcome, *expected, "{name} came to something else");
            times[one].push(time);
        }
    }
    let trades = expected.map_or(0, |outcome| outcome.trades);
    println!("{resting} resting orders, {commands} commands, {trades} trades, {rounds} rounds:");
    let count = f64::from(u32::try_from(commands).expect("not so many commands"));
    let medians = times.map(|mut times| median(&mut times).as_secs_f64());
    for ((name, _), time) in engines.iter().zip(medians) {
        let speed = count / time / 1e6;
        println!("  {name:<13} {speed:>7.2} M commands/s  ours: {:>6.2} x", time / medians[0]);
    }
}
