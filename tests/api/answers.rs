//! The answers of journal entries, byte for byte. They are promised to old keys for ever, so
//! a change that breaks a test here is a change of what was promised.
#![expect(clippy::expect_used, reason = "a fixture that fails is a test that fails")]

mod orders;
mod refusals;

use domain::{
    amount::{Amount, Money},
    catalogue::{Item, ItemState, Quantity, Stock},
    conversion::{Conversion, Fixed, Provenance, at_rates},
    currency::{Currency, Scale},
    id::{EntryId, ItemId, QuoteId, UserId},
    ledger::{
        Cause, Entry, Fingerprint, Holder, Movement, Outcome, Posting, Postings, Purchase,
        through_pool,
    },
    rate::{RateId, RateSource, RateVersion, SpreadBps},
    time::Timestamp,
    universe::{Universe, UniverseId},
};
use functions::answers::render;

const ALICE: UserId = UserId::from_bits(1);
const BOB: UserId = UserId::from_bits(2);
const ITEM: ItemId = ItemId::from_bits(20);

fn universe(number: u32, code: &str, per_base: &str) -> Universe {
    let id = UniverseId::new(number).expect("a number");
    Universe {
        id,
        name: "Somewhere".parse().expect("a name"),
        currency: Currency {
            code: code.parse().expect("a code"),
            scale: Scale::new(2).expect("a scale"),
        },
        rate: RateVersion {
            id: RateId { universe: id, version: number + 6 },
            units_per_base: per_base.parse().expect("a rate"),
            spread: SpreadBps::new(100).expect("a spread"),
            source: RateSource::Feed,
            observed_at: Timestamp::from_millis(1_795_248_000_000),
            valid_until: Some(Timestamp::from_millis(1_795_251_600_000)),
        },
        created_at: Timestamp::from_millis(0),
    }
}

fn money(code: &str, minor: i64) -> Money {
    let amount = Amount::from_minor(minor).expect("an amount");
    Money { amount, currency: universe(1, code, "1").currency }
}

fn provenance(from: &Universe, to: &Universe) -> Provenance {
    domain::conversion::provenance(from, to)
}

/// Mars to Venus: 2.5 to 0.75 units, one per cent kept.
fn conversion() -> Conversion {
    let (mars, venus) = (universe(2, "MRC", "2.5"), universe(3, "VNC", "0.75"));
    let fixed = Fixed::Paid(money("MRC", 1001).amount);
    at_rates(&mars, &venus, provenance(&mars, &venus), fixed).expect("a conversion")
}

fn moved(counterparty: Option<UserId>, cause: Cause, postings: Vec<Posting>) -> Outcome {
    let postings = Postings::checked(postings).expect("sound");
    Outcome::Moved(Movement { party: ALICE, counterparty, cause, postings })
}

fn one(from: Holder, to: Holder, money: Money) -> Vec<Posting> {
    vec![Posting { from, to, money }]
}

fn entry(outcome: Outcome) -> Entry {
    Entry {
        id: EntryId::from_bits(10),
        actor: ALICE,
        fingerprint: Fingerprint([7; 16]),
        at: Timestamp::from_millis(1_795_248_000_120),
        outcome,
    }
}

/// Fails unless the outcome's answer is exactly this; `golden` may be broken into lines.
#[track_caller]
fn assert_answer(outcome: Outcome, status: u16, golden: &str) {
    let reply = render(&entry(outcome)).unwrap_or_else(|problem| problem.reply("req-2"));
    let golden: String = golden.lines().map(str::trim_start).collect();
    assert_eq!(String::from_utf8_lossy(&reply.body), golden);
    assert_eq!(reply.status, status);
}

#[test]
fn a_deposit() {
    let deposit = money("USD", 10_000);
    let postings = one(Holder::World, Holder::User(ALICE), deposit);
    assert_answer(
        moved(None, Cause::Deposit(deposit), postings),
        200,
        r#"
        {"id":"txn_0000000000000000000000000a",
        "wallet_id":"wal_00000000000000000000000001_USD","operation_type":"DEPOSIT",
        "amount":"100.00","currency":"USD","status":"SUCCESS",
        "created_at":"2026-11-21T08:00:00.120Z"}
    "#,
    );
}

#[test]
fn a_withdrawal() {
    let withdrawal = money("USD", 1);
    let postings = one(Holder::User(ALICE), Holder::World, withdrawal);
    assert_answer(
        moved(None, Cause::Withdrawal(withdrawal), postings),
        200,
        r#"
        {"id":"txn_0000000000000000000000000a",
        "wallet_id":"wal_00000000000000000000000001_USD","operation_type":"WITHDRAW",
        "amount":"0.01","currency":"USD","status":"SUCCESS",
        "created_at":"2026-11-21T08:00:00.120Z"}
    "#,
    );
}

