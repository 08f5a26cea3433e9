//! Items and their stock, claims, names of orders and of users, universes and their rates.

use std::collections::BTreeMap;

use domain::{
    catalogue::{Item, Stock},
    commit::Claim,
    id::{EntryId, ItemId},
    identity::Login,
    ledger::{Cause, Entry, Outcome},
};

use crate::market::client_order_entry;

use super::{Draft, Row, world::World};

/// Mends all that follows from entries besides money and orders.
pub(super) fn mend(draft: &mut Draft) {
    mend_items(draft);
    mend_claims(draft);
    mend_names_of_orders(draft);
    mend_logins(draft);
    mend_rates(draft);
}

/// Pieces of an item that an entry sold; those that it brought back are negative.
fn sold_by(entry: &Entry) -> Option<(ItemId, i64)> {
    let Outcome::Moved(movement) = &entry.outcome else { return None };
    match &movement.cause {
        Cause::Purchase(purchase) => Some((purchase.item, purchase.quantity.pieces().into())),
        Cause::Refund { item, quantity, restocked: true, .. } => {
            Some((*item, i64::from(quantity.pieces()).saturating_neg()))
        }
        _ => None,
    }
}

fn sold(world: &World) -> BTreeMap<ItemId, i64> {
    let mut sold = BTreeMap::<_, i64>::new();
    for (item, pieces) in world.entries.values().filter_map(sold_by) {
        let sum = sold.entry(item).or_default();
        *sum = sum.saturating_add(pieces);
    }
    sold
}

/// The item with so many pieces sold; `None`: it never had as many.
fn with_sold(item: &Item, sold: i64) -> Option<Item> {
    let sold = u64::try_from(sold).ok()?;
    let left = u32::try_from(item.listed.checked_sub(sold)?).ok()?;
    Some(Item { stock: Stock::new(left)?, sold, ..item.clone() })
}

/// The newest sale of an item that never had as many pieces, or the newest refund of one that was
/// not sold.
pub(super) fn culprit(world: &World) -> Option<EntryId> {
    let sold = sold(world);
    let impossible = |(id, pieces): (&ItemId, &i64)| {
        let item = world.items.get(id)?;
        with_sold(item, *pieces).is_none().then_some((*id, *pieces < 0))
    };
    let (item, refunded) = sold.iter().find_map(impossible)?;
    let of_item = |entry: &&Entry| {
        sold_by(entry).is_some_and(|(id, pieces)| id == item && (pieces < 0) == refunded)
    };
    let newest = world.entries.values().filter(of_item).max_by_key(|entry| (entry.at, entry.id));
    newest.map(|entry| entry.id)
}

fn mend_items(draft: &mut Draft) {
    let mut sold = sold(&draft.world);
    let listed = draft.world.entries.values().filter_map(|entry| match &entry.outcome {
        Outcome::Listed(item) => Some((item.id, item.clone())),
        _ => None,
    });
    let listed: BTreeMap<ItemId, Item> = listed.collect();
    for (id, item) in &listed {
        if !draft.world.items.contains_key(id) {
            let why = "an item that was listed is not in the catalogue";
            draft.put(Row::Item(item.clone()), None, why);
        }
    }
    for item in draft.world.items.values().cloned().collect::<Vec<_>>() {
        let pieces = sold.remove(&item.id);
        if pieces.is_none() && !listed.contains_key(&item.id) {
            draft.remove(Row::Item(item), "an item that no entry listed");
            continue;
        }
        match with_sold(&item, pieces.unwrap_or(0)) {
            Some(next) if next == item => {}
            Some(next) => {
                let version = item.version.saturating_add(1);
                let next = Item { version, updated_at: draft.now, ..next };
                let why = "an item has not sold what its entries say";
                draft.put(Row::Item(next), Some(Row::Item(item)), why);
            }
            None => draft.leave(format!("{}: more was sold than was ever listed", item.id)),
        }
    }
    for id in sold.into_keys() {
        draft.leave(format!("{id}: it was sold and is not there, nor is its listing"));
    }
}

