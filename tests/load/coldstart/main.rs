//! How long functions take to start, and what they cost before they are warm: their real
//! programs, each started many times behind a Runtime API and on a DynamoDB of this process,
//! over TLS. What is quick enough is decided by `--check` alone.
//!
//!     .ci/coldstart.sh
//!
//! builds what is measured as it is shipped, and runs this. Functions take turns, so that what
//! else the machine does falls on all of them; each start has a market of its own. CPU time is
//! what the kernel has counted for all threads of the process by the time at which it waits.
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time, which no port does")]
#![expect(clippy::print_stdout, reason = "its figures are what it is for")]
#![expect(clippy::expect_used, reason = "a run that cannot go on fails")]

mod function;
mod goals;
#[path = "../../binaries/market.rs"]
#[expect(dead_code, reason = "the tests of binaries look at more of it")]
mod market;
mod process;
mod runtime_api;
mod sample;
mod table;
mod tls;

use std::{collections::BTreeMap, env, path::PathBuf, process::ExitCode};

use clap::Parser;

use function::Subject;
use goals::Goals;
use sample::{Pages, Sample};

/// The function that all others are compared with.
pub(crate) const HELLO: &str = "hello";

/// Cold starts of functions.
#[derive(Debug, Clone, Parser)]
#[command(name = "coldstart")]
struct Arguments {
    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
    /// Where the programs are
    #[arg(long)]
    programs: Option<PathBuf>,
    /// Starts of each function, with its pages in memory and as often without
    #[arg(long, default_value_t = 15)]
    starts: usize,
    /// Invocations of each start after the first one
    #[arg(long, default_value_t = 12)]
    warm: usize,
    /// DynamoDB without TLS
    #[arg(long)]
    plain: bool,
    /// End with an error where a goal is missed: `sizes`, or `all`
    #[arg(long, value_enum, default_value_t = Goals::None)]
    check: Goals,
    /// Functions, beside `hello`
    functions: Vec<String>,
}

/// Where `cargo build --profile dist` puts programs, beside the directory of this one.
fn default_programs() -> PathBuf {
    let own = env::current_exe().expect("the path of this program");
    let target = own.ancestors().nth(3).expect("a target directory");
    target.join("dist")
}

/// All samples of a function.
type Samples = BTreeMap<(String, Pages), Vec<Sample>>;

async fn measure(arguments: &Arguments, subjects: &[Subject]) -> Samples {
    let authority = (!arguments.plain).then(tls::Authority::new);
    let mut samples = Samples::new();
    for round in 0..arguments.starts {
        for pages in [Pages::InMemory, Pages::Evicted] {
            for subject in subjects {
                let sample = sample::take(subject, pages, authority.as_ref(), arguments.warm).await;
                samples.entry((subject.stem.clone(), pages)).or_default().push(sample);
            }
        }
        eprint_progress(round.saturating_add(1), arguments.starts);
    }
    samples
}

#[expect(clippy::print_stderr, reason = "a table of many starts takes minutes")]
fn eprint_progress(round: usize, starts: usize) {
    eprint!("\rround {round} of {starts}{}", if round == starts { "\n" } else { "" });
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let directory = arguments.programs.clone().unwrap_or_else(default_programs);
    let stems = [HELLO.to_owned()].into_iter().chain(arguments.functions.iter().cloned());
    let subjects: Vec<_> = stems.map(|stem| Subject::new(stem, &directory)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let samples = runtime.expect("a runtime").block_on(measure(&arguments, &subjects));
    println!(
        "{} starts of each, {} invocations of each start, DynamoDB {}, programs of {}",
        arguments.starts,
        arguments.warm.saturating_add(1),
        if arguments.plain { "without TLS" } else { "over TLS" },
        directory.display(),
    );
    table::print(&subjects, &samples);
    let missed = goals::print(&subjects, &samples, arguments.check);
    ExitCode::from(u8::from(missed))
}
