//! The command line: what may be said, and the options that it means.

use std::{path::PathBuf, sync::Arc};

use clap::Parser;
use edge::{system::SystemClock, valkey::ValkeyCache};
use http::Uri;

use crate::options::{Options, Storage};

/// Runs the whole market on this machine: every endpoint in one process, over an embedded
/// database, with demo users and items to buy.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "market", version)]
pub struct Arguments {
    /// The port on 127.0.0.1; 0 picks a free one
    #[arg(long, default_value_t = 8000)]
    pub port: u16,
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
    /// Print the address alone, and log nothing but warnings
    #[arg(long)]
    pub quiet: bool,
    /// Print the start-up report as one line of JSON
    #[arg(long)]
    pub json: bool,
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
        let cache_url = self.cache_url.clone();
        Options { port: self.port, cache_url, ..Options::new(storage) }
    }
}

fn endpoint(text: &str) -> Result<String, &'static str> {
    let uri = text.parse::<Uri>().ok();
    let web = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
    match uri.filter(web) {
        Some(_) => Ok(text.to_owned()),
        None => Err("an endpoint is a URL such as http://localhost:4566"),
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
        let cached = parsed(&["--cache-url", "redis://localhost:6379"]).expect("valid");
        assert_eq!(cached.options().cache_url.as_deref(), Some("redis://localhost:6379"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (arguments, kind) in [
            (&["--port", "65536"][..], ErrorKind::ValueValidation),
            (&["--port", "-1"], ErrorKind::UnknownArgument),
            (&["--memory", "--fresh"], ErrorKind::ArgumentConflict),
            (&["--memory", "--dynamodb-endpoint", "http://a"], ErrorKind::ArgumentConflict),
            (&["--fresh", "--dynamodb-endpoint", "http://a"], ErrorKind::ArgumentConflict),
            (&["--dynamodb-endpoint", "localhost:4566"], ErrorKind::ValueValidation),
            (&["--dynamodb-endpoint", "ftp://localhost"], ErrorKind::ValueValidation),
            (&["--cache-url", "http://localhost"], ErrorKind::ValueValidation),
            (&["extra"], ErrorKind::UnknownArgument),
        ] {
            assert_eq!(parsed(arguments), Err(kind), "{arguments:?}");
        }
    }

    #[test]
    fn every_argument_has_a_help_text() {
        use clap::CommandFactory;
        let command = Arguments::command();
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "{}", argument.get_id());
        }
    }
}
