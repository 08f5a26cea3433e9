//! What entries about orders must have been: what is held for an order, what a fill moves, and
//! how far each order has come by its fills.

use domain::{
    activity::OrderNews,
    amount::Money,
    command::Instruction,
    commit::{Commit, Write},
    id::TradeId,
    ledger::{Amendment, Cause, Entry, Fill, Holder, Movement, Outcome, Placement},
    order::{Closed, OrderStatus, Side, Size, Working},
    pair::Steps,
    venue::{VenueFill, VenueTerms},
};

use super::{
    entries::{Plain, rule},
    model::{OrderLog, World},
    money::{Fraction, power},
};

/// Minor units of the quote currency that a lot at one tick is worth.
fn unit(steps: &Steps) -> Option<i128> {
    let worth = Fraction::whole(i128::from(steps.tick.minor()) * i128::from(steps.lot.minor()))?
        .times(Fraction::whole(power(steps.quote.scale.decimals())?)?)?
        .by(Fraction::whole(power(steps.price_scale.decimals())?)?)?
        .by(Fraction::whole(power(steps.base.scale.decimals())?)?)?;
    (worth.floor() == worth.ceil()).then_some(worth.floor())
}

/// Parts of ten thousand, rounded up.
fn rounded(parts: i128) -> i128 {
    (parts + 9_999) / 10_000
}

/// An order that was accepted, with what is held for it.
pub fn placed(
    world: &World,
    commit: &Commit,
    entry: &Entry,
    placement: &Placement,
) -> Result<(), String> {
    let (order, steps) = (placement.order, placement.steps);
    let pair = world.pairs.get(&steps.pair()).ok_or("an order in an unknown market")?;
    let known = pair.steps == steps
        && (order.maker_fee, order.taker_fee) == (pair.maker_fee, pair.taker_fee)
        && order.user == entry.actor
        && order.id.bits() == entry.id.bits();
    rule(known, || format!("I10: {placement:?} is not of {pair:?}"))?;
    let unit = unit(&steps).ok_or("the oracle cannot count so far")?;
    let fee = i128::from(order.maker_fee.max(order.taker_fee).bps());
    let (currency, needs) = match (order.side, order.size) {
        (Side::Sell, Size::Lots(lots)) => {
            (steps.base, i128::from(lots.count()) * i128::from(steps.lot.minor()))
        }
        (_, Size::Funds(funds)) => (steps.quote, i128::from(funds.minor())),
        (Side::Buy, Size::Lots(lots)) => {
            let worth = i128::from(order.price.count()) * i128::from(lots.count()) * unit;
            (steps.quote, worth + rounded(worth * fee))
        }
    };
    let Money { amount, currency: held } = placement.hold;
    rule(currency == held && needs == i128::from(amount.minor()), || {
        format!("I3: {:?} is held for {order:?}, which needs {needs}", placement.hold)
    })?;
    let logged = commit.writes().iter().any(|write| {
        matches!(write, Write::PutCommand(command)
            if matches!(command.instruction, Instruction::Place(working)
                if working.order == order && working.tally.reserved == amount))
    });
    rule(logged, || format!("I5: {} is not in the log of its market", order.id))
}

/// A change of an order that was accepted.
pub fn amended(commit: &Commit, entry: &Entry, amendment: &Amendment) -> Result<(), String> {
    let logged = commit.writes().iter().any(|write| {
        matches!(write, Write::PutCommand(command)
            if matches!(command.instruction, Instruction::Amend { order, user, extra, .. }
                if order == amendment.order && user == entry.actor
                    && extra == amendment.extra.amount))
    });
    rule(logged, || format!("I5: {} is not in the log of its market", entry.id))
}

/// An order for a venue that was accepted.
pub fn routed(commit: &Commit, entry: &Entry, terms: &VenueTerms) -> Result<(), String> {
    let put = commit.writes().iter().any(|write| {
        matches!(write, Write::PutVenueOrder(order)
            if order.terms == *terms && order.executed.is_zero() && order.version == 1)
    });
    let own = terms.user == entry.actor && terms.id.bits() == entry.id.bits();
    rule(put && own, || format!("I5: {terms:?} is no order"))
}