#[test]
fn a_transfer() {
    let sent = money("USD", 400);
    let postings = one(Holder::User(ALICE), Holder::User(BOB), sent);
    assert_answer(
        moved(Some(BOB), Cause::Transfer(sent), postings),
        200,
        r#"
        {"id":"txn_0000000000000000000000000a",
        "from_wallet_id":"wal_00000000000000000000000001_USD",
        "to_wallet_id":"wal_00000000000000000000000002_USD",
        "to_user_id":"usr_00000000000000000000000002","amount":"4.00","currency":"USD",
        "created_at":"2026-11-21T08:00:00.120Z"}
    "#,
    );
}

#[test]
fn an_exchange_at_the_current_rate() {
    let conversion = conversion();
    let user = Holder::User(ALICE);
    let cause = Cause::Exchange { conversion, quote: None };
    let outcome = moved(None, cause, through_pool(user, user, &conversion));
    assert_answer(
        outcome,
        200,
        r#"
        {"id":"txn_0000000000000000000000000a","amount":"10.01","from_currency":"MRC",
        "from_universe_id":2,"converted_amount":"2.97","to_currency":"VNC",
        "to_universe_id":3,"exchange_rate":"0.3","fee":"0.03","quote_id":null,
        "rate":{"mid_rate":"0.3","spread_bps":100,"from_rate_id":"rat_2_8",
        "from_units_per_base":"2.5","to_rate_id":"rat_3_9","to_units_per_base":"0.75",
        "source":"feed","observed_at":"2026-11-21T08:00:00.000Z",
        "valid_until":"2026-11-21T09:00:00.000Z"},
        "postings":[{"from":"wal_00000000000000000000000001_MRC","to":"pool:MRC",
        "amount":"10.01","currency":"MRC"},{"from":"pool:VNC",
        "to":"wal_00000000000000000000000001_VNC","amount":"2.97",
        "currency":"VNC"},{"from":"pool:VNC","to":"fees:VNC","amount":"0.03",
        "currency":"VNC"},{"from":"pool:VNC","to":"dust:VNC","amount":"0.01",
        "currency":"VNC"}],"created_at":"2026-11-21T08:00:00.120Z"}
    "#,
    );
}

#[test]
fn an_exchange_by_a_quote() {
    let user = Holder::User(ALICE);
    let (earth, mars) = (universe(1, "USD", "1"), universe(2, "MRC", "2.5"));
    let unlimited = Provenance { valid_until: None, ..provenance(&earth, &mars) };
    let fixed = Fixed::Received(money("MRC", 100).amount);
    let conversion = at_rates(&earth, &mars, unlimited, fixed).expect("a conversion");
    let cause = Cause::Exchange { conversion, quote: Some(QuoteId::from_bits(30)) };
    let outcome = moved(None, cause, through_pool(user, user, &conversion));
    assert_answer(
        outcome,
        200,
        r#"
        {"id":"txn_0000000000000000000000000a","amount":"0.41","from_currency":"USD",
        "from_universe_id":1,"converted_amount":"1.00","to_currency":"MRC",
        "to_universe_id":2,"exchange_rate":"2.5","fee":"0.01",
        "quote_id":"quo_0000000000000000000000000y","rate":{"mid_rate":"2.5",
        "spread_bps":100,"from_rate_id":"rat_1_7","from_units_per_base":"1",
        "to_rate_id":"rat_2_8","to_units_per_base":"2.5","source":"feed",
        "observed_at":"2026-11-21T08:00:00.000Z","valid_until":null},
        "postings":[{"from":"wal_00000000000000000000000001_USD","to":"pool:USD",
        "amount":"0.40","currency":"USD"},{"from":"wal_00000000000000000000000001_USD",
        "to":"dust:USD","amount":"0.01","currency":"USD"},{"from":"pool:MRC",
        "to":"wal_00000000000000000000000001_MRC","amount":"1.00",
        "currency":"MRC"},{"from":"pool:MRC","to":"fees:MRC","amount":"0.01",
        "currency":"MRC"},{"from":"pool:MRC","to":"dust:MRC","amount":"0.01",
        "currency":"MRC"}],"created_at":"2026-11-21T08:00:00.120Z"}
    "#,
    );
}

fn purchase(paid: Money, provenance: Option<Provenance>) -> Purchase {
    Purchase {
        item: ITEM,
        quantity: Quantity::new(2).expect("pieces"),
        unit_price: money("MRC", 1000),
        total: money("MRC", 2000),
        paid,
        from_universe: UniverseId::new(2 + u32::from(provenance.is_some())).expect("a number"),
        to_universe: UniverseId::new(2).expect("a number"),
        provenance,
    }
}

