//! What everybody holds together, per currency: users and the accounts of the house, each folded
//! from its own source, so that their sum says whether money was made or lost (promise I1).

use std::collections::BTreeMap;

use crate::{
    activity::Activity,
    currency::CurrencyCode,
    ledger::{Entry, Holder, Outcome},
    time::{Span, Timestamp},
};

/// Sums in minor units of one currency. House accounts may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// What users may spend.
    pub users_available: i128,
    /// What is held for users.
    pub users_held: i128,
    /// The world outside: minus what came in, plus what went out.
    pub world: i128,
    /// The counterparty of conversions.
    pub pool: i128,
    /// What the market earned.
    pub fees: i128,
    /// What rounding left over.
    pub dust: i128,
    /// External venues: what was paid to them, minus what they delivered or paid.
    pub venues: i128,
}

impl Totals {
    /// Each sum plus the other's.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.zip(other, i128::saturating_add)
    }

    /// Each sum minus the other's.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.zip(other, i128::saturating_sub)
    }

    fn zip(self, other: Self, with: fn(i128, i128) -> i128) -> Self {
        Self {
            users_available: with(self.users_available, other.users_available),
            users_held: with(self.users_held, other.users_held),
            world: with(self.world, other.world),
            pool: with(self.pool, other.pool),
            fees: with(self.fees, other.fees),
            dust: with(self.dust, other.dust),
            venues: with(self.venues, other.venues),
        }
    }

    /// All of it together: zero, or money was made or lost.
    #[must_use]
    pub fn sum(self) -> i128 {
        let house = [self.world, self.pool, self.fees, self.dust, self.venues];
        let users = [self.users_available, self.users_held];
        users.into_iter().chain(house).fold(0, i128::saturating_add)
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// What an entry moved out of and into accounts of the house, by currency; nothing for entries
/// that only users are part of.
#[must_use]
pub fn house_totals(entry: &Entry) -> BTreeMap<CurrencyCode, Totals> {
    let mut totals = BTreeMap::<_, Totals>::new();
    let Outcome::Moved(movement) = &entry.outcome else { return totals };
    for ((holder, currency), net) in movement.postings.nets() {
        let mut change = Totals::default();
        match holder {
            Holder::User(_) => continue,
            Holder::World => change.world = net,
            Holder::Pool => change.pool = net,
            Holder::Fees => change.fees = net,
            Holder::Dust => change.dust = net,
            Holder::Venues => change.venues = net,
        }
        let total = totals.entry(currency.code).or_default();
        *total = total.plus(change);
    }
    totals.retain(|_, total| !total.is_nothing());
    totals
}

/// What a change of an account changed of what users hold, by currency.
#[must_use]
pub fn user_totals(activity: &Activity) -> BTreeMap<CurrencyCode, Totals> {
    let change = |change: &crate::activity::WalletChange| {
        let users_available = i128::from(change.available);
        let users_held = i128::from(change.held);
        (change.code, Totals { users_available, users_held, ..Totals::default() })
    };
    let totals = activity.wallets.iter().map(change);
    totals.filter(|(_, total)| !total.is_nothing()).collect()
}

/// A whole minute: changes are counted by the one in which they were decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Minute(Timestamp);

impl Minute {
    /// How long it is.
    pub const SPAN: Span = Span::seconds(60);

    /// The minute that a time is in.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let into = at.millis().checked_rem(Self::SPAN.as_millis()).unwrap_or(0);
        Self(Timestamp::from_millis(at.millis().saturating_sub(into)))
    }

    /// When it begins.
    #[must_use]
    pub fn start(self) -> Timestamp {
        self.0
    }

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.plus(Self::SPAN))
    }
}

#[cfg(test)]
mod tests;
