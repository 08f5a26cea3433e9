//! The command line: what may be said, and the options that it means.

use std::{net::Ipv4Addr, path::PathBuf, sync::Arc};

use clap::{Args, Parser, Subcommand};
use domain::id::WalletId;
use edge::{
    auth::venue_secret::{InvalidVenueSecret, VenueSecret},
    system::SystemClock,
    valkey::ValkeyCache,
};
use http::Uri;
use venue_simulator::{Faults, InvalidFaults};

use crate::{
    demo,
    options::{Options, Storage, VenueChoice},
    verify,
};

/// Runs the whole market on this machine: every endpoint in one process, over an embedded
/// database, with demo users, items to buy and order books to trade on.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "market", version)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
pub struct Arguments {
    /// What to do in place of running a market.
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// The port; 0 picks a free one
    #[arg(long, default_value_t = 8000)]
    pub port: u16,
    /// The address to listen on; 0.0.0.0 lets all the network in, with passwords that it knows
    #[arg(long, value_name = "ADDRESS", default_value_t = Ipv4Addr::LOCALHOST)]
    pub listen: Ipv4Addr,
    /// Where the database, the secret and the lock are kept
    #[arg(long, value_name = "DIR", default_value = ".market")]
    pub data_dir: PathBuf,
    /// Delete what an earlier market left in the data directory, and start anew
    #[arg(long, conflicts_with_all = ["memory", "dynamodb_endpoint"])]
    pub fresh: bool,
    /// Keep everything in memory: nothing is read from the disk or left on it
    #[arg(long, conflicts_with = "dynamodb_endpoint")]
    pub memory: bool,
    /// Use a running DynamoDB (LocalStack, DynamoDB Local) in place of the embedded one
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    pub dynamodb_endpoint: Option<String>,
    /// Share rates by this Valkey server, as in redis://localhost:6379
    #[arg(long, value_name = "URL", value_parser = cache)]
    pub cache_url: Option<String>,
    /// What goes wrong at the venue inside how often, as in all=0.1,hang=0.05
    #[arg(long, value_name = "FAULTS", default_value = "", value_parser = faults)]
    #[arg(conflicts_with_all = ["venue_url", "no_venue"])]
    pub venue_faults: Faults,
    /// Place venue orders at the simulator that runs there, in place of the one inside
    #[arg(long, value_name = "URL", value_parser = local, requires = "venue_secret")]
    pub venue_url: Option<String>,
    /// What that simulator was started with
    #[arg(long, value_name = "SECRET", value_parser = venue_secret, requires = "venue_url")]
    pub venue_secret: Option<VenueSecret>,
    /// Start no venue simulator
    #[arg(long, conflicts_with = "venue_url")]
    pub no_venue: bool,
    /// Print the address alone, and log nothing but warnings
    #[arg(long)]
    pub quiet: bool,
    /// Print the start-up report as one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// What the program does other than running a market.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Verb {
    /// Let bots trade on a running market, so that its order books come to life
    Demo(DemoArguments),
    /// Verify the hash chain of a wallet's statement, from files or from a running market
    Verify(VerifyArguments),
}

/// Reads the pages of a proof (`GET /api/v1/wallets/{wallet_id}/proof`) in their order, or
/// fetches them, and recomputes the whole chain. Says what was checked and ends with 0, or names
/// the first line that is broken and ends with 1.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct VerifyArguments {
    /// Pages of one proof; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present = "wallet", conflicts_with = "wallet")]
    pub files: Vec<PathBuf>,
    /// The market to fetch from
    #[arg(long, value_name = "URL", default_value = "http://localhost:8000", value_parser = local)]
    pub url: String,
    /// An access token of the wallet's owner
    #[arg(long, requires = "wallet", conflicts_with = "files")]
    pub token: Option<String>,
    /// The wallet whose statement is fetched and verified
    #[arg(long, value_name = "ID", requires = "token")]
    pub wallet: Option<WalletId>,
}

impl VerifyArguments {
    /// Where the proof comes from.
    #[must_use]
    pub fn source(&self) -> verify::Source {
        let Self { files, url, token, wallet } = self.clone();
        match wallet {
            Some(wallet) => {
                let token = token.unwrap_or_default();
                verify::Source::Market { url, token, wallet }
            }
            None => verify::Source::Files(files),
        }
    }
}

