//! The answers of frozen refusals, byte for byte: texts and facts included.

use domain::{
    amount::Money, catalogue::ItemState, ledger::Outcome, order::OrderStatus, pair::PairStatus,
    refusal::Refusal,
};

use super::{assert_answer, money};

fn refused(refusal: Refusal, status: u16, golden: &str) {
    let request_id = "req-1".to_owned();
    assert_answer(Outcome::Refused { refusal, request_id }, status, golden);
}

fn usd(minor: i64) -> Money {
    money("USD", minor)
}

#[test]
fn funds_are_short() {
    refused(
        Refusal::InsufficientFunds { required: usd(400), available: usd(399) },
        400,
        r#"
        {"type":"about:blank","title":"Bad Request","status":400,
        "code":"insufficient_funds",
        "detail":"insufficient funds: 3.99 USD available, 4.00 USD required",
        "retryable":false,"request_id":"req-1","available":"3.99","currency":"USD",
        "required":"4.00"}
    "#,
    );
}

#[test]
fn a_wallet_is_full() {
    refused(
        Refusal::BalanceLimit { currency: usd(0).currency.code },
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,"code":"balance_limit",
        "detail":"the USD wallet would pass its limit","retryable":false,
        "request_id":"req-1"}
    "#,
    );
}

#[test]
fn stock_is_short() {
    refused(
        Refusal::InsufficientStock { requested: 6, left: 5 },
        400,
        r#"
        {"type":"about:blank","title":"Bad Request","status":400,
        "code":"insufficient_stock","detail":"insufficient stock: 5 left, 6 requested",
        "retryable":false,"request_id":"req-1","left":5,"requested":6}
    "#,
    );
}

#[test]
fn a_stock_is_full() {
    refused(
        Refusal::StockLimit,
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,"code":"stock_limit",
        "detail":"the item's stock would pass its limit of 1000000000",
        "retryable":false,"request_id":"req-1"}
    "#,
    );
}

#[test]
fn an_item_is_not_offered() {
    refused(
        Refusal::ItemNotActive { state: ItemState::Paused },
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,"code":"item_not_active",
        "detail":"the item is paused","retryable":false,"request_id":"req-1"}
    "#,
    );
}

#[test]
fn an_item_is_the_buyers_own() {
    refused(
        Refusal::OwnItem,
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,"code":"own_item",
        "detail":"nobody buys their own item","retryable":false,"request_id":"req-1"}
    "#,
    );
}

#[test]
fn a_price_changed() {
    refused(
        Refusal::PriceChanged { expected: usd(1000), actual: usd(1100) },
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,"code":"price_changed",
        "detail":"the price is 11.00 USD, not 10.00 USD","retryable":false,
        "request_id":"req-1","actual":"11.00","currency":"USD","expected":"10.00"}
    "#,
    );
}

#[test]
fn it_costs_too_much() {
    refused(
        Refusal::MaxPayExceeded { max: usd(1199), required: usd(1200) },
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,"code":"max_pay_exceeded",
        "detail":"it costs 12.00 USD, more than 11.99 USD","retryable":false,
        "request_id":"req-1","currency":"USD","max_pay":"11.99","required":"12.00"}
    "#,
    );
}

#[test]
fn it_yields_too_little() {
    refused(
        Refusal::MinReceiveMissed { min: usd(101), offered: usd(100) },
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,
        "code":"min_receive_missed","detail":"it yields 1.00 USD, less than 1.01 USD",
        "retryable":false,"request_id":"req-1","currency":"USD","min_receive":"1.01",
        "offered":"1.00"}
    "#,
    );
}

#[test]
fn a_quote_expired() {
    refused(
        Refusal::QuoteExpired,
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,"code":"quote_expired",
        "detail":"the quote has expired","retryable":false,"request_id":"req-1"}
    "#,
    );
}

#[test]
fn a_quote_was_used() {
    refused(
        Refusal::QuoteUsed,
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,"code":"quote_used",
        "detail":"the quote was used already","retryable":false,"request_id":"req-1"}
    "#,
    );
}

