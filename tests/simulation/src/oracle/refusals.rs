//! Whether what was refused for good had to be: at some moment between the request and its
//! answer things stood as the refusal says.

use std::collections::BTreeMap;

use app::market::client_order_entry;
use domain::{
    amount::Money,
    catalogue::Item,
    commit::Claim,
    id::{EntryId, ItemId, OrderId},
    ledger::{Entry, Outcome},
    rate::RateVersion,
    refusal::Refusal,
};

use super::{
    answers::id_of,
    entries::{purchase_of, rate_of},
    evidence::Evidence,
    model::World,
    money::{minor, receiving},
};
use crate::history::{Ask, Settled};

/// The states in which a request was decided.
type Window = (usize, usize);

/// Every frozen refusal that nothing explains.
#[must_use]
pub fn check(evidence: &Evidence, world: &World) -> Vec<String> {
    let mut asked = BTreeMap::<EntryId, Vec<&Settled>>::new();
    for one in &evidence.settled {
        let Some(user) = evidence.user(&one.ask) else { continue };
        if let Some(id) = id_of(user, &one.ask, None) {
            asked.entry(id).or_default().push(one);
        }
    }
    let mut violations = Vec::new();
    for (id, kept) in &world.entries {
        let Outcome::Refused { refusal, .. } = &kept.entry.outcome else { continue };
        // Who asked is looked at elsewhere.
        let Some(asks) = asked.get(id) else { continue };
        let from = asks.iter().map(|one| one.from.commits).min().unwrap_or(0);
        let window = (from, kept.commit);
        let right = asks.iter().any(|one| explained(world, &kept.entry, refusal, &one.ask, window));
        if !right {
            let ask = asks.first().map(|one| &one.ask);
            let text = format!("I5: {ask:?} was refused for no reason: {refusal:?} {window:?}");
            violations.push(text);
        }
    }
    violations
}

fn explained(
    world: &World,
    entry: &Entry,
    refusal: &Refusal,
    ask: &Ask,
    (from, until): Window,
) -> bool {
    let member = |name: &str| ask.body.as_ref()?.get(name)?.as_str().map(str::to_owned);
    let item = || member("item_id").and_then(|id| id.parse::<ItemId>().ok());
    let items = || item().into_iter().flat_map(move |id| world.items_in(id, from, until));
    let part = || ask.path.split('/').rev().find_map(|part| part.parse::<EntryId>().ok());
    match refusal {
        Refusal::InsufficientFunds { required, available } => {
            let purse = (entry.actor, available.currency.code);
            let told = i128::from(available.amount.minor());
            let needs = i128::from(required.amount.minor());
            let scale = required.currency.scale.decimals();
            let plain = ask.path.ends_with("/transfers") || ask.path.ends_with("/operation");
            let asked = member("amount").and_then(|text| minor(&text, scale));
            let payer = payer(world, entry, ask);
            let purse = (payer.unwrap_or(entry.actor), purse.1);
            told < needs
                && (!plain || asked == Some(needs))
                && world.wallets_in(purse, from, until).iter().any(|it| it.available == told)
        }
        Refusal::InsufficientStock { requested, left } => {
            requested > left && items().any(|item| item.stock.pieces() == *left)
        }
        Refusal::ItemNotActive { state } => items().any(|item| item.state == *state),
        Refusal::OwnItem => items().any(|item| item.seller == entry.actor),
        Refusal::PriceChanged { expected, actual } => {
            expected != actual && items().any(|item| item.unit_price() == *actual)
        }
        Refusal::MaxPayExceeded { max, required } => {
            max.amount < required.amount
                && items().any(|item| costs_that(world, (from, until), ask, item, *required))
        }
        Refusal::AlreadyRefunded => part().is_some_and(|of| {
            world.claims.get(&Claim::Refund(of)).is_some_and(|(_, at)| *at < until)
        }),
        Refusal::QuoteUsed => world.claims.iter().any(|(claim, (by, at))| {
            matches!(claim, Claim::Quote(_)) && *at < until && *by != entry.id
        }),
        Refusal::NotTheSeller => part()
            .and_then(|of| purchase_of(world, of))
            .is_some_and(|(movement, _)| movement.party == entry.actor),
        Refusal::NotRefundable => part().is_some_and(|of| purchase_of(world, of).is_none()),
        Refusal::SelfTransfer => member("to_user_id") == Some(entry.actor.to_string()),
        Refusal::ClientOrderIdReused => member("client_order_id").is_some_and(|name| {
            let named = world.entries.get(&client_order_entry(entry.actor, &name));
            named.is_some_and(|kept| kept.commit < until)
        }),
        Refusal::OrderClosed { .. } => closed_by(world, ask, until),
        Refusal::BelowMinNotional { min, notional } => notional.amount < min.amount,
        Refusal::MarketNotTrading { status } => {
            world.pairs.values().any(|pair| pair.status == *status || pair.version > 1)
        }
        // They follow from the request alone, or from what the model does not keep.
        Refusal::NotAmendable
        | Refusal::NoReferencePrice
        | Refusal::SameCurrency
        | Refusal::AmountTooSmall
        | Refusal::AmountTooLarge
        | Refusal::QuoteExpired
        | Refusal::MinReceiveMissed { .. }
        | Refusal::BalanceLimit { .. }
        | Refusal::StockLimit
        | Refusal::VenueSuspended
        | Refusal::ValidUntilOutOfRange => true,
        _ => false,
    }
}

