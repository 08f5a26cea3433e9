//! Workers and the venue, step by step; between any two steps a worker may die, or wait as long
//! as it likes, and the venue may take a request late.

use super::{
    AGE_MAX, Action, Design, Placement, QUANTITY, Request, State, Worker,
    order::{Attempt, Reply, Step, Terms, Todo, Told, pieces},
};

impl State {
    /// Whether it makes a difference that time passes.
    pub(super) fn has_ages(&self) -> bool {
        let unclear = self.order.unclear.map(|unclear| unclear.age);
        let requests = self.requests.iter().map(|request| request.age);
        let begun = self.workers.iter().filter_map(|worker| match worker {
            Worker::Begun(Attempt { step: Step::Place, age, .. }) => Some(*age),
            _ => None,
        });
        unclear.into_iter().chain(requests).chain(begun).any(|age| age < AGE_MAX)
    }

    pub(super) fn grow_older(&mut self) {
        let older = |age: &mut i8| *age = AGE_MAX.min(*age + 1);
        self.order.unclear.iter_mut().for_each(|unclear| older(&mut unclear.age));
        self.requests.iter_mut().for_each(|request| older(&mut request.age));
        for worker in &mut self.workers {
            match worker {
                Worker::Begun(attempt) | Worker::Sent(attempt) | Worker::Answered(attempt, _) => {
                    older(&mut attempt.age);
                    attempt.before.iter_mut().for_each(|unclear| older(&mut unclear.age));
                }
                Worker::Read { twin: Some(_) } => *worker = Worker::Idle,
                Worker::Read { twin: None } | Worker::Idle => {}
            }
        }
        // What the venue would not take any more is as good as lost.
        let clocks = self.clocks;
        self.requests.retain(|request| request.age + clocks.venue < super::WINDOW);
    }

    /// Whoever has read the order's row before cannot write in its place any more, and has
    /// nothing to do: the queue wakes somebody.
    pub(super) fn row_changed(&mut self) {
        for worker in &mut self.workers {
            if let Worker::Read { .. } = worker {
                *worker = Worker::Idle;
            }
        }
    }

    fn hears(&mut self, request: &Request, reply: Reply) {
        if let Worker::Sent(attempt) = self.workers[request.worker]
            && attempt.send == request.send
        {
            self.workers[request.worker] = Worker::Answered(attempt, reply);
        }
    }

    fn has_news(&self) -> bool {
        self.venue.is_some_and(|told| {
            told.executed > self.order.executed() || (told.ended && self.order.last.is_none())
        })
    }
}

impl Placement {
    fn terms(&self) -> Terms {
        Terms { design: self.design, sends_max: self.sends_max }
    }

    fn todo(&self, state: &State, worker: usize) -> Option<Todo> {
        state.order.todo(self.terms(), state.clocks.workers[worker], state.has_news())
    }

    pub(super) fn worker_actions(&self, state: &State, worker: usize, actions: &mut Vec<Action>) {
        match &state.workers[worker] {
            Worker::Idle => {
                if self.todo(state, worker).is_some() {
                    actions.push(Action::WorkerReads { worker });
                }
                return;
            }
            Worker::Read { twin: Some(Attempt { step, .. }) } => {
                actions.push(Action::WorkerBegins { worker, step: *step });
            }
            Worker::Read { twin: None } => match self.todo(state, worker) {
                Some(Todo::End) => actions.push(Action::WorkerEndsIt { worker }),
                Some(Todo::Attempt(step)) => actions.push(Action::WorkerBegins { worker, step }),
                None => {}
            },
            Worker::Begun(Attempt { step: Step::Place, .. }) => {
                actions.push(Action::WorkerSends { worker });
                if state.faults.troubles > 0 {
                    actions.push(Action::WorkerCannotConnect { worker });
                }
            }
            Worker::Begun(_) => {
                actions.push(Action::VenueAnswers { worker });
                if state.faults.troubles > 0 {
                    actions.push(Action::AnswerIsLost { worker });
                }
            }
            Worker::Sent(_) => actions.push(Action::WorkerGivesUpWaiting { worker }),
            Worker::Answered(..) => actions.push(Action::WorkerFinishes { worker }),
        }
        if state.faults.deaths > 0 {
            actions.push(Action::WorkerDies { worker });
        }
    }

    pub(super) fn worker_does(&self, next: &mut State, action: Action) {
        match action {
            Action::WorkerReads { worker } => {
                next.workers[worker] = Worker::Read { twin: None };
            }
            Action::WorkerEndsIt { worker } => {
                next.order.end();
                next.workers[worker] = Worker::Idle;
                next.row_changed();
            }
            Action::WorkerBegins { worker, step } => self.begin(next, worker, step),
            Action::WorkerSends { worker } => self.send(next, worker),
            Action::WorkerCannotConnect { worker } => {
                next.faults.troubles -= 1;
                if let Worker::Begun(attempt) = next.workers[worker] {
                    next.workers[worker] = Worker::Answered(attempt, Reply::NotDone);
                }
            }
            Action::WorkerGivesUpWaiting { worker } => {
                if let Worker::Sent(attempt) = next.workers[worker] {
                    next.workers[worker] = Worker::Answered(attempt, Reply::Nothing);
                }
            }
            Action::WorkerFinishes { worker } => {
                let Worker::Answered(attempt, reply) = next.workers[worker] else { return };
                next.order.finish(self.terms(), &attempt, reply);
                next.workers[worker] = Worker::Idle;
                next.row_changed();
            }
            Action::WorkerDies { worker } => {
                next.faults.deaths -= 1;
                next.workers[worker] = Worker::Idle;
            }
            _ => {}
        }
    }

