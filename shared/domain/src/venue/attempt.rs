//! Attempts to reach a venue, and what came of them: what is certain afterwards, and what is not.

use std::{fmt, str::FromStr};

use super::VenueState;
use crate::time::{Span, Timestamp};

/// How many attempts are remembered of an order: the newest.
pub const ATTEMPTS_KEPT: usize = 12;

/// What a venue is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To place the order.
    Place,
    /// What it knows of the order.
    Ask,
    /// To cancel the order.
    Cancel,
}

impl Step {
    const ALL: [Self; 3] = [Self::Place, Self::Ask, Self::Cancel];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Ask => "ask",
            Self::Cancel => "cancel",
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendFailure {
    /// The host has no address.
    Unresolved,
    /// Nobody takes the connection.
    Unreachable,
    /// The certificate is not good for the host's name, or it speaks no TLS.
    Tls,
    /// There is no secret to sign with that can be opened.
    Unsigned,
    /// What came back was no answer as agreed, or it broke off.
    NoAnswer,
    /// Not all of it took place in time.
    TimedOut,
}

impl SendFailure {
    const ALL: [Self; 6] = [
        Self::Unresolved,
        Self::Unreachable,
        Self::Tls,
        Self::Unsigned,
        Self::NoAnswer,
        Self::TimedOut,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls_failed",
            Self::Unsigned => "unsigned",
            Self::NoAnswer => "no_answer",
            Self::TimedOut => "timed_out",
        }
    }

    /// Whether the venue may have got the request all the same.
    #[must_use]
    pub const fn is_unclear(self) -> bool {
        matches!(self, Self::NoAnswer | Self::TimedOut)
    }
}

/// What came of asking a venue for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VenueAnswer {
    /// It has the order, and how far it has come.
    Known(VenueState),
    /// It has never heard of the order.
    Unknown,
    /// It will not do it, whenever it is asked.
    Refused {
        /// The status.
        status: u16,
    },
    /// It did nothing, and wants to be asked later: 429.
    Busy {
        /// How long it asks to be left alone.
        retry_after: Option<Span>,
    },
    /// It may have done it or not: a status that says neither.
    Broken {
        /// The status.
        status: u16,
        /// How long it asks to be left alone.
        retry_after: Option<Span>,
    },
    /// There is no answer.
    Failed(SendFailure),
}

impl VenueAnswer {
    /// Whether the venue may have done what it was asked although it did not say so.
    #[must_use]
    pub fn is_unclear(&self) -> bool {
        match self {
            Self::Broken { .. } => true,
            Self::Failed(failure) => failure.is_unclear(),
            Self::Known(_) | Self::Unknown | Self::Refused { .. } | Self::Busy { .. } => false,
        }
    }

    /// Whether it is a sign that the venue is in trouble.
    #[must_use]
    pub fn is_trouble(&self) -> bool {
        self.is_unclear() || matches!(self, Self::Failed(_))
    }

    /// Whether it names fills.
    #[must_use]
    pub fn has_fills(&self) -> bool {
        matches!(self, Self::Known(state) if !state.executions.is_empty())
    }

    /// How long the venue asks to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Span> {
        match self {
            Self::Busy { retry_after } | Self::Broken { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What is remembered of it.
    #[must_use]
    pub fn outcome(&self) -> AttemptOutcome {
        match self {
            Self::Known(_) => AttemptOutcome::Known,
            Self::Unknown => AttemptOutcome::Unknown,
            Self::Refused { status } | Self::Broken { status, .. } => {
                AttemptOutcome::Answered(*status)
            }
            Self::Busy { .. } => AttemptOutcome::Answered(429),
            Self::Failed(failure) => AttemptOutcome::Failed(*failure),
        }
    }
}

/// What is remembered of what came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// Nothing yet: it is being made, or whoever made it is gone.
    Begun,
    /// The venue has the order.
    Known,
    /// The venue has never heard of the order.
    Unknown,
    /// It answered with this status, and did not say that it has the order.
    Answered(u16),
    /// It did not answer.
    Failed(SendFailure),
}

impl fmt::Display for AttemptOutcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begun => out.write_str("begun"),
            Self::Known => out.write_str("known"),
            Self::Unknown => out.write_str("unknown"),
            Self::Answered(status) => write!(out, "{status}"),
            Self::Failed(failure) => out.write_str(failure.as_str()),
        }
    }
}

/// An attempt, as it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// What was asked.
    pub step: Step,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// How long it took, in milliseconds; 0 while it is being made.
    pub took_ms: u32,
}

/// The text is not one that we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no attempt to reach a venue")]
pub struct InvalidAttempt;

impl fmt::Display for Attempt {
    /// As it is stored: `1795248000000 place 503 120`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, step, outcome, took_ms } = self;
        write!(out, "{} {} {outcome} {took_ms}", at.millis(), step.as_str())
    }
}

impl FromStr for Attempt {
    type Err = InvalidAttempt;

    fn from_str(text: &str) -> Result<Self, InvalidAttempt> {
        let attempt = read(text).ok_or(InvalidAttempt)?;
        if attempt.to_string() == text { Ok(attempt) } else { Err(InvalidAttempt) }
    }
}

fn read(text: &str) -> Option<Attempt> {
    let mut words = text.split(' ');
    let at = Timestamp::from_millis(words.next()?.parse().ok()?);
    let word = words.next()?;
    let step = Step::ALL.into_iter().find(|step| step.as_str() == word)?;
    let word = words.next()?;
    let failure = SendFailure::ALL.into_iter().find(|failure| failure.as_str() == word);
    let outcome = match (word, failure) {
        (_, Some(failure)) => AttemptOutcome::Failed(failure),
        ("begun", _) => AttemptOutcome::Begun,
        ("known", _) => AttemptOutcome::Known,
        ("unknown", _) => AttemptOutcome::Unknown,
        (status, None) => AttemptOutcome::Answered(status.parse().ok()?),
    };
    Some(Attempt { at, step, outcome, took_ms: words.next()?.parse().ok()? })
}
