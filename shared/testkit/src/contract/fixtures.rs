//! What the cases write, and the ways in which they ask a store.

use std::future::Future;

use app::ports::{CommitError, Failure, Found, Ledger, StoreError};
use domain::{
    account::{Account, Change, Leg},
    activity::{News, Occasion},
    amount::{Amount, Money},
    catalogue::{Item, ItemState},
    commit::{Commit, Write},
    id::{EntryId, ItemId, UserId},
    ledger::{Entry, Fingerprint, Guard, Outcome},
    operation::deposit,
    time::{Span, Timestamp},
};

use crate::builders::{earth, mars, mrc, start, stock};

pub(super) const ALICE: UserId = UserId::from_bits(1);
pub(super) const BOB: UserId = UserId::from_bits(2);
pub(super) const CAROL: UserId = UserId::from_bits(3);
/// How often a list that may lag is read before a case gives it up.
const READS_MAX: usize = 1000;

pub(super) fn at(seconds: u32) -> Timestamp {
    start().plus(Span::seconds(seconds))
}

pub(super) fn entry_id(number: u128) -> EntryId {
    EntryId::from_bits(number)
}

/// A request of this user, decided `number` seconds after the start.
pub(super) fn guard(number: u32, actor: UserId) -> Guard {
    Guard {
        entry: entry_id(u128::from(number)),
        actor,
        fingerprint: Fingerprint([7; 16]),
        request_id: format!("req-{number}"),
        at: at(number),
    }
}

pub(super) fn voided(number: u128) -> Entry {
    Entry {
        id: entry_id(number),
        actor: ALICE,
        fingerprint: Fingerprint([0; 16]),
        at: at(0),
        outcome: Outcome::Voided,
    }
}

pub(super) fn minor(minor: i64) -> Amount {
    Amount::from_minor(minor).expect("0 to 10^18")
}

/// An item of Bob's: five pieces on Mars at 10.00 MRC.
pub(super) fn helmet(number: u128) -> Item {
    Item {
        id: ItemId::from_bits(number),
        seller: BOB,
        universe: mars().id,
        currency: mars().currency,
        name: "Helmet".parse().expect("a name"),
        description: "Red.".parse().expect("a description"),
        price: mrc("10.00").amount,
        stock: stock(5),
        sold: 0,
        listed: 5,
        state: ItemState::Active,
        version: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub(super) fn opened(user: UserId) -> Account {
    Account::opened(user, earth().currency.code, at(0))
}

pub(super) fn moving(user: UserId, legs: Vec<Leg>, entry: u128) -> Write {
    Write::MoveFunds { user, legs, change: change(entry) }
}

/// What [`moving`] moves for.
pub(super) fn change(entry: u128) -> Change {
    let at = at(u32::try_from(entry % 1_000).unwrap_or_default());
    Change { entry: entry_id(entry), at, news: News::of(Occasion::Deposit) }
}

/// Commits what must succeed.
pub(super) async fn done(store: &dyn Ledger, writes: Vec<Write>) {
    store.commit(&Commit::of(writes)).await.expect("all expectations are met");
}

/// Commits what must be refused, and says what the store found.
pub(super) async fn refused(store: &dyn Ledger, writes: Vec<Write>) -> Vec<(usize, Found)> {
    match store.commit(&Commit::of(writes)).await {
        Err(CommitError::Refused(mut failures)) => {
            failures.sort_by_key(|failure| failure.write);
            failures.into_iter().map(|Failure { write, found }| (write, found)).collect()
        }
        other => panic!("not refused: {other:?}"),
    }
}

/// Commits one write that must be refused, and says what the store found.
pub(super) async fn refused_one(store: &dyn Ledger, write: Write) -> Found {
    let mut found = refused(store, vec![write]).await;
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0).1
}

/// Commits until there is no conflict; whether it succeeded.
pub(super) async fn tried(store: &dyn Ledger, commit: &Commit) -> bool {
    loop {
        match store.commit(commit).await {
            Ok(()) => return true,
            Err(CommitError::Conflict) => tokio::task::yield_now().await,
            Err(CommitError::Refused(_)) => return false,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Opens an account with this money in it.
pub(super) async fn funded(store: &dyn Ledger, user: UserId, number: u32, money: Money) {
    done(store, vec![Write::OpenAccount(opened(user))]).await;
    let commit = deposit(&guard(number, user), money).expect("a deposit");
    store.commit(&commit).await.expect("room");
}

pub(super) async fn account(store: &dyn Ledger, user: UserId) -> Account {
    store.account(user).await.expect("a read").expect("an account")
}

/// Reads a list that may lag until it is as expected.
pub(super) async fn eventually<T, F>(expected: &T, mut read: impl FnMut() -> F)
where
    T: PartialEq + std::fmt::Debug,
    F: Future<Output = Result<T, StoreError>>,
{
    let mut last = None;
    for _ in 0..READS_MAX {
        let read = read().await.expect("a read");
        if read == *expected {
            return;
        }
        last = Some(read);
        tokio::task::yield_now().await;
    }
    assert_eq!(last.as_ref(), Some(expected));
}
