//! How an order gets to a venue once, or certainly never: two workers with clocks that differ,
//! requests that are late, answers that are lost, an owner who cancels, and a venue that takes an
//! order under one name once and no request that is older than its window. Prices, slots and the
//! breaker only delay, so they are not here; a lease may lapse at any moment.

use stateright::{Model, Property};

use crate::checking::{Bound, is_last};

mod order;
mod outside;

use order::{Attempt, Order, Phase, Reply, Told, pieces};

pub(crate) const NAME: &str = "placement at a venue";

const PLACED_ONCE: &str = "an order is placed at most once";
const HELD: &str = "what is held covers all that the venue may still fill";
const UNDISPUTED: &str = "no fill comes of an order that is over";
const SETTLED: &str = "in the end the order is over, and what was filled is settled";

/// Pieces in an order.
const QUANTITY: usize = 2;
/// For how long a request is good, by the venue's clock. A moment is a stretch of time here, so
/// the limit is passed when it begins.
const WINDOW: i8 = 2;
/// By how much two clocks may differ.
const SKEW: i8 = 1;
/// How long after an attempt to place began "unknown" is certain.
const SETTLED_AFTER: i8 = WINDOW + SKEW;
/// Nothing is told apart that is older.
const AGE_MAX: i8 = SETTLED_AFTER + 1;

/// How an order is brought to its venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Design {
    /// As it was decided (docs/adr/0017).
    Careful,
    /// After an answer that was lost it is placed again, under another name.
    RepeatsWithoutAsking,
    /// Each attempt has a name of its own, though the venue is asked in between.
    NameOfEachAttempt,
    /// "Unknown" is believed before the window has passed.
    ReleasesAtOnce,
    /// A request is signed as of when it is sent, not as of when its attempt began.
    SignedWhenSent,
    /// An attempt is written down once it was made.
    SentBeforeWritten,
    /// Two who begin at the same moment write the same, which a store takes for one write.
    SameWriteOfTwo,
    /// That an old attempt did nothing ends the doubt that a newer one left.
    OldAnswerEndsNewDoubt,
    /// A new attempt's doubt counts from its own clock, though an older one's was ahead of it.
    DoubtBeginsAnew,
}

pub(crate) const RIGHT: Design = Design::Careful;

/// Wrong designs, and the promise that each breaks.
pub(crate) const WRONG: [(Design, &str, &str); 8] = [
    (Design::RepeatsWithoutAsking, "repeat under another name without asking", PLACED_ONCE),
    (Design::NameOfEachAttempt, "a name of its own for each attempt", PLACED_ONCE),
    (Design::ReleasesAtOnce, "hold released before the window has passed", HELD),
    (Design::SignedWhenSent, "request signed as of when it is sent", HELD),
    (Design::SentBeforeWritten, "attempt sent before it is written", HELD),
    (Design::SameWriteOfTwo, "the same bytes written by two workers", HELD),
    (Design::OldAnswerEndsNewDoubt, "an old attempt's answer ends a newer one's doubt", HELD),
    (Design::DoubtBeginsAnew, "a doubt counted from a slower clock than the one before", HELD),
];

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Worker {
    Idle,
    /// It has read the order's row. `twin`: what another has begun since, at the same moment.
    Read {
        twin: Option<Attempt>,
    },
    /// It has written down what it is about to do.
    Begun(Attempt),
    /// Its request to place is on its way.
    Sent(Attempt),
    Answered(Attempt, Reply),
}

/// A request to place an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Request {
    /// How long ago it was signed, by the signer's clock against the true time.
    age: i8,
    worker: usize,
    send: u8,
}

/// How far clocks are ahead of the true time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Clocks {
    workers: [i8; 2],
    venue: i8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Faults {
    /// The venue is busy, refuses or cannot be reached, or its answer to a question is lost.
    troubles: u8,
    deaths: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    clocks: Clocks,
    order: Order,
    workers: [Worker; 2],
    requests: Vec<Request>,
    /// The order as the venue has it.
    venue: Option<Told>,
    placements: u8,
    faults: Faults,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    TimePasses,
    OwnerCancels,
    WorkerReads { worker: usize },
    WorkerEndsIt { worker: usize },
    WorkerBegins { worker: usize, step: order::Step },
    WorkerSends { worker: usize },
    WorkerCannotConnect { worker: usize },
    WorkerGivesUpWaiting { worker: usize },
    WorkerFinishes { worker: usize },
    WorkerDies { worker: usize },
    VenueTakes { request: usize, heard: bool },
    VenueIsBusy { request: usize },
    VenueRefuses { request: usize },
    VenueAnswers { worker: usize },
    AnswerIsLost { worker: usize },
    VenueFills,
    VenueEndsIt,
    ReportOfFill { fill: usize },
    ReportOfEnd,
}

