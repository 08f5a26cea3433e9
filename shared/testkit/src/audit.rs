//! The promises about money, order books and orders at venues, checked against a store itself
//! once all is quiet. It trusts no use case: everything is folded again from entries and events.
#![expect(clippy::expect_used, clippy::panic, reason = "a promise that is broken is a panic")]

#[cfg(test)]
mod tests;
mod venues;

use std::collections::{BTreeMap, BTreeSet};

use app::{
    depth::Depth,
    ports::{EntryQuery, EventQuery, EventStretch, Logged, OrderState, Page, Store, StoreError},
};
use domain::{
    command::Instruction,
    commit::Resting,
    currency::CurrencyCode,
    id::{EntryId, OrderId, TradeId, UserId},
    ledger::{Cause, Entry, Fill, Holder, Outcome, Placement},
    market_event::{Head, Trade},
    order::{Closed, Order, Side, Size, Working},
    pair::{Lots, Pair, PairId},
};

/// What was found, so that a test can see that enough has happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audited {
    /// Journal entries that moved money.
    pub movements: usize,
    /// Orders, by what became of them: `open`, or why they are over.
    pub orders: BTreeMap<&'static str, usize>,
    /// Trades on order books.
    pub trades: usize,
    /// Commits of matchers.
    pub events: u64,
    /// Commands that still wait.
    pub waiting: usize,
    /// Orders at external venues, by their routing status.
    pub venue_orders: BTreeMap<&'static str, usize>,
}

/// Minor units in wallets: all of it, and what is held.
type Wallets = BTreeMap<(UserId, CurrencyCode), i128>;

/// What the fills of an order come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Filled {
    lots: i64,
    notional: i64,
    fees: i64,
}

/// Checks promises I1 to I3, I8 to I10, for these users, all pairs and all venues. Nobody may be
/// at work.
///
/// # Panics
/// If one is broken, or the store fails.
pub async fn audit(store: &dyn Store, users: &[UserId]) -> Audited {
    let mut audited = Audited::default();
    let entries = journal(store, users).await;
    audited.movements = entries.len();
    conserved(store, users, &entries).await;
    let mut fills = fills_of(&entries);
    let mut held = Wallets::new();
    for pair in store.pairs().await.expect("pairs") {
        audited.waiting += waiting(store, &pair, &mut held).await;
        let trades = book(store, &pair, &mut audited).await;
        settled(pair.id(), &trades, &entries);
    }
    for user in users {
        orders(store, *user, &mut fills, &mut held, &mut audited).await;
    }
    assert!(fills.is_empty(), "I8: fills of orders that nobody placed: {fills:?}");
    let mut fills = venues::fills_of(&entries);
    for user in users {
        venues::orders(store, *user, &mut fills, &mut held, &mut audited.venue_orders).await;
    }
    assert!(fills.is_empty(), "I8: a venue's fills of orders that nobody placed: {fills:?}");
    reserved(store, users, &held).await;
    audited
}

/// All pages of a list.
async fn all<T, F: Future<Output = Result<Page<T>, StoreError>>>(
    mut read: impl FnMut(Option<&T>) -> F,
) -> Vec<T> {
    let mut rows = Vec::new();
    loop {
        let page = read(rows.last()).await.expect("a page");
        rows.extend(page.rows);
        if !page.more {
            return rows;
        }
    }
}

async fn journal(store: &dyn Store, users: &[UserId]) -> BTreeMap<EntryId, Entry> {
    let mut entries = BTreeMap::new();
    for user in users {
        let rows = all(|last: Option<&Entry>| {
            let after = last.map(EntryQuery::position);
            let query = EntryQuery { user: *user, after, limit: 100 };
            async move { store.entries(&query).await }
        });
        entries.extend(rows.await.into_iter().map(|entry| (entry.id, entry)));
    }
    entries
}

