//! That a commit is one thing: all of it or nothing, once.

use std::sync::Arc;

use app::ports::{Found, Store};
use domain::{
    account::Leg,
    commit::{Claim, Commit, Write},
    id::{QuoteId, SessionId, UserId},
    identity::{Login, Session},
    operation::withdraw,
    venue::VenueOrder,
};

use super::{
    fixtures::{
        ALICE, BOB, CAROL, account, at, done, entry_id, funded, guard, helmet, moving, opened,
        refused, refused_one, voided,
    },
    samples::venue_terms,
};
use crate::builders::{earth, trader, usd};

/// A write of every kind that needs nothing but an empty store and Alice's account.
fn a_bit_of_everything() -> Vec<Write> {
    let john = trader("john");
    vec![
        Write::PutEntry(voided(100)),
        Write::PutClaim { claim: Claim::Refund(entry_id(5)), by: entry_id(100) },
        Write::OpenAccount(opened(CAROL)),
        moving(ALICE, vec![Leg::credit(usd("1.00"))], 100),
        Write::PutItem(helmet(20)),
        Write::PutUniverse(earth()),
        Write::ReserveCurrency { code: earth().currency.code, universe: earth().id },
        Write::PutRateVersion(earth().rate),
        Write::ReserveUsername(john.username.clone(), john.id),
        Write::ReserveEmail(john.email.clone(), john.id),
        Write::PutSession(Session::begun(SessionId::from_bits(30), john.id, at(0))),
        Write::PutUser(john),
        Write::PutVenueOrder(Box::new(VenueOrder::begun(venue_terms(40)))),
    ]
}

pub(super) async fn a_commit_is_all_or_nothing(store: Arc<dyn Store>) {
    let store = store.as_ref();
    funded(store, ALICE, 1, usd("5.00")).await;
    funded(store, BOB, 2, usd("5.00")).await;
    let (alice, bob) = (account(store, ALICE).await, account(store, BOB).await);
    let john = trader("john");
    for place in [0, 6, 13] {
        let mut writes = a_bit_of_everything();
        writes.insert(place, moving(BOB, vec![Leg::debit(usd("5.01"))], 100));
        assert_eq!(refused(store, writes).await, [(place, Found::Account(Box::new(bob.clone())))]);
        assert_eq!(store.entry(entry_id(100)).await, Ok(None));
        assert_eq!(store.account(CAROL).await, Ok(None));
        assert_eq!(store.item(helmet(20).id).await, Ok(None));
        assert_eq!(store.universes().await, Ok(Vec::new()));
        assert_eq!(store.user(john.id).await, Ok(None));
        assert_eq!(store.session(SessionId::from_bits(30)).await, Ok(None));
        assert_eq!(store.venue_order(venue_terms(40).id).await, Ok(None));
        assert_eq!(account(store, ALICE).await, alice);
        assert_eq!(account(store, BOB).await, bob);
    }
    // What cannot be read alone is as free as before: nothing of it was reserved.
    done(store, a_bit_of_everything()).await;
    let login = Login::Email(john.email.clone());
    assert_eq!(store.user_by_login(&login).await, Ok(Some(john)));
}

pub(super) async fn every_unmet_expectation_is_reported(store: Arc<dyn Store>) {
    let store = store.as_ref();
    funded(store, ALICE, 1, usd("5.00")).await;
    done(store, vec![Write::PutEntry(voided(100)), Write::PutItem(helmet(20))]).await;
    let alice = account(store, ALICE).await;
    let writes = vec![
        Write::PutEntry(voided(100)),
        Write::PutClaim { claim: Claim::Refund(entry_id(5)), by: entry_id(100) },
        moving(ALICE, vec![Leg::debit(usd("5.01"))], 100),
        moving(BOB, vec![Leg::credit(usd("5.01"))], 100),
        Write::PutItem(helmet(20)),
        Write::OpenAccount(opened(CAROL)),
    ];
    let expected = [
        (0, Found::Entry(Box::new(voided(100)))),
        (2, Found::Account(Box::new(alice))),
        (3, Found::Nothing),
        (4, Found::Other),
    ];
    assert_eq!(refused(store, writes).await, expected);
}

pub(super) async fn the_same_commit_twice_has_one_effect(store: Arc<dyn Store>) {
    let store = store.as_ref();
    funded(store, ALICE, 1, usd("5.00")).await;
    let commit = withdraw(&guard(2, ALICE), usd("3.00")).expect("a withdrawal");
    store.commit(&commit).await.expect("funds");
    let after = account(store, ALICE).await;
    assert_eq!(after.balance(earth().currency.code).available, usd("2.00").amount);
    for _ in 0..3 {
        store.commit(&commit).await.expect("it is the same commit");
        assert_eq!(account(store, ALICE).await, after);
    }
}

pub(super) async fn a_refused_commit_is_decided_anew_when_it_comes_again(store: Arc<dyn Store>) {
    let store = store.as_ref();
    funded(store, ALICE, 1, usd("5.00")).await;
    let debit = || moving(ALICE, vec![Leg::debit(usd("6.00"))], 2);
    assert!(matches!(refused_one(store, debit()).await, Found::Account(_)));
    done(store, vec![moving(ALICE, vec![Leg::credit(usd("1.00"))], 3)]).await;
    done(store, vec![debit()]).await;
    assert!(account(store, ALICE).await.balance(earth().currency.code).available.is_zero());
}

pub(super) async fn a_commit_that_touches_a_row_twice_writes_nothing(store: Arc<dyn Store>) {
    let store = store.as_ref();
    funded(store, ALICE, 1, usd("5.00")).await;
    let before = account(store, ALICE).await;
    let credit = || moving(ALICE, vec![Leg::credit(usd("1.00"))], 2);
    let writes = vec![Write::PutEntry(voided(2)), credit(), credit()];
    assert!(store.commit(&Commit::of(writes)).await.is_err());
    assert_eq!(account(store, ALICE).await, before);
    assert_eq!(store.entry(entry_id(2)).await, Ok(None));
}

pub(super) async fn a_commit_has_up_to_a_hundred_writes(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let users = || (1000..1100).map(UserId::from_bits);
    done(store, users().map(|user| Write::OpenAccount(opened(user))).collect()).await;
    for user in users() {
        assert_eq!(account(store, user).await, opened(user));
    }
}

pub(super) async fn a_claim_can_be_had_once(store: Arc<dyn Store>) {
    let store = store.as_ref();
    // The two kinds of claim do not get in each other's way, nor do two of one kind.
    let claims = [
        Claim::Quote(QuoteId::from_bits(9)),
        Claim::Quote(QuoteId::from_bits(10)),
        Claim::Refund(entry_id(9)),
    ];
    for claim in claims {
        done(store, vec![Write::PutClaim { claim, by: entry_id(1) }]).await;
    }
    for claim in claims {
        let opening = Write::OpenAccount(opened(ALICE));
        let writes = vec![opening, Write::PutClaim { claim, by: entry_id(2) }];
        assert_eq!(refused(store, writes).await, [(1, Found::Other)]);
        assert_eq!(store.account(ALICE).await, Ok(None));
    }
}
