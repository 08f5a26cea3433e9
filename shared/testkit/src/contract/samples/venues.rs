//! Venues and orders there, plain ones and with fields as large as they get.

use domain::{
    amount::Amount,
    id::{UserId, VenueOrderId},
    order::{OrderKind, Side},
    time::{Span, Timestamp},
    venue::{
        ATTEMPTS_KEPT, Attempt, AttemptOutcome, Ending, Instrument, Listing, Phase, Reference,
        SendFailure, Step, Unclear, Venue, VenueFill, VenueId, VenueOrder, VenueTerms,
    },
    webhook::SealedSecret,
};

use super::{longest_currency, longest_name, most_money};
use crate::{
    builders::{earth, usd},
    contract::fixtures::{ALICE, at, minor},
};

pub(in crate::contract) const PHASES: [Phase; 5] =
    [Phase::Queued, Phase::Placing, Phase::Placed, Phase::Reconciling, Phase::Over];

const OUTCOMES: [AttemptOutcome; 10] = [
    AttemptOutcome::Begun,
    AttemptOutcome::Known,
    AttemptOutcome::Unknown,
    AttemptOutcome::Answered(u16::MAX),
    AttemptOutcome::Failed(SendFailure::Unresolved),
    AttemptOutcome::Failed(SendFailure::Unreachable),
    AttemptOutcome::Failed(SendFailure::Tls),
    AttemptOutcome::Failed(SendFailure::Unsigned),
    AttemptOutcome::Failed(SendFailure::NoAnswer),
    AttemptOutcome::Failed(SendFailure::TimedOut),
];

pub(in crate::contract) fn nyx() -> VenueId {
    "nyx".parse().expect("a name")
}

/// The venue with the longest name of all.
pub(in crate::contract) fn longest() -> VenueId {
    "nyx-456789012345".parse().expect("a name")
}

pub(in crate::contract) fn instrument() -> Instrument {
    "DOTUSDT00008".parse().expect("a code")
}

pub(in crate::contract) fn venue(id: VenueId) -> Venue {
    Venue {
        id,
        name: "New York Cross".parse().expect("a name"),
        currency: earth().currency,
        url: "http://localhost:8090".to_owned(),
        secret: SealedSecret("sealed".to_owned()),
        listings: Vec::new(),
        collar_bps: 500,
        concurrency_max: 8,
        rate_max: 100,
        suspended: false,
        created_at: at(0),
        version: 1,
    }
}

/// With all that a venue may list.
pub(in crate::contract) fn largest_venue() -> Venue {
    let listings = (0..Venue::LISTINGS_MAX).map(|number| Listing {
        instrument: format!("A{number:011}").parse().expect("a code"),
        reference: (number % 2 == 0).then_some(Amount::MAX),
    });
    Venue {
        name: longest_name(),
        currency: longest_currency(),
        url: format!("https://venue.example.com/{}", "a".repeat(400)),
        listings: listings.collect(),
        collar_bps: u16::MAX,
        concurrency_max: Venue::CONCURRENCY_MAX,
        rate_max: Venue::RATE_MAX,
        suspended: true,
        created_at: Timestamp::MAX,
        ..venue(longest())
    }
}

/// Alice buys 75 pieces at 100.25.
pub(in crate::contract) fn venue_terms(number: u128) -> VenueTerms {
    VenueTerms {
        id: VenueOrderId::from_bits(number),
        user: ALICE,
        venue: nyx(),
        side: Side::Buy,
        kind: OrderKind::Limit,
        instrument: instrument(),
        quantity: minor(75),
        price: usd("100.25").amount,
        currency: earth().currency,
        valid_until: at(86_400),
        accepted_at: at(0),
    }
}

fn largest_venue_terms() -> VenueTerms {
    VenueTerms {
        id: VenueOrderId::from_bits(u128::MAX),
        user: UserId::from_bits(u128::MAX),
        venue: longest(),
        side: Side::Sell,
        kind: OrderKind::Market,
        instrument: "ZZZZZZZZZZZZ".parse().expect("a code"),
        quantity: Amount::MAX,
        price: Amount::MAX,
        currency: longest_currency(),
        valid_until: Timestamp::MAX,
        accepted_at: Timestamp::MAX,
    }
}

fn longest_reference() -> Reference {
    "\"~".repeat(32).parse().expect("64 characters")
}

/// As many attempts as are kept, of each kind.
fn attempts() -> Vec<Attempt> {
    let steps = [Step::Place, Step::Ask, Step::Cancel].into_iter().cycle();
    let attempts = OUTCOMES.into_iter().cycle().zip(steps).take(ATTEMPTS_KEPT);
    let attempts = attempts.enumerate().map(|(number, (outcome, step))| Attempt {
        at: at(0).plus(Span::millis(u32::try_from(number * number).expect("small"))),
        step,
        outcome,
        took_ms: u32::MAX,
    });
    attempts.collect()
}

/// Its last attempt went back in time, as clocks do.
pub(in crate::contract) fn largest_venue_order() -> VenueOrder {
    let mut attempts = attempts();
    attempts.rotate_left(1);
    VenueOrder {
        terms: largest_venue_terms(),
        phase: Phase::Reconciling,
        ending: Some(Ending::AttemptsExhausted),
        reference: Some(longest_reference()),
        executed: Amount::MAX,
        notional: Amount::MAX,
        last: Some(Amount::MAX),
        cancel_requested: true,
        sends: u32::MAX,
        failures: u32::MAX,
        unclear: Some(Unclear { since: Timestamp::MAX, asked: true }),
        next_at: Timestamp::MAX,
        round: u32::MAX,
        hand: u32::MAX,
        attempts,
        changed_at: Timestamp::MAX,
        version: 9_000_000_000_000_000_001,
    }
}

/// The terms of entries that accepted an order at a venue.
pub(super) fn accepted() -> Vec<VenueTerms> {
    vec![venue_terms(7), largest_venue_terms()]
}

/// A small fill and the largest.
pub(super) fn venue_fills() -> Vec<VenueFill> {
    let small = VenueFill {
        venue: nyx(),
        execution: "E-7".parse().expect("a name"),
        order: VenueOrderId::from_bits(7),
        side: Side::Buy,
        instrument: instrument(),
        quantity: Amount::ONE,
        price: usd("0.01"),
    };
    let largest = VenueFill {
        venue: longest(),
        execution: longest_reference(),
        order: VenueOrderId::from_bits(u128::MAX),
        side: Side::Sell,
        instrument: instrument(),
        quantity: Amount::MAX,
        price: most_money(),
    };
    vec![small, largest]
}