/// The postings of a fill.
pub fn filled(
    world: &World,
    commit: &Commit,
    entry: &Entry,
    movement: &Movement,
    fill: &Fill,
) -> Result<Vec<Plain>, String> {
    let (steps, pair) = (fill.steps, fill.steps.pair());
    rule(world.pairs.get(&pair).is_some_and(|pair| pair.steps == steps), || {
        format!("a fill in the unknown market {pair}")
    })?;
    rule(entry.id == TradeId::of(pair, fill.number).entry(), || {
        format!("I8: {} is not the entry of trade {}", entry.id, fill.number)
    })?;
    let happened = commit.writes().iter().any(|write| {
        matches!(write, Write::PutMarketEvent(event) if event.pair == pair
        && event.trades().any(|trade| {
            (trade.number, trade.maker, trade.price, trade.lots, trade.taker_side)
                == (fill.number, fill.maker, fill.price, fill.lots, fill.taker_side)
        }))
    });
    rule(happened, || format!("I8: {} is of no trade beside it", entry.id))?;
    let taker = world.orders.get(&fill.taker).ok_or("I8: a fill of an unknown order")?;
    let maker = world.orders.get(&fill.maker).ok_or("I8: a fill of an unknown order")?;
    let sides = taker.order.side == fill.taker_side
        && maker.order.side == fill.taker_side.opposite()
        && (taker.order.user, Some(maker.order.user)) == (movement.party, movement.counterparty)
        && taker.order.user != maker.order.user;
    rule(sides, || format!("I9: {} is of {taker:?} and {maker:?}", entry.id))?;
    let lots = i128::from(fill.lots.count());
    let unit = unit(&steps).ok_or("the oracle cannot count so far")?;
    let notional = i128::from(fill.price.count()) * lots * unit;
    let fee = |log: &OrderLog, bps: u16| {
        let parts = log.fee_parts + notional * i128::from(bps);
        rounded(parts) - rounded(log.fee_parts)
    };
    let taken = fee(taker, taker.order.taker_fee.bps());
    let made = fee(maker, maker.order.maker_fee.bps());
    let told = (i128::from(fill.taker_fee.minor()), i128::from(fill.maker_fee.minor()));
    rule(told == (taken, made), || {
        format!("I10: fees {told:?} of {}, not {:?}", entry.id, (taken, made))
    })?;
    let (buyer, seller) = match fill.taker_side {
        Side::Buy => ((taker.order.user, taken), (maker.order.user, made)),
        Side::Sell => ((maker.order.user, made), (taker.order.user, taken)),
    };
    let (buys, sells) = (Holder::User(buyer.0), Holder::User(seller.0));
    let (base, quote) = (steps.base.code, steps.quote.code);
    Ok(vec![
        (buys, sells, quote, notional),
        (sells, buys, base, lots * i128::from(steps.lot.minor())),
        (buys, Holder::Fees, quote, buyer.1),
        (sells, Holder::Fees, quote, seller.1),
    ])
}

/// The postings of a venue's fill.
pub fn filled_at_venue(
    world: &World,
    commit: &Commit,
    movement: &Movement,
    fill: &VenueFill,
) -> Result<Vec<Plain>, String> {
    let order = world.venue_orders.get(&fill.order).ok_or("I8: a fill of an unknown order")?;
    let (terms, price) = (order.terms, fill.price.amount);
    let worse = match terms.side {
        Side::Buy => price > terms.price,
        Side::Sell => price < terms.price,
    };
    let own = (terms.user, terms.side, terms.instrument, terms.currency)
        == (movement.party, fill.side, fill.instrument, fill.price.currency);
    rule(own && !worse && !order.is_over(), || format!("I8: {fill:?} is not of {order:?}"))?;
    let executed = order.executed.minor() + fill.quantity.minor();
    let counted = commit.writes().iter().any(|write| {
        matches!(write, Write::ReplaceVenueOrder { order, .. }
            if order.terms == terms && order.executed.minor() == executed)
    });
    rule(counted && executed <= terms.quantity.minor(), || {
        format!("I8: {fill:?} is not counted, or too much of {order:?}")
    })?;
    let pieces = i128::from(fill.quantity.minor());
    let cash = (terms.currency.code, i128::from(price.minor()) * pieces);
    let pieces = (fill.instrument.code(), pieces);
    let (paid, got) = if terms.side == Side::Buy { (cash, pieces) } else { (pieces, cash) };
    let owner = Holder::User(terms.user);
    Ok(vec![(owner, Holder::Venues, paid.0, paid.1), (Holder::Venues, owner, got.0, got.1)])
}

