//! Use cases: load what a decision needs, decide, commit. And the ports that they need.
//! Nothing of AWS and nothing of HTTP is known here.

pub mod audit;
pub mod catalogue;
pub mod day_stats;
pub mod depth;
pub mod history;
pub mod identity;
pub mod item_cache;
pub mod market;
pub mod market_data;
pub mod matching;
pub mod money;
pub mod opening;
pub mod orders;
pub mod paging;
pub mod pair_cache;
pub mod pairs;
pub mod perform;
pub mod ports;
pub mod projecting;
pub mod purchase;
pub mod rate_cache;
pub mod repair;
pub mod requests;
pub mod simulate;
pub mod statements;
pub mod tally;
pub mod tape;
pub mod universes;
pub mod venue_cache;
pub mod venues;
pub mod webhooks;