pub(crate) struct Placement {
    design: Design,
    sends_max: u8,
    faults: Faults,
    clocks: Vec<Clocks>,
}

impl Placement {
    pub(crate) fn new(design: Design, bound: Bound) -> Self {
        let clocks = |first, second, venue| Clocks { workers: [first, second], venue };
        let (sends_max, faults, clocks) = match bound {
            Bound::Small => (1, Faults { troubles: 0, deaths: 1 }, vec![clocks(0, SKEW, 0)]),
            // All ways in which each is ahead of the others or not; the workers are alike.
            Bound::Full => (
                2,
                Faults { troubles: 1, deaths: 0 },
                vec![
                    clocks(0, 0, 0),
                    clocks(0, 0, SKEW),
                    clocks(0, SKEW, 0),
                    clocks(0, SKEW, SKEW),
                    clocks(SKEW, SKEW, 0),
                ],
            ),
        };
        Self { design, sends_max, faults, clocks }
    }

    fn is_good(state: &State, age: i8) -> bool {
        age + state.clocks.venue < WINDOW
    }

    /// How many pieces the venue may yet say that it has filled.
    fn may_be_filled(state: &State) -> u8 {
        let executed = state.order.executed();
        match state.venue {
            Some(Told { executed: all, ended: true }) => all.saturating_sub(executed),
            Some(_) => pieces().saturating_sub(executed),
            None => {
                let on_its_way = state.requests.iter().any(|of| Self::is_good(state, of.age));
                if on_its_way { pieces() } else { 0 }
            }
        }
    }

    fn is_settled(state: &State) -> bool {
        let filled = state.venue.map_or(0, |told| told.executed);
        state.order.is_over() && state.order.executed() == filled
    }
}

impl Model for Placement {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let of = |clocks: &Clocks| State {
            clocks: *clocks,
            order: Order::accepted(),
            workers: [Worker::Idle, Worker::Idle],
            requests: Vec::new(),
            venue: None,
            placements: 0,
            faults: self.faults.clone(),
        };
        self.clocks.iter().map(of).collect()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.has_ages() {
            actions.push(Action::TimePasses);
        }
        if !state.order.is_over() && !state.order.cancelled {
            actions.push(Action::OwnerCancels);
        }
        for worker in 0..state.workers.len() {
            self.worker_actions(state, worker, actions);
        }
        self.venue_actions(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::TimePasses => next.grow_older(),
            Action::OwnerCancels => {
                next.order.cancel();
                next.row_changed();
            }
            Action::VenueTakes { .. }
            | Action::VenueIsBusy { .. }
            | Action::VenueRefuses { .. }
            | Action::VenueAnswers { .. }
            | Action::AnswerIsLost { .. }
            | Action::VenueFills
            | Action::VenueEndsIt
            | Action::ReportOfFill { .. }
            | Action::ReportOfEnd => self.venue_does(&mut next, action),
            _ => self.worker_does(&mut next, action),
        }
        next.requests.sort_unstable();
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(PLACED_ONCE, |_, state: &State| state.placements <= 1),
            Property::always(HELD, |_, state: &State| {
                state.order.reserved() >= Self::may_be_filled(state)
            }),
            Property::always(UNDISPUTED, |_, state: &State| !state.order.disputed),
            Property::always(SETTLED, |model: &Self, state: &State| {
                Self::is_settled(state) || !is_last(model, state)
            }),
            Property::sometimes("a request is carried out unheard", |_, state: &State| {
                let waits = |worker: &Worker| matches!(worker, Worker::Sent(_));
                let unheard = state.venue.is_some() && state.order.unclear.is_some();
                unheard && !state.workers.iter().any(waits)
            }),
            Property::sometimes("an order was sent and never placed", |_, state: &State| {
                state.order.is_over() && state.placements == 0 && state.order.sends > 0
            }),
            Property::sometimes("a hold waits for what is not certain", |_, state: &State| {
                state.order.phase == Phase::Reconciling && state.venue.is_some()
            }),
            Property::sometimes("a cancelled order is filled in part", |_, state: &State| {
                state.order.is_over() && state.order.cancelled && state.order.executed() == 1
            }),
            Property::sometimes("two workers are at it at once", |_, state: &State| {
                let idle = |worker: &Worker| matches!(worker, Worker::Idle | Worker::Read { .. });
                !state.workers.iter().any(idle)
            }),
        ]
    }
}