/// Whether so many pieces of an item, as it was, cost this much.
fn costs_that(world: &World, window: Window, ask: &Ask, item: &Item, required: Money) -> bool {
    let pieces = ask.body.as_ref().and_then(|body| body.get("quantity")?.as_i64());
    let total = i128::from(item.price.minor()) * i128::from(pieces.unwrap_or(0));
    let needs = i128::from(required.amount.minor());
    if item.currency == required.currency {
        return total == needs;
    }
    costs(world, window, total, item.currency, required.currency).any(|cost| cost == needs)
}

/// Who pays: of a refund the seller, whoever asks.
fn payer(world: &World, entry: &Entry, ask: &Ask) -> Option<domain::id::UserId> {
    if !ask.path.ends_with("/refund") {
        return Some(entry.actor);
    }
    let of = ask.path.split('/').rev().find_map(|part| part.parse::<EntryId>().ok())?;
    purchase_of(world, of)?.0.counterparty
}

fn closed_by(world: &World, ask: &Ask, until: usize) -> bool {
    let order = ask.path.split('/').find_map(|part| part.parse::<OrderId>().ok());
    let log = order.and_then(|id| world.orders.get(&id));
    log.and_then(|log| log.closed).is_some_and(|(_, state)| state <= until)
}

/// What must be paid in a currency for so much of another, at the rates of these states.
fn costs(
    world: &World,
    (from, until): Window,
    total: i128,
    gets: domain::currency::Currency,
    pays: domain::currency::Currency,
) -> impl Iterator<Item = i128> {
    let of = |wanted: domain::currency::Currency| -> Vec<&RateVersion> {
        let number = world.universes.iter().find(|(_, currency)| **currency == wanted);
        let number = number.map_or(0, |(number, _)| *number);
        let rows = world.rates.values().filter(|row| row.rate.id.universe.number() == number);
        let then =
            rows.filter(|row| row.since <= until && row.until.is_none_or(|gone| gone > from));
        then.map(|row| &row.rate).collect()
    };
    let mut costs = Vec::new();
    for paid in of(pays) {
        for got in of(gets) {
            let spread = paid.spread.bps().max(got.spread.bps());
            let rate = rate_of((paid, pays), (got, gets));
            let cost = rate.and_then(|rate| receiving(total, rate, spread));
            costs.extend(cost.map(|cost| cost.paid));
        }
    }
    costs.into_iter()
}
