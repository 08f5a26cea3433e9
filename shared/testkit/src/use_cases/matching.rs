//! Matchers at work: what they make of a log, with faults, restarts, and two of them at once.

use std::sync::Arc;

use app::{
    market::{Asked, Market},
    matching::{Matched, match_orders},
    orders::{
        AmendOrder, OrderView, PlaceOrder, amend_order, cancel_after, cancel_all, find_order,
        place_order,
    },
    pairs::replace_status,
    perform::{Answer, Failed},
    ports::{Logged, OrderBooks, OrderState, Store},
};
use domain::{
    command::{Command, CommandId, Instruction},
    commit::{Commit, Write},
    id::{OrderId, UserId},
    ledger::Outcome,
    order::{Closed, OrderStatus, SelfTradePrevention, Side, Size, TimeInForce, Working},
    pair::{PairId, PairStatus},
    placement::{Pricing, Wanted},
    time::Span,
};

use super::refusal;
use crate::{
    audit::audit,
    builders::{Fair, asked, lots, market_on, market_with, mrc, mrc_usd, ticks, usd},
    faults::{Fault, FaultyStore},
    memory::MemoryStore,
};

mod crashes;
mod promises;
mod units;

/// MRC-USD with traders who have money on both sides.
struct Floor {
    store: MemoryStore,
    fair: Fair,
    traders: Vec<UserId>,
}

fn mrc_for_usd() -> PairId {
    mrc_usd().id()
}

impl Floor {
    async fn with(names: &[&str]) -> Self {
        let store = MemoryStore::new();
        let fair = market_with(Arc::new(store.clone())).await;
        let pair = Commit::of(vec![Write::PutPair(mrc_usd())]);
        store_commit(&fair.market, &pair).await;
        let mut traders = Vec::new();
        for name in names {
            let trader = fair.join(name).await;
            fair.deposit(trader, usd("100000.00")).await;
            fair.deposit(trader, mrc("100000.00")).await;
            traders.push(trader);
        }
        Self { store, fair, traders }
    }

    /// A market like this one in another process: nothing but the store is shared.
    fn elsewhere(&self, wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>) -> Fair {
        let fair = market_on(wrap(Arc::new(self.store.clone())));
        fair.clock.set(self.fair.market.clock.now());
        fair
    }

    async fn place(&self, trader: usize, key: &str, wanted: &Wanted) -> Answer {
        let operation = PlaceOrder { pair: mrc_for_usd(), wanted: wanted.clone(), name: None };
        let what = format!("{wanted:?}");
        let asked: Asked = asked(self.traders[trader], key, &what);
        let answer = place_order(&self.fair.market, &asked, &operation).await.expect("an answer");
        self.fair.clock.advance(Span::millis(1));
        answer
    }

    /// Places what must be accepted.
    async fn order(&self, trader: usize, key: &str, wanted: &Wanted) -> OrderId {
        match self.place(trader, key, wanted).await.entry.outcome {
            Outcome::Placed(placement) => placement.order.id,
            other => panic!("not accepted: {other:?}"),
        }
    }

    async fn matched(&self) -> Matched {
        match_orders(&self.fair.market, mrc_for_usd()).await.expect("matched")
    }

    async fn view(&self, trader: usize, order: OrderId) -> OrderView {
        let found = find_order(&self.fair.market, order, self.traders[trader], false).await;
        found.expect("an order")
    }

    async fn status(&self, trader: usize, order: OrderId) -> OrderStatus {
        self.view(trader, order).await.status()
    }

    async fn available(&self, trader: usize, code: &str) -> String {
        let code = code.parse().expect("a code");
        let amount = super::available(&self.store, self.traders[trader], code).await;
        amount.to_decimal(usd("0").currency.scale)
    }
}

async fn store_commit(market: &Market, commit: &Commit) {
    market.store.commit(commit).await.expect("a commit");
}

fn limit(side: Side, price: i64, count: i64) -> Wanted {
    Wanted {
        side,
        pricing: Pricing::Limit {
            price: ticks(price),
            time_in_force: TimeInForce::GoodTilCancelled,
            post_only: false,
        },
        size: Size::Lots(lots(count)),
        self_trade_prevention: SelfTradePrevention::CancelNewest,
        client_order_id: None,
    }
}

