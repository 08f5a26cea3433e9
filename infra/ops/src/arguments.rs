//! The command line: what may be said. What comes of it, `commands` knows.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use domain::{
    currency::CurrencyCode,
    id::{UserId, VenueOrderId},
    pair::PairId,
    venue::{Instrument, Venue, VenueId},
};

/// Looks after a deployed market: its tables, queues, cache, keys, rates, statements, and what a
/// torn restore has left of it. Changes nothing without `--yes`. Ends with 0 if all is well, 1 if
/// something is wrong or was refused, 2 if the command line makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "market-ops", version, disable_help_subcommand = true)]
pub struct Arguments {
    /// Which market.
    #[command(flatten)]
    pub place: Place,
    /// Say everything as one line of JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Do it; without it commands that change something only say what they would do
    #[arg(long, global = true)]
    pub yes: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Which market, and how it is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Place {
    /// The root stack, whose outputs name everything
    #[arg(long, global = true, value_name = "NAME")]
    pub stack: Option<String>,
    /// What the tables' names begin with, where there is no stack
    #[arg(long, global = true, value_name = "PREFIX")]
    pub market: Option<String>,
    /// An output of the stack given by hand, as in CacheName=rates; it overrides the stack
    #[arg(long = "output", global = true, value_name = "NAME=VALUE", value_parser = output)]
    pub outputs: Vec<(String, String)>,
    /// One address for all services: an emulator, which checks no credentials
    #[arg(long, global = true, value_name = "URL")]
    pub endpoint: Option<String>,
    /// The region; by default the profile's or the environment's
    #[arg(long, global = true)]
    pub region: Option<String>,
    /// A profile of the AWS configuration
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
}

fn output(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("an output is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Say how the market is: tables, queues, cache, lag, audit, and the first step where
    /// something is wrong
    Status,
    /// Describe the cache cluster, and compare it with the stack's output
    Cache {
        /// Show events of so many hours back; the service keeps 14 days
        #[arg(long, value_name = "N", default_value_t = 24)]
        #[arg(value_parser = clap::value_parser!(u16).range(1..=336))]
        hours: u16,
    },
    /// The tables as the code declares them
    #[command(subcommand)]
    Tables(Tables),
    /// Make universes, markets and an administrator, as far as they are not there yet
    Seed(Seed),
    /// Bring messages of a dead-letter queue back to where they belong
    Redrive(Redrive),
    /// Stop or start trading in a market
    Market {
        /// What shall be possible
        #[arg(value_enum)]
        action: Action,
        /// Which market, as in MRC-USD
        #[arg(value_name = "PAIR")]
        pair: PairId,
    },
    /// Rates of universes
    #[command(subcommand)]
    Rates(Rates),
    /// The secret that all keys are derived from
    #[command(subcommand)]
    Keys(Keys),
    /// External venues
    #[command(subcommand)]
    Venues(Venues),
    /// Statements of wallets, with their proofs
    #[command(subcommand)]
    Statements(Statements),
    /// Find and mend what a restore has torn: while nobody is at work
    Repair {
        /// Leave statements, totals and candles as they are; by default they are folded again
        #[arg(long)]
        keep_projections: bool,
    },
}

/// What to do with tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Tables {
    /// Make tables, indexes and streams that are missing; on AWS the stacks do
    Create,
    /// Compare every table with its declaration
    Verify,
}

/// What is made.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Seed {
    /// Read the administrator's password from standard input; by default one is made and printed
    #[arg(long)]
    pub password_stdin: bool,
    /// The administrator's address
    #[arg(long, value_name = "ADDRESS", default_value = "admin@market.example")]
    pub admin_email: String,
    /// Make no administrator
    #[arg(long, conflicts_with = "password_stdin")]
    pub no_admin: bool,
}

/// Which queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Args)]
pub struct Redrive {
    /// Whose dead letters
    #[arg(value_enum)]
    pub queue: Queue,
    /// With venue-order: the order, as in vor_…
    #[arg(value_name = "ORDER", required_if_eq("queue", "venue-order"))]
    pub order: Option<VenueOrderId>,
    /// With failures: letters about this order of a venue's are dealt with, and thrown away
    #[arg(long, value_name = "ORDER")]
    pub settled: Option<VenueOrderId>,
    /// At most so many messages
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub max: u32,
}

