//! The command line: what may be said. What it leads to is not known here.

use std::net::SocketAddr;

use clap::Parser;

use crate::{
    exchange::Listing,
    faults::{Faults, InvalidFaults},
    signature::Secret,
};

/// Runs a stock exchange as docs/VENUES.md has it, with faults at settable rates, for a market to
/// place orders at. Its book is in memory and gone when it stops.
#[derive(Debug, Clone, Parser)]
#[command(name = "venue-simulator", version)]
pub struct Arguments {
    /// The address and the port to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value_t = ([127, 0, 0, 1], 9100).into())]
    pub listen: SocketAddr,
    /// What both sides sign with: vsec_ and 32 to 64 bytes in base64
    #[arg(long, value_name = "SECRET", value_parser = secret)]
    pub secret: Secret,
    /// Where the market is that reports are sent to
    #[arg(long, value_name = "URL", default_value = "http://localhost:8000")]
    pub market: String,
    /// What the market calls this exchange
    #[arg(long, value_name = "ID", default_value = "nyx")]
    pub venue: String,
    /// What decides all that is left to chance
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// What goes wrong how often, as in all=0.1,hang=0.05
    #[arg(long, value_name = "FAULTS", default_value = "", value_parser = faults)]
    pub faults: Faults,
    /// How often a price moves, in milliseconds; 0 is never
    #[arg(long, value_name = "MS", default_value_t = 2_000)]
    pub price_every: u64,
}

fn secret(text: &str) -> Result<Secret, crate::signature::InvalidSecret> {
    Secret::parse(text)
}

fn faults(text: &str) -> Result<Faults, InvalidFaults> {
    text.parse()
}

/// What the demo's exchange lists: prices in US cents.
#[must_use]
pub fn demo_listings() -> Vec<Listing> {
    let listing =
        |(instrument, price): (&str, u64)| Listing { instrument: instrument.to_owned(), price };
    let all = [
        ("DOTUSDT00008", 10_000),
        ("BTCUSDT00001", 25_000),
        ("ETHUSDT00002", 4_000),
        ("AAPLUSD00003", 19_000),
    ];
    all.map(listing).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_all_that_must_be_said() {
        let secret = format!("vsec_{}=", "A".repeat(43));
        let parsed = |more: &[&str]| {
            let all = ["venue-simulator", "--secret", secret.as_str()];
            Arguments::try_parse_from(all.iter().chain(more))
        };
        let plain = parsed(&[]).expect("valid");
        assert_eq!((plain.listen.port(), plain.venue.as_str()), (9100, "nyx"));
        assert_eq!(plain.faults, Faults::NONE);
        let broken = parsed(&["--faults", "all=0.1,hang=0.05"]).expect("valid");
        assert_eq!(broken.faults.to_string().matches('=').count(), 12);
        assert!(parsed(&["--faults", "hang=2"]).is_err());
        assert!(Arguments::try_parse_from(["venue-simulator"]).is_err());
    }
}
