//! The program `market`: starts the market, says where it is, and serves until it is told to
//! stop; or lets bots trade on one that runs. What an option means, the library knows.

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use market::{
    RunningMarket, StartError,
    arguments::{Arguments, Verb},
    demo::{self, DemoError},
    verify::{self, VerifyError},
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log(arguments.quiet);
    // One thread, as in a function. What blocks has threads of its own: the disk, and hashing.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(act(&arguments)),
        Err(error) => Err(Failure::Runtime(error)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to hear that standard error is closed.
            let _said = writeln!(io::stderr(), "market: {}", in_one_line(&failure));
            ExitCode::FAILURE
        }
    }
}

/// Logs to standard error, for people.
fn log(quiet: bool) {
    let level = if quiet { LevelFilter::WARN } else { LevelFilter::INFO };
    // The SDK misses a connection to close after a failure; the embedded database has none.
    const CONNECTIONS: &str = "aws_smithy_runtime::client::http::connection_poisoning";
    let shown = Targets::new().with_default(level).with_target(CONNECTIONS, LevelFilter::OFF);
    let lines = fmt::layer().with_writer(io::stderr).with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(shown)).init();
}

/// Why the program ends otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error("cannot hear signals")]
    Signals(#[source] io::Error),
    #[error("cannot start a runtime")]
    Runtime(#[source] io::Error),
}

async fn act(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.verb {
        None => run(arguments).await,
        Some(Verb::Demo(arguments)) => {
            let told_to_stop = told_to_stop().map_err(Failure::Signals)?;
            let summary = demo::run(&arguments.options(), told_to_stop, say).await?;
            say(&summary.to_string());
            Ok(())
        }
        Some(Verb::Verify(arguments)) => {
            let verified = verify::run(&arguments.source()).await?;
            say(&verified.to_string());
            Ok(())
        }
    }
}

/// Says a line on standard output. If nobody listens any more, it is said to nobody.
fn say(line: &str) {
    let _said = writeln!(io::stdout(), "{line}");
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    // Heard from before the report on: whoever reads it may stop the market at once.
    let mut told_to_stop = Box::pin(told_to_stop().map_err(Failure::Signals)?);
    let market = tokio::select! {
        started = market::start(arguments.options()) => started?,
        // What was begun, the next start ends.
        () = &mut told_to_stop => return Ok(()),
    };
    if let Err(error) = deliver(&market, arguments) {
        tracing::warn!(%error, "the report was not delivered");
    }
    told_to_stop.await;
    tracing::info!("stopping");
    market.shutdown().await;
    Ok(())
}

fn deliver(market: &RunningMarket, arguments: &Arguments) -> io::Result<()> {
    let report = market.report();
    let text = match (arguments.json, arguments.quiet) {
        (true, _) => report.json_line()?,
        (false, true) => report.brief(),
        (false, false) => report.to_string(),
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    market.report_delivered()
}

/// Ends at Ctrl-C or when the system asks the process to end.
#[cfg(unix)]
fn told_to_stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends at Ctrl-C.
#[cfg(not(unix))]
fn told_to_stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "cannot hear Ctrl-C");
        }
    })
}

/// An error and its causes.
fn in_one_line(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
