//! How orders come from the log into the book: placing, the doorbell, the sweep, matchers that
//! keep books in memory, freeze, thaw and die, and commits that each take the next number.
//! Prices and lots are no more than it takes to see an order filled in several commits.

use stateright::{Model, Property};

use crate::checking::{Bound, is_last};

mod book;
mod matchers;

use book::{Account, Asked, Book, Command, Rules, Side};
use matchers::Matcher;

pub(crate) const NAME: &str = "log, doorbell, fence";

const ONCE: &str = "a placed command waits or was carried out, once";
const ORDERED: &str = "no command is overtaken by one that was placed after it";
const FILLED: &str = "no order is filled beyond its lots";
const HELD: &str = "what is held is what open orders need";
const FOLDED: &str = "the book is what one matcher would have made of it";
const CONSERVED: &str = "money is neither made nor lost, and none is negative";
const DRAINED: &str = "in the end nothing waits";

/// How matchers are kept from one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Design {
    /// Each commit takes the next number, and its commands with it (docs/adr/0008).
    Fenced,
    /// Commits whatever number is the newest.
    FenceIgnored,
    /// How far a command has come is written after what was done of it.
    CursorOutside,
    /// Cancelling an order that is over gives back its hold once more.
    HoldReleasedTwice,
    /// The book is read first, and then the number that it is as of.
    BookBeforeHead,
    /// A command is removed without asking whether it is there.
    RemovalUnconditional,
}

pub(crate) const RIGHT: Design = Design::Fenced;

/// Wrong designs, and the promise that each breaks.
pub(crate) const WRONG: [(Design, &str, &str); 5] = [
    (Design::FenceIgnored, "fence ignored", FOLDED),
    (Design::CursorOutside, "chunk cursor outside its transaction", FILLED),
    (Design::HoldReleasedTwice, "hold released twice", HELD),
    (Design::BookBeforeHead, "book read before its number", FOLDED),
    (Design::RemovalUnconditional, "command removed whether it is there or not", ONCE),
];

/// A command in the log: `left` of its lots are to be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Logged {
    NotPlaced,
    Waits { left: i8 },
    Done,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Faults {
    lost_rings: u8,
    doubled_rings: u8,
    lost_answers: u8,
    deaths: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    log: Vec<Logged>,
    /// The commands in the order in which they were placed.
    placed: Vec<usize>,
    /// The number of the newest event.
    seq: u8,
    /// The command that the newest event left half done.
    begun: Option<usize>,
    rows: Book,
    accounts: Vec<Account>,
    filled: Vec<i8>,
    /// The commands in the order in which they were carried out.
    history: Vec<usize>,
    rings: u8,
    /// In order, for it does not matter which is which.
    matchers: Vec<Matcher>,
    faults: Faults,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Places { command: usize },
    PlacesAndRingIsLost { command: usize },
    RingIsDoubled,
    SweepRings,
    MatcherWakes { matcher: usize },
    MatcherReadsLog { matcher: usize },
    MatcherBeginsToOpen { matcher: usize },
    MatcherOpens { matcher: usize },
    MatcherCommits { matcher: usize },
    MatcherCommitsUnheard { matcher: usize },
    MatcherMovesCursor { matcher: usize },
    MatcherDies { matcher: usize },
}

pub(crate) struct Matching {
    design: Design,
    commands: Vec<Command>,
    accounts: Vec<Account>,
    matchers: usize,
    faults: Faults,
}

const RINGS_MAX: u8 = 2;

impl Matching {
    pub(crate) fn new(design: Design, bound: Bound) -> Self {
        let place =
            |user, side, price, lots| Command { user, asked: Asked::Place { side, price, lots } };
        let cancel = |user, order| Command { user, asked: Asked::Cancel { order } };
        let account = |base, quote| Account { available: (base, quote), held: (0, 0) };
        let mut commands =
            vec![place(0, Side::Sell, 1, 1), place(1, Side::Sell, 2, 1), place(2, Side::Buy, 2, 3)];
        if bound == Bound::Full {
            commands.push(cancel(0, 0));
        }
        let faults = match bound {
            Bound::Small => Faults { lost_rings: 0, doubled_rings: 0, lost_answers: 0, deaths: 1 },
            Bound::Full => Faults { lost_rings: 1, doubled_rings: 1, lost_answers: 1, deaths: 1 },
        };
        let accounts = vec![account(1, 0), account(1, 0), account(0, 6)];
        Self { design, commands, accounts, matchers: 2, faults }
    }

