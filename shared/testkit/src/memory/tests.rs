//! What only this store promises, and that it keeps the contract of every store.

use domain::{
    account::{Account, Leg},
    commit::{Commit, Write},
    id::{EntryId, UserId},
    time::{Span, Timestamp},
};

use super::{COMMITS_KNOWN, MemoryStore, State};
use crate::{
    builders::{earth, on_this_thread, usd},
    contract::{CASES, Case},
};
use app::ports::{CommitError, StoreError};
use std::sync::Arc;

const ALICE: UserId = UserId::from_bits(1);

fn at(seconds: u32) -> Timestamp {
    Timestamp::from_millis(0).plus(Span::seconds(seconds))
}

fn opening() -> Write {
    Write::OpenAccount(Account::opened(ALICE, earth().currency.code, at(0)))
}

fn crediting(number: u128) -> Commit {
    let legs = vec![Leg::Credit(usd("0.01"))];
    Commit::of(vec![Write::MoveFunds {
        user: ALICE,
        legs,
        entry: EntryId::from_bits(number),
        at: at(1),
    }])
}

fn is_corrupt(answer: &Result<(), CommitError>) -> bool {
    matches!(answer, Err(CommitError::Store(StoreError::Corrupt(_))))
}

#[test]
fn the_store_keeps_the_contract() {
    // Each case has a thread of its name, which its panic then tells.
    let run = |case: &'static Case| {
        let run = move || on_this_thread((case.run)(Arc::new(MemoryStore::new())));
        let thread = std::thread::Builder::new().name(case.name.to_owned()).spawn(run);
        thread.expect("a thread").join().is_err().then_some(case.name)
    };
    let failed: Vec<_> = CASES.iter().filter_map(run).collect();
    assert_eq!(failed, Vec::<&str>::new());
}

#[test]
fn no_two_cases_of_the_contract_share_a_name() {
    let mut names: Vec<_> = CASES.iter().map(|case| case.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CASES.len());
}

#[test]
fn a_commit_of_no_writes_of_too_many_or_of_one_row_twice_is_a_bug() {
    let too_many = (0..=100).map(|bits| {
        Write::OpenAccount(Account::opened(UserId::from_bits(bits), earth().currency.code, at(0)))
    });
    let twice =
        vec![opening(), Write::OpenWallet { user: ALICE, code: earth().currency.code, at: at(1) }];
    for writes in [vec![], too_many.collect(), twice] {
        assert!(is_corrupt(&State::default().commit(&Commit::of(writes))));
    }
}

#[test]
fn a_write_of_one_wallet_twice_is_a_bug() {
    let mut state = State::default();
    state.commit(&Commit::of(vec![opening()])).expect("an account");
    let legs = vec![Leg::Credit(usd("0.02")), Leg::Debit(usd("0.01"))];
    let entry = EntryId::from_bits(1);
    let answer =
        state.commit(&Commit::of(vec![Write::MoveFunds { user: ALICE, legs, entry, at: at(1) }]));
    assert!(is_corrupt(&answer));
}

#[test]
fn a_commit_is_known_again_while_fewer_than_a_thousand_others_came_after_it() {
    let mut state = State::default();
    state.commit(&Commit::of(vec![opening()])).expect("an account");
    let version = |state: &State| state.rows.accounts[&ALICE].version;
    let others = u128::try_from(COMMITS_KNOWN).expect("small");
    for number in 0..others {
        state.commit(&crediting(number)).expect("room");
    }
    let before = version(&state);
    state.commit(&crediting(0)).expect("known");
    assert_eq!(version(&state), before);
    state.commit(&crediting(others)).expect("room");
    state.commit(&crediting(0)).expect("forgotten, so it is another");
    assert_eq!(version(&state), before + 2);
}
