//! The answers of orders, amendments and fills, byte for byte.

use domain::{
    amount::Amount,
    currency::Scale,
    id::{EntryId, OrderId},
    ledger::{Amendment, Cause, Fill, Holder, Outcome, Placement, Posting},
    order::{Order, OrderKind, SelfTradePrevention, Side, Size, TimeInForce},
    pair::{FeeBps, Lots, Steps, Ticks},
    time::Timestamp,
};

use super::{ALICE, BOB, assert_answer, money, moved};

/// MRC-USD in ticks of 0.001 and lots of 1.00.
fn steps() -> Steps {
    let [base, quote] = ["MRC", "USD"].map(|code| money(code, 0).currency);
    let scale = Scale::new(3).expect("a scale");
    let [tick, lot] = [10, 100].map(|minor| Amount::from_minor(minor).expect("an amount"));
    Steps::new(base, quote, scale, tick, lot).expect("steps")
}

fn lots(count: i64) -> Lots {
    Lots::new(count).expect("lots")
}

fn ticks(count: i64) -> Ticks {
    Ticks::new(count).expect("ticks")
}

fn order() -> Order {
    Order {
        id: OrderId::from_bits(10),
        user: ALICE,
        side: Side::Buy,
        kind: OrderKind::Limit,
        time_in_force: TimeInForce::GoodTilCancelled,
        post_only: true,
        self_trade_prevention: SelfTradePrevention::DecrementAndCancel,
        price: ticks(41),
        size: Size::Lots(lots(10)),
        maker_fee: FeeBps::new(10).expect("a fee"),
        taker_fee: FeeBps::new(20).expect("a fee"),
        placed_at: Timestamp::from_millis(1_795_248_000_120),
    }
}

#[test]
fn an_order_at_a_limit() {
    let client_order_id = Some("my-1".parse().expect("an id"));
    let hold = money("USD", 411);
    assert_answer(
        Outcome::Placed(Placement { steps: steps(), order: order(), hold, client_order_id }),
        201,
        r#"
        {"id":"ord_0000000000000000000000000a","client_order_id":"my-1",
        "market":"MRC-USD","side":"buy","type":"limit","time_in_force":"GTC",
        "post_only":true,"self_trade_prevention":"decrement_and_cancel","price":"0.410",
        "quantity":"10.00","funds":null,"status":"pending","executed":"0.00",
        "open":"10.00","cancelled":"0.00","prevented":"0.00","average_price":null,
        "notional":"0.00","fees":"0.00","fee_currency":"USD","reserved":"4.11",
        "reserved_currency":"USD","maker_fee_bps":10,"taker_fee_bps":20,
        "closed_reason":null,"sequence":null,"created_at":"2026-11-21T08:00:00.120Z",
        "closed_at":null}
    "#,
    );
}

#[test]
fn an_order_at_market_for_funds() {
    let hold = money("USD", 500);
    let order = Order {
        kind: OrderKind::Market,
        time_in_force: TimeInForce::ImmediateOrCancel,
        post_only: false,
        self_trade_prevention: SelfTradePrevention::CancelNewest,
        size: Size::Funds(hold.amount),
        ..order()
    };
    assert_answer(
        Outcome::Placed(Placement { steps: steps(), order, hold, client_order_id: None }),
        201,
        r#"
        {"id":"ord_0000000000000000000000000a","client_order_id":null,"market":"MRC-USD",
        "side":"buy","type":"market","time_in_force":"IOC","post_only":false,
        "self_trade_prevention":"cancel_newest","price":null,"quantity":null,
        "funds":"5.00","status":"pending","executed":"0.00","open":"0.00",
        "cancelled":"0.00","prevented":"0.00","average_price":null,"notional":"0.00",
        "fees":"0.00","fee_currency":"USD","reserved":"5.00","reserved_currency":"USD",
        "maker_fee_bps":10,"taker_fee_bps":20,"closed_reason":null,"sequence":null,
        "created_at":"2026-11-21T08:00:00.120Z","closed_at":null}
    "#,
    );
}

#[test]
fn an_amendment() {
    let amendment = Amendment {
        steps: steps(),
        order: OrderId::from_bits(9),
        price: Some(ticks(42)),
        lots: None,
        extra: money("USD", 10),
    };
    assert_answer(
        Outcome::Amended(amendment),
        202,
        r#"
        {"order_id":"ord_00000000000000000000000009","market":"MRC-USD","price":"0.420",
        "quantity":null,"hold":"0.10","hold_currency":"USD","status":"pending",
        "created_at":"2026-11-21T08:00:00.120Z"}
    "#,
    );
}

#[test]
fn a_fill_names_nobody() {
    let (taker, maker) = (Holder::User(ALICE), Holder::User(BOB));
    let cause = Cause::Fill(Fill {
        steps: steps(),
        number: 7,
        taker: OrderId::from_bits(10),
        maker: OrderId::from_bits(11),
        taker_side: Side::Sell,
        price: ticks(41),
        lots: lots(10),
        taker_fee: money("USD", 1).amount,
        maker_fee: money("USD", 1).amount,
    });
    let postings = vec![
        Posting { from: maker, to: taker, money: money("USD", 410) },
        Posting { from: taker, to: maker, money: money("MRC", 1000) },
    ];
    assert_answer(
        moved(Some(BOB), cause, postings),
        200,
        r#"
        {"id":"trd_2da91g002nad20000000000007","market":"MRC-USD","price":"0.410",
        "quantity":"10.00","taker_side":"sell","created_at":"2026-11-21T08:00:00.120Z"}
    "#,
    );
}

#[test]
fn a_name_of_another_entry_has_no_answer_of_its_own() {
    assert_answer(
        Outcome::SameAs(EntryId::from_bits(11)),
        500,
        r#"
        {"type":"about:blank","title":"Internal Server Error","status":500,
        "code":"internal_error","detail":"an internal error; it has been recorded",
        "retryable":false,"request_id":"req-2"}
    "#,
    );
}
