//! Commits of orders at external venues: from acceptance to the end, by each way that there is.

use app::ports::{Ledger, VenueOrderQuery, VenueOrders, VenueTraffic, Venues};
use domain::{
    amount::Amount,
    commit::{Commit, Write},
    id::{EntryId, UserId},
    identity::sign_up,
    ledger::{Fingerprint, Guard},
    operation::deposit,
    order::Side,
    time::{Span, Timestamp},
    venue::{
        Ended, Execution, Listing, Pricing, SendFailure, Todo, Venue, VenueAnswer, VenueId,
        VenueOrder, VenueState, VenueStatus, Wanted, place,
    },
    webhook::SealedSecret,
};
use testkit::builders::{earth, start, trader, usd};

use crate::engines::metered;

type Named = Vec<(&'static str, Commit)>;

fn alice() -> UserId {
    trader("alice").id
}

fn nyx() -> VenueId {
    "nyx".parse().expect("a name")
}

fn later(seconds: u32) -> Timestamp {
    start().plus(Span::seconds(seconds))
}

fn guard(number: u128) -> Guard {
    Guard {
        entry: EntryId::from_bits(number),
        actor: alice(),
        fingerprint: Fingerprint([7; 16]),
        request_id: String::new(),
        at: start(),
    }
}

fn pieces(count: i64) -> Amount {
    Amount::from_minor(count).expect("pieces")
}

fn venue() -> Venue {
    let instrument = "DOTUSDT00008".parse().expect("a code");
    Venue {
        id: nyx(),
        name: "New York Cross".parse().expect("a name"),
        currency: earth().currency,
        url: "http://localhost:8090".to_owned(),
        secret: SealedSecret("sealed".to_owned()),
        listings: vec![Listing { instrument, reference: Some(usd("100.00").amount) }],
        collar_bps: 500,
        concurrency_max: 8,
        rate_max: 100,
        suspended: false,
        created_at: start(),
        version: 1,
    }
}

/// An order of Alice's, and the commit that accepts it.
fn accepted(number: u128, side: Side) -> (VenueOrder, Commit) {
    let listing = venue().listings[0];
    let pricing = Pricing::Limit(usd("100.00").amount);
    let (instrument, quantity) = (listing.instrument, pieces(10));
    let wanted = Wanted { side, pricing, instrument, quantity, valid_until: None };
    let commit = place(&guard(number), &wanted, &venue()).expect("accepted");
    let order = commit.writes().iter().find_map(|write| match write {
        Write::PutVenueOrder(order) => Some(order.as_ref().clone()),
        _ => None,
    });
    (order.expect("an order"), commit)
}

/// An attempt is begun.
fn begun(order: &VenueOrder, seconds: u32) -> (VenueOrder, Commit) {
    match order.todo(later(seconds), 7) {
        Todo::Attempt(_, next) => (*next.clone(), next.replacing(order)),
        todo => panic!("no attempt: {todo:?}"),
    }
}

fn state(status: VenueStatus, executed: i64, executions: Vec<Execution>) -> VenueState {
    let reference = "X-1".parse().expect("a name");
    VenueState { reference, status, executed: pieces(executed), executions }
}

fn execution(name: &str, quantity: i64) -> Execution {
    let id = name.parse().expect("a name");
    Execution { id, quantity: pieces(quantity), price: usd("100.00").amount }
}

fn settled(order: &VenueOrder, number: u128, said: VenueState) -> (VenueOrder, Commit) {
    let entry = EntryId::from_bits(number);
    let applied = order.settling(&said.executions[0], &said, entry, later(60)).expect("sound");
    let applied = applied.expect("no dispute");
    (applied.order, applied.commit)
}

fn funded() -> Named {
    let funding = deposit(&guard(1), usd("5000.00")).expect("a deposit");
    vec![("a sign-up", sign_up(trader("alice"), &earth())), ("a deposit", funding)]
}

/// An order that is filled in two parts, and what was bought sold again.
pub(super) fn filled() -> Named {
    let mut commits = funded();
    for (number, side) in [(100, Side::Buy), (200, Side::Sell)] {
        let (order, accepting) = accepted(number, side);
        let (sent, sending) = begun(&order, 1);
        let answer = VenueAnswer::Known(state(VenueStatus::Open, 0, Vec::new()));
        let Todo::Attempt(step, _) = order.todo(later(1), 7) else { panic!("nothing to do") };
        let ended = Ended::of(step, &order, &sent, answer, 0);
        let placed = sent.after(&ended, later(2));
        let placing = placed.replacing(&sent);
        let part = state(VenueStatus::Open, 4, vec![execution("E-1", 4)]);
        let (partly, filling) = settled(&placed, number + 1, part);
        let rest = state(VenueStatus::Filled, 10, vec![execution("E-2", 6)]);
        let (over, ending) = settled(&partly, number + 2, rest);
        assert!(over.is_over());
        commits.extend([
            ("accepted", accepting),
            ("begun", sending),
            ("placed", placing),
            ("filled in part", filling),
            ("filled", ending),
        ]);
    }
    commits
}

/// An order of which nothing is heard twelve times and more, and one that is cancelled.
pub(super) fn unfilled() -> Named {
    let mut commits = funded();
    let (order, accepting) = accepted(100, Side::Buy);
    commits.push(("accepted", accepting));
    let cancelled = order.cancelled(start()).expect("it was not over");
    commits.push(("cancelled before it was sent", cancelled.replacing(&order)));
    let (mut order, accepting) = accepted(200, Side::Buy);
    commits.push(("accepted", accepting));
    for number in 1..=13 {
        let now = later(120 * number);
        let Todo::Attempt(step, _) = order.todo(now, 7) else { panic!("nothing to do") };
        let (sent, sending) = begun(&order, 120 * number);
        let answer = VenueAnswer::Failed(SendFailure::TimedOut);
        let ended = Ended::of(step, &order, &sent, answer, 9);
        let after = sent.after(&ended, now.plus(Span::seconds(5)));
        commits.extend([("begun", sending), ("not clear", after.replacing(&sent))]);
        order = after;
    }
    let wanted = order.cancelled(later(2_000)).expect("it was not over");
    commits.push(("to be cancelled", wanted.replacing(&order)));
    let gone = state(VenueStatus::Cancelled, 0, Vec::new());
    let over = wanted.told(&gone, later(2_001)).expect("it was not over");
    assert!(over.is_over());
    commits.push(("cancelled", over.replacing(&wanted)));
    commits
}

/// A page of orders is an index and the rows; all else is one request, in one of which a number
/// of a venue's is used up and a slot taken or given back.
pub(crate) async fn venues_take_as_few_round_trips_as_they_can() {
    let (store, meter) = metered("venues").await;
    for (name, commit) in filled() {
        store.commit(&commit).await.expect(name);
    }
    let id = accepted(100, Side::Buy).0.terms.id;
    meter.reset();
    store.venue_order(id).await.expect("a read").expect("an order");
    assert_eq!(meter.reset().total_round_trips(), 1);
    let query = VenueOrderQuery { user: alice(), venue: nyx(), after: None, limit: 100 };
    let page = store.venue_orders(&query).await.expect("a page");
    assert_eq!((page.rows.len(), meter.reset().total_round_trips()), (2, 2));
    store.due_venue_orders(0, later(0), 100).await.expect("a read");
    assert_eq!(meter.reset().total_round_trips(), 1);
    store.venues().await.expect("a read");
    assert_eq!(meter.reset().total_round_trips(), 1);
    let (now, until) = (later(0), later(20));
    assert!(store.take_slot(nyx(), 0, now, until).await.expect("a write"));
    store.free_slot(nyx(), 0, until, now).await.expect("a write");
    assert!(store.spend_nonce(nyx(), 1, until).await.expect("a write"));
    let reading = meter.reset();
    assert_eq!((reading.total_round_trips(), reading.write_milliunits), (3, 3_000));
    store.breaker(nyx()).await.expect("a read");
    assert_eq!(meter.reset().total_round_trips(), 1);
}

/// What the promise of a cheap acceptance is: 2 units the entry, 2 the account, and 4 the order
/// with its two rows of indexes.
pub(crate) fn an_order_at_a_venue_is_accepted_for_eight_units() {
    assert_eq!(accepted(100, Side::Buy).1.write_units(), 8);
}
