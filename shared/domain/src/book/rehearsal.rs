//! Random commands for a book, its oracle and its witness: all must agree after each of them,
//! also if the book is stored and restored, or cut off between two fills, on the way.

use std::collections::BTreeMap;

use super::{oracle::NaiveBook, witness::Witness};
use crate::{
    amount::Amount,
    book::{Book, Command, Event, Standing},
    id::{OrderId, UserId},
    order::{Closed, Order, OrderKind, SelfTradePrevention, Side, Size, TimeInForce, Working},
    pair::{FeeBps, Lots, PairStatus, Steps, Ticks},
    time::Timestamp,
};

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From `low` to `high`, both included.
    fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low + 1).expect("not below");
        low + i64::try_from(self.next() % span).expect("in range")
    }

    /// Once in so many times.
    fn once_in(&mut self, times: i64) -> bool {
        self.between(1, times) == 1
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        let last = i64::try_from(all.len()).expect("short") - 1;
        all[usize::try_from(self.between(0, last)).expect("an index")]
    }
}

fn amount(minor: i64) -> Amount {
    Amount::from_minor(minor).expect("an amount")
}

fn lots(count: i64) -> Lots {
    Lots::new(count).expect("lots")
}

struct Scene {
    steps: Steps,
    dice: Dice,
    /// Ids are given from 1; the least one may still be asked about.
    ids: u128,
    status: PairStatus,
}

impl Scene {
    /// Buys and sales meet about every second time.
    fn price(&mut self, side: Side) -> Ticks {
        let lowest = if side == Side::Buy { 93 } else { 97 };
        Ticks::new(self.dice.between(lowest, lowest + 10)).expect("a price")
    }

    fn side(&mut self) -> Side {
        self.dice.one_of(&[Side::Buy, Side::Sell])
    }

    fn user(&mut self) -> UserId {
        UserId::from_bits(self.dice.one_of(&[1, 1, 2, 3, 4, 5]))
    }

    fn fee(&mut self) -> FeeBps {
        let high = self.dice.one_of(&[0, 30, 30, 1_000]);
        FeeBps::new(u16::try_from(self.dice.between(0, high)).expect("small")).expect("a fee")
    }

    fn order(&mut self) -> Order {
        self.ids += 1;
        let side = self.side();
        let mut order = Order {
            id: OrderId::from_bits(self.ids),
            user: self.user(),
            side,
            kind: OrderKind::Limit,
            time_in_force: self.dice.one_of(&[
                TimeInForce::GoodTilCancelled,
                TimeInForce::GoodTilCancelled,
                TimeInForce::GoodTilCancelled,
                TimeInForce::ImmediateOrCancel,
                TimeInForce::FillOrKill,
            ]),
            post_only: self.dice.once_in(6),
            self_trade_prevention: self.dice.one_of(&[
                SelfTradePrevention::CancelNewest,
                SelfTradePrevention::CancelOldest,
                SelfTradePrevention::CancelBoth,
                SelfTradePrevention::DecrementAndCancel,
            ]),
            price: self.price(side),
            size: Size::Lots(lots(self.dice.between(1, 12))),
            maker_fee: self.fee(),
            taker_fee: self.fee(),
            placed_at: Timestamp::from_millis(0),
        };
        if self.dice.once_in(5) {
            order.kind = OrderKind::Market;
            if self.dice.once_in(2) {
                order.side = Side::Buy;
                let funds = self.dice.between(1, 30) * self.dice.one_of(&[1, 99, 101]);
                order.size = Size::Funds(amount(funds * self.steps.unit_value));
            }
        }
        order
    }

    /// Of an order that rests, as a rule; else one that perhaps did not long ago.
    fn known(&mut self, book: &Book) -> OrderId {
        let side = self.side();
        let resting = i64::try_from(book.resting(side).count()).expect("a few");
        let nth = usize::try_from(self.dice.between(0, resting)).expect("an index");
        let back = u128::try_from(self.dice.between(0, 40)).expect("not below zero");
        let recent = OrderId::from_bits(self.ids.saturating_sub(back));
        book.resting(side).nth(nth).map_or(recent, |working| working.order.id)
    }