/// I1 and I10: each wallet is the fold of its legs, and with the house all sums to zero.
async fn conserved(store: &dyn Store, users: &[UserId], entries: &BTreeMap<EntryId, Entry>) {
    let mut wallets = Wallets::new();
    let mut sums = BTreeMap::<CurrencyCode, i128>::new();
    for entry in entries.values() {
        let Outcome::Moved(movement) = &entry.outcome else { panic!("{entry:?}") };
        for ((holder, currency), net) in movement.postings.nets() {
            match holder {
                Holder::User(user) => *wallets.entry((user, currency.code)).or_default() += net,
                _ => *sums.entry(currency.code).or_default() += net,
            }
        }
    }
    for user in users {
        let account = store.account(*user).await.expect("a read").expect("an account");
        for (code, balance) in &account.wallets {
            let posted = i128::from(balance.posted_minor());
            let folded = wallets.remove(&(*user, *code)).unwrap_or_default();
            assert_eq!(posted, folded, "I10: {user} {code}");
            *sums.entry(*code).or_default() += posted;
        }
    }
    wallets.retain(|_, net| *net != 0);
    assert!(wallets.is_empty(), "I10: money of unknown wallets: {wallets:?}");
    assert!(sums.values().all(|sum| *sum == 0), "I1: {sums:?}");
}

fn fills_of(entries: &BTreeMap<EntryId, Entry>) -> BTreeMap<OrderId, Filled> {
    let mut fills = BTreeMap::<OrderId, Filled>::new();
    for fill in entries.values().filter_map(fill_of) {
        let steps = fill.steps;
        let notional = steps.notional(fill.price, fill.lots).expect("not too large").minor();
        for (order, fee) in [(fill.taker, fill.taker_fee), (fill.maker, fill.maker_fee)] {
            let filled = fills.entry(order).or_default();
            filled.lots += fill.lots.count();
            filled.notional += notional;
            filled.fees += fee.minor();
        }
    }
    fills
}

fn fill_of(entry: &Entry) -> Option<&Fill> {
    match &entry.outcome {
        Outcome::Moved(movement) => match &movement.cause {
            Cause::Fill(fill) => Some(fill),
            _ => None,
        },
        _ => None,
    }
}

/// What commands that wait have held; how many wait.
async fn waiting(store: &dyn Store, pair: &Pair, held: &mut Wallets) -> usize {
    let commands = store.commands(pair.id(), 1_000).await.expect("commands");
    for logged in &commands {
        let Logged::Command(command) = logged else { continue };
        let (user, side, amount) = match command.instruction {
            Instruction::Place(working) => {
                (working.order.user, working.order.side, working.tally.reserved)
            }
            Instruction::Amend { user, side, extra, .. } => (user, side, extra),
            _ => continue,
        };
        *held.entry((user, reserves(pair, side))).or_default() += i128::from(amount.minor());
    }
    commands.len()
}

fn reserves(pair: &Pair, side: Side) -> CurrencyCode {
    match side {
        Side::Buy => pair.steps.quote.code,
        Side::Sell => pair.steps.base.code,
    }
}

/// I9 and I10: numbers are gapless, the fold of the events is what rests, and is not crossed.
async fn book(store: &dyn Store, pair: &Pair, audited: &mut Audited) -> Vec<Trade> {
    let mut depth = Depth::of(Head::of_new(pair), None, &[]);
    let mut trades = Vec::new();
    loop {
        let stretch = EventStretch::After(depth.head.seq);
        let query = EventQuery { pair: pair.id(), stretch, limit: 100 };
        let page = store.events(&query).await.expect("events");
        for event in &page.rows {
            assert_eq!(event.head.seq, depth.head.seq + 1, "I10: a gap in {}", pair.id());
            assert!(depth.at.is_none_or(|at| at <= event.at), "I9: time ran backwards");
            depth.follow(event);
            trades.extend(event.trades().copied());
            assert_eq!(event.head.standing.trades, u64::try_from(trades.len()).expect("few"));
            let (bid, ask) = (depth.best(Side::Buy), depth.best(Side::Sell));
            let crossed = bid.zip(ask).is_some_and(|(bid, ask)| bid >= ask);
            let settled = event.head.begun.is_none();
            assert!(!(crossed && settled), "I9: crossed at {:?}", event.head);
        }
        if !page.more {
            break;
        }
    }
    let resting = store.resting(pair.id()).await.expect("resting orders");
    let folded: BTreeMap<_, _> =
        depth.orders().map(|(id, side, price, lots)| (id, (side, price, lots))).collect();
    let stored = resting.iter().map(|Resting { working: Working { order, tally }, .. }| {
        (order.id, (order.side, order.price, tally.open))
    });
    assert_eq!(folded, stored.collect(), "I10: the book of {} is not its events'", pair.id());
    for Resting { working, .. } in &resting {
        assert_eq!(working.tally.reserved, working.required(&pair.steps), "I3: {working:?}");
    }
    let places: BTreeSet<_> = resting.iter().map(|row| row.working.tally.sequence).collect();
    assert_eq!(places.len(), resting.len(), "I9: two orders with one sequence");
    audited.events += depth.head.seq;
    audited.trades += trades.len();
    trades
}

