//! One market with traders, cheap enough for ten thousand commands: the use cases, the matcher
//! and the feed are the real ones, the store is in memory, and what its streams would tell is
//! handed over when a test says so.

use std::sync::Arc;

use app::{
    matching::match_orders,
    orders::{AmendOrder, PlaceOrder, amend_order, place_order},
};
use domain::{
    command::{CommandId, Instruction},
    id::OrderId,
    ledger::Outcome,
    market_event::MarketEvent,
    order::{SelfTradePrevention, Side, Size, TimeInForce},
    pair::{Pair, PairId},
    placement::{Pricing, Wanted, instruct},
    time::Span,
};
use edge::{
    context::Context,
    function::{StreamFunction, StreamRow, handle_schedule},
    limits::Quotas,
};
use functions::{beat, project, publish};
use testkit::{
    builders::{asked, lots, ticks},
    memory::MemoryStore,
};
use tests::{Caller, World};

use crate::{floor::fund, workload::Dice};

const TRADERS: usize = 6;
/// So many of the last orders may be cancelled or changed.
const RECENT: usize = 60;

pub(crate) struct Venue {
    pub(crate) world: Arc<World>,
    pub(crate) store: MemoryStore,
    pub(crate) pair: Pair,
    pub(crate) traders: Vec<Caller>,
    dice: Dice,
    commands: u64,
    orders: Vec<(usize, OrderId)>,
    told: usize,
}

impl Venue {
    pub(crate) async fn open(seed: u64) -> Self {
        let store = MemoryStore::new();
        let kept = Arc::new(store.clone());
        let world = Arc::new(World::with(Quotas::unlimited(), |_| kept).await);
        let mut traders = Vec::new();
        for index in 0..TRADERS {
            let trader = world.trader(&format!("trader_{index}"), 1).await;
            for code in ["USD", "MRC"] {
                fund(&world, &trader, code, "10000000.00").await;
            }
            traders.push(trader);
        }
        let id: PairId = "MRC-USD".parse().expect("a market");
        let pair = world.context.market.pairs.get(id, app::perform::Freshness::Fresh).await;
        let (pair, dice) = (pair.expect("a pair"), Dice::new(seed, 1));
        Self { world, store, pair, traders, dice, commands: 0, orders: Vec::new(), told: 0 }
    }