    fn amendment(&mut self, book: &Book) -> Command {
        let order = self.known(book);
        if self.dice.once_in(60) {
            let (price, lots) = (Some(Ticks::MAX), Some(Lots::MAX));
            return Command::Amend { order, price, lots, extra: Amount::ZERO };
        }
        let side = self.side();
        let price = if self.dice.once_in(2) { Some(self.price(side)) } else { None };
        let size = lots(self.dice.between(1, 15));
        let size = if self.dice.once_in(3) { None } else { Some(size) };
        let short = book.working(order).map_or(0, |before| {
            let mut after = *before;
            after.order.price = price.unwrap_or(after.order.price);
            if let (Some(size), Size::Lots(old)) = (size, after.order.size) {
                after.order.size = Size::Lots(size);
                after.tally.open = after.tally.open.plus(size).minus(old);
            }
            after.required(&self.steps).minor() - before.tally.reserved.minor()
        });
        let extra = amount(short.max(0) + self.dice.one_of(&[0, 0, 0, 0, 7]));
        let extra = if self.dice.once_in(8) { Amount::ZERO } else { extra };
        Command::Amend { order, price, lots: size, extra }
    }

    fn command(&mut self, book: &Book) -> Command {
        let reason = self.dice.one_of(&[Closed::Cancelled, Closed::Deadline, Closed::BalanceLimit]);
        if self.status != PairStatus::Trading && self.dice.once_in(4) {
            self.status = PairStatus::Trading;
            return Command::SetStatus(self.status);
        }
        match self.dice.between(1, 400) {
            1 => {
                self.status = self.dice.one_of(&[PairStatus::CancelOnly, PairStatus::Halted]);
                Command::SetStatus(self.status)
            }
            2..=4 => {
                let side = if self.dice.once_in(2) { Some(self.side()) } else { None };
                Command::CancelAll { user: self.user(), side, reason }
            }
            5..=50 => Command::Cancel { order: self.known(book), reason },
            51..=110 => self.amendment(book),
            other => {
                let mut order = self.order();
                if other <= 112 {
                    order.id = self.known(book);
                }
                let held = order.hold(&self.steps).expect("a small order");
                let resumed = self.dice.once_in(30);
                Command::Place { working: order.begun(held.amount), resumed }
            }
        }
    }
}

/// What has come about, and how often: so that a test can tell that nothing was left out.
pub(super) type Counts = BTreeMap<String, u64>;

fn count(counts: &mut Counts, event: &Event) {
    let name = match event {
        Event::Rested(_) => "rested".to_owned(),
        Event::Filled(fill) => match (fill.taker.order.size, fill.taker.order.time_in_force) {
            (Size::Funds(_), _) => "filled for funds".to_owned(),
            (Size::Lots(_), force) => format!("filled {}", force.as_str()),
        },
        Event::Reduced { prevented: true, .. } => "reduced by prevention".to_owned(),
        Event::Reduced { .. } => "reduced".to_owned(),
        Event::Prevented { .. } => "prevented".to_owned(),
        Event::Withdrawn { .. } => "withdrawn".to_owned(),
        Event::Closed { working, reason, .. } => {
            let kind = match working.order.size {
                Size::Lots(_) => "lots",
                Size::Funds(_) => "funds",
            };
            format!("closed {kind} {}", reason.as_str())
        }
        Event::AmendRefused { refusal, .. } => format!("refused {refusal:?}"),
        Event::StatusSet(status) => status.as_str().to_owned(),
    };
    *counts.entry(name).or_default() += 1;
}

fn shuffled(dice: &mut Dice, mut all: Vec<Working>) -> Vec<Working> {
    for index in (1..all.len()).rev() {
        let other = dice.between(0, i64::try_from(index).expect("short"));
        all.swap(index, usize::try_from(other).expect("an index"));
    }
    all
}

