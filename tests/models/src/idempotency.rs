//! How a request with an idempotency key comes to its one effect: clients that repeat, functions
//! that load, decide, commit and die, a store that takes a transaction whole or not at all.
//! What is paid and to whom is not known here: every effect takes one coin from one purse.

use stateright::{Model, Property};

use crate::checking::{Bound, is_last};

mod functions;

use functions::{Function, Sent};

pub(crate) const NAME: &str = "idempotency";

const ONE_EFFECT: &str = "a key has at most one effect";
const ANSWERED_AS_STORED: &str = "an answer is what the key's entry says";
const SAME_AGAIN: &str = "who asks again is answered the same";
const TOGETHER: &str = "an effect has its entry, and an entry that says so its effect";
pub(crate) const NEVER_OVERDRAWN: &str = "nothing is spent that is not there";
const DEFINITE: &str = "in the end every client has a definite answer";

/// How keys are guarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Design {
    /// The entry is guard, effect and answer in one transaction (docs/adr/0001).
    EntryInTransaction,
    /// Locked, acted, completed; the lock lapses.
    LockActComplete,
    /// First the effect, then its record.
    RecordAfterEffect,
    /// The transaction's token is the only guard.
    TokenOnly,
    /// The entry is removed after a while.
    GuardWithTtl,
    /// That there is enough money is checked on what was loaded.
    BalanceInMemory,
    /// A refusal is told, but not written.
    RefusalNotFrozen,
}

pub(crate) const RIGHT: Design = Design::EntryInTransaction;

/// Wrong designs, and the promise that each breaks.
pub(crate) const WRONG: [(Design, &str, &str); 6] = [
    (Design::LockActComplete, "lock, act, complete; the lock lapses", ONE_EFFECT),
    (Design::RecordAfterEffect, "record after effect", ONE_EFFECT),
    (Design::TokenOnly, "token as the only guard", ONE_EFFECT),
    (Design::GuardWithTtl, "guard with a time to live", ONE_EFFECT),
    (Design::BalanceInMemory, "balance checked in memory only", NEVER_OVERDRAWN),
    (Design::RefusalNotFrozen, "refusal not frozen", SAME_AGAIN),
];

/// What a client asks for under its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// One coin; the number tells one content of a request from another.
    Pay(u8),
    /// That the key be given up.
    Void,
}

#[derive(Debug, Clone, Copy)]
struct Client {
    key: usize,
    ask: Ask,
}

/// What became of a key; the number is the request's fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Entry {
    Paid(u8),
    Refused(u8),
    Voided,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Answer {
    Paid,
    Refused,
    Voided,
    KeyReused,
    /// What became of a key that was to be given up.
    Stands(Entry),
}

/// What may go wrong how often.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Faults {
    /// Requests and answers that are lost, the store's among them.
    lost: u8,
    /// Requests that come again though the first is still under way.
    doubled: u8,
    crashes: u8,
    conflicts: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    requests: u8,
    answer: Option<Answer>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    entries: Vec<Option<Entry>>,
    /// How often each key had its effect.
    effects: Vec<u8>,
    locked: Vec<bool>,
    purse: i8,
    to_come: i8,
    /// The transactions whose tokens the store remembers.
    remembered: Vec<Sent>,
    clients: Vec<Place>,
    /// In order, for it does not matter which is which.
    functions: Vec<Function>,
    faults: Faults,
    contradicted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    ClientSends { client: usize },
    RequestIsDoubled { client: usize },
    RequestIsLost { client: usize },
    FunctionTakes { client: usize },
    FunctionLoads { function: usize, enough: bool },
    FunctionLocks { function: usize },
    FunctionCommits { function: usize },
    FunctionCommitsUnheard { function: usize },
    FunctionMeetsConflict { function: usize },
    FunctionRecords { function: usize },
    FunctionAnswers { function: usize },
    AnswerIsLost { function: usize },
    FunctionDies { function: usize },
    TokenLapses { token: Sent },
    LockLapses { key: usize },
    EntryExpires { key: usize },
    MoneyArrives,
}

pub(crate) struct Idempotency {
    design: Design,
    clients: Vec<Client>,
    keys: usize,
    functions: usize,
    purse: i8,
    to_come: i8,
    faults: Faults,
}

impl Idempotency {
    pub(crate) fn new(design: Design, bound: Bound) -> Self {
        let client = |key, ask| Client { key, ask };
        let mut clients = vec![client(0, Ask::Pay(1)), client(1, Ask::Pay(1))];
        let mut faults = Faults { lost: 1, doubled: 1, crashes: 1, conflicts: 0 };
        if bound == Bound::Full {
            clients.extend([client(0, Ask::Pay(2)), client(1, Ask::Void)]);
            faults.conflicts = 1;
        }
        Self { design, clients, keys: 2, functions: 2, purse: 1, to_come: 1, faults }
    }

    fn ask(&self, client: usize) -> Ask {
        self.clients[client].ask
    }

    fn key(&self, client: usize) -> usize {
        self.clients[client].key
    }

    /// The answer that follows from an entry.
    fn render(&self, client: usize, entry: Entry) -> Answer {
        match (self.ask(client), entry) {
            (Ask::Void, Entry::Voided) | (Ask::Pay(_), Entry::Voided) => Answer::Voided,
            (Ask::Void, entry) => Answer::Stands(entry),
            (Ask::Pay(body), Entry::Paid(print)) if body == print => Answer::Paid,
            (Ask::Pay(body), Entry::Refused(print)) if body == print => Answer::Refused,
            (Ask::Pay(_), _) => Answer::KeyReused,
        }
    }