fn mend_claims(draft: &mut Draft) {
    let mut claims = BTreeMap::new();
    for entry in draft.world.entries.values() {
        let Outcome::Moved(movement) = &entry.outcome else { continue };
        match &movement.cause {
            Cause::Exchange { quote: Some(quote), .. } => {
                claims.insert(Claim::Quote(*quote), entry.id);
            }
            Cause::Refund { of, .. } => {
                claims.insert(Claim::Refund(*of), entry.id);
            }
            _ => {}
        }
    }
    let there = draft.world.claims.clone();
    for (claim, by) in &there {
        if claims.get(claim) != Some(by) {
            draft.remove(Row::Claim(*claim, *by), "a claim by an entry that is not there");
        }
    }
    for (claim, by) in claims {
        if there.get(&claim) != Some(&by) {
            draft.put(Row::Claim(claim, by), None, "what an entry has claimed can be had again");
        }
    }
}

/// A client's own id of an order and the order's key are two entries of one commit.
fn mend_names_of_orders(draft: &mut Draft) {
    let mut names = BTreeMap::new();
    for entry in draft.world.entries.values() {
        let Outcome::Placed(placement) = &entry.outcome else { continue };
        let Some(client) = &placement.client_order_id else { continue };
        let id = client_order_entry(placement.order.user, client.as_str());
        if id != entry.id {
            let outcome = Outcome::SameAs(entry.id);
            names.insert(id, Entry { id, outcome, ..entry.clone() });
        }
    }
    let there = draft.world.entries.values();
    let there = there.filter(|entry| matches!(entry.outcome, Outcome::SameAs(_)));
    for name in there.cloned().collect::<Vec<_>>() {
        if !names.contains_key(&name.id) {
            draft.take_back(name.id, "a name of an order that no entry placed");
        }
    }
    for (id, name) in names {
        if !draft.world.entries.contains_key(&id) {
            draft.put(Row::Entry(name), None, "an order's name is free to be used again");
        }
    }
}

fn mend_logins(draft: &mut Draft) {
    let users: Vec<_> = draft.world.users.values().cloned().collect();
    for user in &users {
        for login in [Login::Username(user.username.clone()), Login::Email(user.email.clone())] {
            let holder = match &login {
                Login::Username(name) => draft.world.usernames.get(name),
                Login::Email(email) => draft.world.emails.get(email),
            };
            match holder.copied() {
                None => draft.put(Row::Login(login, user.id), None, "a user's name is free"),
                Some(holder) if holder == user.id => {}
                Some(holder) => {
                    draft.leave(format!("{} and {holder} have one name or address", user.id));
                }
            }
        }
    }
    let names = draft.world.usernames.iter();
    let names = names.map(|(name, user)| (Login::Username(name.clone()), *user));
    let emails = draft.world.emails.iter();
    let emails = emails.map(|(email, user)| (Login::Email(email.clone()), *user));
    for (login, user) in names.chain(emails).collect::<Vec<_>>() {
        if !draft.world.users.contains_key(&user) {
            draft.remove(Row::Login(login, user), "a name of a user who is not there");
        }
    }
}

fn mend_rates(draft: &mut Draft) {
    for universe in draft.world.universes.values().cloned().collect::<Vec<_>>() {
        let code = universe.currency.code;
        match draft.world.currencies.get(&code).copied() {
            None => {
                let row = Row::Currency(code, universe.id);
                draft.put(row, None, "a universe's currency is free to be taken");
            }
            Some(holder) if holder == universe.id => {}
            Some(holder) => {
                draft.leave(format!("universes {holder} and {} have one currency", universe.id))
            }
        }
        if !draft.world.rates.contains_key(&universe.rate.id) {
            let row = Row::Rate(universe.rate.clone());
            draft.put(row, None, "a universe's rate is not in its history");
        }
    }
    let unknown = draft.world.rates.values().filter(|rate| {
        let universe = draft.world.universes.get(&rate.id.universe);
        universe.is_none_or(|universe| universe.rate.id.version < rate.id.version)
    });
    for rate in unknown.cloned().collect::<Vec<_>>() {
        draft.remove(Row::Rate(rate), "a version of a rate that its universe never had");
    }
    for (code, universe) in draft.world.currencies.clone() {
        if !draft.world.universes.contains_key(&universe) {
            draft.remove(Row::Currency(code, universe), "a currency of no universe");
        }
    }
}