    fn rules(&self) -> Rules<'_> {
        let releases_twice = self.design == Design::HoldReleasedTwice;
        Rules { commands: &self.commands, releases_twice }
    }

    /// A user asks for one thing after another, and the users know nothing of one another: so a
    /// command may come to stand before others that were carried out already.
    fn may_be_placed(&self, state: &State, command: usize) -> bool {
        let user = self.commands[command].user;
        let earlier = (0..command).filter(|earlier| self.commands[*earlier].user == user);
        state.log[command] == Logged::NotPlaced
            && earlier.into_iter().all(|earlier| state.log[earlier] != Logged::NotPlaced)
    }

    /// The hold and the command, in one transaction.
    fn place(&self, next: &mut State, command: usize) {
        let asked = &self.commands[command];
        let (base, quote) = asked.needs(asked.lots());
        next.accounts[asked.user].release((-base, -quote));
        next.log[command] = Logged::Waits { left: asked.lots() };
        next.placed.push(command);
    }

    /// What one matcher would have made of all that was carried out, in the same order.
    fn folded(&self, state: &State) -> (Book, Vec<Account>) {
        let rules = Rules { commands: &self.commands, releases_twice: false };
        let mut book = Book::default();
        let mut accounts = self.accounts.clone();
        for command in &state.placed {
            let asked = &self.commands[*command];
            let (base, quote) = asked.needs(asked.lots());
            accounts[asked.user].release((-base, -quote));
        }
        let begun = state.begun.and_then(|command| match state.log[command] {
            Logged::Waits { left } => Some((command, left)),
            _ => None,
        });
        for (command, until) in state.history.iter().map(|done| (*done, 0)).chain(begun) {
            rules.whole(&mut book, command, until).settle(&mut accounts);
        }
        (book, accounts)
    }

    fn is_held(&self, state: &State) -> bool {
        let mut needed = vec![(0, 0); self.accounts.len()];
        let waiting = state.log.iter().enumerate().map(|(command, logged)| match logged {
            Logged::Waits { left } => (command, *left),
            _ => (command, 0),
        });
        for (command, lots) in waiting.chain(state.rows.0.iter().copied()) {
            let (base, quote) = self.commands[command].needs(lots);
            let of = &mut needed[self.commands[command].user];
            *of = (of.0 + base, of.1 + quote);
        }
        state.accounts.iter().zip(needed).all(|(account, needed)| account.held == needed)
    }

    fn is_conserved(&self, state: &State) -> bool {
        let sum = |accounts: &[Account]| {
            accounts.iter().fold((0, 0), |sum: (i8, i8), account| {
                let Account { available, held } = account;
                (sum.0 + available.0 + held.0, sum.1 + available.1 + held.1)
            })
        };
        let sound = |account: &Account| {
            let Account { available, held } = account;
            available.0 >= 0 && available.1 >= 0 && held.0 >= 0 && held.1 >= 0
        };
        sum(&state.accounts) == sum(&self.accounts) && state.accounts.iter().all(sound)
    }
}

fn is_once(state: &State) -> bool {
    state.log.iter().enumerate().all(|(command, logged)| {
        let times = state.history.iter().filter(|done| **done == command).count();
        match logged {
            Logged::Done => times == 1,
            Logged::Waits { .. } | Logged::NotPlaced => times == 0,
        }
    })
}

fn is_ordered(state: &State) -> bool {
    let at = |list: &[usize], command| list.iter().position(|there| *there == command);
    state.history.iter().enumerate().all(|(index, later)| {
        (0..*later).all(|earlier| {
            let (first, second) = (at(&state.placed, earlier), at(&state.placed, *later));
            let came_first = first.is_some() && first < second;
            !came_first || state.history[..index].contains(&earlier)
        })
    })
}

fn waits(logged: &Logged) -> bool {
    matches!(logged, Logged::Waits { .. })
}

impl Model for Matching {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            log: vec![Logged::NotPlaced; self.commands.len()],
            placed: Vec::new(),
            seq: 0,
            begun: None,
            rows: Book::default(),
            accounts: self.accounts.clone(),
            filled: vec![0; self.commands.len()],
            history: Vec::new(),
            rings: 0,
            matchers: vec![Matcher::cold(); self.matchers],
            faults: self.faults.clone(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for command in 0..self.commands.len() {
            if self.may_be_placed(state, command) {
                actions.push(Action::Places { command });
                if state.faults.lost_rings > 0 {
                    actions.push(Action::PlacesAndRingIsLost { command });
                }
            }
        }
        if state.rings > 0 && state.rings < RINGS_MAX && state.faults.doubled_rings > 0 {
            actions.push(Action::RingIsDoubled);
        }
        let all_sleep = state.matchers.iter().all(Matcher::sleeps);
        if state.rings == 0 && all_sleep && state.log.iter().any(waits) {
            actions.push(Action::SweepRings);
        }
        self.matcher_actions(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Places { command } => {
                self.place(&mut next, command);
                next.rings = RINGS_MAX.min(next.rings + 1);
            }
            Action::PlacesAndRingIsLost { command } => {
                next.faults.lost_rings -= 1;
                self.place(&mut next, command);
            }
            Action::RingIsDoubled => {
                next.faults.doubled_rings -= 1;
                next.rings += 1;
            }
            Action::SweepRings => next.rings = 1,
            _ => self.work(&mut next, action),
        }
        next.matchers.sort_unstable();
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONCE, |_, state| is_once(state)),
            Property::always(ORDERED, |_, state| is_ordered(state)),
            Property::always(FILLED, |model: &Self, state: &State| {
                let mut orders = state.filled.iter().zip(&model.commands);
                orders.all(|(filled, command)| *filled <= command.lots())
            }),
            Property::always(HELD, Self::is_held),
            Property::always(FOLDED, |model: &Self, state: &State| {
                (state.rows.clone(), state.accounts.clone()) == model.folded(state)
            }),
            Property::always(CONSERVED, Self::is_conserved),
            Property::always(DRAINED, |model: &Self, state: &State| {
                state.log.iter().all(|logged| *logged == Logged::Done) || !is_last(model, state)
            }),
            Property::sometimes(
                "a command is half done and nobody is at it",
                |_, state: &State| {
                    state.begun.is_some() && state.matchers.iter().all(Matcher::sleeps)
                },
            ),
            Property::sometimes("two matchers are at it at once", |_, state: &State| {
                state.matchers.iter().all(|matcher| matcher.is_ready(state.seq))
            }),
            Property::sometimes("a matcher is behind", |_, state: &State| {
                state.matchers.iter().any(|matcher| matcher.is_behind(state.seq))
            }),
            Property::sometimes("a command comes late", |_, state: &State| {
                let mut done = state.history.iter();
                done.any(|done| state.log[..*done].iter().any(waits))
            }),
        ]
    }
}
