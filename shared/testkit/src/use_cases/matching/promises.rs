//! Promises I1 to I3 and I8 to I10 over random streams of orders: several processes place, match
//! and change their minds, stores fail, processes die.

use super::*;
use crate::{audit::Audited, entropy::SeededEntropy};

const STEPS: u64 = 400;

struct Dice(SeededEntropy);

impl Dice {
    fn below(&self, limit: u64) -> i64 {
        i64::try_from(self.0.next() % limit).expect("small")
    }

    fn one_in(&self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn pick<T: Copy>(&self, from: &[T]) -> T {
        let limit = u64::try_from(from.len()).expect("few");
        from[usize::try_from(self.below(limit)).expect("small")]
    }
}

fn any_order(dice: &Dice) -> Wanted {
    let side = dice.pick(&[Side::Buy, Side::Sell]);
    let size = Size::Lots(lots(1 + dice.below(40)));
    let time_in_force = dice.pick(&[
        TimeInForce::GoodTilCancelled,
        TimeInForce::GoodTilCancelled,
        TimeInForce::GoodTilCancelled,
        TimeInForce::ImmediateOrCancel,
        TimeInForce::FillOrKill,
    ]);
    let post_only = time_in_force == TimeInForce::GoodTilCancelled && dice.one_in(6);
    let price = ticks(38 + dice.below(6));
    let limit = Pricing::Limit { price, time_in_force, post_only };
    let (pricing, size) = match dice.below(8) {
        0 => (Pricing::Market, size),
        1 if side == Side::Buy => {
            (Pricing::Market, Size::Funds(usd(&format!("{}.37", 1 + dice.below(9))).amount))
        }
        _ => (limit, size),
    };
    let self_trade_prevention = dice.pick(&[
        SelfTradePrevention::CancelNewest,
        SelfTradePrevention::CancelOldest,
        SelfTradePrevention::CancelBoth,
        SelfTradePrevention::DecrementAndCancel,
    ]);
    Wanted { side, pricing, size, self_trade_prevention, client_order_id: None }
}

/// Places, cancels, amends; some of it through stores that fail, and tried again until it is
/// certain what came of it.
async fn ask(
    floor: &Floor,
    market: &Market,
    dice: &Dice,
    step: u64,
    placed: &mut Vec<(usize, OrderId)>,
) {
    let trader = usize::try_from(dice.below(4)).expect("small");
    let user = floor.traders[trader];
    let some = (!placed.is_empty()).then(|| dice.pick(placed));
    match (dice.below(12), some) {
        (0, Some((owner, order))) => {
            let _whatever = app::orders::cancel_order(market, floor.traders[owner], order).await;
        }
        (1, Some((owner, order))) => {
            let operation = AmendOrder {
                order,
                price: dice.one_in(2).then(|| ticks(38 + dice.below(6))),
                lots: dice.one_in(2).then(|| lots(1 + dice.below(40))),
            };
            let asked = asked(floor.traders[owner], &format!("amend-{step}"), "amend");
            while let Err(Failed::Store(_) | Failed::Busy) =
                amend_order(market, &asked, &operation).await
            {}
        }
        (2, _) if dice.one_in(8) => {
            let side = dice.pick(&[None, Some(Side::Buy), Some(Side::Sell)]);
            let _whatever = cancel_all(market, user, mrc_for_usd(), side).await;
        }
        (3, _) if dice.one_in(8) => {
            let soon = market.clock.now().plus(Span::millis(200));
            let deadline = dice.one_in(2).then_some(soon);
            let _whatever = cancel_after(market, user, mrc_for_usd(), deadline).await;
        }
        (4, _) if dice.one_in(12) => {
            let status = dice.pick(&[
                PairStatus::Trading,
                PairStatus::Trading,
                PairStatus::CancelOnly,
                PairStatus::Halted,
            ]);
            let _whatever = replace_status(market, mrc_for_usd(), status).await;
        }
        _ => {
            let wanted = any_order(dice);
            let operation = PlaceOrder { pair: mrc_for_usd(), wanted, name: None };
            let asked = asked(user, &format!("order-{step}"), &format!("{step}"));
            let answer = loop {
                match place_order(market, &asked, &operation).await {
                    Err(Failed::Store(_) | Failed::Busy) => {}
                    settled => break settled,
                }
            };
            if let Ok(Answer { entry, .. }) = answer
                && let Outcome::Placed(placement) = entry.outcome
            {
                placed.push((trader, placement.order.id));
            }
        }
    }
}

/// One run: three processes on stores that fail `per_mille` of their calls.
async fn run(seed: u64, per_mille: u16) -> Audited {
    let floor = Floor::with(&["alice", "bob", "carol", "dave"]).await;
    let dice = Dice(SeededEntropy::new(seed));
    let process = |number: u64| {
        floor.elsewhere(|store| Arc::new(FaultyStore::seeded(store, seed * 10 + number, per_mille)))
    };
    let mut processes = [process(1), process(2), process(3)];
    let mut placed = Vec::new();
    for step in 0..STEPS {
        let at = usize::try_from(dice.below(3)).expect("small");
        let now = processes.iter().map(|fair| fair.market.clock.now()).max().expect("three");
        let now = now.plus(Span::millis(u32::try_from(dice.below(20)).expect("small")));
        processes.iter().for_each(|fair| fair.clock.set(now));
        if dice.one_in(40) {
            processes[at] = process(4 + step);
            processes[at].clock.set(now);
        }
        ask(&floor, &processes[at].market, &dice, step, &mut placed).await;
        match dice.below(6) {
            0 | 1 => {
                let _whatever = match_orders(&processes[at].market, mrc_for_usd()).await;
            }
            2 => {
                let [one, two, three] = &processes;
                let _whatever = tokio::join!(
                    match_orders(&one.market, mrc_for_usd()),
                    match_orders(&two.market, mrc_for_usd()),
                    match_orders(&three.market, mrc_for_usd()),
                );
            }
            _ => {}
        }
        if step % 100 == 99 {
            audit(&floor.store, &floor.traders).await;
        }
    }
    floor.fair.clock.set(processes[0].market.clock.now());
    replace_status(&floor.fair.market, mrc_for_usd(), PairStatus::Trading).await.expect("trading");
    floor.matched().await;
    let audited = audit(&floor.store, &floor.traders).await;
    assert_eq!(audited.waiting, 0);
    audited
}

#[tokio::test]
async fn random_orders_keep_every_promise() {
    let mut trades = 0;
    let mut fates = std::collections::BTreeSet::new();
    for seed in 1..=20 {
        let audited = run(seed, 0).await;
        trades += audited.trades;
        fates.extend(audited.orders.into_keys());
    }
    assert!(trades > 1_000, "too little happened: {trades}");
    for fate in [
        "open",
        "filled",
        "cancelled",
        "expired",
        "self_trade",
        "would_take",
        "deadline",
        "market_closed",
    ] {
        assert!(fates.contains(fate), "no order was {fate}: {fates:?}");
    }
}

#[tokio::test]
async fn stores_that_fail_and_processes_that_die_break_no_promise() {
    let mut trades = 0;
    for seed in 101..=120 {
        trades += run(seed, 100).await.trades;
    }
    assert!(trades > 500, "too little happened: {trades}");
}
