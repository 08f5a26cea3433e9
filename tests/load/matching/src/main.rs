//! How fast the book is beside two published ones, on the same commands; and, with `--oracle`,
//! whether it does what the naive book does. What is fast enough is not decided here.

// The oracle's files name the crate that they belong to, and are compiled here once more.
use domain::{amount, book, currency, id, order, pair, time};

mod engines;
#[path = "../../../../shared/domain/src/book/oracle.rs"]
mod oracle;
#[path = "../../../../shared/domain/src/book/rehearsal.rs"]
mod rehearsal;
mod rounds;
mod stream;
#[path = "../../../../shared/domain/src/book/witness.rs"]
mod witness;

use std::process::ExitCode;

use amount::Amount;
use currency::{Currency, Scale};
use pair::Steps;

const USAGE: &str = "\
usage: matching-bench [--rounds N] [--commands N]
       matching-bench --oracle N";

/// A pair in which a lot at one tick is worth so many minor units.
fn steps(unit_value: i64) -> Steps {
    let scale = Scale::new(2).expect("two decimals");
    let currency = |code: &str| Currency { code: code.parse().expect("a code"), scale };
    let amount = |minor| Amount::from_minor(minor).expect("an amount");
    let (base, quote) = (currency("MRC"), currency("USD"));
    Steps::new(base, quote, scale, amount(1), amount(100 * unit_value)).expect("steps")
}

fn oracle(commands: u64) {
    for (seed, unit_value) in [(11, 1), (12, 7)] {
        let counts = rehearsal::rehearse(steps(unit_value), seed, commands / 2);
        let fills: u64 = counts
            .iter()
            .filter(|(name, _)| name.starts_with("filled"))
            .map(|(_, times)| times)
            .sum();
        println!("seed {seed}: {} commands, {fills} fills: the books agree", commands / 2);
    }
}

fn main() -> ExitCode {
    let (mut rounds, mut commands) = (7, 400_000);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let Some(value) = arguments.next().and_then(|value| value.parse::<u64>().ok()) else {
            eprintln!("{USAGE}");
            return ExitCode::FAILURE;
        };
        match name.as_str() {
            "--rounds" => rounds = value.max(1),
            "--commands" => commands = value.max(1),
            "--oracle" => {
                oracle(value);
                return ExitCode::SUCCESS;
            }
            _ => {
                eprintln!("{USAGE}");
                return ExitCode::FAILURE;
            }
        }
    }
    for resting in [10, 1_000, 100_000] {
        rounds::compare(steps(1), resting, commands, rounds);
    }
    ExitCode::SUCCESS
}
