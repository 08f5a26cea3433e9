//! Use cases: load what a decision needs, decide, commit. And the ports that they need.
//! Nothing of AWS and nothing of HTTP is known here.

pub mod catalogue;
pub mod history;
pub mod identity;
pub mod item_cache;
pub mod market;
pub mod money;
pub mod paging;
pub mod perform;
pub mod ports;
pub mod purchase;
pub mod rate_cache;
pub mod requests;
pub mod simulate;
pub mod universes;
