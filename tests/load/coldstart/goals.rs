//! What is quick and small enough, as ratios within one run: to the least function there can be,
//! and to a function's own later answers.

use std::time::Duration;

use crate::{
    HELLO, Samples,
    function::Subject,
    sample::{Pages, Sample},
    table::{Spread, mebibytes, milliseconds},
};

/// The most of the CPU time of `hello`'s init that a function's takes, by pages.
const INIT_MAX: [(Pages, f64); 2] = [(Pages::InMemory, 1.6), (Pages::Evicted, 2.3)];
/// The most of a later answer's CPU time that the first one takes.
const FIRST_MAX: f64 = 3.0;
/// The most that the program of a function takes which talks to DynamoDB alone, in MiB.
const SIZE_MAX: f64 = 5.5;
/// Below it, a program has no function in it.
const SIZE_MIN: f64 = 0.5;

/// Which goals a run must reach to end well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Goals {
    /// None: the figures are printed.
    None,
    /// Sizes, which are the same on every machine.
    Sizes,
    /// All: on a machine that has nothing else to do.
    All,
}

/// Whether a function talks to DynamoDB and to no other service, and hashes nothing.
fn needs_the_store_alone(stem: &str) -> bool {
    let endpoint = functions::ENDPOINTS.iter().find(|endpoint| endpoint.stem == stem);
    endpoint.is_some_and(|endpoint| {
        let mut uses = endpoint.uses.iter();
        !endpoint.uses.is_empty()
            && uses.all(|using| using.service.is_none() && *using != edge::uses::PASSWORDS)
    })
}

/// Prints each function's figures beside the goals. Whether one that counts was missed.
pub(crate) fn print(subjects: &[Subject], samples: &Samples, goals: Goals) -> bool {
    println!("\nratios of least / median, and the most that is good: init to that of `{HELLO}`,");
    println!("CPU time of the first answer to that of a later one; size in MiB\n");
    println!(
        "| function | init, CPU | init, time | evicted, CPU | evicted, time | first, CPU | size \
         | goals |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut missed = false;
    for subject in subjects.iter().filter(|subject| subject.stem != HELLO) {
        let size = mebibytes(subject.size());
        let small = size >= SIZE_MIN && (size <= SIZE_MAX || !needs_the_store_alone(&subject.stem));
        let mut line = format!("| {}", subject.stem);
        let mut quick = true;
        for (pages, most) in INIT_MAX {
            let ratio = |what: fn(&Sample) -> Duration| {
                let of = |stem: &str| Spread::of(&samples[&(stem.to_owned(), pages)], what);
                Ratio::new(of(&subject.stem), of(HELLO))
            };
            let (cpu, wall) = (ratio(|one| one.init_cpu), ratio(|one| one.init));
            quick &= cpu.median <= most;
            line.push_str(&format!(" | {} of {most} | {}", cpu.text(), wall.text()));
        }
        let first = first_to_warm(&samples[&(subject.stem.clone(), Pages::InMemory)]);
        quick &= first.median <= FIRST_MAX;
        let verdict = match (small, quick) {
            (true, true) => "reached",
            (true, false) => "time missed",
            (false, true) => "size missed",
            (false, false) => "both missed",
        };
        println!("{line} | {} of {FIRST_MAX} | {size:.2} | {verdict} |", first.text());
        missed |= match goals {
            Goals::None => false,
            Goals::Sizes => !small,
            Goals::All => !small || !quick,
        };
    }
    missed
}

/// Of two spreads: of their least values, and of their medians.
struct Ratio {
    least: f64,
    median: f64,
}

impl Ratio {
    fn new(one: Spread, other: Spread) -> Self {
        let ratio = |one: Duration, other: Duration| milliseconds(one) / milliseconds(other);
        Self { least: ratio(one.least, other.least), median: ratio(one.median, other.median) }
    }

    fn text(&self) -> String {
        format!("{:.2} / {:.2}", self.least, self.median)
    }
}

fn first_to_warm(samples: &[Sample]) -> Ratio {
    Ratio::new(
        Spread::of(samples, |sample| sample.first_cpu),
        Spread::of(samples, |sample| sample.warm_cpu),
    )
}
