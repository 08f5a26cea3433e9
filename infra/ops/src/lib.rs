//! The operator's command: looks at a market's tables, queues, cache and keys, and changes them
//! by the use cases that clients reach. Nothing is changed without `--yes`. What a market does
//! with requests is not known here.

pub mod arguments;
pub mod commands;
pub mod failure;
pub mod market;
pub mod report;
pub mod session;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use tracing_subscriber::{
    Layer, filter::LevelFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

use arguments::Arguments;
use failure::Failure;
use report::Report;

/// Runs the command line: 0 if all is well, 1 if something is wrong or was refused, 2 if the
/// command line makes no sense.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let lines = fmt::layer().with_writer(io::stderr).with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(LevelFilter::WARN)).init();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(&arguments)),
        Err(error) => Err(Failure::Refused(format!("cannot start a runtime: {error}"))),
    };
    match outcome {
        Ok(report) => say(&report, arguments.json),
        Err(failure) => {
            // Nobody is left to hear that standard error is closed.
            let _said = writeln!(io::stderr(), "market-ops: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn say(report: &Report, json: bool) -> ExitCode {
    let text = if json { report.json.to_string() } else { report.text.clone() };
    let said = writeln!(io::stdout(), "{}", text.trim_end());
    if report.fine && said.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
