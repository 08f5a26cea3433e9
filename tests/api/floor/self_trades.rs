//! Orders that would trade with their owner's, in each mode, at the boundary of a price level:
//! at the better price another trader's order is filled first, and that stands.

use serde_json::Value;

use super::{Floor, fate, limit, with};

/// Mary sells 5.00 at 0.40; John sells 10.00 at 0.41, and Mary 10.00 after him.
struct Boundary {
    floor: Floor,
    own: String,
    behind: String,
}

async fn boundary() -> Boundary {
    let floor = Floor::open().await;
    floor.placed(&floor.mary, "first", &limit("sell", "0.40", "5.00")).await;
    let own = floor.placed(&floor.john, "own", &limit("sell", "0.41", "10.00")).await;
    let behind = floor.placed(&floor.mary, "behind", &limit("sell", "0.41", "10.00")).await;
    Boundary { floor, own, behind }
}

fn buy(mode: &str, quantity: &str) -> Value {
    with(limit("buy", "0.41", quantity), "self_trade_prevention", mode)
}

impl Boundary {
    /// John buys in this mode: his order.
    async fn meet(&self, mode: &str, quantity: &str) -> String {
        self.floor.placed(&self.floor.john, mode, &buy(mode, quantity)).await
    }

    async fn assert_money(&self, usd: (&str, &str), mrc: (&str, &str)) {
        for (code, (posted, held)) in [("USD", usd), ("MRC", mrc)] {
            let wallet = self.floor.wallet(&self.floor.john, code).await;
            assert_eq!(wallet, (posted.to_owned(), held.to_owned()), "{code}");
        }
    }
}

#[tokio::test]
async fn cancel_newest_ends_the_order_that_comes() {
    let boundary = boundary().await;
    let Boundary { floor, own, behind } = &boundary;
    let taker = boundary.meet("cancel_newest", "12.00").await;
    assert_eq!(floor.fate(&floor.john, &taker).await, fate("cancelled", "self_trade"));
    assert_eq!(floor.tally(&floor.john, &taker).await, ["5", "0", "0", "7"]);
    assert_eq!(floor.fate(&floor.john, own).await, fate("open", "null"));
    assert_eq!(floor.tally(&floor.mary, behind).await, ["0", "10", "0", "0"]);
    boundary.assert_money(("997.99", "0.00"), ("1005.00", "10.00")).await;
}

#[tokio::test]
async fn cancel_oldest_ends_the_order_that_rests_and_the_other_goes_on() {
    let boundary = boundary().await;
    let Boundary { floor, own, behind } = &boundary;
    let taker = boundary.meet("cancel_oldest", "12.00").await;
    assert_eq!(floor.fate(&floor.john, &taker).await, fate("filled", "filled"));
    assert_eq!(floor.fate(&floor.john, own).await, fate("cancelled", "self_trade"));
    assert_eq!(floor.tally(&floor.mary, behind).await, ["7", "3", "0", "0"]);
    // 2.00 and 2.87, and fees of 0.00974, rounded up over both.
    boundary.assert_money(("995.12", "0.00"), ("1012.00", "0.00")).await;
}

#[tokio::test]
async fn cancel_both_ends_both() {
    let boundary = boundary().await;
    let Boundary { floor, own, behind } = &boundary;
    let taker = boundary.meet("cancel_both", "12.00").await;
    assert_eq!(floor.fate(&floor.john, &taker).await, fate("cancelled", "self_trade"));
    assert_eq!(floor.fate(&floor.john, own).await, fate("cancelled", "self_trade"));
    assert_eq!(floor.tally(&floor.mary, behind).await, ["0", "10", "0", "0"]);
    boundary.assert_money(("997.99", "0.00"), ("1005.00", "0.00")).await;
}

#[tokio::test]
async fn decrement_reduces_the_larger_by_the_smaller() {
    let smaller = boundary().await;
    let taker = smaller.meet("decrement_and_cancel", "12.00").await;
    let floor = &smaller.floor;
    assert_eq!(floor.fate(&floor.john, &taker).await, fate("cancelled", "self_trade"));
    assert_eq!(floor.tally(&floor.john, &taker).await, ["5", "0", "0", "7"]);
    assert_eq!(floor.tally(&floor.john, &smaller.own).await, ["0", "3", "0", "7"]);
    smaller.assert_money(("997.99", "0.00"), ("1005.00", "3.00")).await;

    let larger = boundary().await;
    let taker = larger.meet("decrement_and_cancel", "17.00").await;
    let floor = &larger.floor;
    assert_eq!(floor.fate(&floor.john, &larger.own).await, fate("cancelled", "self_trade"));
    assert_eq!(floor.fate(&floor.john, &taker).await, fate("filled", "filled"));
    assert_eq!(floor.tally(&floor.john, &taker).await, ["7", "0", "0", "10"]);
    assert_eq!(floor.tally(&floor.mary, &larger.behind).await, ["2", "8", "0", "0"]);

    let equal = boundary().await;
    let taker = equal.meet("decrement_and_cancel", "15.00").await;
    let floor = &equal.floor;
    for order in [&taker, &equal.own] {
        assert_eq!(floor.fate(&floor.john, order).await, fate("cancelled", "self_trade"));
    }
    assert_eq!(floor.tally(&floor.mary, &equal.behind).await, ["0", "10", "0", "0"]);
}

#[tokio::test]
async fn a_fok_order_does_not_count_its_owners() {
    let boundary = boundary().await;
    let Boundary { floor, own, behind } = &boundary;
    let fok = |mode, quantity| with(buy(mode, quantity), "time_in_force", "FOK");
    let killed = floor.placed(&floor.john, "k", &fok("cancel_newest", "12.00")).await;
    assert_eq!(floor.tally(&floor.john, &killed).await, ["0", "0", "12", "0"]);
    assert_eq!(floor.fate(&floor.john, own).await, fate("open", "null"));
    let filled = floor.placed(&floor.john, "l", &fok("cancel_oldest", "15.00")).await;
    assert_eq!(floor.fate(&floor.john, &filled).await, fate("filled", "filled"));
    assert_eq!(floor.fate(&floor.mary, behind).await, fate("filled", "filled"));
}
