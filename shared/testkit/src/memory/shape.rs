//! What no commit may be, whatever the rows hold: the real store refuses it, always as a bug
//! of ours.

use std::collections::BTreeSet;

use domain::{
    account::Leg,
    command::CommandId,
    commit::{Claim, Commit, Write},
    currency::CurrencyCode,
    id::{EntryId, ItemId, OrderId, SessionId, UserId, VenueOrderId},
    identity::{Email, Username},
    pair::PairId,
    rate::RateId,
    universe::UniverseId,
};

/// The row that a write touches.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Entry(EntryId),
    Claim(Claim),
    Account(UserId),
    Item(ItemId),
    Universe(UniverseId),
    Currency(CurrencyCode),
    RateVersion(RateId),
    User(UserId),
    Username(&'a Username),
    Email(&'a Email),
    Session(SessionId),
    Pair(PairId),
    Command(PairId, CommandId),
    Event(PairId, u64),
    Resting(PairId, OrderId),
    Closed(PairId, OrderId),
    Deadline(PairId, UserId),
    VenueOrder(VenueOrderId),
}

fn key(write: &Write) -> Key<'_> {
    match write {
        Write::PutEntry(entry) => Key::Entry(entry.id),
        Write::PutClaim { claim, .. } => Key::Claim(*claim),
        Write::OpenAccount(account) => Key::Account(account.user),
        Write::OpenWallet { user, .. } | Write::MoveFunds { user, .. } => Key::Account(*user),
        Write::PutItem(item) | Write::ReviseItem { item, .. } => Key::Item(item.id),
        Write::SellStock { item, .. } | Write::ReturnStock { item, .. } => Key::Item(*item),
        Write::PutUniverse(universe) | Write::ReplaceRate { universe, .. } => {
            Key::Universe(universe.id)
        }
        Write::ReserveCurrency { code, .. } => Key::Currency(*code),
        Write::PutRateVersion(rate) => Key::RateVersion(rate.id),
        Write::PutUser(user) => Key::User(user.id),
        Write::ReserveUsername(name, _) => Key::Username(name),
        Write::ReserveEmail(email, _) => Key::Email(email),
        Write::PutSession(session) | Write::ReplaceSession { session, .. } => {
            Key::Session(session.id)
        }
        Write::PutPair(pair) | Write::ReplacePair(pair) => Key::Pair(pair.id()),
        Write::PutCommand(command) | Write::AdvanceCommand(command) => {
            Key::Command(command.pair, command.id)
        }
        Write::RemoveCommand { pair, id } => Key::Command(*pair, *id),
        Write::PutMarketEvent(event) => Key::Event(event.pair, event.head.seq),
        Write::PutResting(resting) | Write::ReplaceResting(resting) => {
            Key::Resting(resting.pair, resting.working.order.id)
        }
        Write::RemoveResting { pair, order } => Key::Resting(*pair, *order),
        Write::PutClosedOrder(closed) => Key::Closed(closed.pair, closed.working.order.id),
        Write::PutDeadline { pair, user, .. } | Write::RemoveDeadline { pair, user } => {
            Key::Deadline(*pair, *user)
        }
        Write::PutVenueOrder(order) | Write::ReplaceVenueOrder { order, .. } => {
            Key::VenueOrder(order.terms.id)
        }
    }
}

/// Says what is wrong with a commit before any row is looked at.
pub(super) fn check(commit: &Commit) -> Result<(), &'static str> {
    let writes = commit.writes();
    if writes.is_empty() || writes.len() > Commit::WRITES_MAX {
        return Err("a commit has 1 to 100 writes");
    }
    let mut keys = BTreeSet::new();
    if !writes.iter().all(|write| keys.insert(key(write))) {
        return Err("a commit touches one row twice");
    }
    let wallets_differ = |legs: &[Leg]| {
        let mut codes = BTreeSet::new();
        legs.iter().all(|leg| codes.insert(leg.code()))
    };
    let twice =
        |write: &Write| matches!(write, Write::MoveFunds { legs, .. } if !wallets_differ(legs));
    if writes.iter().any(twice) {
        return Err("a write touches one wallet twice");
    }
    Ok(())
}
