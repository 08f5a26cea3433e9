//! External venues, orders there, and breakers. What never changes of an order is one text, and
//! so are its attempts: so that the largest order is a write unit.

use domain::{
    amount::Amount,
    currency::Currency,
    id::{UserId, VenueOrderId},
    order::{OrderKind, Side},
    time::{Span, Timestamp},
    universe::Name,
    venue::{
        Attempt, AttemptOutcome, Breaker, BreakerState, Ending, Instrument, Listing, Phase,
        Reference, SendFailure, Step, Unclear, Venue, VenueId, VenueOrder, VenueTerms,
    },
    webhook::SealedSecret,
};
use serde::{Deserialize, Serialize};

use super::{
    orders::{counted as count_of, kind, letter, side, words},
    spelling::{
        Counted, Spelled, counted, counted_option, spelled, spelled_by_as_str, spelled_by_display,
        spelled_option,
    },
    webhooks::{joined, parted},
};

spelled_by_display!(Instrument, VenueId, VenueOrderId);
spelled_by_as_str!(Reference);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Venue")]
pub(super) struct VenueRow {
    #[serde(with = "spelled")]
    id: VenueId,
    #[serde(with = "spelled")]
    name: Name,
    #[serde(with = "spelled")]
    currency: Currency,
    url: String,
    #[serde(with = "spelled")]
    secret: SealedSecret,
    #[serde(with = "spelled")]
    listings: Vec<Listing>,
    collar_bps: u16,
    concurrency_max: u16,
    rate_max: u32,
    suspended: bool,
    #[serde(with = "counted")]
    created_at: Timestamp,
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "VenueOrder")]
pub(super) struct VenueOrderRow {
    #[serde(with = "spelled")]
    terms: VenueTerms,
    #[serde(with = "spelled")]
    phase: Phase,
    #[serde(with = "spelled_option", default, skip_serializing_if = "Option::is_none")]
    ending: Option<Ending>,
    #[serde(with = "spelled_option", default, skip_serializing_if = "Option::is_none")]
    reference: Option<Reference>,
    #[serde(with = "counted")]
    executed: Amount,
    #[serde(with = "counted")]
    notional: Amount,
    #[serde(with = "counted_option", default, skip_serializing_if = "Option::is_none")]
    last: Option<Amount>,
    cancel_requested: bool,
    sends: u32,
    failures: u32,
    #[serde(with = "spelled_option", default, skip_serializing_if = "Option::is_none")]
    unclear: Option<Unclear>,
    #[serde(with = "counted")]
    next_at: Timestamp,
    round: u32,
    hand: u32,
    #[serde(with = "spelled")]
    attempts: Vec<Attempt>,
    #[serde(with = "counted")]
    changed_at: Timestamp,
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Breaker")]
pub(super) struct BreakerRow {
    #[serde(with = "spelled")]
    venue: VenueId,
    #[serde(with = "spelled")]
    state: BreakerState,
    version: u64,
}

/// `DOTUSDT00008 10025`: the instrument and, if there is one, its reference in minor units.
impl Spelled for Listing {
    fn spell(&self) -> String {
        match self.reference {
            Some(reference) => format!("{} {}", self.instrument, reference.count()),
            None => self.instrument.to_string(),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (instrument, reference) = match text.split_once(' ') {
            Some((instrument, reference)) => (instrument, Some(count_of(reference)?)),
            None => (text, None),
        };
        let listing = Self { instrument: Instrument::read(instrument)?, reference };
        Some(listing).filter(|listing| listing.spell() == text)
    }
}

/// The listings between commas; an empty text if there are none.
impl Spelled for Vec<Listing> {
    fn spell(&self) -> String {
        joined(self.iter())
    }

    fn read(text: &str) -> Option<Self> {
        parted(text)
    }
}

/// `vor_… usr_… nyx b l DOTUSDT00008 75 10025 USD/2 1795334400000 1795248000000`: the order,
/// whose it is and where; buy or sell; limit or market; how many pieces of what; the price in
/// minor units, and of what; until when it may be filled, and when it was accepted.
impl Spelled for VenueTerms {
    fn spell(&self) -> String {
        format!(
            "{} {} {} {} {} {} {} {} {} {} {}",
            self.id,
            self.user,
            self.venue,
            side(self.side),
            kind(self.kind),
            self.instrument,
            self.quantity.count(),
            self.price.count(),
            self.currency.spell(),
            self.valid_until.count(),
            self.accepted_at.count(),
        )
    }

    fn read(text: &str) -> Option<Self> {
        let [id, user, venue, side_of, kind_of, instrument, rest @ ..] = words::<11>(text)?;
        let [quantity, price, currency, valid_until, accepted_at] = rest;
        let terms = Self {
            id: VenueOrderId::read(id)?,
            user: UserId::read(user)?,
            venue: VenueId::read(venue)?,
            side: letter(side_of, [Side::Buy, Side::Sell], side)?,
            kind: letter(kind_of, [OrderKind::Limit, OrderKind::Market], kind)?,
            instrument: Instrument::read(instrument)?,
            quantity: count_of(quantity)?,
            price: count_of(price)?,
            currency: Currency::read(currency)?,
            valid_until: count_of(valid_until)?,
            accepted_at: count_of(accepted_at)?,
        };
        Some(terms).filter(|terms| terms.spell() == text)
    }
}

impl Spelled for Phase {
    fn spell(&self) -> String {
        self.as_str().to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        Self::of(text)
    }
}

impl Spelled for Ending {
    fn spell(&self) -> String {
        self.as_str().to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        Self::of(text)
    }
}

/// `1795248000000`, and `asked` after it once the venue has said that it does not know the order.
impl Spelled for Unclear {
    fn spell(&self) -> String {
        let asked = if self.asked { " asked" } else { "" };
        format!("{}{asked}", self.since.count())
    }

