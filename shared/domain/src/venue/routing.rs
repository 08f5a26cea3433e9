//! How an order gets to its venue once, whatever happens on the way: what is to be done next,
//! when, and when it is certain that it was not placed.
//!
//! Every attempt to place an order bears the order's one id, under which the venue takes it once.
//! An attempt is written down before it is made, so that whoever dies in it leaves a trace. If
//! the outcome is not clear, the venue is asked before anything is repeated. A request to place
//! is signed with its time, and a venue must not carry out one that is older than ten seconds:
//! so [`SETTLED_AFTER`] it, "unknown" is certain.

use std::{fmt, str::FromStr};

use super::{
    ATTEMPTS_KEPT, Attempt, AttemptOutcome, Ending, Phase, Step, Unclear, VenueAnswer, VenueOrder,
};
use crate::{
    id::VenueOrderId,
    time::{Span, Timestamp},
};

/// The most attempts to place an order.
pub const SENDS_MAX: u32 = 12;
/// How long whoever has begun an attempt is left alone with it: it takes 5 s at most.
pub const LEASE: Span = Span::seconds(20);
/// How long after an attempt to place began the venue cannot get it any more: the ten seconds
/// that a request is good for, and twenty by which clocks may differ.
pub const SETTLED_AFTER: Span = Span::seconds(30);
/// The longest wait between two attempts, unless the venue asks for more.
pub const BACKOFF_MAX: Span = Span::seconds(60);
const BACKOFF_MIN_MS: i64 = 200;
/// The longest that a venue can ask to be left alone with an order.
const RETRY_AFTER_MAX: Span = Span::seconds(3600);
/// How long fills are waited for that a venue says it made, before it is asked for them.
pub(super) const MISSING_AFTER: Span = Span::seconds(5);
/// How often a venue is asked for an order that it has: from each minute to each hour.
const WATCH_MIN_MS: i64 = 60_000;
const WATCH_MAX_MS: i64 = 3_600_000;

/// Something that is to be done about an order, as it was when somebody said so: once it has
/// been begun, the task is old news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Task {
    /// About which.
    pub order: VenueOrderId,
    /// The order's round.
    pub round: u32,
}

/// The text is not a task's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no task about an order at a venue")]
pub struct InvalidTask;

impl fmt::Display for Task {
    /// As it is queued: `vor_… 3`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.order, self.round)
    }
}

impl FromStr for Task {
    type Err = InvalidTask;

    fn from_str(text: &str) -> Result<Self, InvalidTask> {
        let (order, round) = text.split_once(' ').ok_or(InvalidTask)?;
        let order = order.parse().map_err(|_| InvalidTask)?;
        let task = Self { order, round: round.parse().map_err(|_| InvalidTask)? };
        if task.to_string() == text { Ok(task) } else { Err(InvalidTask) }
    }
}

/// What is to be done about an order now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Todo {
    /// Nothing, before it is due or once it is over.
    Nothing,
    /// The venue is to be asked for something, once this is written in the order's place.
    Attempt(Step, Box<VenueOrder>),
    /// It is certainly not at the venue and will not be: this is to be written in its place.
    End(Box<VenueOrder>),
}

/// An attempt that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What was asked.
    pub step: Step,
    /// How often the order had been sent when it began, this time included.
    pub sends: u32,
    /// What was not clear before it began.
    pub unclear_before: Option<Unclear>,
    /// When it began.
    pub began: Timestamp,
    /// What came of it.
    pub answer: VenueAnswer,
    /// 0 to 65535: moves the next attempt.
    pub chance: u16,
}

impl Ended {
    /// The attempt for which an order was `leased`, after what it was before.
    #[must_use]
    pub fn of(
        step: Step,
        before: &VenueOrder,
        leased: &VenueOrder,
        answer: VenueAnswer,
        chance: u16,
    ) -> Self {
        let (unclear_before, began) = (before.unclear, leased.changed_at);
        Self { step, sends: leased.sends, unclear_before, began, answer, chance }
    }
}

impl VenueOrder {
    /// The task that it is due by.
    #[must_use]
    pub fn task(&self) -> Task {
        Task { order: self.terms.id, round: self.round }
    }

