//! What each journal entry must have been when it was written: amounts, rates, prices and all
//! that happened with it.

use domain::{
    commit::{Claim, Commit, Write},
    conversion::{Conversion, Provenance},
    id::{EntryId, UserId},
    ledger::{Cause, Entry, Holder, Movement, Outcome, Posting, Purchase},
    rate::RateVersion,
    time::{Span, Timestamp},
};

use super::{
    model::World,
    money::{Converted, Fraction, paying, power, receiving},
    trading,
};

/// How old rates may be that a decision uses; and those of a quote.
const RATES_AGE: Span = Span::seconds(10);
const QUOTED_AGE: Span = Span::seconds(40);

/// A posting as (from, to, minor units, decimals).
pub type Plain = (Holder, Holder, domain::currency::CurrencyCode, i128);

/// Checks an entry against the world as it was before it.
pub fn check(world: &mut World, place: usize, commit: &Commit, entry: &Entry) {
    let found = match &entry.outcome {
        Outcome::Moved(movement) => moved(world, commit, entry, movement),
        Outcome::Placed(placement) => trading::placed(world, commit, entry, placement),
        Outcome::Amended(amendment) => trading::amended(commit, entry, amendment),
        Outcome::Routed(terms) => trading::routed(commit, entry, terms),
        Outcome::Listed(item) => {
            let as_new = item.version == 1 && item.sold == 0 && item.seller == entry.actor;
            let put =
                commit.writes() == [Write::PutEntry(entry.clone()), Write::PutItem(item.clone())];
            rule(as_new && put, || format!("I5: listed {item:?}"))
        }
        Outcome::SameAs(id) => {
            let named = commit.writes().iter().any(|write| {
                matches!(write, Write::PutEntry(other)
                    if other.id == *id && matches!(other.outcome, Outcome::Placed(_)))
            });
            rule(named, || format!("I5: {} stands for {id}, which is not there", entry.id))
        }
        Outcome::Refused { .. } | Outcome::Voided => rule(commit.writes().len() == 1, || {
            format!("I5: {} was not done, but something else was: {commit}", entry.id)
        }),
    };
    if let Err(what) = found {
        world.wrong(place, what);
    }
}

