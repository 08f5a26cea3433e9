//! The program `venue-simulator`: starts the exchange, says where it is, and runs until it is
//! told to stop.

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use tracing_subscriber::{
    Layer, filter::LevelFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};
use venue_simulator::{
    Terms,
    arguments::{Arguments, demo_listings},
    server::{BookError, Options, Simulator, listen},
    system_now,
    wire::Currency,
};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let lines = fmt::layer().with_writer(io::stderr).with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(LevelFilter::INFO)).init();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(arguments)),
        Err(error) => Err(BookError::Socket(error)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            // Nobody is left to hear that standard error is closed.
            let _said =
                writeln!(io::stderr(), "venue-simulator: {error}: {}", cause.unwrap_or_default());
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), BookError> {
    let Arguments { listen: address, secret, market, venue, seed, faults, price_every } = arguments;
    let listener = listen(address).await?;
    // What an earlier run has called its executions must not come again.
    let prefix = format!("E{:x}", system_now());
    let terms = Terms {
        faults,
        listings: demo_listings(),
        price_every_ms: (price_every > 0).then_some(price_every),
        prefix,
        ..Terms::new(seed)
    };
    let currency = Currency { code: "USD".to_owned(), decimals: 2 };
    let now = Arc::new(system_now);
    let options = Options { terms, currency, secret, market, venue, book: None, now };
    let simulator = Simulator::start(listener, options)?;
    // Whoever reads it may be gone, which is no reason to stop.
    let _said = writeln!(io::stdout(), "{}", simulator.url());
    tokio::signal::ctrl_c().await.map_err(BookError::Socket)?;
    simulator.shutdown().await;
    Ok(())
}
