//! Runs simulations: `cargo run --release -p simulation -- --seed N --ops M`.

#![expect(clippy::print_stdout, reason = "what a run found is printed")]

use std::process::ExitCode;

use clap::Parser;
use simulation::{plan::Plan, run::run, swarm::Swarm};

/// The whole market on one thread, in virtual time, while everything fails that can.
#[derive(Debug, Parser)]
struct Arguments {
    /// What all chance comes from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many requests are asked.
    #[arg(long, default_value_t = 2_000)]
    ops: u32,
    /// How many seeds are run, from the first on.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Nothing goes wrong.
    #[arg(long)]
    calm: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut failed = false;
    for seed in arguments.seed..arguments.seed + arguments.seeds {
        let mut plan = Plan::of_seed(seed, arguments.ops);
        if arguments.calm {
            plan.swarm = Swarm::calm();
        }
        let outcome = run(&plan);
        println!(
            "seed {seed}: {} settled, {} sent, {} done, {} commits, digest {}, {:?} {:?}",
            outcome.settled,
            outcome.sent,
            outcome.done,
            outcome.commits,
            outcome.digest,
            outcome.statuses,
            outcome.struck,
        );
        for violation in &outcome.violations {
            failed = true;
            println!("  {violation}");
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
