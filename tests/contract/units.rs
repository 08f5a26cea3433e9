//! What the store's calls cost. What `Commit::write_units` says is what the engine bills, for
//! every kind of commit: rows of a transaction double and rows of indexes singly, as AWS does.

use app::ports::{Catalogue, EntryQuery, Identity, ItemQuery, Ledger, Shelf};
use domain::{
    amount::Amount,
    catalogue::{Item, ItemState, NewItem, Revision, list, revise},
    commit::{Commit, Write},
    conversion::Fixed,
    id::{EntryId, ItemId, QuoteId, SessionId, UserId},
    identity::{Login, Session, sign_up},
    ledger::{Entry, Fingerprint, Guard, Outcome},
    operation::{Exchange, deposit, exchange, redeem, transfer, withdraw},
    purchase::{Terms, buy},
    quote::quote,
    rate::{RateSource, SpreadBps},
    refund::refund,
    refusal::Refusal,
    time::Timestamp,
    universe::{NewRate, NewUniverse, Universe, Universes, create, set_rate},
};
use testkit::builders::{earth, mars, money, mrc, pieces, start, stock, trader, usd};

use crate::engines::metered;

mod orders;
mod told;
mod venues;

pub(crate) use told::*;
pub(crate) use venues::{
    an_order_at_a_venue_is_accepted_for_eight_units, venues_take_as_few_round_trips_as_they_can,
};