/// Signs bots up on a running market, or logs them in, and lets them trade on all of its markets
/// through the public API. Ends after so many orders or at Ctrl-C, cancels all that the bots have
/// open, and says what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct DemoArguments {
    /// Where the market is
    #[arg(long, value_name = "URL", default_value = "http://localhost:8000", value_parser = local)]
    pub url: String,
    /// How many orders to place in all
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    pub orders: u64,
    /// How many bots: of five, three make markets, one takes, and one waits for better prices
    #[arg(long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u8).range(2..=50))]
    pub bots: u8,
    /// Orders a second at most; 0 is as fast as the market answers
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub rate: u32,
    /// What decides all that the bots leave to chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Leave on the books what rests at the end, to be traded with; else it is cancelled
    #[arg(long)]
    pub keep: bool,
}

impl DemoArguments {
    /// The options that these arguments mean.
    #[must_use]
    pub fn options(&self) -> demo::Options {
        let Self { url, orders, bots, rate, seed, keep } = self.clone();
        demo::Options { url, orders, bots: bots.into(), rate, seed, keep }
    }
}

impl Arguments {
    /// The options that these arguments mean.
    #[must_use]
    pub fn options(&self) -> Options {
        let dir = self.data_dir.clone();
        let storage = match &self.dynamodb_endpoint {
            Some(url) => Storage::Endpoint { url: url.clone(), dir },
            None if self.memory => Storage::Memory,
            None => Storage::Dir { path: dir, fresh: self.fresh },
        };
        let (cache_url, venue) = (self.cache_url.clone(), self.venue());
        Options { port: self.port, listen: self.listen, cache_url, venue, ..Options::new(storage) }
    }

    fn venue(&self) -> VenueChoice {
        match (&self.venue_url, &self.venue_secret) {
            (Some(url), Some(secret)) => {
                VenueChoice::Outside { url: url.clone(), secret: secret.clone() }
            }
            _ if self.no_venue => VenueChoice::None,
            _ => VenueChoice::Inside { faults: self.venue_faults, seed: 1 },
        }
    }
}

fn faults(text: &str) -> Result<Faults, InvalidFaults> {
    text.parse()
}

fn venue_secret(text: &str) -> Result<VenueSecret, InvalidVenueSecret> {
    VenueSecret::parse(text)
}

fn endpoint(text: &str) -> Result<String, &'static str> {
    let uri = text.parse::<Uri>().ok();
    let web = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
    match uri.filter(web) {
        Some(_) => Ok(text.to_owned()),
        None => Err("an endpoint is a URL such as http://localhost:4566"),
    }
}

/// A market is reached without TLS: that is for one on this machine.
fn local(text: &str) -> Result<String, &'static str> {
    let uri = text.parse::<Uri>().ok();
    let plain = |uri: &Uri| uri.scheme_str() == Some("http") && uri.query().is_none();
    match uri.filter(plain) {
        Some(_) => Ok(text.trim_end_matches('/').to_owned()),
        None => Err("a market's address is a URL such as http://localhost:8000"),
    }
}

