//! One event on its way to one webhook: when it is tried, what came of it, and when it is tried
//! again. What makes time pass, and who tries, is not known here.

use std::{fmt, str::FromStr};

use crate::{
    id::{UserId, WebhookId},
    time::{Span, Timestamp},
};

/// How long after the one before it each attempt is made: ten in 75.6 hours.
pub const SCHEDULE: [Span; 10] = [
    Span::seconds(0),
    Span::seconds(5),
    Span::seconds(5 * 60),
    Span::seconds(30 * 60),
    Span::seconds(2 * 3600),
    Span::seconds(5 * 3600),
    Span::seconds(10 * 3600),
    Span::seconds(14 * 3600),
    Span::seconds(20 * 3600),
    Span::seconds(24 * 3600),
];

/// How many attempts are remembered: the newest.
pub const ATTEMPTS_KEPT: usize = 10;
/// How long whoever has begun an attempt is left alone with it: it takes 10 s at most.
pub const LEASE: Span = Span::seconds(60);
/// The longest wait that a receiver can ask for.
const RETRY_AFTER_MAX: Span = Span::seconds(24 * 3600);

/// Why a message got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendFailure {
    /// The host has no address.
    Unresolved,
    /// The host has an address that nothing is sent to.
    AddressRefused,
    /// Nobody takes the connection.
    Unreachable,
    /// The receiver's certificate is not good for its name, or it speaks no TLS.
    Tls,
    /// What came back was no HTTP, or it broke off.
    NoAnswer,
    /// Not all of it took place in time.
    TimedOut,
    /// There is no secret to sign with that can be opened.
    Unsigned,
    /// The event is too large to be sent.
    TooLarge,
}

impl SendFailure {
    const ALL: [Self; 8] = [
        Self::Unresolved,
        Self::AddressRefused,
        Self::Unreachable,
        Self::Tls,
        Self::NoAnswer,
        Self::TimedOut,
        Self::Unsigned,
        Self::TooLarge,
    ];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::AddressRefused => "address_refused",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls_failed",
            Self::NoAnswer => "no_answer",
            Self::TimedOut => "timed_out",
            Self::Unsigned => "unsigned",
            Self::TooLarge => "too_large",
        }
    }
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered.
    Answered {
        /// Its status.
        status: u16,
        /// How long it asks to be left alone.
        retry_after: Option<Span>,
    },
    /// It did not.
    Failed(SendFailure),
}

impl Outcome {
    /// An answer with this status.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Answered { status, retry_after: None }
    }

    /// Whether the receiver has it: any 2xx. A redirection is none; it is not followed.
    #[must_use]
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Answered { status: 200..=299, .. })
    }

    /// Whether the receiver wants nothing any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Answered { status: 410, .. })
    }

    /// How long the receiver is left alone, if it may ask for that: by 429 and 503.
    fn wait(&self) -> Option<Span> {
        match self {
            Self::Answered { status: 429 | 503, retry_after } => {
                retry_after.map(|wait| wait.min(RETRY_AFTER_MAX))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Outcome {
    /// The status, or the word for the failure.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { status, .. } => write!(out, "{status}"),
            Self::Failed(failure) => out.write_str(failure.as_str()),
        }
    }
}

/// An attempt, as it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// What came of it. How long it asked for is not remembered.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
}

/// The text is not one that we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no attempt of a delivery")]
pub struct InvalidAttempt;

impl fmt::Display for Attempt {
    /// As it is stored: `1795248000000 503 120`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.at.millis(), self.outcome, self.took_ms)
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
    let failure = SendFailure::ALL.into_iter().find(|failure| failure.as_str() == word);
    let outcome = match failure {
        Some(failure) => Outcome::Failed(failure),
        None => Outcome::status(word.parse().ok()?),
    };
    Some(Attempt { at, outcome, took_ms: words.next()?.parse().ok()? })
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is tried, at its time.
    Pending,
    /// The receiver has it.
    Delivered,
    /// It was given up.
    Failed,
}