    fn read(text: &str) -> Option<Self> {
        let since = text.strip_suffix(" asked");
        let unclear = Self { since: count_of(since.unwrap_or(text))?, asked: since.is_some() };
        Some(unclear).filter(|unclear| unclear.spell() == text)
    }
}

/// `1795248000000 p O 5000,5210 a u 33`: each attempt between commas; an empty text if there are
/// none. Of each: how many milliseconds after the one before it, or after 1970, it began; what
/// was asked; what came of it; and how many milliseconds it took.
impl Spelled for Vec<Attempt> {
    fn spell(&self) -> String {
        let mut before = 0;
        let attempts = self.iter().map(|attempt| {
            let Attempt { at, step, outcome, took_ms } = *attempt;
            let later = at.millis().saturating_sub(before);
            before = at.millis();
            format!("{later} {} {} {took_ms}", step_letter(step), outcome_word(outcome))
        });
        attempts.collect::<Vec<_>>().join(",")
    }

    fn read(text: &str) -> Option<Self> {
        let mut before = 0_i64;
        let attempts = text.split(',').filter(|_| !text.is_empty()).map(|attempt| {
            let [later, step, outcome, took_ms] = words(attempt)?;
            before = before.checked_add(later.parse().ok()?)?;
            Some(Attempt {
                at: Timestamp::of(before)?,
                step: letter(step, [Step::Place, Step::Ask, Step::Cancel], step_letter)?,
                outcome: outcome_of(outcome)?,
                took_ms: took_ms.parse().ok()?,
            })
        });
        let attempts: Self = attempts.collect::<Option<_>>()?;
        Some(attempts).filter(|attempts| attempts.spell() == text)
    }
}

fn step_letter(step: Step) -> &'static str {
    match step {
        Step::Place => "p",
        Step::Ask => "a",
        Step::Cancel => "c",
    }
}

/// A status, or a letter: a capital one if there was no answer.
fn outcome_word(outcome: AttemptOutcome) -> String {
    match outcome {
        AttemptOutcome::Begun => "b".to_owned(),
        AttemptOutcome::Known => "k".to_owned(),
        AttemptOutcome::Unknown => "u".to_owned(),
        AttemptOutcome::Answered(status) => status.to_string(),
        AttemptOutcome::Failed(failure) => failure_letter(failure).to_owned(),
    }
}

fn outcome_of(word: &str) -> Option<AttemptOutcome> {
    match word {
        "b" => Some(AttemptOutcome::Begun),
        "k" => Some(AttemptOutcome::Known),
        "u" => Some(AttemptOutcome::Unknown),
        _ => match letter(word, FAILURES, failure_letter) {
            Some(failure) => Some(AttemptOutcome::Failed(failure)),
            None => Some(AttemptOutcome::Answered(word.parse().ok()?)),
        },
    }
}

const FAILURES: [SendFailure; 6] = [
    SendFailure::Unresolved,
    SendFailure::Unreachable,
    SendFailure::Tls,
    SendFailure::Unsigned,
    SendFailure::NoAnswer,
    SendFailure::TimedOut,
];

fn failure_letter(failure: SendFailure) -> &'static str {
    match failure {
        SendFailure::Unresolved => "A",
        SendFailure::Unreachable => "C",
        SendFailure::Tls => "T",
        SendFailure::Unsigned => "S",
        SendFailure::NoAnswer => "N",
        SendFailure::TimedOut => "O",
    }
}

/// `closed 3`: how many requests have come to nothing; `open 1795248000000 2000` or `half_open
/// 1795248000000 2000`: until when, and for how many milliseconds the venue is left alone.
impl Spelled for BreakerState {
    fn spell(&self) -> String {
        match self {
            Self::Closed { failures } => format!("closed {failures}"),
            Self::Open { until, rest } => format!("open {} {}", until.count(), rest.as_millis()),
            Self::HalfOpen { until, rest } => {
                format!("half_open {} {}", until.count(), rest.as_millis())
            }
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (word, rest) = text.split_once(' ')?;
        let state = match (word, rest.split_once(' ')) {
            ("closed", None) => Self::Closed { failures: rest.parse().ok()? },
            ("open" | "half_open", Some((until, rest))) => {
                let (until, rest) = (count_of(until)?, Span::of_millis(rest.parse().ok()?));
                if word == "open" {
                    Self::Open { until, rest }
                } else {
                    Self::HalfOpen { until, rest }
                }
            }
            _ => return None,
        };
        Some(state).filter(|state| state.spell() == text)
    }
}