    fn client_actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (client, place) in state.clients.iter().enumerate() {
            let at_work = state.functions.iter().any(|function| function.is_for(client));
            if place.answer.is_none() && place.requests == 0 && !at_work {
                actions.push(Action::ClientSends { client });
            }
            if state.faults.doubled > 0 && (place.requests > 0 || at_work) {
                actions.push(Action::RequestIsDoubled { client });
            }
            if state.faults.lost > 0 && place.requests > 0 {
                actions.push(Action::RequestIsLost { client });
            }
            if place.requests > 0 && state.functions.contains(&Function::Idle) {
                actions.push(Action::FunctionTakes { client });
            }
        }
    }

    fn passing_actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.to_come > 0 {
            actions.push(Action::MoneyArrives);
        }
        actions.extend(state.remembered.iter().map(|&token| Action::TokenLapses { token }));
        for key in 0..self.keys {
            if state.locked[key] {
                actions.push(Action::LockLapses { key });
            }
            if self.design == Design::GuardWithTtl && state.entries[key].is_some() {
                actions.push(Action::EntryExpires { key });
            }
        }
    }

    fn deliver(state: &mut State, client: usize, answer: Answer) {
        match state.clients[client].answer {
            Some(earlier) => state.contradicted |= earlier != answer,
            None => state.clients[client].answer = Some(answer),
        }
    }

    /// What neither a client nor a function does.
    fn pass(state: &mut State, action: Action) {
        match action {
            Action::TokenLapses { token } => state.remembered.retain(|known| *known != token),
            Action::LockLapses { key } => state.locked[key] = false,
            Action::EntryExpires { key } => state.entries[key] = None,
            Action::MoneyArrives => {
                state.to_come -= 1;
                state.purse += 1;
            }
            _ => {}
        }
    }
}

impl Model for Idempotency {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            entries: vec![None; self.keys],
            effects: vec![0; self.keys],
            locked: vec![false; self.keys],
            purse: self.purse,
            to_come: self.to_come,
            remembered: Vec::new(),
            clients: vec![Place { requests: 0, answer: None }; self.clients.len()],
            functions: vec![Function::Idle; self.functions],
            faults: self.faults.clone(),
            contradicted: false,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.client_actions(state, actions);
        self.function_actions(state, actions);
        self.passing_actions(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::ClientSends { client } => next.clients[client].requests += 1,
            Action::RequestIsDoubled { client } => {
                next.faults.doubled -= 1;
                next.clients[client].requests += 1;
            }
            Action::RequestIsLost { client } => {
                next.faults.lost -= 1;
                next.clients[client].requests -= 1;
            }
            Action::FunctionTakes { client } => {
                next.clients[client].requests -= 1;
                self.take(&mut next, client);
            }
            _ => {
                self.work(&mut next, action);
                Self::pass(&mut next, action);
            }
        }
        next.functions.sort_unstable();
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE_EFFECT, |_, state: &State| {
                state.effects.iter().all(|effects| *effects <= 1)
            }),
            Property::always(TOGETHER, |_, state: &State| {
                let mut keys = state.effects.iter().zip(&state.entries);
                keys.all(|(effects, entry)| (*effects > 0) == matches!(entry, Some(Entry::Paid(_))))
            }),
            Property::always(ANSWERED_AS_STORED, |model: &Self, state: &State| {
                state.clients.iter().enumerate().all(|(client, place)| {
                    let entry = state.entries[model.key(client)];
                    let says = entry.map(|entry| model.render(client, entry));
                    place.answer.is_none() || place.answer == says
                })
            }),
            Property::always(SAME_AGAIN, |_, state: &State| !state.contradicted),
            Property::always(NEVER_OVERDRAWN, |model: &Self, state: &State| {
                let spent: u8 = state.effects.iter().sum();
                let came = model.purse + model.to_come - state.to_come;
                state.purse >= 0 && i16::from(came - state.purse) == i16::from(spent)
            }),
            Property::always(DEFINITE, |model: &Self, state: &State| {
                state.clients.iter().all(|place| place.answer.is_some()) || !is_last(model, state)
            }),
            Property::sometimes("a refusal outlives the arrival of money", |_, state: &State| {
                let refused = |place: &Place| place.answer == Some(Answer::Refused);
                state.purse > 0 && state.clients.iter().any(refused)
            }),
            Property::sometimes(
                "something is lost and all is answered",
                |model: &Self, state: &State| {
                    let sure = state.clients.iter().all(|place| place.answer.is_some());
                    sure && state.faults.lost < model.faults.lost
                },
            ),
            Property::sometimes("both keys have their effect", |_, state: &State| {
                state.effects.iter().all(|effects| *effects == 1)
            }),
            Property::sometimes(
                "a function dies after its commit",
                |model: &Self, state: &State| {
                    let quiet = state.functions.iter().all(|function| *function == Function::Idle);
                    let unheard = state.clients.iter().all(|place| place.answer.is_none());
                    let died = state.faults.crashes < model.faults.crashes;
                    quiet && unheard && died && state.effects.contains(&1)
                },
            ),
        ]
    }
}
