//! What becomes of an order at a venue, as it is written down: by attempts that end, by what the
//! venue says, by its owner. Who makes an attempt, and what is on its way, is not known here.

use super::{AGE_MAX, Design, QUANTITY, SETTLED_AFTER};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    Queued,
    Placing,
    Placed,
    Reconciling,
    Over,
}

/// It is not known whether the venue got the attempt to place of this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Unclear {
    /// How long ago, against the true time, by the clock that was furthest ahead of those by which
    /// an attempt began.
    pub(crate) age: i8,
    pub(crate) asked: bool,
    pub(crate) send: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Place,
    Ask,
    Cancel,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reply {
    /// The venue has it, has filled so much, and perhaps there will be no more.
    Known(Told),
    Unknown,
    Refused,
    /// Certainly nothing was done: the venue said so, or nobody took the connection.
    NotDone,
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Told {
    pub(crate) executed: u8,
    pub(crate) ended: bool,
}

/// An attempt that was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Attempt {
    pub(crate) step: Step,
    /// What was not clear before it began.
    pub(crate) before: Option<Unclear>,
    /// How long ago it began.
    pub(crate) age: i8,
    /// The newest attempt to place when it began, itself included.
    pub(crate) send: u8,
    /// Whether it began so late that "unknown" is certain.
    pub(crate) certain: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Order {
    pub(crate) phase: Phase,
    pub(crate) unclear: Option<Unclear>,
    pub(crate) cancelled: bool,
    rejected: bool,
    pub(crate) sends: u8,
    /// Which fills are settled.
    settled: [bool; QUANTITY],
    /// How much was filled in all, once the venue has said that there will be no more.
    pub(crate) last: Option<u8>,
    /// It is looked at again when "unknown" is certain, not before.
    waits: bool,
    /// A fill came that may not be settled.
    pub(crate) disputed: bool,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Todo {
    Attempt(Step),
    End,
}

/// What does not change while an order is under way, or not by a write of its row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) design: Design,
    pub(crate) sends_max: u8,
}

impl Order {
    pub(crate) fn accepted() -> Self {
        Self {
            phase: Phase::Queued,
            unclear: None,
            cancelled: false,
            rejected: false,
            sends: 0,
            settled: [false; QUANTITY],
            last: None,
            waits: false,
            disputed: false,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    pub(crate) fn executed(&self) -> u8 {
        self.settled.iter().map(|settled| u8::from(*settled)).sum()
    }

    /// For how many pieces there is a hold.
    pub(crate) fn reserved(&self) -> u8 {
        let all = self.last.unwrap_or(pieces());
        if self.is_over() { 0 } else { all.saturating_sub(self.executed()) }
    }

    fn gives_up(&self, terms: Terms) -> bool {
        self.rejected || self.cancelled || self.sends >= terms.sends_max
    }

    /// What is to be done, by a clock that is so far ahead; `news`: the venue has more to say.
    pub(crate) fn todo(&self, terms: Terms, ahead: i8, news: bool) -> Option<Todo> {
        if self.is_over() {
            return None;
        }
        if self.phase == Phase::Placed {
            let cancels = self.cancelled && self.last.is_none();
            let step = if cancels { Step::Cancel } else { Step::Ask };
            return (cancels || news).then_some(Todo::Attempt(step));
        }
        let asks = terms.design != Design::RepeatsWithoutAsking;
        match (self.unclear, self.gives_up(terms)) {
            (None, true) => Some(Todo::End),
            (Some(unclear), false) if asks && !unclear.asked => Some(Todo::Attempt(Step::Ask)),
            (_, false) => Some(Todo::Attempt(Step::Place)),
            (Some(unclear), true) => {
                let due = !self.waits || unclear.age + ahead >= SETTLED_AFTER;
                due.then_some(Todo::Attempt(Step::Ask))
            }
        }
    }

    pub(crate) fn end(&mut self) {
        self.phase = Phase::Over;
        self.unclear = None;
        self.waits = false;
    }

    /// Writes an attempt down before it is made.
    pub(crate) fn begin(&mut self, terms: Terms, step: Step, ahead: i8) -> Attempt {
        let before = self.unclear;
        let late_enough = before.is_some_and(|unclear| unclear.age + ahead >= SETTLED_AFTER);
        let written = terms.design != Design::SentBeforeWritten;
        if step == Step::Place && written {
            self.sends += 1;
            // Whoever began before may have had a clock that is further ahead.
            let earlier = before.filter(|_| terms.design != Design::DoubtBeginsAnew);
            let age = earlier.map_or(-ahead, |unclear| unclear.age.min(-ahead));
            self.unclear = Some(Unclear { age, asked: false, send: self.sends });
            self.phase = match self.phase {
                Phase::Queued => Phase::Placing,
                phase => phase,
            };
        }
        // What makes no difference to a step is left out.
        let (send, certain) = (self.sends, late_enough || terms.design == Design::ReleasesAtOnce);
        match step {
            Step::Place => Attempt { step, before, age: -ahead, send, certain: false },
            Step::Ask => Attempt { step, before: None, age: AGE_MAX, send, certain },
            Step::Cancel => Attempt { step, before: None, age: AGE_MAX, send, certain: false },
        }
    }

    /// Writes down what came of an attempt; the order may have changed since it began.
    pub(crate) fn finish(&mut self, terms: Terms, attempt: &Attempt, reply: Reply) {
        if let Reply::Known(told) = reply {
            for fill in 0..usize::from(told.executed) {
                self.settle(fill, told);
            }
            self.told(told);
        }
        if self.is_over() {
            return;
        }
        self.waits = false;
        if self.phase == Phase::Placed {
            return;
        }
        match (attempt.step, reply) {
            (Step::Place, Reply::Nothing) if terms.design == Design::SentBeforeWritten => {
                self.sends += 1;
                let send = self.sends;
                self.unclear = Some(Unclear { age: attempt.age, asked: false, send });
            }
            (Step::Place, Reply::Nothing) => {}
            (Step::Place, _) => {
                let newest = self.unclear.is_some_and(|unclear| unclear.send == attempt.send);
                if newest || terms.design == Design::OldAnswerEndsNewDoubt {
                    self.unclear = attempt.before;
                }
                self.rejected |= reply == Reply::Refused;
            }
            (_, Reply::Unknown) => self.is_unknown(terms, attempt),
            _ => {}
        }
        match (self.unclear, self.gives_up(terms)) {
            (None, true) => self.end(),
            (Some(_), true) => self.phase = Phase::Reconciling,
            (_, false) => {}
        }
    }

    fn is_unknown(&mut self, terms: Terms, attempt: &Attempt) {
        let gives_up = self.gives_up(terms);
        let Some(unclear) = &mut self.unclear else { return };
        unclear.asked = true;
        if attempt.certain && unclear.send == attempt.send {
            self.unclear = None;
        } else {
            self.waits = gives_up;
        }
    }

    /// Its owner wants it cancelled: what was never sent is over at once.
    pub(crate) fn cancel(&mut self) {
        self.cancelled = true;
        self.waits = false;
        if self.phase != Phase::Placed && self.unclear.is_none() {
            self.end();
        }
    }

    /// Settles a fill, unless it is settled already, with what else the venue says.
    pub(crate) fn settle(&mut self, fill: usize, told: Told) {
        if self.settled[fill] {
            return;
        }
        if self.reserved() == 0 {
            self.disputed = true;
            return;
        }
        self.settled[fill] = true;
        self.told(told);
    }

    pub(crate) fn told(&mut self, told: Told) {
        if self.is_over() {
            return;
        }
        if self.phase != Phase::Placed {
            self.phase = Phase::Placed;
            self.unclear = None;
            self.rejected = false;
            self.waits = false;
        }
        if told.ended && self.last.is_none() {
            self.last = Some(told.executed.max(self.executed()));
        }
        if self.executed() == pieces() || self.last.is_some_and(|last| self.executed() >= last) {
            self.end();
        }
    }
}

pub(crate) fn pieces() -> u8 {
    u8::try_from(QUANTITY).unwrap_or(u8::MAX)
}