#[test]
fn both_currencies_are_the_same() {
    refused(
        Refusal::SameCurrency,
        422,
        r#"
        {"type":"about:blank","title":"Unprocessable Entity","status":422,
        "code":"same_currency","detail":"both currencies are the same",
        "retryable":false,"request_id":"req-1"}
    "#,
    );
}

#[test]
fn sender_and_recipient_are_the_same() {
    refused(
        Refusal::SelfTransfer,
        422,
        r#"
        {"type":"about:blank","title":"Unprocessable Entity","status":422,
        "code":"self_transfer","detail":"sender and recipient are the same",
        "retryable":false,"request_id":"req-1"}
    "#,
    );
}

#[test]
fn an_amount_is_too_small() {
    refused(
        Refusal::AmountTooSmall,
        422,
        r#"
        {"type":"about:blank","title":"Unprocessable Entity","status":422,
        "code":"amount_too_small","detail":"the amount converts to nothing",
        "retryable":false,"request_id":"req-1"}
    "#,
    );
}

#[test]
fn an_amount_is_too_large() {
    refused(
        Refusal::AmountTooLarge,
        422,
        r#"
        {"type":"about:blank","title":"Unprocessable Entity","status":422,
        "code":"amount_too_large",
        "detail":"the amount passes the limit of 1000000000000000000 minor units",
        "retryable":false,"request_id":"req-1"}
    "#,
    );
}

#[test]
fn a_purchase_was_refunded_already() {
    refused(
        Refusal::AlreadyRefunded,
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,"code":"already_refunded",
        "detail":"the purchase was refunded already","retryable":false,
        "request_id":"req-1"}
    "#,
    );
}

#[test]
fn a_transaction_is_no_purchase() {
    refused(
        Refusal::NotRefundable,
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,"code":"not_refundable",
        "detail":"only a purchase can be refunded","retryable":false,
        "request_id":"req-1"}
    "#,
    );
}

#[test]
fn only_the_seller_refunds() {
    refused(
        Refusal::NotTheSeller,
        403,
        r#"
        {"type":"about:blank","title":"Forbidden","status":403,"code":"not_the_seller",
        "detail":"only the seller can refund a purchase","retryable":false,
        "request_id":"req-1"}
    "#,
    );
}

#[test]
fn a_market_takes_no_orders() {
    refused(
        Refusal::MarketNotTrading { status: PairStatus::CancelOnly },
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,
        "code":"market_not_trading","detail":"the market is cancel_only",
        "retryable":false,"request_id":"req-1","market_status":"cancel_only"}
    "#,
    );
}

#[test]
fn an_order_is_worth_too_little() {
    refused(
        Refusal::BelowMinNotional { min: usd(100), notional: usd(99) },
        422,
        r#"
        {"type":"about:blank","title":"Unprocessable Entity","status":422,
        "code":"below_min_notional",
        "detail":"the order is worth 0.99 USD, less than 1.00 USD","retryable":false,
        "request_id":"req-1","currency":"USD","min_notional":"1.00","notional":"0.99"}
    "#,
    );
}

#[test]
fn nothing_holds_a_market_order() {
    refused(
        Refusal::NoReferencePrice,
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,
        "code":"no_reference_price",
        "detail":"there is no price to hold a market order to","retryable":false,
        "request_id":"req-1"}
    "#,
    );
}

#[test]
fn a_clients_id_is_anothers_order() {
    refused(
        Refusal::ClientOrderIdReused,
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,
        "code":"client_order_id_reused",
        "detail":"the client_order_id belongs to another order","retryable":false,
        "request_id":"req-1"}
    "#,
    );
}

#[test]
fn an_order_is_over() {
    refused(
        Refusal::OrderClosed { status: OrderStatus::Filled },
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,"code":"order_closed",
        "detail":"the order is filled","retryable":false,"request_id":"req-1",
        "order_status":"filled"}
    "#,
    );
}

#[test]
fn an_order_cannot_be_changed() {
    refused(
        Refusal::NotAmendable,
        409,
        r#"
        {"type":"about:blank","title":"Conflict","status":409,"code":"not_amendable",
        "detail":"the order cannot be changed as it is now","retryable":false,
        "request_id":"req-1"}
    "#,
    );
}
