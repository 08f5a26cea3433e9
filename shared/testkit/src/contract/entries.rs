//! That the journal keeps each entry for ever, whatever it says, and gives it back whole.

use std::sync::Arc;

use app::ports::{Found, Store};
use domain::{
    commit::Write,
    ledger::{Entry, Fingerprint, Outcome},
};

use super::{
    fixtures::{BOB, at, done, entry_id, refused, voided},
    samples::outcomes,
};

pub(super) async fn a_used_id_brings_the_stored_entry_back(store: Arc<dyn Store>) {
    let store = store.as_ref();
    for (number, outcome) in (u128::MAX - 100..).zip(outcomes()) {
        let stored = Entry {
            id: entry_id(number),
            actor: BOB,
            fingerprint: Fingerprint([0xff; 16]),
            at: at(1),
            outcome,
        };
        done(store, vec![Write::PutEntry(stored.clone())]).await;
        assert_eq!(store.entry(stored.id).await, Ok(Some(stored.clone())));
        let other = Entry { outcome: Outcome::Voided, at: at(2), ..voided(number) };
        let found = refused(store, vec![Write::PutEntry(other)]).await;
        assert_eq!(found, [(0, Found::Entry(Box::new(stored.clone())))]);
        assert_eq!(store.entry(stored.id).await, Ok(Some(stored)));
    }
}

pub(super) async fn an_unknown_entry_is_none(store: Arc<dyn Store>) {
    assert_eq!(store.entry(entry_id(1)).await, Ok(None));
}
