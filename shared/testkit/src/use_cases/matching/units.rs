//! What orders cost in write units of DynamoDB, and that they cost less the more of them there
//! are. `docs/OPERATIONS.md` shows what these tests print:
//! `cargo test -p testkit units -- --nocapture`.
#![expect(clippy::print_stdout, reason = "the tables are for people to read")]

use super::*;
use domain::placement::place;

/// Units of the commit that accepts an order.
fn placed_units(wanted: &Wanted) -> u32 {
    let guard = domain::ledger::Guard {
        entry: domain::id::EntryId::from_bits(1),
        actor: UserId::from_bits(2),
        fingerprint: domain::ledger::Fingerprint([0; 16]),
        request_id: String::new(),
        at: crate::builders::start(),
    };
    let reference = Some(ticks(40));
    place(&guard, wanted, &mrc_usd(), reference, None).expect("accepted").write_units()
}

/// Units of the matcher's commits for what waits now.
async fn matched_units(floor: &Floor) -> u64 {
    floor.matched().await.write_units
}

#[tokio::test]
async fn an_order_at_a_time_costs_what_the_table_says() {
    let floor = Floor::with(&["alice", "bob"]).await;
    let placed = placed_units(&limit(Side::Sell, 40, 10));
    floor.order(0, "a", &limit(Side::Sell, 40, 10)).await;
    let rested = matched_units(&floor).await;
    floor.order(1, "b", &limit(Side::Buy, 40, 10)).await;
    let filled = matched_units(&floor).await;
    let order = floor.order(0, "c", &limit(Side::Sell, 40, 10)).await;
    floor.matched().await;
    let alice = floor.traders[0];
    app::orders::cancel_order(&floor.fair.market, alice, order).await.expect("accepted");
    let cancelled = matched_units(&floor).await;
    println!("placed    {placed:>3}  entry 2 + its index 1, account 2, command 2");
    println!("rested    {rested:>3}  event 2, command 2, account 2 (its news), resting order 2");
    println!("filled    {filled:>3}  event 2 + its index 1, entry 2 + its indexes 2;");
    println!("               who rested: account 2, resting order 2, closed order 2;");
    println!("               who took: account 2, closed order 2, command 2");
    println!("cancelled {cancelled:>3}  event 2, command 2, account 2, resting order 2, closed 2");
    println!("          (and 2 for the command that asks for it)");
    assert_eq!((placed, rested, filled, cancelled), (7, 8, 19, 10));
}

/// `count` orders of as many users rest, and are then filled whole by those of as many others:
/// units for each of the orders that rested, from its placing to its end. What an order that
/// takes costs by itself is not theirs (account, closed order, command), and of a fill's event
/// and entry half is.
async fn units_of_a_resting_order(count: u64) -> f64 {
    let names: Vec<_> = (0..2 * count).map(|number| format!("trader_{number}")).collect();
    let floor = Floor::with(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let size = usize::try_from(count).expect("few");
    for number in 0..size {
        floor.order(number, "rests", &limit(Side::Sell, 40, 10)).await;
    }
    let rested = matched_units(&floor).await;
    for number in size..2 * size {
        floor.order(number, "takes", &limit(Side::Buy, 40, 10)).await;
    }
    let filled = matched_units(&floor).await;
    let audited = audit(&floor.store, &floor.traders).await;
    assert_eq!(audited.orders.get("filled"), Some(&(2 * size)));
    let placed = u64::from(placed_units(&limit(Side::Sell, 40, 10))) * count;
    let (of_one_side, sides) = (6 * count, 2);
    let shared = filled - sides * of_one_side;
    let twice = sides * (placed + rested + of_one_side) + shared;
    f64::from(u32::try_from(twice).expect("few"))
        / f64::from(u32::try_from(2 * count).expect("few"))
}

#[tokio::test]
async fn the_more_orders_wait_the_less_each_costs() {
    let mut curve = Vec::new();
    for count in [1, 2, 4, 8, 16, 32] {
        let units = units_of_a_resting_order(count).await;
        println!("{count:>3} at once: {units:.2} units an order that rests and is filled whole");
        curve.push(units);
    }
    // From a hundred writes on there are more commits, and each has an event of its own.
    assert!(curve[..5].is_sorted_by(|one, next| next <= one), "{curve:?}");
    assert!(curve[0] <= 24.5, "alone: {curve:?}");
    assert!(curve[4] <= 22.0, "sixteen at once: {curve:?}");
}