    fn begin(&self, next: &mut State, worker: usize, step: Step) {
        let Worker::Read { twin } = next.workers[worker] else { return };
        // The store says that it is done, for the same was written before.
        if let Some(attempt) = twin {
            next.workers[worker] = Worker::Begun(attempt);
            return;
        }
        let ahead = next.clocks.workers[worker];
        let attempt = next.order.begin(self.terms(), step, ahead);
        next.workers[worker] = Worker::Begun(attempt);
        let other = 1 - worker;
        let read = next.workers[other] == Worker::Read { twin: None };
        let alike = next.clocks.workers[other] == ahead;
        if self.design != Design::SentBeforeWritten {
            next.row_changed();
        }
        if self.design == Design::SameWriteOfTwo && read && alike {
            next.workers[other] = Worker::Read { twin: Some(attempt) };
        }
    }

    fn send(&self, next: &mut State, worker: usize) {
        let Worker::Begun(attempt) = next.workers[worker] else { return };
        let age = match self.design {
            Design::SignedWhenSent => -next.clocks.workers[worker],
            _ => attempt.age,
        };
        next.workers[worker] = Worker::Sent(Attempt { age: AGE_MAX, ..attempt });
        let request = Request { age, worker, send: attempt.send };
        if Self::is_good(next, age) {
            next.requests.push(request);
        }
    }

    pub(super) fn venue_actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (request, of) in state.requests.iter().enumerate() {
            let waits = matches!(&state.workers[of.worker],
                Worker::Sent(attempt) if attempt.send == of.send);
            actions.push(Action::VenueTakes { request, heard: false });
            if waits {
                actions.push(Action::VenueTakes { request, heard: true });
            }
            if waits && state.faults.troubles > 0 {
                actions.push(Action::VenueIsBusy { request });
                if state.venue.is_none() {
                    actions.push(Action::VenueRefuses { request });
                }
            }
        }
        let Some(told) = state.venue else { return };
        if !told.ended {
            actions.push(Action::VenueFills);
            actions.push(Action::VenueEndsIt);
        }
        // A report may be doubled and late: those are left out that change nothing.
        for fill in 0..QUANTITY.min(usize::from(told.executed)) {
            let mut order = state.order.clone();
            order.settle(fill, said_of(fill));
            if order != state.order {
                actions.push(Action::ReportOfFill { fill });
            }
        }
        let mut order = state.order.clone();
        order.told(told);
        if told.ended && order != state.order {
            actions.push(Action::ReportOfEnd);
        }
    }

    pub(super) fn venue_does(&self, next: &mut State, action: Action) {
        match action {
            Action::VenueTakes { request, heard } => {
                let request = next.requests.remove(request);
                let one_name = !matches!(
                    self.design,
                    Design::RepeatsWithoutAsking | Design::NameOfEachAttempt
                );
                if next.venue.is_none() || !one_name {
                    next.placements += 1;
                }
                let told = *next.venue.get_or_insert(Told { executed: 0, ended: false });
                if heard {
                    next.hears(&request, Reply::Known(told));
                }
            }
            Action::VenueIsBusy { request } | Action::VenueRefuses { request } => {
                next.faults.troubles -= 1;
                let refused = matches!(action, Action::VenueRefuses { .. });
                let reply = if refused { Reply::Refused } else { Reply::NotDone };
                let request = next.requests.remove(request);
                next.hears(&request, reply);
            }
            Action::VenueAnswers { worker } => {
                let reply = Self::ask(next, worker);
                Self::answered(next, worker, reply);
            }
            Action::AnswerIsLost { worker } => {
                next.faults.troubles -= 1;
                Self::ask(next, worker);
                Self::answered(next, worker, Reply::Nothing);
            }
            Action::VenueFills => {
                if let Some(told) = &mut next.venue {
                    told.executed += 1;
                    told.ended = told.executed == pieces();
                }
            }
            Action::VenueEndsIt => {
                if let Some(told) = &mut next.venue {
                    told.ended = true;
                }
            }
            Action::ReportOfFill { fill } => {
                next.order.settle(fill, said_of(fill));
                next.row_changed();
            }
            Action::ReportOfEnd => {
                if let Some(told) = next.venue {
                    next.order.told(told);
                    next.row_changed();
                }
            }
            _ => {}
        }
    }

    /// What the venue says to a question, and does of a cancellation.
    fn ask(next: &mut State, worker: usize) -> Reply {
        let cancels =
            matches!(&next.workers[worker], Worker::Begun(Attempt { step: Step::Cancel, .. }));
        let Some(told) = &mut next.venue else { return Reply::Unknown };
        told.ended |= cancels;
        Reply::Known(*told)
    }

    fn answered(next: &mut State, worker: usize, reply: Reply) {
        if let Worker::Begun(attempt) = next.workers[worker] {
            next.workers[worker] = Worker::Answered(attempt, reply);
        }
    }
}

/// What the venue said when it made a fill.
fn said_of(fill: usize) -> Told {
    let executed = u8::try_from(fill).unwrap_or(u8::MAX).saturating_add(1);
    Told { executed, ended: executed == pieces() }
}
