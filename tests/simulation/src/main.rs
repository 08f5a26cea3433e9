//! Runs simulations: `cargo run --release -p simulation -- --seed N --ops M`. What a run is, and
//! what must hold in it, the library knows.

#![expect(clippy::print_stdout, reason = "what a run found is printed")]

use std::{fs, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use simulation::{
    campaign::{At, seed_of},
    exhaustive::{cover, scenes},
    plan::Plan,
    planted::hunt,
    prove::Proof,
    run::Outcome,
    seam_b,
    shrink::shrink,
    storm::storm,
    swarm::{Kind, Swarm},
};

/// The whole market on one thread, in virtual time, while everything fails that can.
#[derive(Debug, Parser)]
struct Arguments {
    /// What all chance comes from.
    #[arg(long, default_value_t = 1, global = true)]
    seed: u64,
    /// How many requests are asked.
    #[arg(long, default_value_t = 1_000, global = true)]
    ops: u32,
    /// How many seeds are run, from the first on.
    #[arg(long, default_value_t = 1, global = true)]
    seeds: u64,
    /// Where the store begins: `a`, the port, or `b`, below the SDK.
    #[arg(long, value_parser = ["a", "b"], default_value = "a", global = true)]
    seam: String,
    /// Only these requests of the plan, by their numbers: `17,40`.
    #[arg(long, value_delimiter = ',', global = true)]
    only: Vec<u32>,
    /// Only these faults, each with how many of 10,000 occasions it strikes on, as in
    /// `conflict=1500,kill-after=600`; `none` for a day without any.
    #[arg(long, value_parser = faults, global = true)]
    faults: Option<Swarm>,
    /// Makes a plan that fails as small as can be.
    #[arg(long)]
    shrink: bool,
    /// Says how often each endpoint was asked, and how often it did it.
    #[arg(long)]
    endpoints: bool,
    /// Something else instead.
    #[command(subcommand)]
    instead: Option<Instead>,
}

/// What is run instead of seeds.
#[derive(Debug, Subcommand)]
enum Instead {
    /// Whether every planted bug is found.
    Planted {
        /// Only this one.
        #[arg(long)]
        bug: Option<String>,
    },
    /// Everything that can go wrong at every store call of every endpoint and worker.
    Exhaustive {
        /// Every two of them.
        #[arg(long)]
        pairs: bool,
        /// Only this function.
        #[arg(long)]
        function: Option<String>,
    },
    /// Whether seam A and seam B are one market, with `--seed`, `--seeds` and `--ops`.
    Agree,
    /// Orders at an external venue that fails more and more.
    Storm {
        /// How many, in all.
        #[arg(long, default_value_t = 100_000)]
        orders: u32,
    },
    /// All of it, as CI does, and the page that says what came of it.
    Prove {
        /// Whose seeds are run.
        #[arg(long, default_value = "none")]
        commit: String,
        /// How many requests are sent at seam A.
        #[arg(long, default_value_t = 1_000_000)]
        requests: u64,
        /// How many requests are sent at seam B.
        #[arg(long, default_value_t = 40_000)]
        below_sdk: u64,
        /// Every two faults at once instead of each alone: hours.
        #[arg(long)]
        pairs: bool,
        /// What `models` has printed.
        #[arg(long)]
        models: Option<PathBuf>,
        /// Where the page is written.
        #[arg(long)]
        write: Option<PathBuf>,
    },
}

fn faults(text: &str) -> Result<Swarm, String> {
    let mut swarm = Swarm::calm();
    if text == "none" {
        return Ok(swarm);
    }
    for fault in text.split(',') {
        let (name, rate) = fault.split_once('=').ok_or(format!("{fault} says no rate"))?;
        let kind = Kind::of(name).ok_or(format!("there is no fault {name}"))?;
        let rate = rate.parse().map_err(|_| format!("{rate} is no rate"))?;
        swarm.0.insert(kind, rate);
    }
    Ok(swarm)
}

fn verdict(holds: bool) -> ExitCode {
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // What breaks off is told with its run.
    std::panic::set_hook(Box::new(|_| {}));
    verdict(match &arguments.instead {
        None => seeds(&arguments),
        Some(Instead::Planted { bug }) => planted(bug.as_deref()),
        Some(Instead::Exhaustive { pairs, function }) => exhaustive(*pairs, function.as_deref()),
        Some(Instead::Agree) => agree(&arguments),
        Some(Instead::Storm { orders }) => storms(*orders),
        Some(Instead::Prove { .. }) => prove(&arguments),
    })
}

impl Arguments {
    fn at(&self) -> At {
        if self.seam == "b" { At::B } else { At::A }
    }

    fn all_seeds(&self) -> impl Iterator<Item = u64> {
        self.seed..self.seed.saturating_add(self.seeds)
    }

    fn plan(&self, seed: u64) -> Plan {
        let mut plan = Plan::of_seed(seed, self.ops);
        if let Some(swarm) = &self.faults {
            plan.swarm = swarm.clone();
        }
        if !self.only.is_empty() {
            plan.ops.clone_from(&self.only);
        }
        plan
    }
}

fn seeds(arguments: &Arguments) -> bool {
    let mut holds = true;
    for seed in arguments.all_seeds() {
        let plan = arguments.plan(seed);
        let outcome = arguments.at().run(&plan);
        print(seed, &outcome, arguments.endpoints);
        if !outcome.violations.is_empty() {
            holds = false;
            if arguments.shrink {
                made_small(&plan, arguments.at());
            }
        }
    }
    holds
}

fn print(seed: u64, outcome: &Outcome, endpoints: bool) {
    let Outcome { settled, sent, done, commits, digest, statuses, struck, .. } = outcome;
    println!(
        "seed {seed}: {settled} settled, {sent} sent, {done} done, {commits} commits, \
         digest {digest}"
    );
    println!("  answers {statuses:?}");
    println!("  faults {struck:?}");
    if endpoints {
        let ((followed, gaps), posted) = (outcome.heard, outcome.posted);
        println!("  sockets: {followed} followed, {gaps} gaps; webhooks: {posted}");
        for (stem, (settled, done)) in &outcome.endpoints {
            println!("  {stem}: {settled} settled, {done} done");
        }
    }
    for violation in &outcome.violations {
        println!("  VIOLATION {violation}");
    }
}

fn made_small(plan: &Plan, at: At) {
    let Some(shrunk) = shrink(plan, |plan| at.run(plan)) else { return };
    let listed = |texts: Vec<String>| texts.join(",");
    let only = listed(shrunk.plan.ops.iter().map(u32::to_string).collect());
    let rates = shrunk.plan.swarm.0.iter();
    let faults = listed(rates.map(|(kind, rate)| format!("{}={rate}", kind.name())).collect());
    let faults = if faults.is_empty() { "none" } else { &faults };
    let seam = if at == At::B { "b" } else { "a" };
    println!("  in {} runs made as small as this:", shrunk.runs);
    println!("  --seed {} --seam {seam} --only {only} --faults {faults}", plan.seed);
    for violation in &shrunk.violations {
        println!("    {violation}");
    }
}

fn exhaustive(pairs: bool, only: Option<&str>) -> bool {
    let (mut calls, mut runs, mut failed) = (0, 0, 0);
    println!("{:<60} {:>5} {:>6} {:>10}", "function", "calls", "runs", "violations");
    for scene in scenes::all() {
        if only.is_some_and(|only| only != scene.stem) {
            continue;
        }
        for cold in [true, false] {
            let covered = cover(&scene, cold, pairs);
            let found = covered.violations.len();
            let name =
                format!("{} {}{}", scene.stem, scene.title, if cold { ", cold" } else { "" });
            println!("{name:<60} {:>5} {:>6} {found:>10}", covered.calls, covered.runs);
            for (strikes, violation) in covered.violations.iter().take(5) {
                let violation: String = violation.chars().take(600).collect();
                println!("    {strikes:?}: {violation}");
            }
            calls += covered.calls;
            runs += covered.runs;
            failed += found;
        }
    }
    println!("{:<60} {calls:>5} {runs:>6} {failed:>10}", "in all");
    failed == 0
}

fn planted(only: Option<&str>) -> bool {
    let mut bugs = hunt::all();
    bugs.retain(|bug| only.is_none_or(|only| bug.name() == only));
    println!("{:<32} {:>4} {:>8}  violation", "bug", "seed", "requests");
    let left = hunt::hunt(&bugs, |found| {
        let first = found.violation.lines().next().unwrap_or_default();
        let first: String = first.chars().take(110).collect();
        println!("{:<32} {:>4} {:>8}  {first}", found.bug.name(), found.seed, found.requests);
    });
    for bug in &left {
        println!("{:<32} NOT FOUND in {} seeds", bug.name(), hunt::SEEDS_MAX);
    }
    left.is_empty()
}

fn agree(arguments: &Arguments) -> bool {
    let mut holds = true;
    for seed in arguments.all_seeds() {
        let found = seam_b::agree::agree(&arguments.plan(seed));
        let (calls, answers) = (found.calls, found.answers);
        let (commits, rows) = (found.commits, found.rows);
        println!("seed {seed}: {calls} calls, {answers} answers, {commits} commits, {rows} rows");
        for difference in &found.differences {
            holds = false;
            println!("  {difference}");
        }
    }
    holds
}

fn storms(orders: u32) -> bool {
    let told = std::panic::catch_unwind(|| storm(orders.div_ceil(3), |line| println!("{line}")));
    if let Err(panic) = &told {
        println!("{}", simulation::run::text_of(panic.as_ref()));
    }
    told.is_ok()
}

fn prove(arguments: &Arguments) -> bool {
    let Some(Instead::Prove { commit, requests, below_sdk, pairs, models, write }) =
        &arguments.instead
    else {
        return false;
    };
    let models = match models.as_ref().map(fs::read_to_string) {
        Some(Err(error)) => {
            println!("what the models printed cannot be read: {error}");
            return false;
        }
        Some(Ok(text)) => Some(text),
        None => None,
    };
    let proof = Proof {
        commit: commit.clone(),
        first: seed_of(commit),
        at_a: *requests,
        at_b: *below_sdk,
        ops: arguments.ops,
        agreeing: 10,
        pairs: *pairs,
        models,
    };
    let proved = proof.prove(|part| println!("{part}"));
    for failure in &proved.failures {
        println!("FAILED {failure}");
    }
    let written = write.as_ref().map(|path| fs::write(path, &proved.page));
    if let Some(Err(error)) = &written {
        println!("the page was not written: {error}");
    }
    proved.failures.is_empty() && !matches!(written, Some(Err(_)))
}