/// I8: each trade has exactly the one entry that settled it.
fn settled(pair: PairId, trades: &[Trade], entries: &BTreeMap<EntryId, Entry>) {
    for (index, trade) in trades.iter().enumerate() {
        let number = u64::try_from(index + 1).expect("few");
        assert_eq!(trade.number, number, "I10: {pair}");
        let entry = entries.get(&TradeId::of(pair, number).entry());
        let fill = entry.and_then(fill_of).unwrap_or_else(|| panic!("I8: {trade:?} not settled"));
        let settled = (fill.maker, fill.taker_side, fill.price, fill.lots);
        assert_eq!(settled, (trade.maker, trade.taker_side, trade.price, trade.lots), "I8");
    }
    let of_pair = |fill: &&Fill| fill.steps.pair() == pair;
    let count = entries.values().filter_map(fill_of).filter(of_pair).count();
    assert_eq!(count, trades.len(), "I8: fills without a trade in {pair}");
}

/// I8: an order's tally is the sum of its fills, and accounts for all of it.
async fn orders(
    store: &dyn Store,
    user: UserId,
    fills: &mut BTreeMap<OrderId, Filled>,
    held: &mut Wallets,
    audited: &mut Audited,
) {
    let placements = all(|last: Option<&Entry>| {
        let after = last.map(EntryQuery::position);
        let query = EntryQuery { user, after, limit: 100 };
        async move { store.placements(&query).await }
    });
    let placements: Vec<Placement> = placements
        .await
        .into_iter()
        .filter_map(|entry| match entry.outcome {
            Outcome::Placed(placement) => Some(placement),
            _ => None,
        })
        .collect();
    for some in placements.chunks(100) {
        let wanted: Vec<_> =
            some.iter().map(|placed| (placed.steps.pair(), placed.order.id)).collect();
        let states = store.order_states(&wanted).await.expect("states");
        for (placement, state) in some.iter().zip(states) {
            let filled = fills.remove(&placement.order.id).unwrap_or_default();
            let outcome = match state {
                OrderState::Pending => "pending",
                OrderState::Resting(resting) => {
                    accounted(&resting.working, filled, None);
                    let Working { order, tally } = resting.working;
                    let code = placement.hold.currency.code;
                    *held.entry((order.user, code)).or_default() +=
                        i128::from(tally.reserved.minor());
                    "open"
                }
                OrderState::Closed(closed) => {
                    accounted(&closed.working, filled, Some(closed.reason));
                    closed.reason.as_str()
                }
            };
            *audited.orders.entry(outcome).or_default() += 1;
        }
    }
}

fn accounted(working: &Working, filled: Filled, closed: Option<Closed>) {
    let Working { order, tally } = working;
    let told = Filled {
        lots: tally.executed.count(),
        notional: tally.notional.minor(),
        fees: tally.fees.minor(),
    };
    assert_eq!(told, filled, "I8: {working:?}");
    if let Order { size: Size::Lots(lots), .. } = order {
        let parts = [tally.executed, tally.open, tally.cancelled, tally.prevented];
        let sum = parts.into_iter().fold(Lots::ZERO, Lots::plus);
        assert_eq!(sum, *lots, "I8: {working:?}");
    }
    if let Some(reason) = closed {
        assert!(tally.open.is_zero() && tally.reserved.is_zero(), "I3: {working:?}");
        // What would have traded with its owner is not left to be filled.
        let whole = matches!(order.size, Size::Lots(lots)
            if lots == tally.executed.plus(tally.prevented));
        let by_funds = matches!(order.size, Size::Funds(_));
        assert!(whole || by_funds || reason != Closed::Filled, "I8: {working:?} {reason:?}");
    }
}

/// I2 and I3: what is held is what orders and waiting commands reserve, wallet by wallet.
async fn reserved(store: &dyn Store, users: &[UserId], held: &Wallets) {
    let mut held = held.clone();
    for user in users {
        let account = store.account(*user).await.expect("a read").expect("an account");
        for (code, balance) in &account.wallets {
            let reserved = held.remove(&(*user, *code)).unwrap_or_default();
            assert_eq!(i128::from(balance.held.minor()), reserved, "I3: {user} {code}");
        }
    }
    held.retain(|_, reserved| *reserved != 0);
    assert!(held.is_empty(), "I3: reserved in unknown wallets: {held:?}");
}
