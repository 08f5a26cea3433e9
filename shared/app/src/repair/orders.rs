//! Where each order of a market stands, and what waits in the market's log.

use domain::{
    amount::Amount,
    command::{Command, CommandId, Instruction},
    commit::{ClosedOrder, Resting},
    id::{EntryId, OrderId},
    ledger::{Outcome, Placement},
    order::{Closed, Order, Side, Size, Tally, TimeInForce, Working, fee},
    pair::{Lots, Pair, Steps},
};

use super::{
    Draft, Row,
    book::{Book, Standing},
    markets::{Trades, first_of, last_of},
};

/// Mends the rows of all orders of a market, and its log.
pub(super) fn mend(draft: &mut Draft, pair: &Pair, book: &Book, trades: &Trades) {
    remove_strangers(draft, pair, trades);
    for (order, placement) in &trades.orders {
        let filled = Filled::of(placement, trades);
        match book.resting.get(order) {
            Some(standing) => rests(draft, pair, book, placement, &filled, standing),
            None => stands_not(draft, pair, book, placement, &filled),
        }
    }
}

/// What the fills of an order come to.
#[derive(Debug, Clone, Copy)]
struct Filled {
    executed: Lots,
    notional: Amount,
    fees: Amount,
    fee_credit: u16,
    /// What the fills have used up of what was held.
    spent: Amount,
}

impl Filled {
    fn of(placement: &Placement, trades: &Trades) -> Self {
        let Placement { steps, order, .. } = placement;
        let zero = Amount::ZERO;
        let mut filled =
            Self { executed: Lots::ZERO, notional: zero, fees: zero, fee_credit: 0, spent: zero };
        for (fill, took) in trades.of_order(order.id, u64::MAX) {
            let cost = steps.cost(fill.price, fill.lots);
            let rate = if took { order.taker_fee } else { order.maker_fee };
            let paid = if took { fill.taker_fee } else { fill.maker_fee };
            let (_, credit) = fee(rate, cost, filled.fee_credit);
            let spent = match order.side {
                Side::Buy => sum(cost, paid),
                Side::Sell => steps.base_of(fill.lots).amount,
            };
            filled = Self {
                executed: filled.executed.plus(fill.lots),
                notional: sum(filled.notional, cost),
                fees: sum(filled.fees, paid),
                fee_credit: credit,
                spent: sum(filled.spent, spent),
            };
        }
        filled
    }

    /// Whether an order's tally says the same.
    fn agrees(&self, tally: &Tally) -> bool {
        (tally.executed, tally.notional, tally.fees) == (self.executed, self.notional, self.fees)
    }

    fn tally(&self, order: &Order, open: Lots, sequence: u64) -> Tally {
        let whole = match order.size {
            Size::Lots(lots) => lots,
            Size::Funds(_) => self.executed.plus(open),
        };
        Tally {
            executed: self.executed,
            open,
            cancelled: Lots::ZERO,
            prevented: whole.minus(self.executed).minus(open),
            notional: self.notional,
            fees: self.fees,
            fee_credit: self.fee_credit,
            reserved: Amount::ZERO,
            sequence,
        }
    }
}

fn sum(one: Amount, other: Amount) -> Amount {
    one.checked_add(other).unwrap_or(Amount::MAX)
}

/// Rows of orders that nobody placed: what was asked of them has not happened.
fn remove_strangers(draft: &mut Draft, pair: &Pair, trades: &Trades) {
    const WHY: &str = "of an order that no entry placed";
    let known = |order: &OrderId| trades.orders.contains_key(order);
    let world = &draft.world;
    let resting = world.resting.values().filter(|row| row.pair == pair.id());
    let resting = resting.filter(|row| !known(&row.working.order.id)).copied().map(Row::Resting);
    let closed = world.closed.values().filter(|row| row.pair == pair.id());
    let closed = closed.filter(|row| !known(&row.working.order.id)).copied().map(Row::Closed);
    let waiting = world.commands.range(first_of(pair.id())..=last_of(pair.id()));
    let waiting = waiting.filter(|(_, command)| match command.instruction {
        Instruction::Place(working) => !known(&working.order.id),
        Instruction::Cancel(order) => !known(&order),
        Instruction::Amend { order, .. } => {
            let entry = world.entries.get(&EntryId::from_bits(command.id.bits));
            let asked = entry.is_some_and(|it| matches!(it.outcome, Outcome::Amended(_)));
            !known(&order) || !asked
        }
        _ => false,
    });
    let waiting = waiting.map(|(_, command)| Row::Command(*command));
    let strangers: Vec<_> = resting.chain(closed).chain(waiting).collect();
    for row in strangers {
        draft.remove(row, WHY);
    }
}

/// The command by which an order waits.
fn waiting_of(draft: &Draft, pair: &Pair, order: OrderId) -> Option<Command> {
    let mut waiting = draft.world.commands.range(first_of(pair.id())..=last_of(pair.id()));
    let places = |command: &Command| match command.instruction {
        Instruction::Place(working) => working.order.id == order,
        _ => false,
    };
    waiting.find(|(_, command)| places(command)).map(|(_, command)| *command)
}

/// The order as its rows know it, or else as it was placed: it may have been amended since.
fn known_terms(draft: &Draft, pair: &Pair, placement: &Placement) -> Vec<Order> {
    let id = placement.order.id;
    let resting = draft.world.resting.get(&id).map(|row| row.working.order);
    let closed = draft.world.closed.get(&id).map(|row| row.working.order);
    let waiting = waiting_of(draft, pair, id).and_then(|command| match command.instruction {
        Instruction::Place(working) => Some(working.order),
        _ => None,
    });
    resting.into_iter().chain(closed).chain(waiting).chain([placement.order]).collect()
}