#[tokio::test]
async fn two_orders_that_meet_move_money_at_the_resting_price() {
    let floor = Floor::with(&["alice", "bob"]).await;
    let sale = floor.order(0, "a", &limit(Side::Sell, 40, 100)).await;
    let buy = floor.order(1, "b", &limit(Side::Buy, 45, 60)).await;
    assert_eq!(floor.status(0, sale).await, OrderStatus::Pending);
    let matched = floor.matched().await;
    assert_eq!((matched.commands, matched.trades), (2, 1));
    assert_eq!(floor.status(0, sale).await, OrderStatus::PartiallyFilled);
    assert_eq!(floor.status(1, buy).await, OrderStatus::Filled);
    // 60 MRC at 0.40 are 24.00 USD; the buyer pays 0.05 as taker, the seller 0.03 as maker.
    assert_eq!(floor.available(1, "USD").await, "99975.95");
    assert_eq!(floor.available(1, "MRC").await, "100060.00");
    assert_eq!(floor.available(0, "USD").await, "100023.97");
    assert_eq!(floor.available(0, "MRC").await, "99900.00");
    let audited = audit(&floor.store, &floor.traders).await;
    assert_eq!((audited.trades, audited.waiting), (1, 0));
}

#[tokio::test]
async fn a_replayed_order_rests_once_and_is_answered_as_at_first() {
    let floor = Floor::with(&["alice"]).await;
    let wanted = limit(Side::Buy, 40, 100);
    let first = floor.place(0, "a", &wanted).await;
    floor.matched().await;
    let again = floor.place(0, "a", &wanted).await;
    assert_eq!((again.entry, again.replayed), (first.entry, true));
    floor.matched().await;
    let audited = audit(&floor.store, &floor.traders).await;
    assert_eq!(audited.orders.get("open"), Some(&1));
}

#[tokio::test]
async fn an_order_without_funds_is_refused_for_ever() {
    let floor = Floor::with(&["alice"]).await;
    let wanted = limit(Side::Buy, 100_000, 101);
    let refused = floor.place(0, "a", &wanted).await;
    assert_eq!(
        refusal(&refused).to_string(),
        "insufficient funds: 100000.00 USD available, 101202.00 USD required"
    );
    floor.fair.deposit(floor.traders[0], usd("100000.00")).await;
    assert!(floor.place(0, "a", &wanted).await.replayed);
    assert_eq!(floor.matched().await, Matched::default());
}

#[tokio::test]
async fn a_matcher_that_finds_nothing_writes_nothing() {
    let floor = Floor::with(&["alice"]).await;
    assert_eq!(floor.matched().await, Matched::default());
    floor.order(0, "a", &limit(Side::Buy, 40, 100)).await;
    assert_eq!(floor.matched().await.commits, 1);
    assert_eq!(floor.matched().await, Matched::default());
}

#[tokio::test]
async fn a_cancelled_order_gives_its_hold_back() {
    let floor = Floor::with(&["alice"]).await;
    let order = floor.order(0, "a", &limit(Side::Buy, 40, 100)).await;
    floor.matched().await;
    assert_eq!(floor.available(0, "USD").await, "99959.92");
    let alice = floor.traders[0];
    let cancelling = app::orders::cancel_order(&floor.fair.market, alice, order).await;
    assert!(!cancelling.expect("accepted").done, "nobody matches here");
    floor.matched().await;
    assert_eq!(floor.status(0, order).await, OrderStatus::Cancelled);
    assert_eq!(floor.available(0, "USD").await, "100000.00");
    let again = app::orders::cancel_order(&floor.fair.market, alice, order).await.expect("over");
    assert!(again.done && again.view.is_over());
    audit(&floor.store, &floor.traders).await;
}

#[tokio::test]
async fn cancel_all_ends_one_users_orders_of_a_side_and_no_others() {
    let floor = Floor::with(&["alice", "bob"]).await;
    let buy = floor.order(0, "a", &limit(Side::Buy, 40, 10)).await;
    let sale = floor.order(0, "b", &limit(Side::Sell, 50, 10)).await;
    let other = floor.order(1, "c", &limit(Side::Buy, 39, 10)).await;
    let alice = floor.traders[0];
    let done = cancel_all(&floor.fair.market, alice, mrc_for_usd(), Some(Side::Buy)).await;
    assert_eq!(done, Ok(false), "nobody matches here");
    floor.matched().await;
    assert_eq!(floor.status(0, buy).await, OrderStatus::Cancelled);
    assert_eq!(floor.status(0, sale).await, OrderStatus::Open);
    assert_eq!(floor.status(1, other).await, OrderStatus::Open);
    audit(&floor.store, &floor.traders).await;
}

