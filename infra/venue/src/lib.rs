//! A stock exchange outside the market, as docs/VENUES.md has it, with faults at settable rates.
//! It knows nothing of the market's code: so its book is a witness of its own.

pub mod arguments;
pub mod book;
mod chance;
pub mod decimal;
pub mod exchange;
pub mod faults;
pub mod server;
pub mod signature;
pub mod wire;

pub use book::{
    Decision, Execution, FeedMessage, Kind, Message, Order, Report, Side, State, Status, Witness,
    Witnessed,
};
pub use exchange::{Answer, Exchange, Listing, Outgoing, Reaction, Sent, Terms};
pub use faults::{Fault, Faults, InvalidFaults, Rate};

/// The system's time: milliseconds since 1970.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the server's clock, which tests replace")]
pub fn system_now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