#[test]
fn a_purchase_at_home() {
    let paid = money("MRC", 2000);
    let postings = one(Holder::User(ALICE), Holder::User(BOB), paid);
    let outcome = moved(Some(BOB), Cause::Purchase(purchase(paid, None)), postings);
    assert_answer(
        outcome,
        200,
        r#"
        {"id":"txn_0000000000000000000000000a",
        "buyer_id":"usr_00000000000000000000000001",
        "seller_id":"usr_00000000000000000000000002",
        "item_id":"itm_0000000000000000000000000m","amount":"20.00","currency":"MRC",
        "quantity":2,"unit_price":"10.00","total":"20.00","item_currency":"MRC",
        "from_universe_id":2,"to_universe_id":2,"rate":null,
        "transaction_time":"2026-11-21T08:00:00.120Z"}
    "#,
    );
}

#[test]
fn a_purchase_across_universes() {
    let (mars, venus) = (universe(2, "MRC", "2.5"), universe(3, "VNC", "0.75"));
    let fixed = Fixed::Received(money("MRC", 2000).amount);
    let conversion = at_rates(&venus, &mars, provenance(&venus, &mars), fixed);
    let conversion = conversion.expect("a conversion");
    let postings = through_pool(Holder::User(ALICE), Holder::User(BOB), &conversion);
    let bought = purchase(conversion.paid, Some(conversion.provenance));
    assert_answer(
        moved(Some(BOB), Cause::Purchase(bought), postings),
        200,
        r#"
        {"id":"txn_0000000000000000000000000a",
        "buyer_id":"usr_00000000000000000000000001",
        "seller_id":"usr_00000000000000000000000002",
        "item_id":"itm_0000000000000000000000000m","amount":"6.07","currency":"VNC",
        "quantity":2,"unit_price":"10.00","total":"20.00","item_currency":"MRC",
        "from_universe_id":3,"to_universe_id":2,
        "rate":{"mid_rate":"3.33333333333333333","spread_bps":100,
        "from_rate_id":"rat_3_9","from_units_per_base":"0.75","to_rate_id":"rat_2_8",
        "to_units_per_base":"2.5","source":"feed",
        "observed_at":"2026-11-21T08:00:00.000Z",
        "valid_until":"2026-11-21T09:00:00.000Z"},
        "transaction_time":"2026-11-21T08:00:00.120Z"}
    "#,
    );
}

#[test]
fn a_refund() {
    let back = money("MRC", 2000);
    let cause = Cause::Refund {
        of: EntryId::from_bits(9),
        item: ITEM,
        quantity: Quantity::new(2).expect("pieces"),
        returned: back,
        refunded: money("VNC", 607),
        restocked: true,
    };
    let postings = one(Holder::User(ALICE), Holder::User(BOB), back);
    assert_answer(
        moved(Some(BOB), cause, postings),
        200,
        r#"
        {"id":"txn_0000000000000000000000000a",
        "refund_of":"txn_00000000000000000000000009",
        "seller_id":"usr_00000000000000000000000001",
        "buyer_id":"usr_00000000000000000000000002",
        "item_id":"itm_0000000000000000000000000m","quantity":2,"returned":"20.00",
        "returned_currency":"MRC","refunded":"6.07","refunded_currency":"VNC",
        "restocked":true,"created_at":"2026-11-21T08:00:00.120Z"}
    "#,
    );
}

#[test]
fn a_listing() {
    let item = Item {
        id: ITEM,
        seller: ALICE,
        universe: UniverseId::new(2).expect("a number"),
        currency: universe(2, "MRC", "2.5").currency,
        name: "Mars \"Rocks\"".parse().expect("a name"),
        description: "Red,\nmostly.".parse().expect("a description"),
        price: money("MRC", 1000).amount,
        stock: Stock::new(50).expect("a stock"),
        sold: 0,
        listed: 50,
        state: ItemState::Active,
        version: 1,
        created_at: Timestamp::from_millis(1_795_248_000_120),
        updated_at: Timestamp::from_millis(1_795_248_000_120),
    };
    assert_answer(
        Outcome::Listed(item),
        201,
        r#"
        {"id":"itm_0000000000000000000000000m","name":"Mars \"Rocks\"",
        "description":"Red,\nmostly.","seller_id":"usr_00000000000000000000000001",
        "universe_id":2,"price":"10.00","currency":"MRC","stock":50,"sold":0,
        "state":"active","version":1,"created_at":"2026-11-21T08:00:00.120Z",
        "updated_at":"2026-11-21T08:00:00.120Z"}
    "#,
    );
}

#[test]
fn a_voided_key() {
    assert_answer(
        Outcome::Voided,
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,"code":"request_voided",
        "detail":"the idempotency key was voided","retryable":false,
        "request_id":"req-2"}
    "#,
    );
}