    /// Throws the dice that commands are thrown with.
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.dice.below(sides)
    }

    /// So many random commands come into the market's log, and its matcher does them in some
    /// number of commits.
    pub(crate) async fn trade(&mut self, commands: u64) {
        for _ in 0..commands {
            self.world.pass(Span::millis(200));
            self.command().await;
            if self.dice.percent(15) {
                self.matched().await;
            }
        }
        self.matched().await;
    }

    /// The matcher does all that waits.
    pub(crate) async fn matched(&self) {
        match_orders(&self.world.context.market, self.pair.id()).await.expect("matched");
    }

    async fn command(&mut self) {
        self.commands += 1;
        let trader = self.dice.place(TRADERS);
        let recent = self.orders.len().min(RECENT);
        let some =
            (recent > 0).then(|| self.orders[self.orders.len() - 1 - self.dice.place(recent)]);
        match (self.dice.below(100), some) {
            (0..12, Some((_, order))) => self.instruct(Instruction::Cancel(order)).await,
            (12..24, Some((owner, order))) => self.amend(owner, order).await,
            (24..26, _) => {
                let side = [None, Some(Side::Buy), Some(Side::Sell)][self.dice.place(3)];
                let user = self.traders[trader].id;
                self.instruct(Instruction::CancelAll { user, side }).await;
            }
            _ => {
                let wanted = self.wanted();
                self.place(trader, wanted).await;
            }
        }
    }

    /// Places an order, if the market takes it.
    pub(crate) async fn place(&mut self, trader: usize, wanted: Wanted) {
        self.commands += 1;
        let operation = PlaceOrder { pair: self.pair.id(), wanted, name: None };
        let key = format!("order-{}", self.commands);
        let asked = asked(self.traders[trader].id, &key, &key);
        let answer = place_order(&self.world.context.market, &asked, &operation).await;
        if let Ok(answer) = answer
            && let Outcome::Placed(placement) = answer.entry.outcome
        {
            self.orders.push((trader, placement.order.id));
        }
    }

    async fn amend(&mut self, owner: usize, order: OrderId) {
        let operation = AmendOrder {
            order,
            price: self.dice.percent(50).then(|| ticks(self.price())),
            lots: self.dice.percent(60).then(|| lots(self.quantity())),
        };
        let key = format!("amend-{}", self.commands);
        let asked = asked(self.traders[owner].id, &key, &key);
        // An order that is over is not changed.
        let _answer = amend_order(&self.world.context.market, &asked, &operation).await;
    }

    async fn instruct(&self, instruction: Instruction) {
        let market = &self.world.context.market;
        let (now, bits) = (market.clock.now(), market.entropy.bits());
        let commit = instruct(&self.pair, CommandId::after(now, now, bits), instruction);
        market.store.commit(&commit).await.expect("logged");
    }

    fn price(&mut self) -> i64 {
        40 - 16 + i64::try_from(self.dice.below(33)).expect("small")
    }

    fn quantity(&mut self) -> i64 {
        5 + i64::try_from(self.dice.below(60)).expect("small")
    }

    fn wanted(&mut self) -> Wanted {
        let side = if self.dice.percent(50) { Side::Buy } else { Side::Sell };
        let limit = |price, time_in_force, post_only| Pricing::Limit {
            price: ticks(price),
            time_in_force,
            post_only,
        };
        // Bids are mostly below asks, so that the book grows.
        let away = if side == Side::Buy { -7 } else { 7 };
        let price = (self.price() + away).max(4);
        let pricing = match self.dice.below(10) {
            0 | 1 => Pricing::Market,
            2 => limit(price, TimeInForce::ImmediateOrCancel, false),
            3 => limit(price, TimeInForce::FillOrKill, false),
            4 => limit(price, TimeInForce::GoodTilCancelled, true),
            _ => limit(price, TimeInForce::GoodTilCancelled, false),
        };
        let preventions = [
            SelfTradePrevention::CancelNewest,
            SelfTradePrevention::CancelOldest,
            SelfTradePrevention::CancelBoth,
            SelfTradePrevention::DecrementAndCancel,
        ];
        Wanted {
            side,
            pricing,
            size: Size::Lots(lots(self.quantity())),
            self_trade_prevention: preventions[self.dice.place(4)],
            client_order_id: None,
        }
    }

    /// The market's events that were not handed over yet.
    pub(crate) fn news(&mut self) -> Vec<MarketEvent> {
        let mut events = self.store.market_events(self.pair.id());
        let news = events.split_off(self.told);
        self.told += news.len();
        news
    }

    /// Hands events to a function of a process; how far it came.
    pub(crate) async fn hand(
        &self,
        context: &Context,
        function: &StreamFunction,
        events: &[MarketEvent],
    ) -> usize {
        let rows: Vec<_> = events.iter().cloned().map(StreamRow::MarketEvent).collect();
        let progress = (function.handle)(context, &rows).await;
        assert_eq!(progress.stopped.is_none(), progress.done == rows.len());
        progress.done
    }

    /// Tells what happened since the last time.
    pub(crate) async fn publish(&mut self) {
        let news = self.news();
        assert_eq!(self.hand(&self.world.context, &publish::FUNCTION, &news).await, news.len());
    }

    /// Folds all that ever happened into candles.
    pub(crate) async fn project(&self) {
        let events = self.store.market_events(self.pair.id());
        let done = self.hand(&self.world.context, &project::FUNCTION, &events).await;
        assert_eq!(done, events.len());
    }

    /// A sign of life.
    pub(crate) async fn beat(&self) {
        handle_schedule(&self.world.context, &beat::FUNCTION).await.expect("a beat");
    }
}
