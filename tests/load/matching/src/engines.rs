//! The three books behind one face: commands are made before the clock runs, then carried out.

use std::{hint::black_box, sync::Arc};

use domain::{book, order::Side, pair::Steps};
use orderbook_rs::StubClock;

use crate::stream::{Asked, command, empty};

/// What must be the same in all books: the trades, and lots by price, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) trades: usize,
    pub(crate) buys: Vec<(u64, u64)>,
    pub(crate) sells: Vec<(u64, u64)>,
}

pub(crate) trait Engine {
    const NAME: &'static str;
    type Prepared;

    fn new(steps: Steps) -> Self;
    /// A command as this book takes it; `number` counts all of them, from 0.
    fn prepare(&self, asked: Asked, number: u64) -> Self::Prepared;
    fn run(&mut self, commands: &[Self::Prepared]);
    fn outcome(&self) -> Outcome;
}

/// Complete: events with both orders as they are after it, self-trade prevention, fees, money
/// held and released.
pub(crate) struct Ours {
    steps: Steps,
    book: book::Book,
}

impl Engine for Ours {
    const NAME: &'static str = "domain::book";
    type Prepared = book::Command;

    fn new(steps: Steps) -> Self {
        Self { steps, book: empty(steps) }
    }

    fn prepare(&self, asked: Asked, _: u64) -> book::Command {
        command(asked, &self.steps)
    }

    fn run(&mut self, commands: &[book::Command]) {
        let mut events = Vec::new();
        for command in commands {
            events.clear();
            self.book.apply(command, &mut events);
            black_box(&events);
        }
    }

    fn outcome(&self) -> Outcome {
        let levels = |side| {
            let levels = self.book.levels(side);
            levels
                .map(|level| {
                    (level.price.count().unsigned_abs(), level.lots.count().unsigned_abs())
                })
                .collect()
        };
        let trades = usize::try_from(self.book.standing().trades).expect("in range");
        Outcome { trades, buys: levels(Side::Buy), sells: levels(Side::Sell) }
    }
}

/// Without fees or users.
pub(crate) struct Matchcore {
    book: matchcore::OrderBook,
    trades: usize,
}

impl Engine for Matchcore {
    const NAME: &'static str = "matchcore";
    type Prepared = matchcore::Command;

    fn new(_: Steps) -> Self {
        Self { book: matchcore::OrderBook::new("MRC-USD"), trades: 0 }
    }

    fn prepare(&self, asked: Asked, number: u64) -> matchcore::Command {
        use matchcore::{
            CancelCmd, Command, CommandKind, CommandMeta, LimitOrder, NewOrder, OrderFlags,
            OrderId, OrderKind, Price, Quantity, QuantityPolicy, SequenceNumber, Side as Way,
            SubmitCmd, TimeInForce, Timestamp,
        };
        let meta =
            CommandMeta { sequence_number: SequenceNumber(number), timestamp: Timestamp(number) };
        let kind = match asked {
            Asked::Cancel { id } => CommandKind::Cancel(CancelCmd {
                order_id: OrderId(id),
                order_kind: OrderKind::Limit,
            }),
            Asked::Place { side, price, lots, .. } => {
                let way = if side == Side::Buy { Way::Buy } else { Way::Sell };
                let policy = QuantityPolicy::Standard { quantity: Quantity(lots) };
                let flags = OrderFlags::new(way, false, TimeInForce::Gtc);
                let order = NewOrder::Limit(LimitOrder::new(Price(price), policy, flags));
                CommandKind::Submit(SubmitCmd { order })
            }
        };
        Command { meta, kind }
    }

    fn run(&mut self, commands: &[matchcore::Command]) {
        use matchcore::{CommandOutcome, CommandReport};
        for command in commands {
            let outcome = black_box(self.book.execute(command));
            if let CommandOutcome::Applied(CommandReport::Submit(effects)) = outcome {
                let matched = effects.target_order().match_result();
                self.trades += matched.map_or(0, |matched| matched.trades().len());
            }
        }
    }

    fn outcome(&self) -> Outcome {
        let limit = self.book.limit();
        let level = |(price, level): (&matchcore::Price, &usize)| {
            (price.0, limit.levels()[*level].total_quantity().0)
        };
        Outcome {
            trades: self.trades,
            buys: limit.bids().iter().rev().map(level).collect(),
            sells: limit.asks().iter().map(level).collect(),
        }
    }
}

/// Without fees or users, and with a clock that only counts: it asks for the time itself.
pub(crate) struct OrderbookRs {
    book: orderbook_rs::OrderBook<()>,
    trades: usize,
}

impl Engine for OrderbookRs {
    const NAME: &'static str = "orderbook-rs";
    type Prepared = Asked;

    fn new(_: Steps) -> Self {
        let clock = Arc::new(StubClock::new());
        Self { book: orderbook_rs::OrderBook::with_clock("MRC-USD", clock), trades: 0 }
    }

    fn prepare(&self, asked: Asked, _: u64) -> Asked {
        asked
    }

    fn run(&mut self, commands: &[Asked]) {
        use orderbook_rs::{Id, Side as Way, TimeInForce};
        for asked in commands {
            match *asked {
                Asked::Cancel { id } => {
                    black_box(self.book.cancel_order(Id::from_u64(id)).expect("a cancel"));
                }
                Asked::Place { id, side, price, lots } => {
                    let way = if side == Side::Buy { Way::Buy } else { Way::Sell };
                    let (id, price, force) = (Id::from_u64(id), price.into(), TimeInForce::Gtc);
                    let placed =
                        self.book.add_limit_order_with_result(id, price, lots, way, force, None);
                    let (_, matched) = black_box(placed.expect("an order"));
                    self.trades += matched.map_or(0, |matched| matched.match_result.trades().len());
                }
            }
        }
    }

    fn outcome(&self) -> Outcome {
        let snapshot = self.book.create_snapshot(usize::MAX).expect("a snapshot");
        let levels = |levels: &[pricelevel::PriceLevelSnapshot]| {
            let level = |level: &pricelevel::PriceLevelSnapshot| {
                let price = u64::try_from(level.price().as_u128()).expect("in range");
                (price, level.visible_quantity().as_u64())
            };
            levels.iter().map(level).collect()
        };
        Outcome { trades: self.trades, buys: levels(&snapshot.bids), sells: levels(&snapshot.asks) }
    }
}
