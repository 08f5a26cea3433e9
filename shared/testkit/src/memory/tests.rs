//! What only this store promises, and that it keeps the contract of every store.

use domain::{
    account::{Account, Change, Leg},
    activity::{News, Occasion, WalletChange},
    command::{Command, CommandId, Instruction},
    commit::{Commit, Write},
    id::{EntryId, OrderId, UserId},
    ledger::{Fingerprint, Guard},
    operation::deposit,
    time::{Span, Timestamp},
};

use super::{COMMITS_KNOWN, MemoryStore, State};
use crate::{
    builders::{earth, mrc_usd, on_this_thread, usd},
    contract::{CASES, Case},
};
use app::ports::{CommitError, Ledger, Logged, OrderBooks, StoreError};
use std::sync::Arc;

const ALICE: UserId = UserId::from_bits(1);

fn at(seconds: u32) -> Timestamp {
    Timestamp::from_millis(0).plus(Span::seconds(seconds))
}

fn opening() -> Write {
    Write::OpenAccount(Account::opened(ALICE, earth().currency.code, at(0)))
}

fn crediting(number: u128) -> Commit {
    let legs = vec![Leg::credit(usd("0.01"))];
    Commit::of(vec![moving(number, legs)])
}

fn moving(number: u128, legs: Vec<Leg>) -> Write {
    let news = News::of(Occasion::Deposit);
    let change = Change { entry: EntryId::from_bits(number), at: at(1), news };
    Write::MoveFunds { user: ALICE, legs, change }
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

fn cancelling(seconds: u32) -> Command {
    let id = CommandId { at: at(seconds), bits: 1 };
    let instruction = Instruction::Cancel(OrderId::from_bits(1));
    Command { pair: mrc_usd().id(), id, instruction }
}

#[test]
fn a_commit_of_one_row_of_a_book_twice_is_a_bug() {
    let (pair, user) = (mrc_usd().id(), ALICE);
    let Command { id, .. } = cancelling(1);
    let both = [
        [Write::PutPair(mrc_usd()), Write::ReplacePair(mrc_usd())],
        [Write::PutCommand(cancelling(1)), Write::RemoveCommand { pair, id }],
        [Write::PutDeadline { pair, user, deadline: at(1) }, Write::RemoveDeadline { pair, user }],
    ];
    for writes in both {
        assert!(is_corrupt(&State::default().commit(&Commit::of(writes.to_vec()))));
    }
}

#[test]
fn what_is_unreadable_in_a_log_keeps_its_place_until_it_is_removed() {
    on_this_thread(async {
        let (store, pair) = (MemoryStore::new(), mrc_usd().id());
        let planted = CommandId { bits: 2, ..cancelling(1).id };
        store.plant_unreadable(pair, planted);
        for seconds in [0, 2] {
            let put = Commit::of(vec![Write::PutCommand(cancelling(seconds))]);
            store.commit(&put).await.expect("a free place");
        }
        let [first, last] = [0, 2].map(|seconds| Logged::Command(cancelling(seconds)));
        let expected = vec![first, Logged::Unreadable(planted), last];
        assert_eq!(store.commands(pair, 100).await, Ok(expected));
        assert!(matches!(store.command(pair, planted).await, Err(StoreError::Corrupt(_))));
        let removal = Commit::of(vec![Write::RemoveCommand { pair, id: planted }]);
        store.commit(&removal).await.expect("it is there");
        assert_eq!(store.commands(pair, 100).await, Ok(vec![first, last]));
    });
}

#[test]
fn a_write_of_one_wallet_twice_is_a_bug() {
    let mut state = State::default();
    state.commit(&Commit::of(vec![opening()])).expect("an account");
    let legs = vec![Leg::credit(usd("0.02")), Leg::debit(usd("0.01"))];
    let answer = state.commit(&Commit::of(vec![moving(1, legs)]));
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

#[test]
fn what_was_committed_is_recorded_in_its_order() {
    on_this_thread(async {
        let store = MemoryStore::new();
        let deposited = |number: u128| {
            let guard = Guard {
                entry: EntryId::from_bits(number),
                actor: ALICE,
                fingerprint: Fingerprint([7; 16]),
                request_id: "req-1".to_owned(),
                at: at(1),
            };
            deposit(&guard, usd("1.00")).expect("a deposit")
        };
        store.commit(&Commit::of(vec![opening()])).await.expect("an account");
        for number in [9, 3, 9] {
            store.commit(&deposited(number)).await.expect("room");
        }
        // What is refused is nothing that happened.
        let spent = moving(4, vec![Leg::debit(usd("3.00"))]);
        store.commit(&Commit::of(vec![spent])).await.expect_err("too much");
        let activities = store.activities();
        let told: Vec<_> =
            activities.iter().map(|activity| (activity.version, activity.entry)).collect();
        let entries = [9, 3].map(EntryId::from_bits);
        assert_eq!(told, [(1, None), (2, Some(entries[0])), (3, Some(entries[1]))]);
        let posted: Vec<_> = activities
            .iter()
            .flat_map(|activity| &activity.wallets)
            .map(WalletChange::posted)
            .collect();
        assert_eq!(posted, [0, 100, 100]);
        let recorded: Vec<_> = store.entries_in_order().iter().map(|entry| entry.id).collect();
        assert_eq!(recorded, entries);
        assert_eq!(store.market_events(mrc_usd().id()), []);
    });
}
