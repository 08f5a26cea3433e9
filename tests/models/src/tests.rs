//! That the models say what they seem to say, on a scale that needs no optimisation.

use std::collections::{BTreeSet, HashMap};

use crate::{
    Bound, checked,
    checking::{Protocol, refute},
    idempotency::{self, Idempotency},
    matching::{self, Matching},
    placement::{self, Placement},
    tried,
};

#[test]
fn every_promise_holds_in_every_state_and_every_witness_comes_about() {
    for model in checked(Bound::Small) {
        assert_eq!(model.violated, Vec::new(), "{}", model.name);
        assert_eq!(model.missed, Vec::<&str>::new(), "{}", model.name);
        assert!(model.states > 1_000, "{} has {} states only", model.name, model.states);
    }
}

#[test]
fn every_wrong_design_is_refuted() {
    for design in tried() {
        let steps = design.counterexample.as_ref().map_or(0, Vec::len);
        assert!(steps > 0, "{}: {}", design.model, design.variant);
    }
}

#[test]
fn what_refutes_wrong_designs_of_matching_does_not_refute_the_right_one() {
    let properties: BTreeSet<_> = matching::WRONG.iter().map(|wrong| wrong.2).collect();
    for property in properties {
        let right = Matching::new(matching::RIGHT, Bound::Small);
        assert_eq!(refute("", "", property, right).counterexample, None, "{property}");
    }
}

/// So a last state that is as promised is one that every run comes to.
#[test]
fn no_state_comes_back_so_every_run_ends() {
    assert!(runs_end(&Idempotency::new(idempotency::RIGHT, Bound::Small)));
    assert!(runs_end(&Matching::new(matching::RIGHT, Bound::Small)));
    assert!(runs_end(&Placement::new(placement::RIGHT, Bound::Small)));
}

/// Depth first; a state that is met again on the way to it closes a cycle.
fn runs_end<M: Protocol>(model: &M) -> bool {
    let mut left = HashMap::new();
    let mut way: Vec<(M::State, Vec<M::State>)> = Vec::new();
    for first in model.init_states() {
        left.insert(first.clone(), false);
        way.push((first.clone(), model.next_states(&first)));
        while let Some((state, following)) = way.last_mut() {
            let Some(next) = following.pop() else {
                left.insert(state.clone(), true);
                way.pop();
                continue;
            };
            match left.get(&next) {
                Some(false) => return false,
                Some(true) => {}
                None => {
                    left.insert(next.clone(), false);
                    let following = model.next_states(&next);
                    way.push((next, following));
                }
            }
        }
    }
    true
}