impl DeliveryState {
    const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state that a word stands for.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// One event on its way to one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// To which.
    pub webhook: WebhookId,
    /// Whose event.
    pub user: UserId,
    /// The event's number: the version of the account after it.
    pub seq: u64,
    /// How far it has come.
    pub state: DeliveryState,
    /// Attempts begun since it was put or asked for again.
    pub tries: u32,
    /// The newest attempts that ended, at most [`ATTEMPTS_KEPT`], the oldest first.
    pub attempts: Vec<Attempt>,
    /// When it was put.
    pub created_at: Timestamp,
    /// When it is tried next, while it is pending; else since when it is over.
    pub next_at: Timestamp,
    /// Counts its changes, from 1.
    pub version: u64,
}

impl Delivery {
    /// Of an event that has just happened.
    #[must_use]
    pub fn begun(webhook: WebhookId, user: UserId, seq: u64, now: Timestamp) -> Self {
        Self {
            webhook,
            user,
            seq,
            state: DeliveryState::Pending,
            tries: 0,
            attempts: Vec::new(),
            created_at: now,
            next_at: now,
            version: 1,
        }
    }

    /// Whether it is yet to be tried.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.state == DeliveryState::Pending
    }

    /// In the hand of someone who tries it now. If nothing is heard of them, the attempt counts
    /// and the next one is due after [`LEASE`].
    #[must_use]
    pub fn leased(&self, now: Timestamp) -> Self {
        let tries = self.tries.saturating_add(1);
        Self { tries, next_at: now.plus(LEASE), ..self.next() }
    }

    /// After the attempt that [`Delivery::leased`] began has ended, at this time. `chance` moves
    /// the next one: 0 is a tenth earlier, 65535 a tenth later.
    #[must_use]
    pub fn after(&self, attempt: Attempt, now: Timestamp, chance: u16) -> Self {
        let mut next = self.next();
        next.attempts.push(Attempt { outcome: forgetful(attempt.outcome), ..attempt });
        let surplus = next.attempts.len().saturating_sub(ATTEMPTS_KEPT);
        next.attempts.drain(..surplus);
        next.next_at = now;
        if attempt.outcome.is_success() {
            next.state = DeliveryState::Delivered;
            return next;
        }
        let again = usize::try_from(self.tries).ok().and_then(|tries| SCHEDULE.get(tries));
        match again.filter(|_| !attempt.outcome.is_gone()) {
            None => next.state = DeliveryState::Failed,
            Some(wait) => {
                let wait = jittered(*wait, chance);
                let asked = attempt.outcome.wait().unwrap_or(Span::millis(0));
                next.next_at = now.plus(wait.max(asked));
            }
        }
        next
    }

    /// Given up without another attempt.
    #[must_use]
    pub fn given_up(&self, now: Timestamp) -> Self {
        Self { state: DeliveryState::Failed, next_at: now, ..self.next() }
    }

    /// To be tried again from the beginning of the schedule, whatever has become of it.
    #[must_use]
    pub fn anew(&self, now: Timestamp) -> Self {
        Self { state: DeliveryState::Pending, tries: 0, next_at: now, ..self.next() }
    }

    fn next(&self) -> Self {
        Self { version: self.version.saturating_add(1), ..self.clone() }
    }
}

fn forgetful(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Answered { status, .. } => Outcome::status(status),
        Outcome::Failed(_) => outcome,
    }
}

/// Nine to eleven tenths of a wait.
fn jittered(wait: Span, chance: u16) -> Span {
    let nine_tenths = wait.as_millis().saturating_mul(9).saturating_div(10);
    let fifth = wait.as_millis().saturating_div(5);
    let share = fifth.saturating_mul(i64::from(chance)).saturating_div(65_535);
    Span::of_millis(nine_tenths.saturating_add(share))
}