#[tokio::test]
async fn a_dead_mans_switch_ends_orders_at_its_time_and_not_before() {
    let floor = Floor::with(&["alice", "bob"]).await;
    let order = floor.order(0, "a", &limit(Side::Buy, 40, 10)).await;
    let market = &floor.fair.market;
    let deadline = market.clock.now().plus(Span::seconds(60));
    let alice = floor.traders[0];
    cancel_after(market, alice, mrc_for_usd(), Some(deadline)).await.expect("accepted");
    floor.matched().await;
    floor.fair.clock.set(deadline);
    // A process that knows nothing of it finds it, too, and a sale that comes later finds no bid.
    let sale = floor.order(1, "b", &limit(Side::Sell, 40, 10)).await;
    let elsewhere = floor.elsewhere(|store| store);
    match_orders(&elsewhere.market, mrc_for_usd()).await.expect("matched");
    assert_eq!(floor.status(0, order).await, OrderStatus::Cancelled);
    assert_eq!(floor.status(1, sale).await, OrderStatus::Open);
    assert_eq!(floor.store.deadlines(mrc_for_usd()).await, Ok(Vec::new()));
    audit(&floor.store, &floor.traders).await;
}

#[tokio::test]
async fn a_dead_mans_switch_works_though_nobody_asks_for_anything() {
    let floor = Floor::with(&["alice"]).await;
    let order = floor.order(0, "a", &limit(Side::Buy, 40, 10)).await;
    let market = &floor.fair.market;
    let deadline = market.clock.now().plus(Span::seconds(60));
    cancel_after(market, floor.traders[0], mrc_for_usd(), Some(deadline)).await.expect("accepted");
    floor.matched().await;
    assert_eq!(floor.matched().await, Matched::default());
    floor.fair.clock.set(deadline);
    assert_eq!(floor.matched().await.commits, 1);
    assert_eq!(floor.status(0, order).await, OrderStatus::Cancelled);
}

#[tokio::test]
async fn an_amended_order_holds_what_it_needs_and_no_more() {
    let floor = Floor::with(&["alice", "bob"]).await;
    let order = floor.order(0, "a", &limit(Side::Buy, 40, 100)).await;
    floor.matched().await;
    let amend = async |key: &str, price, count: Option<i64>| {
        let operation = AmendOrder { order, price, lots: count.map(lots) };
        let asked = asked(floor.traders[0], key, "amend");
        let answer = amend_order(&floor.fair.market, &asked, &operation).await;
        floor.fair.clock.advance(Span::millis(1));
        floor.matched().await;
        answer.expect("accepted")
    };
    amend("more", Some(ticks(50)), Some(200)).await;
    assert_eq!(floor.available(0, "USD").await, "99899.80", "100.00 and a fee of 0.20");
    amend("less", None, Some(50)).await;
    assert_eq!(floor.available(0, "USD").await, "99974.95");
    let OrderState::Resting(resting) = floor.view(0, order).await.state else { panic!("rests") };
    assert_eq!(resting.working.tally.sequence, 2, "only the price moved it to the end");
    let sold_out = amend("none", None, Some(1_000_000)).await;
    assert_eq!(
        refusal(&sold_out).to_string(),
        "insufficient funds: 99974.95 USD available, 500974.95 USD required"
    );
    audit(&floor.store, &floor.traders).await;
}

#[tokio::test]
async fn a_halt_refuses_new_orders_and_what_waits_in_the_log() {
    let floor = Floor::with(&["alice"]).await;
    let market = &floor.fair.market;
    let resting = floor.order(0, "a", &limit(Side::Buy, 40, 10)).await;
    floor.matched().await;
    replace_status(market, mrc_for_usd(), PairStatus::Halted).await.expect("halted");
    let refused = floor.place(0, "b", &limit(Side::Buy, 40, 10)).await;
    assert_eq!(refusal(&refused).to_string(), "the market is halted");
    floor.matched().await;
    let cancelled = app::orders::cancel_order(market, floor.traders[0], resting).await;
    assert!(matches!(cancelled, Err(Failed::Declined(_))), "{cancelled:?}");
    replace_status(market, mrc_for_usd(), PairStatus::Trading).await.expect("trading");
    floor.order(0, "c", &limit(Side::Sell, 50, 10)).await;
    floor.matched().await;
    let audited = audit(&floor.store, &floor.traders).await;
    assert_eq!(audited.orders.get("open"), Some(&2));
}