/// A queue with dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Queue {
    /// Doorbells of matchers
    Match,
    /// Deliveries to webhooks
    Webhooks,
    /// Tasks about orders at venues
    Venues,
    /// No queue: an order at a venue is seen to now, whatever it waits for
    VenueOrder,
    /// Records of streams that no function could handle, and disputed fills of venues
    Failures,
}

/// What shall be possible in a market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Nothing
    Halt,
    /// Everything
    Resume,
    /// Cancelling orders
    CancelOnly,
}

/// What to do with rates.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Rates {
    /// Set rates of universes, as an administrator does
    Publish {
        /// A file: JSON (a list of objects) or CSV (currency,units_per_base,spread_bps)
        #[arg(value_name = "FILE", required_unless_present = "rates")]
        file: Option<PathBuf>,
        /// A rate, as in MRC=2.5
        #[arg(long = "rate", value_name = "CODE=UNITS", value_parser = output)]
        rates: Vec<(String, String)>,
        /// A rate that more than doubles or halves is meant
        #[arg(long)]
        confirm: bool,
    },
}

/// What to do with keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Keys {
    /// Replace the secret in phases, each followed by a deployment
    Rotate {
        /// Which phase
        #[arg(value_enum)]
        phase: Phase,
        /// The edition that the next deployment is given: one more than the last
        #[arg(long, value_name = "N")]
        edition: u32,
    },
}

/// A phase of replacing the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Phase {
    /// A new secret that all functions accept and none signs with
    Prepare,
    /// The new one signs, the old one is accepted
    Promote,
    /// The old one is forgotten; 30 days after the promotion
    Retire,
}

/// What to do with venues.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Venues {
    /// Say which there are, whether they are sent anything, and what waits for them
    List,
    /// Make a venue known, or change what is known of it: what is not said stays
    Put(Box<PutVenue>),
    /// Accept no new orders for a venue; those that there are go on
    Suspend {
        /// Which
        #[arg(value_name = "VENUE")]
        venue: VenueId,
    },
    /// Accept orders for a venue again
    Resume {
        /// Which
        #[arg(value_name = "VENUE")]
        venue: VenueId,
    },
    /// Send to a venue again that is being left alone
    ResetBreaker {
        /// Which
        #[arg(value_name = "VENUE")]
        venue: VenueId,
    },
    /// Seal the secrets of all venues again, by the root secret that signs now
    Reseal,
}

/// What is known of a venue.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct PutVenue {
    /// Its short name, as in nyx
    #[arg(value_name = "VENUE")]
    pub venue: VenueId,
    /// What people call it
    #[arg(long)]
    pub name: Option<String>,
    /// The currency of its prices, for ever
    #[arg(long, value_name = "CODE")]
    pub currency: Option<CurrencyCode>,
    /// Where its interface begins
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// A file with the secret that both sides sign with: vsec_… and nothing else
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// An instrument with the price that orders at market are held to, as in DOTUSDT00008=100.25;
    /// without a price it takes none at market
    #[arg(long = "list", value_name = "CODE=PRICE")]
    pub listed: Vec<String>,
    /// An instrument that takes no new orders any more
    #[arg(long = "unlist", value_name = "CODE")]
    pub unlisted: Vec<Instrument>,
    /// How many requests it is sent at the same time; 4 if nobody says
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=i64::from(Venue::CONCURRENCY_MAX)))]
    pub concurrency: Option<u16>,
    /// How many requests it is sent in a second; 20 if nobody says
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(Venue::RATE_MAX)))]
    pub rate: Option<u32>,
    /// How far from the price an order at market may go, in hundredths of a percent; 200 if
    /// nobody says
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub collar_bps: Option<u16>,
}

/// What to do with statements.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Statements {
    /// Write the proofs of wallets' statements, a file each
    Export {
        /// Whose
        #[arg(value_name = "USER", required_unless_present = "all", conflicts_with = "all")]
        user: Option<UserId>,
        /// Of all users
        #[arg(long)]
        all: bool,
        /// Into which directory
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
    /// Verify proofs, offline
    Verify {
        /// Files, each of one wallet's proof
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
}
