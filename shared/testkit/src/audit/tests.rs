//! That the audit sees what is held for orders at venues, and what is wrong with it.

#![expect(clippy::disallowed_methods, reason = "what a test starts ends with it")]

use std::collections::BTreeMap;

use app::ports::{Ledger, Venues};
use domain::{
    account::{Change, Leg},
    activity::{News, Occasion},
    amount::Amount,
    commit::{Commit, Write},
    id::{EntryId, UserId},
    identity::sign_up,
    ledger::{Fingerprint, Guard},
    operation::deposit,
    order::Side,
    venue::{
        Execution, Listing, Pricing, Venue, VenueOrder, VenueState, VenueStatus, Wanted, place,
    },
    webhook::SealedSecret,
};

use super::audit;
use crate::{
    builders::{earth, on_this_thread, start, trader, usd},
    memory::MemoryStore,
};

fn alice() -> UserId {
    trader("alice").id
}

fn guard(number: u128) -> Guard {
    let (entry, fingerprint) = (EntryId::from_bits(number), Fingerprint([7; 16]));
    Guard { entry, actor: alice(), fingerprint, request_id: String::new(), at: start() }
}

fn venue() -> Venue {
    let instrument = "DOTUSDT00008".parse().expect("a code");
    Venue {
        id: "nyx".parse().expect("a name"),
        name: "New York Cross".parse().expect("a name"),
        currency: earth().currency,
        url: String::new(),
        secret: SealedSecret(String::new()),
        listings: vec![Listing { instrument, reference: None }],
        collar_bps: 0,
        concurrency_max: 1,
        rate_max: 1,
        suspended: false,
        created_at: start(),
        version: 1,
    }
}

async fn done(store: &MemoryStore, commit: &Commit) {
    store.commit(commit).await.expect("committed");
}

/// Alice has bought 4 of 10 pieces, below her limit, at a venue that need not be known any more.
async fn partly_filled(venues: &[Venue]) -> MemoryStore {
    let store = MemoryStore::new();
    for venue in venues {
        assert_eq!(store.put_venue(venue).await, Ok(true));
    }
    done(&store, &sign_up(trader("alice"), &earth())).await;
    done(&store, &deposit(&guard(1), usd("5000.00")).expect("a deposit")).await;
    let quantity = Amount::from_minor(10).expect("pieces");
    let (pricing, instrument) =
        (Pricing::Limit(usd("100.00").amount), venue().listings[0].instrument);
    let wanted = Wanted { side: Side::Buy, pricing, instrument, quantity, valid_until: None };
    let accepted = place(&guard(2), &wanted, &venue()).expect("accepted");
    done(&store, &accepted).await;
    let mut orders = accepted.writes().iter().filter_map(|write| match write {
        Write::PutVenueOrder(order) => Some(order.as_ref()),
        _ => None,
    });
    let order: VenueOrder = orders.next().cloned().expect("an order");
    let id = "E-1".parse().expect("a name");
    let executed = Amount::from_minor(4).expect("pieces");
    let execution = Execution { id, quantity: executed, price: usd("99.00").amount };
    let (reference, executions) = ("X-1".parse().expect("a name"), vec![execution.clone()]);
    let said = VenueState { reference, status: VenueStatus::Open, executed, executions };
    let applied = order.settling(&execution, &said, EntryId::from_bits(3), start());
    done(&store, &applied.expect("sound").expect("no dispute").commit).await;
    store
}

#[test]
fn what_is_held_for_what_may_yet_be_filled_is_accounted_for() {
    on_this_thread(async {
        let store = partly_filled(&[venue()]).await;
        let audited = audit(&store, &[alice()]).await;
        assert_eq!(audited.venue_orders, BTreeMap::from([("partially_filled", 1)]));
        assert_eq!(audited.movements, 2);
    });
}

/// What the audit of a store complains of.
async fn complaint(store: MemoryStore) -> String {
    let audited = tokio::spawn(async move { audit(&store, &[alice()]).await });
    let panic = audited.await.expect_err("something is wrong").into_panic();
    panic.downcast_ref::<String>().expect("a text").clone()
}

#[test]
fn what_is_held_for_no_order_is_found() {
    on_this_thread(async {
        let store = partly_filled(&[venue()]).await;
        let news = News::of(Occasion::Deposit);
        let change = Change { entry: EntryId::from_bits(9), at: start(), news };
        let legs = vec![Leg::hold(usd("0.01"))];
        let write = Write::MoveFunds { user: alice(), legs, change };
        done(&store, &Commit::of(vec![write])).await;
        let complaint = complaint(store).await;
        assert!(complaint.contains("I3") && complaint.contains("USD"), "{complaint}");
    });
}

#[test]
fn a_fill_of_an_order_that_is_not_there_is_found() {
    on_this_thread(async {
        let complaint = complaint(partly_filled(&[]).await).await;
        assert!(complaint.contains("fills of orders that nobody placed"), "{complaint}");
    });
}
