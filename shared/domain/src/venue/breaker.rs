//! The circuit breaker of a venue: whoever finds the venue in trouble says so here, and all leave
//! it alone for a while; then one of them tries. Where it is kept is not known here.

use super::VenueId;
use crate::time::{Span, Timestamp};

/// How many requests in a row must come to nothing before the venue is left alone.
const FAILURES_MAX: u32 = 10;
/// How long it is left alone at first; doubled each time that the one who tries fails.
const REST_MIN: Span = Span::seconds(1);
/// The longest that it is left alone.
const REST_MAX: Span = Span::seconds(60);
/// How long the others wait for the one who tries.
const PROBE: Span = Span::seconds(15);

/// Whether a venue is sent anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// It is. So many requests in a row have come to nothing.
    Closed {
        /// How many.
        failures: u32,
    },
    /// It is left alone until a time.
    Open {
        /// Until when.
        until: Timestamp,
        /// How long that is.
        rest: Span,
    },
    /// One tries, and the others wait, until a time at most.
    HalfOpen {
        /// Until when.
        until: Timestamp,
        /// How long it had been left alone.
        rest: Span,
    },
}

/// A venue's circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// Whose.
    pub venue: VenueId,
    /// Whether the venue is sent anything.
    pub state: BreakerState,
    /// Counts its changes, from 1; 0 if it has never changed.
    pub version: u64,
}

/// What a breaker says to whoever wants to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Send.
    Pass,
    /// Send, once this is written in the breaker's place: then nobody else does.
    Probe(Breaker),
    /// Wait until then.
    Wait(Timestamp),
}

impl Breaker {
    /// Of a venue that nothing is known of.
    #[must_use]
    pub fn new(venue: VenueId) -> Self {
        Self { venue, state: BreakerState::Closed { failures: 0 }, version: 0 }
    }

    /// Whether one may send now.
    #[must_use]
    pub fn gate(&self, now: Timestamp) -> Gate {
        match self.state {
            BreakerState::Closed { .. } => Gate::Pass,
            BreakerState::Open { until, .. } | BreakerState::HalfOpen { until, .. }
                if now < until =>
            {
                Gate::Wait(until)
            }
            BreakerState::Open { rest, .. } | BreakerState::HalfOpen { rest, .. } => {
                Gate::Probe(self.next(BreakerState::HalfOpen { until: now.plus(PROBE), rest }))
            }
        }
    }

    /// The breaker after a request came to something; `None`: it stays as it is.
    #[must_use]
    pub fn succeeded(&self) -> Option<Self> {
        match self.state {
            BreakerState::Closed { failures: 0 } => None,
            _ => Some(self.next(BreakerState::Closed { failures: 0 })),
        }
    }

    /// The breaker after a request came to nothing; `None`: it stays as it is, for it is open.
    #[must_use]
    pub fn failed(&self, now: Timestamp) -> Option<Self> {
        let open = |rest: Span| BreakerState::Open { until: now.plus(rest), rest };
        let state = match self.state {
            BreakerState::Closed { failures } => match failures.saturating_add(1) {
                FAILURES_MAX.. => open(REST_MIN),
                failures => BreakerState::Closed { failures },
            },
            BreakerState::Open { .. } => return None,
            BreakerState::HalfOpen { rest, .. } => {
                let doubled = Span::of_millis(rest.as_millis().saturating_mul(2));
                open(doubled.min(REST_MAX))
            }
        };
        Some(self.next(state))
    }

    /// Whether the venue is sent what there is to send.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.state, BreakerState::Closed { .. })
    }

    fn next(&self, state: BreakerState) -> Self {
        Self { state, version: self.version.saturating_add(1), ..*self }
    }
}
