//! Everything at once, as CI runs it, and the page that says what came of it.

use std::fmt::Write;

use crate::{
    campaign::{At, Campaign, Sum, cpu_hundredths},
    exhaustive::{cover, scenes},
    plan::Plan,
    planted::hunt,
    seam_b::agree::agree,
    swarm::{KINDS, Swarm},
};

/// How much is to be proved.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Whose seeds are run: the name of a commit.
    pub commit: String,
    /// The first seed.
    pub first: u64,
    /// Requests at seam A.
    pub at_a: u64,
    /// Requests at seam B.
    pub at_b: u64,
    /// How many requests a run plans.
    pub ops: u32,
    /// Seeds that are run at both seams and compared.
    pub agreeing: u64,
    /// Every two faults at once instead of each alone.
    pub pairs: bool,
    /// What checking the models has printed: lines of `model …` and `wrong …`.
    pub models: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Proved {
    /// The page.
    pub page: String,
    /// What does not hold.
    pub failures: Vec<String>,
}

/// A part of a proof with the processor time that it took.
fn timed<T>(part: impl FnOnce() -> T) -> (T, u64) {
    let before = cpu_hundredths();
    let done = part();
    (done, cpu_hundredths().saturating_sub(before).div_ceil(100))
}

impl Proof {
    /// Runs all of it. Parts are told of as they end.
    pub fn prove(&self, mut tell: impl FnMut(&str)) -> Proved {
        let mut proved = Proved::default();
        let parts: [fn(&Self, &mut Proved); 6] = [
            Self::beginning,
            Self::campaigns,
            Self::every_crash_point,
            Self::planted,
            Self::agreement,
            Self::end,
        ];
        for part in parts {
            let told = proved.page.len();
            part(self, &mut proved);
            tell(proved.page.get(told..).unwrap_or_default());
        }
        proved
    }

    fn beginning(&self, proved: &mut Proved) {
        proved.page.push_str(BEGINNING);
    }

    fn campaigns(&self, proved: &mut Proved) {
        let calm = calm_acceptance(self.first, self.ops);
        let mut sums = Vec::new();
        for (at, requests) in [(At::A, self.at_a), (At::B, self.at_b)] {
            let campaign = Campaign { at, first: self.first, requests, ops: self.ops };
            let (sum, cpu) = timed(|| campaign.run());
            sums.push((at, sum, cpu));
        }
        let _written = write_campaigns(&mut proved.page, self, &sums, calm);
        for (at, sum, _) in &sums {
            for (seed, violations) in &sum.failures {
                let seam = if *at == At::A { "a" } else { "b" };
                let first = violations.first().map_or("", String::as_str);
                proved.failures.push(format!(
                    "`simulation --seed {seed} --ops {} --seam {seam} --shrink`: {first}",
                    self.ops
                ));
            }
        }
        if calm < ACCEPTED_MIN {
            proved.failures.push(format!("only {calm} % are accepted when nothing fails"));
        }
    }

    fn every_crash_point(&self, proved: &mut Proved) {
        let mut rows = String::new();
        let (mut calls, mut runs, mut broken) = (0, 0, 0);
        let (scenes, cpu) = timed(|| {
            let scenes = scenes::all();
            let both = scenes.iter().flat_map(|scene| [(scene, true), (scene, false)]);
            both.map(|(scene, cold)| cover(scene, cold, self.pairs)).collect::<Vec<_>>()
        });
        for covered in scenes {
            let (stem, title) = (covered.scene.stem, covered.scene.title);
            let title = format!("{title}{}", if covered.cold { ", cold" } else { "" });
            let found = covered.violations.len();
            let _written = writeln!(
                rows,
                "| `{stem}` {title} | {} | {} | {found} |",
                covered.calls, covered.runs
            );
            (calls, runs, broken) = (calls + covered.calls, runs + covered.runs, broken + found);
            for (strikes, violation) in covered.violations.iter().take(2) {
                proved.failures.push(format!("{stem} {title} {strikes:?}: {violation}"));
            }
        }
        let which = if self.pairs { "Every two faults" } else { "Every single fault" };
        let _written = writeln!(
            proved.page,
            "\n## Every crash point\n{which} at every call of the store, one run each: {calls} \
             calls \
             in {runs} runs, {broken} violations, {cpu} CPU-seconds.\n\n\
             | function | store calls | runs | violations |\n|---|---|---|---|\n{rows}"
        );
    }

