//! Has a model checked in all its states, and a wrong design refuted. What the models are of is
//! not known here.

use std::{fmt::Debug, hash::Hash};

use stateright::{Checker, Expectation, HasDiscoveries, Model, Property};

/// How much of a protocol is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Tens of thousands of states at most: for tests without optimisation.
    Small,
    /// Some millions at most.
    Full,
}

/// A model whose states can be told apart and whose actions can be printed.
pub(crate) trait Protocol:
    Model<
        State: Clone + Debug + Hash + Eq + Send + Sync + 'static,
        Action: Clone + Debug + PartialEq + Send + Sync + 'static,
    > + Send
    + Sync
    + Sized
    + 'static
{
}

impl<M> Protocol for M
where
    M: Model + Send + Sync + Sized + 'static,
    M::State: Clone + Debug + Hash + Eq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq + Send + Sync + 'static,
{
}

/// What came of looking at all states of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The model.
    pub name: &'static str,
    /// What must hold in every state.
    pub properties: Vec<&'static str>,
    /// What must come about in some state, or the model says less than it seems to.
    pub witnesses: Vec<&'static str>,
    /// Different states.
    pub states: usize,
    /// States that steps led to, those that were known already included.
    pub generated: usize,
    /// The most steps to a state, by the shortest way.
    pub depth: usize,
    /// Properties that do not hold, each with the actions that lead there.
    pub violated: Vec<(&'static str, Vec<String>)>,
    /// Witnesses that never come about.
    pub missed: Vec<&'static str>,
}

impl Checked {
    /// Whether all is as it should be.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.violated.is_empty() && self.missed.is_empty()
    }
}

/// What came of looking for a state in which a wrong design breaks a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The model.
    pub model: &'static str,
    /// What is wrong with the design.
    pub variant: &'static str,
    /// The promise that it must break.
    pub property: &'static str,
    /// The actions of a shortest way there; `None`: there is no such way.
    pub counterexample: Option<Vec<String>>,
}

/// Looks at all states of a model.
pub(crate) fn check<M: Protocol>(name: &'static str, model: M) -> Checked {
    let declared = model.properties();
    let of = |kind: Expectation| -> Vec<&'static str> {
        let properties = declared.iter().filter(|property| property.expectation == kind);
        properties.map(|property| property.name).collect()
    };
    let (properties, witnesses) = (of(Expectation::Always), of(Expectation::Sometimes));
    let checker = model.checker().spawn_bfs().join();
    let mut found = checker.discoveries();
    let actions = |path: stateright::Path<M::State, M::Action>| {
        path.into_actions().iter().map(|action| format!("{action:?}")).collect()
    };
    let missed = witnesses.iter().filter(|name| !found.contains_key(*name)).copied().collect();
    let violated = properties
        .iter()
        .filter_map(|name| found.remove(name).map(|path| (*name, actions(path))))
        .collect();
    Checked {
        name,
        states: checker.unique_state_count(),
        generated: checker.state_count(),
        depth: checker.max_depth().saturating_sub(1),
        properties,
        witnesses,
        violated,
        missed,
    }
}

/// Looks for the shortest way to a state in which a property does not hold.
pub(crate) fn refute<M: Protocol>(
    model: &'static str,
    variant: &'static str,
    property: &'static str,
    design: M,
) -> Tried {
    let holds = design.property(property).condition;
    let narrowed = Narrowed { design, holds };
    let checker = narrowed.checker().finish_when(HasDiscoveries::Any).spawn_bfs().join();
    let path = checker.discoveries().remove(NARROWED);
    let counterexample =
        path.map(|path| path.into_actions().iter().map(|action| format!("{action:?}")).collect());
    Tried { model, variant, property, counterexample }
}

const NARROWED: &str = "the property";

/// A model of which one property is asked for: only then does the search end at the first state
/// that breaks it, by a shortest way.
struct Narrowed<M: Model> {
    design: M,
    holds: fn(&M, &M::State) -> bool,
}

impl<M: Protocol> Model for Narrowed<M> {
    type State = M::State;
    type Action = M::Action;

    fn init_states(&self) -> Vec<Self::State> {
        self.design.init_states()
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        self.design.actions(state, actions);
    }

    fn next_state(&self, state: &Self::State, action: Self::Action) -> Option<Self::State> {
        self.design.next_state(state, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(NARROWED, |narrowed: &Self, state| {
            (narrowed.holds)(&narrowed.design, state)
        })]
    }
}

/// Whether nothing can happen any more.
pub(crate) fn is_last<M: Protocol>(model: &M, state: &M::State) -> bool {
    let mut actions = Vec::new();
    model.actions(state, &mut actions);
    actions.is_empty()
}
