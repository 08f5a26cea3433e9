//! What follows from what was committed: statements, the house's totals, candles. Everything
//! here may come twice, late, or be cut anywhere: the same facts give the same rows.

mod candles;
mod house;
mod rebuilding;
mod statements;

use sha2::{Digest, Sha256};

pub use candles::{catch_up_candles, follow_market};
pub use house::{follow_entries, house_fold};
pub use rebuilding::{rebuild, rebuild_statements};
pub use statements::{Changed, fold_statements, follow_accounts};

/// The hash that chains statements.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
