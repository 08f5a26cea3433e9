//! Any venue, order there and breaker, and the largest of each.

use domain::{
    amount::Amount,
    id::{UserId, VenueOrderId},
    order::{OrderKind, Side},
    time::{Span, Timestamp},
    venue::{
        ATTEMPTS_KEPT, Attempt, AttemptOutcome, Breaker, BreakerState, Ending, Instrument, Listing,
        Phase, Reference, SendFailure, Step, Unclear, Venue, VenueFill, VenueId, VenueOrder,
        VenueTerms,
    },
    webhook::SealedSecret,
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{amounts, currencies, currency, monies, names, times, users};

const PHASES: [Phase; 5] =
    [Phase::Queued, Phase::Placing, Phase::Placed, Phase::Reconciling, Phase::Over];

const ENDINGS: [Ending; 5] = [
    Ending::Filled,
    Ending::Cancelled,
    Ending::Expired,
    Ending::Rejected,
    Ending::AttemptsExhausted,
];

const FAILURES: [SendFailure; 6] = [
    SendFailure::Unresolved,
    SendFailure::Unreachable,
    SendFailure::Tls,
    SendFailure::Unsigned,
    SendFailure::NoAnswer,
    SendFailure::TimedOut,
];

fn venue_ids() -> impl Strategy<Value = VenueId> {
    "[a-z][a-z0-9-]{2,15}".prop_map(|id| id.parse().expect("a name"))
}

fn instruments() -> impl Strategy<Value = Instrument> {
    "[A-Z0-9]{12}".prop_map(|code| code.parse().expect("a code"))
}

fn references() -> impl Strategy<Value = Reference> {
    "[!-+\\--~]{1,64}".prop_map(|text| text.parse().expect("a reference"))
}

fn venue_order_ids() -> impl Strategy<Value = VenueOrderId> {
    any::<u128>().prop_map(VenueOrderId::from_bits)
}

fn sides() -> impl Strategy<Value = Side> {
    select(vec![Side::Buy, Side::Sell])
}

fn listings() -> impl Strategy<Value = Listing> {
    (instruments(), option::of(amounts()))
        .prop_map(|(instrument, reference)| Listing { instrument, reference })
}

pub(crate) fn venues() -> impl Strategy<Value = Venue> {
    let words = (venue_ids(), names(), currencies(), "[!-~]{1,99}", "[!-~]{1,120}");
    let numbers = (any::<u16>(), any::<u16>(), any::<u32>(), any::<u64>());
    (words, vec(listings(), 0..9), numbers, any::<bool>(), times()).prop_map(
        |((id, name, currency, url, secret), listings, numbers, suspended, created_at)| {
            let (collar_bps, concurrency_max, rate_max, version) = numbers;
            Venue {
                id,
                name,
                currency,
                url,
                secret: SealedSecret(secret),
                listings,
                collar_bps,
                concurrency_max,
                rate_max,
                suspended,
                created_at,
                version,
            }
        },
    )
}

pub(crate) fn venue_terms() -> impl Strategy<Value = VenueTerms> {
    let whose = (venue_order_ids(), users(), venue_ids());
    let kinds = select(vec![OrderKind::Limit, OrderKind::Market]);
    let what = (sides(), kinds, instruments(), amounts(), amounts(), currencies());
    (whose, what, times(), times()).prop_map(
        |(
            (id, user, venue),
            (side, kind, instrument, quantity, price, currency),
            valid_until,
            accepted_at,
        )| VenueTerms {
            id,
            user,
            venue,
            side,
            kind,
            instrument,
            quantity,
            price,
            currency,
            valid_until,
            accepted_at,
        },
    )
}

fn attempts() -> impl Strategy<Value = Attempt> {
    let outcomes = prop_oneof![
        select(vec![AttemptOutcome::Begun, AttemptOutcome::Known, AttemptOutcome::Unknown]),
        any::<u16>().prop_map(AttemptOutcome::Answered),
        select(FAILURES.to_vec()).prop_map(AttemptOutcome::Failed),
    ];
    let steps = select(vec![Step::Place, Step::Ask, Step::Cancel]);
    (times(), steps, outcomes, any::<u32>()).prop_map(|(at, step, outcome, took_ms)| Attempt {
        at,
        step,
        outcome,
        took_ms,
    })
}

pub(crate) fn venue_orders() -> impl Strategy<Value = VenueOrder> {
    let unclear = (times(), any::<bool>()).prop_map(|(since, asked)| Unclear { since, asked });
    let way = (select(PHASES.to_vec()), option::of(select(ENDINGS.to_vec())));
    let filled = (option::of(references()), amounts(), amounts(), option::of(amounts()));
    let counts = (any::<u32>(), any::<u32>(), any::<u32>(), any::<u64>());
    let sent = (any::<bool>(), option::of(unclear), vec(attempts(), 0..=ATTEMPTS_KEPT));
    (venue_terms(), way, filled, counts, sent, times(), times()).prop_map(
        |(
            terms,
            (phase, ending),
            (reference, executed, notional, last),
            (sends, failures, round, version),
            (cancel_requested, unclear, attempts),
            next_at,
            changed_at,
        )| VenueOrder {
            terms,
            phase,
            ending,
            reference,
            executed,
            notional,
            last,
            cancel_requested,
            sends,
            failures,
            unclear,
            next_at,
            round,
            hand: !round,
            attempts,
            changed_at,
            version,
        },
    )
}

pub(crate) fn breakers() -> impl Strategy<Value = Breaker> {
    let rest = || (times(), any::<u32>().prop_map(Span::millis));
    let states = prop_oneof![
        any::<u32>().prop_map(|failures| BreakerState::Closed { failures }),
        rest().prop_map(|(until, rest)| BreakerState::Open { until, rest }),
        rest().prop_map(|(until, rest)| BreakerState::HalfOpen { until, rest }),
    ];
    (venue_ids(), states, any::<u64>()).prop_map(|(venue, state, version)| Breaker {
        venue,
        state,
        version,
    })
}

pub(super) fn venue_fills() -> impl Strategy<Value = VenueFill> {
    let names = (venue_ids(), references(), venue_order_ids());
    (names, sides(), instruments(), amounts(), monies()).prop_map(
        |((venue, execution, order), side, instrument, quantity, price)| VenueFill {
            venue,
            execution,
            order,
            side,
            instrument,
            quantity,
            price,
        },
    )
}

fn longest_venue_id() -> VenueId {
    "z-23456789012345".parse().expect("a name")
}

fn longest_reference() -> Reference {
    "x".repeat(64).parse().expect("a reference")
}

pub(crate) fn instrument() -> Instrument {
    "DOTUSDT00008".parse().expect("a code")
}

/// The terms whose every part is as long as it can be.
pub(crate) fn longest_venue_terms() -> VenueTerms {
    VenueTerms {
        id: VenueOrderId::from_bits(u128::MAX),
        user: UserId::from_bits(u128::MAX),
        venue: longest_venue_id(),
        side: Side::Sell,
        kind: OrderKind::Market,
        instrument: instrument(),
        quantity: Amount::MAX,
        price: Amount::MAX,
        currency: currency("VENUS/8"),
        valid_until: Timestamp::MAX,
        accepted_at: Timestamp::MAX,
    }
}

/// An order with as much in it as there can be: attempts a minute apart in the far future, each
/// of which took as long as a number can say.
pub(crate) fn largest_venue_order() -> VenueOrder {
    let attempt = |number| Attempt {
        at: Timestamp::MAX.minus(Span::seconds(60 * number)),
        step: Step::Place,
        outcome: AttemptOutcome::Answered(503),
        took_ms: u32::MAX,
    };
    let kept = u32::try_from(ATTEMPTS_KEPT).expect("few");
    VenueOrder {
        terms: longest_venue_terms(),
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
        attempts: (0..kept).rev().map(attempt).collect(),
        changed_at: Timestamp::MAX,
        version: u64::MAX,
    }
}

pub(crate) fn largest_venue_fill() -> VenueFill {
    VenueFill {
        venue: longest_venue_id(),
        execution: longest_reference(),
        order: VenueOrderId::from_bits(u128::MAX),
        side: Side::Sell,
        instrument: instrument(),
        quantity: Amount::MAX,
        price: super::most("VENUS"),
    }
}