/// Commits that follow from one another, each with a name.
pub(crate) struct Case {
    /// What they are about.
    pub(crate) name: &'static str,
    commits: fn() -> Vec<(&'static str, Commit)>,
}

/// All kinds of commits.
pub(crate) const CASES: &[Case] = &[
    Case { name: "units_of_identity_are_as_billed", commits: identity },
    Case { name: "units_of_rates_are_as_billed", commits: rates },
    Case { name: "units_of_items_are_as_billed", commits: items },
    Case { name: "units_of_money_are_as_billed", commits: moved },
    Case { name: "units_of_trades_are_as_billed", commits: trades },
    Case { name: "units_of_orders_are_as_billed", commits: orders::traded },
    Case { name: "units_of_large_matches_are_as_billed", commits: orders::swept },
    Case { name: "units_of_orders_at_venues_are_as_billed", commits: venues::filled },
    Case {
        name: "units_of_orders_that_venues_do_not_fill_are_as_billed",
        commits: venues::unfilled,
    },
];

/// Carries the commits out and compares what each cost with what it says.
pub(crate) async fn check(case: &Case) {
    let (store, meter) = metered(case.name).await;
    for (name, commit) in (case.commits)() {
        meter.reset();
        store.commit(&commit).await.expect(name);
        let reading = meter.snapshot();
        let billed = u64::from(commit.write_units()) * 1000;
        assert_eq!(reading.write_milliunits, billed, "{name}");
        assert_eq!(reading.total_round_trips(), 1, "{name}");
    }
}

/// A history and a catalogue page are an index each and, for items, the rows; a log-in is the
/// name and the user; all else is one round trip.
pub(crate) async fn reads_take_as_few_round_trips_as_they_can() {
    let (store, meter) = metered("reads").await;
    for (name, commit) in trades() {
        store.commit(&commit).await.expect(name);
    }
    let (item, _) = listing();
    let login = Login::Username(trader("alice").username);
    let shelf = ItemQuery { shelf: Shelf::Everything, after: None, limit: 100 };
    meter.reset();
    store.item(item.id).await.expect("a read").expect("an item");
    assert_eq!(meter.reset().total_round_trips(), 1);
    store.account(alice()).await.expect("a read").expect("an account");
    assert_eq!(meter.reset().total_round_trips(), 1);
    store.universes().await.expect("a read");
    assert_eq!(meter.reset().total_round_trips(), 1);
    store.user_by_login(&login).await.expect("a read").expect("a user");
    assert_eq!(meter.reset().total_round_trips(), 2);
    let history = EntryQuery { user: alice(), after: None, limit: 100 };
    let entries = store.entries(&history).await.expect("a page");
    assert_eq!((entries.rows.len(), meter.reset().total_round_trips()), (5, 2));
    let items = store.items(&shelf).await.expect("a page");
    assert_eq!((items.rows.len(), meter.reset().total_round_trips()), (1, 2));
}

fn alice() -> UserId {
    trader("alice").id
}

fn bob() -> UserId {
    trader("bob").id
}

fn guard(number: u32, actor: UserId) -> Guard {
    Guard {
        entry: EntryId::from_bits(u128::from(number)),
        actor,
        fingerprint: Fingerprint([7; 16]),
        request_id: format!("req-{number}"),
        at: start(),
    }
}

fn both() -> Universes {
    Universes::new(vec![earth(), keeping(mars())])
}

fn keeping(mut universe: Universe) -> Universe {
    universe.rate.spread = SpreadBps::new(100).expect("a spread");
    universe
}

fn identity() -> Vec<(&'static str, Commit)> {
    let begun = Session::begun(SessionId::from_bits(1), alice(), start());
    let rotated = Session { generation: 2, ..begun.clone() };
    let code = mars().currency.code;
    vec![
        ("a sign-up", sign_up(trader("alice"), &earth())),
        ("a session", Commit::of(vec![Write::PutSession(begun.clone())])),
        ("a renewal", rotated.clone().replacing(&begun)),
        ("its end", rotated.ended().replacing(&rotated)),
        (
            "a wallet",
            Commit::of(vec![Write::OpenWallet {
                user: alice(),
                code,
                at: Timestamp::from_millis(1),
            }]),
        ),
    ]
}

fn rates() -> Vec<(&'static str, Commit)> {
    let wanted = NewUniverse {
        name: earth().name,
        currency: earth().currency,
        units_per_base: earth().rate.units_per_base,
        spread: SpreadBps::default(),
    };
    let (universe, created) = create(wanted, &Universes::default(), start()).expect("a universe");
    let wanted = NewRate {
        units_per_base: "1.5".parse().expect("a rate"),
        spread: None,
        source: RateSource::Feed,
        valid_until: None,
        confirmed: true,
    };
    let (_, rated) = set_rate(&universe, &wanted, 2, start()).expect("a rate");
    vec![("a universe", created), ("a rate", rated)]
}

fn listing() -> (Item, Commit) {
    let offer = NewItem {
        id: ItemId::from_bits(20),
        name: "Helmet".parse().expect("a name"),
        description: "x".repeat(300).parse().expect("a description"),
        price: mrc("10.00").amount,
        stock: stock(5),
        state: ItemState::Active,
    };
    let listed = list(&guard(20, bob()), offer, &keeping(mars()));
    match listed.writes() {
        [_, Write::PutItem(item)] => (item.clone(), listed.clone()),
        writes => panic!("not an item: {writes:?}"),
    }
}

fn items() -> Vec<(&'static str, Commit)> {
    let (item, listed) = listing();
    let revision = Revision { state: Some(ItemState::Paused), ..Revision::default() };
    let (paused, pausing) = revise(&item, revision, start());
    let revision = Revision { price: Some(mrc("9.00").amount), ..Revision::default() };
    let (_, repricing) = revise(&paused, revision, start());
    vec![("a listing", listed), ("a pause", pausing), ("a new price", repricing)]
}

fn joined() -> Vec<(&'static str, Commit)> {
    let funding = deposit(&guard(1, alice()), usd("1000.00")).expect("a deposit");
    vec![
        ("alice", sign_up(trader("alice"), &earth())),
        ("bob", sign_up(trader("bob"), &earth())),
        ("a deposit", funding),
    ]
}

fn moved() -> Vec<(&'static str, Commit)> {
    let (from, to) = (earth(), keeping(mars()));
    let fixed = Fixed::Received(mrc("3.33").amount);
    let wanted = Exchange { from: &from, to: &to, fixed, min_receive: Some(Amount::ONE) };
    let exchanged = exchange(&guard(4, alice()), &wanted).expect("an exchange");
    let id = QuoteId::from_bits(30);
    let quoted = quote(id, alice(), (&from, &to), fixed, start()).expect("a quote");
    let redeemed = redeem(&guard(5, alice()), &quoted, &both()).expect("an exchange");
    let transferred = transfer(&guard(2, alice()), bob(), usd("1.00")).expect("a transfer");
    let withdrawn = withdraw(&guard(3, alice()), usd("1.00")).expect("a withdrawal");
    let refused = Commit::refusing(&guard(6, alice()), Refusal::SelfTransfer);
    let mut commits = joined();
    commits.extend([
        ("a transfer", transferred),
        ("a withdrawal", withdrawn),
        ("an exchange", exchanged),
        ("a quote's exchange", redeemed),
        ("a refusal", refused),
        ("a key given up", Commit::voiding(&guard(7, alice()))),
    ]);
    commits
}

fn trades() -> Vec<(&'static str, Commit)> {
    let (item, listed) = listing();
    let terms = |universe: Universe| Terms {
        quantity: pieces(2),
        pay_with: universe.currency.code,
        expected_unit_price: Some(item.price),
        max_pay: None,
    };
    let bought = |number, universe: Universe| {
        buy(&guard(number, alice()), &terms(universe), &item, &both()).expect("a purchase")
    };
    let across = bought(2, earth());
    let original: &Entry = across.entry().expect("an entry");
    assert!(matches!(original.outcome, Outcome::Moved(_)));
    let restocked = refund(&guard(3, bob()), original, true, false).expect("a refund");
    let martian = deposit(&guard(4, alice()), money(&mars(), "100.00")).expect("a deposit");
    let mut commits = joined();
    commits.extend([
        ("a listing", listed),
        ("a purchase across universes", across.clone()),
        ("its refund", restocked),
        ("a deposit into a new wallet", martian),
        ("a purchase at home", bought(5, mars())),
    ]);
    commits
}