fn cache(text: &str) -> Result<String, String> {
    match ValkeyCache::from_url(text, Arc::new(SystemClock)) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    const WALLET: &str = "wal_00000000000000000000000007_USD";
    const SECRET: &str = "vsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    #[test]
    fn a_proof_comes_from_files_or_from_a_market() {
        let source = |arguments| match parsed(arguments).expect("valid").verb {
            Some(Verb::Verify(verify)) => verify.source(),
            other => panic!("{other:?}"),
        };
        let files = verify::Source::Files(vec!["a.json".into(), "-".into()]);
        assert_eq!(source(&["verify", "a.json", "-"]), files);
        let (url, token) = ("http://localhost:8000".to_owned(), "t".to_owned());
        let wallet = WALLET.parse().expect("a wallet");
        assert_eq!(
            source(&["verify", "--wallet", WALLET, "--token", "t"]),
            verify::Source::Market { url, token, wallet }
        );
    }

    fn parsed(arguments: &[&str]) -> Result<Arguments, ErrorKind> {
        let all = ["market"].iter().chain(arguments);
        Arguments::try_parse_from(all).map_err(|error| error.kind())
    }

    #[test]
    fn without_arguments_the_market_is_on_port_8000_and_keeps_its_data() {
        let options = parsed(&[]).expect("valid").options();
        let kept = Storage::Dir { path: ".market".into(), fresh: false };
        assert_eq!((options.port, options.seed), (8000, true));
        assert_eq!(format!("{:?}", options.storage), format!("{kept:?}"));
        assert_eq!(options.cache_url, None);
        assert_eq!(options.listen, Ipv4Addr::LOCALHOST);
    }

    #[test]
    fn each_argument_means_one_option() {
        let storage =
            |arguments| format!("{:?}", parsed(arguments).expect("valid").options().storage);
        assert_eq!(storage(&["--memory"]), "Memory");
        assert_eq!(storage(&["--data-dir", "d", "--fresh"]), r#"Dir { path: "d", fresh: true }"#);
        assert_eq!(
            storage(&["--dynamodb-endpoint", "http://localhost:4566"]),
            r#"Endpoint { url: "http://localhost:4566", dir: ".market" }"#
        );
        assert_eq!(parsed(&["--port", "0"]).expect("valid").options().port, 0);
        let open = parsed(&["--listen", "0.0.0.0"]).expect("valid").options();
        assert_eq!(open.listen, Ipv4Addr::UNSPECIFIED);
        let cached = parsed(&["--cache-url", "redis://localhost:6379"]).expect("valid");
        assert_eq!(cached.options().cache_url.as_deref(), Some("redis://localhost:6379"));
    }

    #[test]
    fn the_venue_is_inside_outside_or_nowhere() {
        let venue = |arguments| parsed(arguments).expect("valid").options().venue;
        let VenueChoice::Inside { faults, .. } = venue(&[]) else { panic!("it is inside") };
        assert_eq!(faults, Faults::NONE);
        let faulty = venue(&["--venue-faults", "hang=0.1"]);
        assert!(matches!(faulty, VenueChoice::Inside { faults, .. } if faults != Faults::NONE));
        let outside = venue(&["--venue-url", "http://localhost:9100/", "--venue-secret", SECRET]);
        assert!(matches!(outside, VenueChoice::Outside { url, .. } if !url.ends_with('/')));
        assert!(matches!(venue(&["--no-venue"]), VenueChoice::None));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (arguments, kind) in [
            (&["--port", "65536"][..], ErrorKind::ValueValidation),
            (&["--port", "-1"], ErrorKind::UnknownArgument),
            (&["--listen", "localhost"], ErrorKind::ValueValidation),
            (&["--memory", "--fresh"], ErrorKind::ArgumentConflict),
            (&["--memory", "--dynamodb-endpoint", "http://a"], ErrorKind::ArgumentConflict),
            (&["--fresh", "--dynamodb-endpoint", "http://a"], ErrorKind::ArgumentConflict),
            (&["--dynamodb-endpoint", "localhost:4566"], ErrorKind::ValueValidation),
            (&["--dynamodb-endpoint", "ftp://localhost"], ErrorKind::ValueValidation),
            (&["--cache-url", "http://localhost"], ErrorKind::ValueValidation),
            (&["extra"], ErrorKind::InvalidSubcommand),
            (&["--memory", "demo"], ErrorKind::ArgumentConflict),
            (&["demo", "--url", "https://localhost"], ErrorKind::ValueValidation),
            (&["demo", "--bots", "1"], ErrorKind::ValueValidation),
            (&["demo", "--orders", "-1"], ErrorKind::UnknownArgument),
            (&["--venue-faults", "hang=2"], ErrorKind::ValueValidation),
            (&["--venue-url", "http://localhost:9100"], ErrorKind::MissingRequiredArgument),
            (&["--venue-secret", SECRET], ErrorKind::MissingRequiredArgument),
            (&["--no-venue", "--venue-faults", "all=0.1"], ErrorKind::ArgumentConflict),
            (&["verify"], ErrorKind::MissingRequiredArgument),
            (&["verify", "--wallet", "wal_1_USD"], ErrorKind::ValueValidation),
            (&["verify", "proof.json", "--wallet", WALLET], ErrorKind::ArgumentConflict),
            (&["verify", "proof.json", "--token", "t"], ErrorKind::ArgumentConflict),
        ] {
            assert_eq!(parsed(arguments), Err(kind), "{arguments:?}");
        }
    }

    #[test]
    fn every_argument_has_a_help_text() {
        use clap::CommandFactory;
        let command = Arguments::command();
        let verbs = command.get_subcommands();
        for command in verbs.chain([&command]) {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{}", argument.get_id());
            }
        }
    }

    #[test]
    fn the_demo_trades_on_the_market_that_runs_by_default() {
        let options = |arguments| match parsed(arguments).expect("valid").verb {
            Some(Verb::Demo(demo)) => demo.options(),
            other => panic!("{other:?}"),
        };
        let url = "http://localhost:8000".to_owned();
        let (orders, bots, rate, seed) = (2_000, 10, 100, 1);
        let by_default = demo::Options { url, orders, bots, rate, seed, keep: false };
        assert_eq!(options(&["demo"]), by_default);
        let all = ["demo", "--url", "http://localhost:1/", "--orders", "5", "--bots", "2"];
        let all = [&all[..], &["--rate", "0", "--seed", "7", "--keep"]].concat();
        let (url, keep) = ("http://localhost:1".to_owned(), true);
        assert_eq!(
            options(&all),
            demo::Options { url, orders: 5, bots: 2, rate: 0, seed: 7, keep }
        );
        assert_eq!(parsed(&[]).expect("valid").verb, None);
    }
}