/// An order that is on the book.
fn rests(
    draft: &mut Draft,
    pair: &Pair,
    book: &Book,
    placement: &Placement,
    filled: &Filled,
    standing: &Standing,
) {
    let id = placement.order.id;
    let there = draft.world.resting.get(&id).copied();
    let agrees = there.is_some_and(|Resting { working: Working { order, tally }, .. }| {
        let place = (order.price, tally.open, tally.sequence);
        place == (standing.price, standing.lots, standing.sequence) && filled.agrees(&tally)
    });
    if !agrees {
        let needed = filled.executed.plus(standing.lots);
        let fits = |order: &Order| {
            order.price == standing.price
                && matches!(order.size, Size::Lots(lots) if lots >= needed)
        };
        let terms = known_terms(draft, pair, placement);
        let order = terms.into_iter().find(fits).unwrap_or(Order {
            price: standing.price,
            size: Size::Lots(needed),
            time_in_force: TimeInForce::GoodTilCancelled,
            ..placement.order
        });
        let tally = filled.tally(&order, standing.lots, standing.sequence);
        let working = reserving(Working { order, tally }, &pair.steps);
        let row = Resting { pair: pair.id(), working, seq: book.head.seq };
        let why = "an order is not on the book as its market's events say";
        draft.put(Row::Resting(row), there.map(Row::Resting), why);
    }
    if let Some(closed) = draft.world.closed.get(&id).copied() {
        draft.remove(Row::Closed(closed), "of an order that is not over");
    }
    if let Some(command) = waiting_of(draft, pair, id) {
        draft.remove(Row::Command(command), "of an order that rests already");
    }
}

fn reserving(mut working: Working, steps: &Steps) -> Working {
    working.tally.reserved = working.required(steps);
    working
}

/// An order that is not on the book: it is over, or it waits.
fn stands_not(draft: &mut Draft, pair: &Pair, book: &Book, placement: &Placement, filled: &Filled) {
    let id = placement.order.id;
    if let Some(resting) = draft.world.resting.get(&id).copied() {
        draft.remove(Row::Resting(resting), "of an order that rests no more");
    }
    let closed = draft.world.closed.get(&id).copied();
    let told = |row: &ClosedOrder| row.seq <= book.head.seq && filled.agrees(&row.working.tally);
    let waiting = waiting_of(draft, pair, id);
    let terms = known_terms(draft, pair, placement);
    let size = terms.first().map_or(placement.order.size, |order| order.size);
    let whole = matches!(size, Size::Lots(lots) if lots <= filled.executed);
    let over = closed.is_some_and(|row| told(&row));
    if over || whole || (book.rested.contains(&id) && waiting.is_none()) {
        if !over {
            let row = ended(pair, book, placement, filled, closed.as_ref());
            let why = "an order is not over as its market's events and fills say";
            draft.put(Row::Closed(row), closed.map(Row::Closed), why);
        }
        if let Some(command) = waiting {
            draft.remove(Row::Command(command), "of an order that is over already");
        }
        return;
    }
    if let Some(closed) = closed {
        draft.remove(Row::Closed(closed), "of an order whose end no event tells of");
    }
    waits(draft, pair, placement, filled, waiting);
}

/// The end of an order as far as anything tells of it: nothing says why, so it is cancelled unless
/// all of it was filled.
fn ended(
    pair: &Pair,
    book: &Book,
    placement: &Placement,
    filled: &Filled,
    known: Option<&ClosedOrder>,
) -> ClosedOrder {
    let order = known.map_or(placement.order, |row| row.working.order);
    let mut tally = filled.tally(&order, Lots::ZERO, 0);
    let left = std::mem::replace(&mut tally.prevented, Lots::ZERO);
    tally.cancelled = left;
    let reason = if left.is_zero() { Closed::Filled } else { Closed::Cancelled };
    let working = Working { order, tally };
    ClosedOrder { pair: pair.id(), working, reason, at: book.at, seq: book.head.seq }
}

/// An order that is to be matched, again if need be.
fn waits(
    draft: &mut Draft,
    pair: &Pair,
    placement: &Placement,
    filled: &Filled,
    waiting: Option<Command>,
) {
    let at_first = CommandId { at: placement.order.placed_at, bits: placement.order.id.bits() };
    let id = waiting.map_or(at_first, |command| command.id);
    let known = waiting.and_then(|command| match command.instruction {
        Instruction::Place(working) => Some(working),
        _ => None,
    });
    if known.is_some_and(|working| filled.agrees(&working.tally)) {
        return;
    }
    let order = known.map_or(placement.order, |working| working.order);
    let mut working = order.begun(placement.hold.amount);
    if !filled.executed.is_zero() {
        let open = match order.size {
            Size::Lots(lots) => lots.minus(filled.executed),
            Size::Funds(_) => Lots::ZERO,
        };
        working.tally = filled.tally(&order, open, 0);
        let left = placement.hold.amount.checked_sub(filled.spent).unwrap_or(Amount::ZERO);
        working.tally.reserved = left;
        working = reserving(working, &pair.steps);
    }
    let command = Command { pair: pair.id(), id, instruction: Instruction::Place(working) };
    let why = "an order that neither rests nor is over is to be matched";
    draft.put(Row::Command(command), waiting.map(Row::Command), why);
}