/// An error that says what does not hold.
pub fn rule(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

fn moved(world: &World, commit: &Commit, entry: &Entry, movement: &Movement) -> Result<(), String> {
    let (user, other) = (Holder::User(movement.party), movement.counterparty.map(Holder::User));
    let told: Vec<Plain> = movement.postings.all().iter().map(plain).collect();
    let all =
        |money: domain::amount::Money| (money.currency.code, i128::from(money.amount.minor()));
    let one = |from, to, money| {
        let (code, minor) = all(money);
        vec![(from, to, code, minor)]
    };
    let own = movement.party == entry.actor;
    let expected = match &movement.cause {
        Cause::Deposit(money) => one(Holder::World, user, *money),
        Cause::Withdrawal(money) => one(user, Holder::World, *money),
        Cause::Transfer(money) => {
            let to = other.filter(|other| *other != user).ok_or("I10: a transfer to oneself")?;
            one(user, to, *money)
        }
        Cause::Exchange { conversion, quote } => {
            let age = if quote.is_some() { QUOTED_AGE } else { RATES_AGE };
            exchanged(world, entry, conversion, age)?;
            let claims = commit.writes().iter().filter(|write| {
                matches!(write, Write::PutClaim { claim: Claim::Quote(id), by }
                    if Some(*id) == *quote && *by == entry.id)
            });
            rule(claims.count() == usize::from(quote.is_some()), || {
                format!("I5: {} redeems its quote without a claim", entry.id)
            })?;
            through_pool(user, user, conversion)
        }
        Cause::Purchase(purchase) => bought(world, commit, entry, movement, purchase)?,
        Cause::Refund { .. } => refunded(world, commit, entry, movement)?,
        Cause::Fill(fill) => trading::filled(world, commit, entry, movement, fill)?,
        Cause::VenueFill(fill) => trading::filled_at_venue(world, commit, movement, fill)?,
    };
    let by_admin = matches!(movement.cause, Cause::Refund { .. });
    rule(own || by_admin, || format!("I5: {} moves money of another's", entry.id))?;
    let expected: Vec<_> = expected.into_iter().filter(|(_, _, _, minor)| *minor != 0).collect();
    rule(told == expected, || format!("I10: {} posts {told:?}, not {expected:?}", entry.id))
}

fn plain(posting: &Posting) -> Plain {
    let money = posting.money;
    (posting.from, posting.to, money.currency.code, i128::from(money.amount.minor()))
}

fn through_pool(payer: Holder, payee: Holder, conversion: &Conversion) -> Vec<Plain> {
    let of = |amount: domain::amount::Amount| i128::from(amount.minor());
    let Conversion { paid, pool_takes, received, fee, dust, .. } = *conversion;
    let (pays, gets) = (paid.currency.code, received.currency.code);
    vec![
        (payer, Holder::Pool, pays, of(pool_takes)),
        (payer, Holder::Dust, pays, of(paid.amount) - of(pool_takes)),
        (Holder::Pool, payee, gets, of(received.amount)),
        (Holder::Pool, Holder::Fees, gets, of(fee)),
        (Holder::Pool, Holder::Dust, gets, of(dust)),
    ]
}

/// Minor units received for one minor unit paid.
#[must_use]
pub fn rate_of(
    from: (&RateVersion, domain::currency::Currency),
    to: (&RateVersion, domain::currency::Currency),
) -> Option<Fraction> {
    let units = |rate: &RateVersion| {
        let units = rate.units_per_base;
        Fraction::new(i128::from(units.mantissa()), power(units.decimals())?)
    };
    let minor =
        |currency: domain::currency::Currency| Fraction::whole(power(currency.scale.decimals())?);
    units(to.0)?.by(units(from.0)?)?.times(minor(to.1)?)?.by(minor(from.1)?)
}

/// The rate and the spread that an entry names, if it may have used them when it was decided.
fn rates(
    world: &World,
    at: Timestamp,
    used: &Provenance,
    age: Span,
) -> Result<(Fraction, u16), String> {
    let find = |id: domain::rate::RateId, units| {
        let row = world.rates.get(&id).filter(|row| row.rate.units_per_base == units);
        let row = row.ok_or_else(|| format!("I10: a rate {id} that never was"))?;
        let gone = row.until.and_then(|state| world.seen_at.get(state.checked_sub(1)?));
        let late = gone.is_some_and(|gone| gone.plus(age) <= at);
        let stale = row.rate.valid_until.is_some_and(|until| until.plus(age) <= at);
        rule(!late && !stale, || format!("I10: {id} was replaced long before {}", at.millis()))?;
        let currency = world.universes.get(&id.universe.number()).copied();
        Ok::<_, String>((&row.rate, currency.ok_or("I10: an unknown universe")?))
    };
    let (from, to) = (find(used.from, used.from_units)?, find(used.to, used.to_units)?);
    let spread = from.0.spread.bps().max(to.0.spread.bps());
    rule(spread == used.spread_bps, || format!("I10: a spread of {}", used.spread_bps))?;
    let rate = rate_of(from, to).ok_or("the oracle cannot count so far")?;
    Ok((rate, spread))
}

fn exchanged(world: &World, entry: &Entry, done: &Conversion, age: Span) -> Result<(), String> {
    let (rate, spread) = rates(world, entry.at, &done.provenance, age)?;
    let code = |id: domain::rate::RateId| {
        world.universes.get(&id.universe.number()).map(|currency| currency.code)
    };
    let codes = (code(done.provenance.from), code(done.provenance.to));
    let told = (Some(done.paid.currency.code), Some(done.received.currency.code));
    rule(codes == told, || format!("I10: rates of {codes:?} for {told:?}"))?;
    let of = |amount: domain::amount::Amount| i128::from(amount.minor());
    let told = Converted {
        paid: of(done.paid.amount),
        pool_takes: of(done.pool_takes),
        received: of(done.received.amount),
        fee: of(done.fee),
        dust: of(done.dust),
    };
    let by_paid = paying(told.paid, rate, spread);
    let by_received = receiving(told.received, rate, spread);
    let right = [by_paid, by_received].contains(&Some(told));
    rule(right, || format!("I10: {} is {told:?}, not {by_paid:?} or {by_received:?}", entry.id))
}

/// The postings of a purchase at the item's price of this moment.
fn bought(
    world: &World,
    commit: &Commit,
    entry: &Entry,
    movement: &Movement,
    done: &Purchase,
) -> Result<Vec<Plain>, String> {
    let item = world.item(done.item).ok_or("I4: an unknown item was bought")?;
    let price = done.unit_price.amount.minor();
    rule(World::sells(item, price), || {
        format!("I10: {} buys at {price} what is {:?} at {:?}", entry.id, item.state, item.price)
    })?;
    let sales = commit.writes().iter().filter(|write| matches!(write, Write::SellStock { .. }));
    let of_it = |write: &Write| {
        matches!(write, Write::SellStock { item, unit_price, quantity, .. }
            if *item == done.item && unit_price.minor() == price && *quantity == done.quantity)
    };
    rule(sales.clone().count() == 1 && sales.clone().all(of_it), || {
        format!("I4: {} does not take what it buys", entry.id)
    })?;
    let seller = movement.counterparty.filter(|seller| *seller == item.seller);
    let seller = seller.filter(|seller| *seller != movement.party);
    let seller = Holder::User(seller.ok_or("I10: somebody else is paid than the seller")?);
    let total = i128::from(price) * i128::from(done.quantity.pieces());
    let told = i128::from(done.total.amount.minor());
    rule(told == total && done.total.currency == item.currency, || {
        format!("I10: {} pays {told} for what costs {total}", entry.id)
    })?;
    let (buyer, gets) = (Holder::User(movement.party), item.currency.code);
    let paid = i128::from(done.paid.amount.minor());
    let Some(used) = &done.provenance else {
        rule(paid == total && done.paid.currency == item.currency, || {
            format!("I10: {} pays {paid} without a rate", entry.id)
        })?;
        return Ok(vec![(buyer, seller, gets, total)]);
    };
    let (rate, spread) = rates(world, entry.at, used, RATES_AGE)?;
    let right = receiving(total, rate, spread).ok_or("the oracle cannot count so far")?;
    rule(right.paid == paid, || format!("I10: {} pays {paid}, not {right:?}", entry.id))?;
    let pays = done.paid.currency.code;
    Ok(vec![
        (buyer, Holder::Pool, pays, right.pool_takes),
        (buyer, Holder::Dust, pays, right.paid - right.pool_takes),
        (Holder::Pool, seller, gets, right.received),
        (Holder::Pool, Holder::Fees, gets, right.fee),
        (Holder::Pool, Holder::Dust, gets, right.dust),
    ])
}

/// The postings of a refund: those of the purchase, turned back.
fn refunded(
    world: &World,
    commit: &Commit,
    entry: &Entry,
    movement: &Movement,
) -> Result<Vec<Plain>, String> {
    let Cause::Refund { of, item, quantity, returned, refunded, restocked } = &movement.cause
    else {
        return Err("not a refund".to_owned());
    };
    let (sold, purchase) = purchase_of(world, *of)
        .ok_or_else(|| format!("I5: {} refunds what was no purchase", entry.id))?;
    let earlier = world.claims.get(&Claim::Refund(*of));
    rule(earlier.is_none(), || format!("I5: {of} is refunded a second time by {}", entry.id))?;
    let claim = Write::PutClaim { claim: Claim::Refund(*of), by: entry.id };
    rule(commit.writes().contains(&claim), || format!("I5: {} claims nothing", entry.id))?;
    let same = (*item, *quantity, *returned, *refunded)
        == (purchase.item, purchase.quantity, purchase.total, purchase.paid)
        && Some(movement.party) == sold.counterparty
        && movement.counterparty == Some(sold.party);
    rule(same, || format!("I10: {} gives back something else than {of}", entry.id))?;
    let back = commit.writes().iter().any(|write| {
        matches!(write, Write::ReturnStock { item, quantity, .. }
            if *item == purchase.item && *quantity == purchase.quantity)
    });
    rule(back == *restocked, || format!("I4: {} and its pieces disagree", entry.id))?;
    let turned = sold.postings.all().iter().rev().map(plain);
    Ok(turned.map(|(from, to, code, minor)| (to, from, code, minor)).collect())
}

/// A purchase that was made.
#[must_use]
pub fn purchase_of(world: &World, id: EntryId) -> Option<(&Movement, &Purchase)> {
    match &world.entries.get(&id)?.entry.outcome {
        Outcome::Moved(movement) => match &movement.cause {
            Cause::Purchase(purchase) => Some((movement, purchase)),
            _ => None,
        },
        _ => None,
    }
}

/// Who takes part in an entry.
#[must_use]
pub fn parties(entry: &Entry) -> Vec<UserId> {
    match &entry.outcome {
        Outcome::Moved(movement) => {
            std::iter::once(movement.party).chain(movement.counterparty).collect()
        }
        _ => vec![entry.actor],
    }
}
