//! Which command does what.

pub mod cache;
pub mod keys;
pub mod letters;
pub mod markets;
pub mod queues;
pub mod rates;
pub mod redrive;
pub mod repair;
pub mod seed;
pub mod statements;
pub mod status;
pub mod tables;
pub mod venues;

use crate::{
    arguments::{Arguments, Command, Keys, Rates, Statements, Tables},
    failure::Failure,
    report::Report,
    session::Session,
};

/// Does what the command line says.
///
/// # Errors
/// A service's, or a refusal.
pub async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    // Proofs are verified offline.
    if let Command::Statements(Statements::Verify { files }) = &arguments.command {
        return statements::verify(files);
    }
    let session = Session::open(&arguments.place).await?;
    run_in(&session, &arguments.command, arguments.yes).await
}

/// Does it in a session that is open.
///
/// # Errors
/// A service's, or a refusal.
pub async fn run_in(session: &Session, command: &Command, yes: bool) -> Result<Report, Failure> {
    match command {
        Command::Status => status::status(session).await,
        Command::Cache { hours } => cache::cache(session, *hours).await,
        Command::Tables(Tables::Verify) => tables::verify(session).await,
        Command::Tables(Tables::Create) => tables::create(session, yes).await,
        Command::Seed(wanted) => seed::seed(session, wanted, yes).await,
        Command::Redrive(wanted) => redrive::redrive(session, *wanted, yes).await,
        Command::Market { action, pair } => markets::set(session, *action, *pair, yes).await,
        Command::Rates(Rates::Publish { file, rates, confirm }) => {
            rates::publish(session, file.as_deref(), rates, *confirm, yes).await
        }
        Command::Keys(Keys::Rotate { phase, edition }) => {
            keys::rotate(session, *phase, *edition, yes).await
        }
        Command::Venues(wanted) => venues::run(session, wanted, yes).await,
        Command::Statements(Statements::Export { user, dir, .. }) => {
            statements::export(session, *user, dir).await
        }
        Command::Statements(Statements::Verify { files }) => statements::verify(files),
        Command::Repair { keep_projections } => {
            repair::repair(session, *keep_projections, yes).await
        }
    }
}
