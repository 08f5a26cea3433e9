//! What each kind of commit costs, and how commits read.

mod market;

use super::*;
use crate::{
    catalogue::{Revision, revise},
    conversion::Fixed,
    identity::{PasswordHash, Role, sign_up},
    operation::{Exchange, deposit, exchange, redeem, transfer, withdraw},
    purchase::{Terms, buy},
    quote::quote,
    refund::refund,
    testing::{ALICE, BOB, all_three, at, earth, entry, guard, helmet, mars, minor, pieces, usd},
};

fn terms(quantity: Quantity, pay_with: CurrencyCode) -> Terms {
    Terms { quantity, pay_with, expected_unit_price: None, max_pay: None }
}

#[test]
fn each_kind_of_commit_has_its_price_in_write_units() {
    let guard = guard(ALICE);
    let (earth, mars) = (earth(), mars());
    let fixed = Fixed::Paid(minor(100));
    let wanted = Exchange { from: &earth, to: &mars, fixed, min_receive: None };
    let id = QuoteId::from_bits(30);
    let quote = quote(id, ALICE, (&earth, &mars), fixed, at(999)).expect("a quote");
    let bought = buy(&guard, &terms(pieces(1), earth.currency.code), &helmet(), &all_three())
        .expect("a purchase");
    let seller = Guard { actor: BOB, ..guard.clone() };
    let turned_back = |restock| refund(&seller, entry(&bought), restock, false).expect("a refund");
    let repriced = Revision { price: Some(minor(1)), ..Revision::default() };
    let table = [
        ("deposit", deposit(&guard, usd("1")).expect("a deposit"), 5),
        ("withdrawal", withdraw(&guard, usd("1")).expect("a withdrawal"), 5),
        ("transfer", transfer(&guard, BOB, usd("1")).expect("a transfer"), 8),
        ("exchange", exchange(&guard, &wanted).expect("an exchange"), 5),
        ("exchange by quote", redeem(&guard, &quote, &all_three()).expect("an exchange"), 7),
        ("buy", bought.clone(), 10),
        ("refund", turned_back(false), 10),
        ("refund and restock", turned_back(true), 12),
        ("refusal", Commit::refusing(&guard, Refusal::OwnItem), 2),
        ("void", Commit::voiding(&guard), 2),
        ("listing", Commit::listing(&guard, helmet()), 8),
        ("revision", revise(&helmet(), Revision::default(), at(1)).1, 2),
        ("new price", revise(&helmet(), repriced, at(1)).1, 4),
    ];
    for (kind, commit, units) in table {
        assert_eq!(commit.write_units(), units, "{kind}");
    }
}

#[test]
fn a_commit_reads_as_its_writes_line_by_line() {
    let commit = deposit(&guard(ALICE), usd("5.00")).expect("a deposit");
    let expected = "\
2 writes, 5 units
- PutEntry(Entry { id: txn_0000000000000000000000000a, \
actor: usr_00000000000000000000000001, fingerprint: 07070707070707070707070707070707, \
at: Timestamp(1000000), outcome: Moved(Movement { party: usr_00000000000000000000000001, \
counterparty: None, cause: Deposit(5.00 USD), postings: Postings([Posting { from: World, \
to: User(usr_00000000000000000000000001), money: 5.00 USD }]) }) })
- MoveFunds { user: usr_00000000000000000000000001, legs: [Leg { currency: USD/2, \
available: 500, held: 0 }], change: Change { entry: txn_0000000000000000000000000a, \
at: Timestamp(1000000), news: News { occasion: Deposit, pair: None, \
seq: None, orders: [], refused: [], venue: None } } }
";
    assert_eq!(commit.to_string(), expected);
}

#[test]
fn a_printed_commit_keeps_a_passwords_hash_to_itself() {
    let user = User {
        id: ALICE,
        username: "alice".parse().expect("a name"),
        email: "a@b.ex".parse().expect("an address"),
        password_hash: PasswordHash("$argon2id$secret".to_owned()),
        role: Role::Trader,
        home: earth().id,
        created_at: at(0),
    };
    let printed = sign_up(user, &earth()).to_string();
    assert!(printed.contains("alice") && !printed.contains("secret"), "{printed}");
}

#[test]
fn a_refusal_writes_its_entry_and_nothing_else() {
    let commit = Commit::refusing(&guard(ALICE), Refusal::OwnItem);
    assert_eq!(commit.writes().len(), 1);
    let entry = entry(&commit);
    assert_eq!((entry.id, entry.actor, entry.at), (EntryId::from_bits(10), ALICE, at(1000)));
    let refused = Outcome::Refused { refusal: Refusal::OwnItem, request_id: "req-1".to_owned() };
    assert_eq!(entry.outcome, refused);
}

#[test]
fn a_void_entry_keeps_the_key_and_the_fingerprint() {
    let commit = Commit::voiding(&guard(ALICE));
    assert_eq!(commit.writes().len(), 1);
    assert_eq!(entry(&commit).outcome, Outcome::Voided);
    assert_eq!(entry(&commit).fingerprint, guard(ALICE).fingerprint);
}

#[test]
fn only_a_commit_with_a_guard_has_an_entry() {
    assert_eq!(revise(&helmet(), Revision::default(), at(1)).1.entry(), None);
    assert!(Commit::voiding(&guard(ALICE)).entry().is_some());
}