#[tokio::test]
async fn an_order_that_was_accepted_before_a_halt_is_rejected_after_it() {
    let floor = Floor::with(&["alice"]).await;
    let late = floor.order(0, "a", &limit(Side::Buy, 40, 10)).await;
    // The halt stands before it in the log.
    let halt = Command {
        pair: mrc_for_usd(),
        id: CommandId { at: crate::builders::start(), bits: 0 },
        instruction: Instruction::SetStatus(PairStatus::Halted),
    };
    store_commit(&floor.fair.market, &Commit::of(vec![Write::PutCommand(halt)])).await;
    floor.matched().await;
    assert_eq!(floor.status(0, late).await, OrderStatus::Rejected);
    assert_eq!(floor.available(0, "USD").await, "100000.00");
}

#[tokio::test]
async fn an_order_that_was_accepted_before_a_halt_and_stands_before_it_rests() {
    let floor = Floor::with(&["alice"]).await;
    let early = floor.order(0, "a", &limit(Side::Buy, 40, 10)).await;
    replace_status(&floor.fair.market, mrc_for_usd(), PairStatus::Halted).await.expect("halted");
    floor.matched().await;
    assert_eq!(floor.status(0, early).await, OrderStatus::Open);
}

#[tokio::test]
async fn a_row_that_is_no_command_holds_nobody_up() {
    let floor = Floor::with(&["alice", "bob"]).await;
    let sale = floor.order(0, "a", &limit(Side::Sell, 40, 10)).await;
    let buy = floor.order(1, "b", &limit(Side::Buy, 40, 10)).await;
    let view = floor.view(0, sale).await;
    let id = CommandId { at: view.placement.order.placed_at, bits: sale.bits() };
    floor.store.plant_unreadable(mrc_for_usd(), id);
    floor.matched().await;
    assert_eq!(floor.status(0, sale).await, OrderStatus::Rejected);
    assert_eq!(floor.available(0, "MRC").await, "100000.00", "its hold came back");
    assert_eq!(floor.status(1, buy).await, OrderStatus::Open);
    audit(&floor.store, &floor.traders).await;
}

#[tokio::test]
async fn a_change_that_cannot_be_read_gives_back_what_it_held() {
    let floor = Floor::with(&["alice"]).await;
    let order = floor.order(0, "a", &limit(Side::Buy, 40, 10)).await;
    floor.matched().await;
    let operation = AmendOrder { order, price: None, lots: Some(lots(1_000)) };
    let asked = asked(floor.traders[0], "more", "more");
    let answer = amend_order(&floor.fair.market, &asked, &operation).await.expect("accepted");
    let waiting = floor.store.commands(mrc_for_usd(), 10).await.expect("commands");
    let [Logged::Command(command)] = waiting.as_slice() else { panic!("{waiting:?}") };
    assert_eq!(command.id.bits, answer.entry.id.bits());
    floor.store.plant_unreadable(mrc_for_usd(), command.id);
    floor.matched().await;
    assert_eq!(floor.available(0, "USD").await, "99995.99", "4.00 and 0.01 as before");
    audit(&floor.store, &floor.traders).await;
}

#[tokio::test]
async fn an_owner_without_room_loses_the_order_and_not_the_market() {
    let floor = Floor::with(&["alice", "bob", "carol"]).await;
    let full = floor.order(0, "a", &limit(Side::Sell, 40, 100)).await;
    let next = floor.order(1, "b", &limit(Side::Sell, 41, 100)).await;
    floor.matched().await;
    // Up to the brim: alice can receive no cent more.
    floor.fair.deposit(floor.traders[0], usd("9999999999900000.00")).await;
    let buy = floor.order(2, "c", &limit(Side::Buy, 41, 100)).await;
    floor.matched().await;
    let OrderState::Closed(closed) = floor.view(0, full).await.state else { panic!("over") };
    assert_eq!(closed.reason, Closed::BalanceLimit);
    assert_eq!(floor.status(1, next).await, OrderStatus::Filled);
    assert_eq!(floor.status(2, buy).await, OrderStatus::Filled);
    audit(&floor.store, &floor.traders).await;
}
