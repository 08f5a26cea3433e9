//! What clients see over HTTP, against the store: each order, its fills, wallets, books and
//! trades.

use std::collections::{BTreeMap, BTreeSet};

use app::ports::{OrderState, Store};
use domain::{
    amount::Amount,
    commit::Resting,
    currency::Scale,
    id::OrderId,
    order::{OrderStatus, Side},
    pair::{Pair, PairId},
};
use serde_json::{Value, json};
use tests::{Ask, Caller};

use super::hall::{Hall, PITS};
use crate::steps::{get, walk};

/// Checks all that everyone sees; nobody may be at work.
pub(crate) async fn check(
    hall: &Hall,
    store: &dyn Store,
    orders: &[BTreeSet<String>],
    trades: usize,
) {
    let pairs = store.pairs().await.expect("pairs");
    let pairs: BTreeMap<PairId, Pair> = pairs.into_iter().map(|pair| (pair.id(), pair)).collect();
    for (index, placed) in orders.iter().enumerate() {
        let mut caller = hall.traders[index].clone();
        caller.token = hall.token(index);
        let listed = walk(&hall.world, Some(&caller), "/orders", 50, "id").await;
        assert_eq!(listed.len(), placed.len(), "{}", caller.name);
        assert_eq!(&listed.into_iter().collect::<BTreeSet<_>>(), placed);
        for id in placed {
            order(hall, store, &pairs, &caller, id).await;
        }
        wallets(hall, store, &caller).await;
    }
    let mut numbers = 0;
    for pit in &PITS {
        book(hall, store, &pairs[&pit.pair()]).await;
        let path = format!("/markets/{}/trades", pit.market);
        numbers += walk(&hall.world, None, &path, 100, "id").await.len();
    }
    assert_eq!(numbers, trades, "every trade is public");
}

/// An order's answer is its row, and its fills are what it says of them.
async fn order(
    hall: &Hall,
    store: &dyn Store,
    pairs: &BTreeMap<PairId, Pair>,
    caller: &Caller,
    id: &str,
) {
    let seen = get(&hall.world, caller, &format!("/orders/{id}")).await;
    let market: PairId = seen.expect_status(200).text("/market").parse().expect("a market");
    let order: OrderId = id.parse().expect("an id");
    let state = store.order_states(&[(market, order)]).await.expect("a state").remove(0);
    let (working, status) = match state {
        OrderState::Pending => panic!("{id} was never matched"),
        OrderState::Resting(row) => (row.working, OrderStatus::working(&row.working.tally)),
        OrderState::Closed(row) => {
            (row.working, OrderStatus::closed(row.reason, &row.working.tally))
        }
    };
    let (steps, tally) = (&pairs[&market].steps, &working.tally);
    for (name, stored) in [
        ("status", status.as_str().to_owned()),
        ("executed", steps.quantity_text(tally.executed)),
        ("open", steps.quantity_text(tally.open)),
        ("cancelled", steps.quantity_text(tally.cancelled)),
        ("prevented", steps.quantity_text(tally.prevented)),
        ("notional", steps.quote_of(tally.notional).decimal()),
        ("fees", steps.quote_of(tally.fees).decimal()),
    ] {
        assert_eq!(seen.text(&format!("/{name}")), stored, "{name} of {id}");
    }
    let path = format!("/orders/{id}/fills?limit=100");
    let fills = get(&hall.world, caller, &path).await;
    let fills = fills.expect_status(200).body["data"].as_array().cloned().expect("rows");
    for (of_fill, of_order) in [("quantity", "executed"), ("notional", "notional"), ("fee", "fees")]
    {
        let texts = fills.iter().map(|fill| fill[of_fill].as_str().expect("a text"));
        let sum: i64 = texts.map(hundredths).sum();
        assert_eq!(sum, hundredths(&seen.text(&format!("/{of_order}"))), "{of_fill}s of {id}");
    }
}

fn hundredths(text: &str) -> i64 {
    Amount::parse(text, Scale::new(2).expect("a scale")).expect("an amount").minor()
}

async fn wallets(hall: &Hall, store: &dyn Store, caller: &Caller) {
    let account = store.account(caller.id).await.expect("a read").expect("an account");
    let seen = get(&hall.world, caller, "/wallets").await;
    let rows = seen.expect_status(200).body["data"].as_array().cloned().expect("rows");
    assert_eq!(rows.len(), account.wallets.len());
    for row in rows {
        let text = |name: &str| row[name].as_str().expect("a text").to_owned();
        let balance = account.balance(text("currency").parse().expect("a code"));
        let stored = (balance.posted_minor(), balance.held.minor());
        assert_eq!((hundredths(&text("posted")), hundredths(&text("held"))), stored, "{row}");
    }
}

/// The public book is what rests, level by level.
async fn book(hall: &Hall, store: &dyn Store, pair: &Pair) {
    // Longer than a book is kept.
    hall.world.pass(domain::time::Span::seconds(1));
    let path = format!("/api/v1/markets/{}/book?depth=100", pair.id());
    let seen = hall.world.send(Ask::get(&path)).await;
    let resting = store.resting(pair.id()).await.expect("what rests");
    assert!(!resting.is_empty(), "nothing rests in {}", pair.id());
    for (name, side) in [("bids", Side::Buy), ("asks", Side::Sell)] {
        let mut levels = BTreeMap::new();
        for Resting { working, .. } in resting.iter().filter(|row| row.working.order.side == side) {
            let (lots, orders) = levels.entry(working.order.price).or_insert((0_i64, 0_u32));
            *lots += working.tally.open.count();
            *orders += 1;
        }
        let level = |(price, (lots, orders)): (&_, &(i64, u32))| {
            let lots = domain::pair::Lots::new(*lots).expect("lots");
            json!({
                "price": pair.steps.price_text(*price),
                "quantity": pair.steps.quantity_text(lots),
                "orders": orders,
            })
        };
        let mut stored: Vec<Value> = levels.iter().map(level).collect();
        if side == Side::Buy {
            stored.reverse();
        }
        assert_eq!(seen.expect_status(200).body[name], json!(stored), "{name} of {}", pair.id());
    }
}