    /// What is to be done now, and by whose `hand`: a number that was chosen at random.
    #[must_use]
    pub fn todo(&self, now: Timestamp, hand: u32) -> Todo {
        if self.is_over() || now < self.next_at {
            return Todo::Nothing;
        }
        let attempt = |step| Todo::Attempt(step, Box::new(self.leased(step, now, hand)));
        if self.phase == Phase::Placed {
            let cancels = self.cancel_requested && self.last.is_none();
            return attempt(if cancels { Step::Cancel } else { Step::Ask });
        }
        match (self.unclear, self.giving_up(now)) {
            (None, Some(ending)) => Todo::End(Box::new(self.given_up(ending, now))),
            (None | Some(Unclear { asked: true, .. }), None) => attempt(Step::Place),
            (Some(_), _) => attempt(Step::Ask),
        }
    }

    /// Why it is not to be placed any more, if it is not.
    fn giving_up(&self, now: Timestamp) -> Option<Ending> {
        let cancelled = self.cancel_requested.then_some(Ending::Cancelled);
        let expired = (now >= self.terms.valid_until).then_some(Ending::Expired);
        let exhausted = (self.sends >= SENDS_MAX).then_some(Ending::AttemptsExhausted);
        self.ending.or(cancelled).or(expired).or(exhausted)
    }

    fn given_up(&self, ending: Ending, now: Timestamp) -> Self {
        Self { phase: Phase::Over, ending: Some(ending), unclear: None, ..self.next(now) }
    }

    /// In the hand of someone who makes an attempt now. If nothing is heard of them, the next
    /// one is due after [`LEASE`].
    fn leased(&self, step: Step, now: Timestamp, hand: u32) -> Self {
        let mut next = Self { hand, ..self.next(now) };
        next.round = next.round.saturating_add(1);
        next.next_at = now.plus(LEASE);
        next.attempts.push(Attempt { at: now, step, outcome: AttemptOutcome::Begun, took_ms: 0 });
        let surplus = next.attempts.len().saturating_sub(ATTEMPTS_KEPT);
        next.attempts.drain(..surplus);
        if step == Step::Place {
            next.sends = next.sends.saturating_add(1);
            // Another worker's clock may be ahead of this one's: a doubt never grows older.
            let since = self.unclear.map_or(now, |unclear| unclear.since.max(now));
            next.unclear = Some(Unclear { since, asked: false });
            if next.phase == Phase::Queued {
                next.phase = Phase::Placing;
            }
        }
        next
    }

    /// Whether somebody has begun an attempt, of which nothing has been heard yet.
    fn is_in_hand(&self) -> bool {
        self.attempts.last().is_some_and(|attempt| attempt.outcome == AttemptOutcome::Begun)
    }

    /// The order once its owner wants it cancelled; `None`: it is over, or that is known. What
    /// was never sent is over at once.
    #[must_use]
    pub fn cancelled(&self, now: Timestamp) -> Option<Self> {
        if self.is_over() || self.cancel_requested {
            return None;
        }
        if self.phase != Phase::Placed && self.unclear.is_none() {
            return Some(Self {
                cancel_requested: true,
                ..self.given_up(self.ending.unwrap_or(Ending::Cancelled), now)
            });
        }
        let next_at = if self.is_in_hand() { self.next_at } else { self.next_at.min(now) };
        Some(Self { cancel_requested: true, next_at, ..self.next(now) })
    }

    /// The order to be looked at later, for the venue is not to be sent anything before.
    #[must_use]
    pub fn postponed(&self, until: Timestamp, now: Timestamp) -> Self {
        let round = self.round.saturating_add(1);
        Self { round, next_at: until, ..self.next(now) }
    }

    /// The order to be looked at now, whatever it waits for.
    #[must_use]
    pub fn hastened(&self, now: Timestamp) -> Option<Self> {
        let sooner = !self.is_over() && !self.is_in_hand() && now < self.next_at;
        sooner.then(|| Self { next_at: now, failures: 0, ..self.next(now) })
    }

