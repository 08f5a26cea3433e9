//! Totals: seven numbers that are added to, never written over. So that each can be any sum, they
//! are numbers of up to 38 digits: with amounts of at most 10^18, of 10^20 accounts.

use app::ports::StoreError;
use domain::totals::Totals;

use super::{Row, corrupt};

/// Each of the sums under its attribute's name.
pub(crate) fn sums_of(totals: &Totals) -> [(&'static str, i128); 7] {
    let Totals { users_available, users_held, world, pool, fees, dust, venues } = *totals;
    [
        ("users_available", users_available),
        ("users_held", users_held),
        ("world", world),
        ("pool", pool),
        ("fees", fees),
        ("dust", dust),
        ("venues", venues),
    ]
}

/// The totals of a row.
pub(crate) fn totals(row: &Row) -> Result<Totals, StoreError> {
    let sum = |name: &str| {
        let digits = row.get(name).and_then(|number| number.as_n().ok());
        let sum = digits.and_then(|digits| digits.parse().ok());
        sum.ok_or_else(|| corrupt(format!("totals without {name}")))
    };
    Ok(Totals {
        users_available: sum("users_available")?,
        users_held: sum("users_held")?,
        world: sum("world")?,
        pool: sum("pool")?,
        fees: sum("fees")?,
        dust: sum("dust")?,
        // A row that was last added to before there were venues.
        venues: if row.contains_key("venues") { sum("venues")? } else { 0 },
    })
}