/// Follows an entry about an order.
pub fn note(world: &mut World, entry: &Entry) {
    match &entry.outcome {
        Outcome::Placed(placement) => {
            let log = OrderLog {
                order: placement.order,
                lots: 0,
                notional: 0,
                fee_parts: 0,
                rested: false,
                closed: None,
            };
            world.orders.insert(placement.order.id, log);
        }
        Outcome::Moved(Movement { cause: Cause::Fill(fill), .. }) => {
            let Some(unit) = unit(&fill.steps) else { return };
            let lots = i128::from(fill.lots.count());
            let notional = i128::from(fill.price.count()) * lots * unit;
            for (id, takes) in [(fill.taker, true), (fill.maker, false)] {
                let Some(log) = world.orders.get_mut(&id) else { continue };
                let fee = if takes { log.order.taker_fee } else { log.order.maker_fee };
                log.lots += lots;
                log.notional += notional;
                log.fee_parts += notional * i128::from(fee.bps());
            }
        }
        _ => {}
    }
}

/// I8: how far orders have come is what their fills say, in every commit.
pub fn tallies(world: &mut World, place: usize, commit: &Commit) {
    for write in commit.writes() {
        let (working, closed) = match write {
            Write::PutResting(row) | Write::ReplaceResting(row) => (row.working, None),
            Write::PutClosedOrder(row) => (row.working, Some(row.reason)),
            Write::AdvanceCommand(command) => match command.instruction {
                Instruction::Place(working) => (working, None),
                _ => continue,
            },
            Write::MoveFunds { change, .. } => {
                for news in &change.news.orders {
                    if let Err(what) = told(world, news) {
                        world.wrong(place, what);
                    }
                }
                continue;
            }
            _ => continue,
        };
        let id = working.order.id;
        let Some(log) = world.orders.get_mut(&id) else {
            world.wrong(place, format!("I8: {id} was never accepted"));
            continue;
        };
        log.order = working.order;
        log.rested |= matches!(write, Write::PutResting(_) | Write::ReplaceResting(_));
        let wrong = differs(log, &working, closed);
        let again = log.closed.is_some();
        log.closed = closed.map(|reason| (reason, place + 1));
        if wrong || again {
            let text = format!("I8: {working:?} {closed:?} is not what its fills say: {log:?}");
            world.wrong(place, text);
        }
    }
}

fn differs(log: &OrderLog, working: &Working, closed: Option<Closed>) -> bool {
    let tally = working.tally;
    let parts = [tally.executed, tally.open, tally.cancelled, tally.prevented];
    let sum: i128 = parts.iter().map(|lots| i128::from(lots.count())).sum();
    let whole = match working.order.size {
        Size::Lots(lots) => sum == i128::from(lots.count()),
        Size::Funds(_) => true,
    };
    let over = closed.is_none() || (tally.open.is_zero() && tally.reserved.is_zero());
    let told = [tally.executed.count(), tally.notional.minor(), tally.fees.minor()];
    let right = [log.lots, log.notional, rounded(log.fee_parts)];
    !(whole && over && told.map(i128::from) == right)
}

/// What an order's owner is told follows from its fills and from why it is over.
fn told(world: &World, news: &OrderNews) -> Result<(), String> {
    let Some(log) = world.orders.get(&news.order) else {
        return Err(format!("I8: news of the unknown order {}", news.order));
    };
    let status = match news.reason {
        None if news.executed.count() > 0 => OrderStatus::PartiallyFilled,
        // Whether it rests already is not in the news.
        None if news.status == OrderStatus::Open => OrderStatus::Open,
        None => OrderStatus::Pending,
        Some(Closed::Filled) => OrderStatus::Filled,
        Some(Closed::Expired) => OrderStatus::Expired,
        Some(Closed::WouldTake | Closed::Unreadable) => OrderStatus::Rejected,
        Some(Closed::MarketClosed) if log.lots == 0 && !log.rested => OrderStatus::Rejected,
        Some(_) => OrderStatus::Cancelled,
    };
    let told = [news.executed.count(), news.notional.minor(), news.fees.minor()];
    let right = [log.lots, log.notional, rounded(log.fee_parts)];
    // News of an amendment tell of the order as it was looked at.
    let now = told.map(i128::from) == right || news.reason.is_none();
    rule(now && status == news.status, || format!("I8: told {news:?} of {log:?}"))
}