    /// The order after an attempt has ended. It may have changed since the attempt was begun,
    /// for what the venue reports comes another way. Fills are not settled by this.
    #[must_use]
    pub fn after(&self, ended: &Ended, now: Timestamp) -> Self {
        let mut next = self.next(now);
        next.note(ended, now);
        if next.is_over() {
            return next;
        }
        let known = match ended.answer {
            VenueAnswer::Known(_) => true,
            VenueAnswer::Unknown => next.phase != Phase::Placed,
            _ => false,
        };
        next.failures = if known { 0 } else { next.failures.saturating_add(1) };
        if let VenueAnswer::Known(state) = &ended.answer {
            next.next_at = next.watched_at(now);
            if let Some(told) = next.told(state, now) {
                next = Self { version: next.version, ..told };
            }
            if next.is_over() {
                return next;
            }
            let settled = state.status == super::VenueStatus::Open && !next.cancel_requested;
            if !settled {
                next.failures = self.failures.saturating_add(1);
                next.next_at = next.retried_at(ended, now);
            }
            return next;
        }
        next.next_at = next.retried_at(ended, now);
        match ended.step {
            _ if next.phase == Phase::Placed => {}
            Step::Place => next.after_placing(ended, now),
            Step::Ask | Step::Cancel => next.after_asking(ended, now),
        }
        next
    }

    fn note(&mut self, ended: &Ended, now: Timestamp) {
        let mut attempts = self.attempts.iter_mut().rev();
        if let Some(attempt) = attempts.find(|attempt| attempt.at == ended.began) {
            attempt.outcome = ended.answer.outcome();
            attempt.took_ms = u32::try_from(now.since(ended.began).as_millis()).unwrap_or(u32::MAX);
        }
    }

    fn after_placing(&mut self, ended: &Ended, now: Timestamp) {
        // Whoever was held up may answer for an old attempt while a newer one is under way, of
        // which they know nothing.
        if !ended.answer.is_unclear() && ended.sends == self.sends {
            self.unclear = ended.unclear_before;
        }
        if let VenueAnswer::Refused { .. } = ended.answer {
            self.ending = Some(Ending::Rejected);
        }
        match (self.unclear, self.giving_up(now)) {
            (None, Some(ending)) => {
                *self = Self { version: self.version, ..self.given_up(ending, now) }
            }
            (Some(_), Some(_)) => self.phase = Phase::Reconciling,
            (None, None) => self.next_at = self.next_at.min(self.terms.valid_until),
            (Some(_), None) => {}
        }
    }

    fn after_asking(&mut self, ended: &Ended, now: Timestamp) {
        if let (VenueAnswer::Unknown, Some(unclear)) = (&ended.answer, self.unclear) {
            let certain_at = unclear.since.plus(SETTLED_AFTER);
            self.unclear = Some(Unclear { asked: true, ..unclear });
            self.next_at = now;
            if ended.began >= certain_at {
                self.unclear = None;
            } else if self.giving_up(now).is_some() {
                self.next_at = certain_at;
            }
        }
        match (self.unclear, self.giving_up(now)) {
            (None, Some(ending)) => {
                *self = Self { version: self.version, ..self.given_up(ending, now) }
            }
            (Some(_), Some(_)) => self.phase = Phase::Reconciling,
            (_, None) => {}
        }
    }

    /// When an order is asked for that a venue has: the older it is, the more seldom.
    pub(super) fn watched_at(&self, now: Timestamp) -> Timestamp {
        if self.cancel_requested {
            return now;
        }
        let age = now.since(self.terms.accepted_at).as_millis();
        now.plus(Span::of_millis(age.clamp(WATCH_MIN_MS, WATCH_MAX_MS)))
    }

    /// Full jitter below 200 ms doubled each time, or what the venue asks for.
    fn retried_at(&self, ended: &Ended, now: Timestamp) -> Timestamp {
        let doubled = 2_i64.saturating_pow(self.failures).saturating_mul(BACKOFF_MIN_MS);
        let ceiling = doubled.min(BACKOFF_MAX.as_millis());
        let share = ceiling.saturating_mul(i64::from(ended.chance)).saturating_div(65_535);
        let asked = ended.answer.retry_after().unwrap_or(Span::millis(0)).min(RETRY_AFTER_MAX);
        now.plus(Span::of_millis(share).max(asked))
    }
}