/// Both books level by level and order by order.
fn compare(book: &Book, naive: &NaiveBook) {
    for side in [Side::Buy, Side::Sell] {
        let queue = naive.queue(side);
        assert!(book.resting(side).eq(&queue), "{side:?}: {book:?} {queue:?}");
        let mut levels: Vec<(Ticks, i64, usize)> = Vec::new();
        for working in &queue {
            let (price, open) = (working.order.price, working.tally.open.count());
            match levels.last_mut().filter(|(last, ..)| *last == price) {
                Some((_, lots, orders)) => (*lots, *orders) = (*lots + open, *orders + 1),
                None => levels.push((price, open, 1)),
            }
        }
        let real = book.levels(side).map(|level| (level.price, level.lots.count(), level.orders));
        assert!(real.eq(levels.iter().copied()), "levels: {levels:?}");
    }
}

/// The order that takes, if its matching may be cut off after this event: after a fill, or after
/// an older order of its owner's was cancelled.
fn taking(event: &Event, taker: OrderId, witness: &Witness) -> Option<Working> {
    let taker = witness.working(taker)?;
    let oldest = taker.order.self_trade_prevention == SelfTradePrevention::CancelOldest;
    match event {
        Event::Filled(_) => Some(taker),
        Event::Closed { reason: Closed::SelfTrade, .. } if oldest => Some(taker),
        _ => None,
    }
}

/// Cuts the matching off wherever that may be, restores the book as it was then and goes on: the
/// other events must be the same. How often that was tried.
fn cut(command: &Command, witness: &Witness, events: &[Event], after: &Book) -> u64 {
    let taker = match command {
        Command::Place { working, .. } => working.order.id,
        Command::Amend { order, .. } => *order,
        Command::Cancel { .. } | Command::CancelAll { .. } | Command::SetStatus(_) => return 0,
    };
    let mut witness = witness.clone();
    let mut cuts = 0;
    for (number, event) in (1..).zip(events) {
        witness.sees(event);
        let Some(working) = taking(event, taker, &witness) else { continue };
        let standing = witness.standing(after.standing().status);
        let mut book = Book::restore(*after.steps(), standing, witness.resting());
        let mut rest = Vec::new();
        book.apply(&Command::Place { working, resumed: true }, &mut rest);
        assert_eq!(rest, events[number..], "cut after event {number} of {command:?}");
        for side in [Side::Buy, Side::Sell] {
            assert!(book.resting(side).eq(after.resting(side)), "cut after event {number}");
        }
        assert_eq!(book.standing(), after.standing());
        cuts += 1;
    }
    cuts
}

/// Applies so many random commands to all of them.
///
/// # Panics
/// If they do not agree; the message begins with the number of the command.
pub(super) fn rehearse(steps: Steps, seed: u64, commands: u64) -> Counts {
    let mut scene = Scene { steps, dice: Dice(seed), ids: 0, status: PairStatus::Trading };
    let standing =
        Standing { status: PairStatus::Trading, sequence: 0, trades: 0, last_price: None };
    let mut book = Book::restore(steps, standing, []);
    let (mut naive, mut witness) = (NaiveBook::new(steps), Witness::new(steps));
    let (mut counts, mut events) = (Counts::new(), Vec::new());
    for number in 0..commands {
        let command = scene.command(&book);
        events.clear();
        book.apply(&command, &mut events);
        assert_eq!(events, naive.apply(&command), "command {number} of {seed}: {command:?}");
        witness.hears(&command);
        if scene.dice.once_in(4) {
            let cuts = cut(&command, &witness, &events, &book);
            *counts.entry("cut".to_owned()).or_default() += cuts;
        }
        if events.is_empty() {
            *counts.entry("unheard".to_owned()).or_default() += 1;
        }
        for event in &events {
            witness.sees(event);
            count(&mut counts, event);
        }
        witness.confirms(&book);
        compare(&book, &naive);
        if scene.dice.once_in(50) {
            let resting = shuffled(&mut scene.dice, witness.resting());
            book = Book::restore(steps, book.standing(), resting);
        }
    }
    counts
}