    fn planted(&self, proved: &mut Proved) {
        let bugs = hunt::all();
        let mut rows = String::new();
        let (left, cpu) = timed(|| {
            hunt::hunt(&bugs, |found| {
                let first = found.violation.lines().next().unwrap_or_default();
                let first: String = first.chars().take(100).collect();
                let first = first.replace('|', "\\|").replace('`', "'");
                let (bug, seed, requests) = (found.bug.name(), found.seed, found.requests);
                let _written = writeln!(rows, "| {bug} | {seed} | {requests} | `{first}` |");
            })
        });
        for bug in &left {
            proved.failures.push(format!("the planted bug `{}` is not found", bug.name()));
        }
        let found = bugs.len() - left.len();
        let _written = writeln!(
            proved.page,
            "## Planted bugs\n{found} of {} were found, each within {} seeds, in {cpu} \
             CPU-seconds. \
             A bug counts as found if its run breaks a promise that the run of the same seed \
             without it keeps.\n\n\
             | bug | found with seed | after requests | what gave it away |\n\
             |---|---|---|---|\n{rows}",
            bugs.len(),
            hunt::SEEDS_MAX,
        );
    }

    fn agreement(&self, proved: &mut Proved) {
        let (mut calls, mut answers, mut rows, mut differences) = (0, 0, 0, 0);
        for seed in self.first..self.first + self.agreeing {
            let found = agree(&Plan::of_seed(seed, 300));
            calls += found.calls;
            answers += found.answers;
            rows += found.rows;
            differences += found.differences.len();
            for difference in found.differences.iter().take(1) {
                proved.failures.push(format!("the seams differ with seed {seed}: {difference}"));
            }
        }
        let _written = writeln!(
            proved.page,
            "## The two seams agree\n{} plans were run at both seams, faults and all: {calls} \
             calls \
             of the store, {answers} answers and {rows} rows were compared, {differences} differ.",
            self.agreeing,
        );
        if let Some(models) = &self.models {
            let _written = writeln!(
                proved.page,
                "\n## Models of the protocols\nEvery state within the bounds, and wrong designs \
                 that \
                 must be refuted: `cargo run --release -p models`.\n\n```\n{}\n```",
                models.trim_end()
            );
        }
    }

    fn end(&self, proved: &mut Proved) {
        proved.page.push_str(END);
    }
}

/// Of a hundred requests, how many must be done when nothing fails: a workload that is mostly
/// refused tests little.
const ACCEPTED_MIN: u64 = 70;

fn calm_acceptance(first: u64, ops: u32) -> u64 {
    let (mut settled, mut done) = (0, 0);
    for seed in first..first + 5 {
        let plan = Plan { swarm: Swarm::calm(), ..Plan::of_seed(seed, ops) };
        let outcome = At::A.run(&plan);
        settled += outcome.settled;
        done += outcome.done;
    }
    (done * 100).checked_div(settled).unwrap_or(0)
}

fn write_campaigns(
    page: &mut String,
    proof: &Proof,
    sums: &[(At, Sum, u64)],
    calm: u64,
) -> std::fmt::Result {
    writeln!(
        page,
        "\n## Simulated requests\nSeeds from {} on, which is the number of commit `{}`.\n\n\
         | | seam A, the store port | seam B, below the SDK |\n|---|---|---|",
        proof.first, proof.commit
    )?;
    let mut row = |name: &str, of: &dyn Fn(&Sum, u64) -> u64| {
        let cells: Vec<_> = sums.iter().map(|(_, sum, cpu)| of(sum, *cpu).to_string()).collect();
        writeln!(page, "| {name} | {} |", cells.join(" | "))
    };
    row("runs", &|sum, _| sum.runs)?;
    row("requests sent", &|sum, _| sum.sent)?;
    row("requests settled", &|sum, _| sum.settled)?;
    row("accepted, of a hundred", &|sum, _| sum.accepted_percent())?;
    row("commits", &|sum, _| sum.commits)?;
    row("faults that struck", &|sum, _| sum.faults())?;
    row("violations", &|sum, _| u64::try_from(sum.failures.len()).unwrap_or(u64::MAX))?;
    row("CPU-seconds", &|_, cpu| cpu)?;
    row("microseconds of CPU a request", &|sum, cpu| {
        (cpu * 1_000_000).checked_div(sum.sent).unwrap_or(0)
    })?;
    writeln!(page, "\nWithout any fault {calm} of a hundred requests are accepted.\n")?;
    writeln!(page, "| fault | at most, of a hundred occasions | struck at A | at B |")?;
    writeln!(page, "|---|---|---|---|")?;
    for (kind, name, cap) in KINDS {
        let struck = |place: usize| {
            sums.get(place).and_then(|(_, sum, _)| sum.struck.get(&kind).copied()).unwrap_or(0)
        };
        let (whole, rest) = (cap / 100, cap % 100);
        writeln!(page, "| {name} | {whole}.{rest:02} | {} | {} |", struck(0), struck(1))?;
    }
    let endpoints = &sums.first().map(|(_, sum, _)| sum.endpoints.clone()).unwrap_or_default();
    writeln!(page, "\nEndpoints that were asked at seam A: settled, and done.\n")?;
    let cells: Vec<_> = endpoints
        .iter()
        .map(|(stem, (settled, done))| format!("`{stem}` {settled}, {done}"))
        .collect();
    writeln!(page, "{}.", cells.join("; "))
}

const BEGINNING: &str = include_str!("prove/beginning.md");

const END: &str = include_str!("prove/end.md");
