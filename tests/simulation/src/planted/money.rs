//! Bugs about how much: what is written of money and pieces does not follow from what is there.

use std::collections::BTreeMap;

use app::ports::Ledger;
use domain::{
    account::{Account, Change, Leg},
    catalogue::Quantity,
    commit::{Commit, Write},
    id::UserId,
    ledger::{Cause, Entry, Holder, Outcome, Posting},
    order::Closed,
};

use super::store::{PlantedStore, Verdict};
use crate::oracle::now;

/// How long it takes from a read to the write that follows from it.
const WINDOW_MS: (u64, u64) = (2, 30);

type Accounts = BTreeMap<UserId, Account>;

impl PlantedStore {
    fn accounts_of(&self, commit: &Commit) -> Accounts {
        let users = commit.writes().iter().filter_map(|write| match write {
            Write::MoveFunds { user, .. } => Some(*user),
            _ => None,
        });
        users.filter_map(|user| Some((user, self.account_now(user)?))).collect()
    }

    /// New balances are reckoned from what was read before, and written as they are.
    pub(super) async fn reckoned_outside(&self, commit: &Commit) -> Verdict {
        let before = self.accounts_of(commit);
        self.pause(WINDOW_MS.0, WINDOW_MS.1).await;
        let current = self.accounts_of(commit);
        self.at_once(with_legs(commit, |user, leg| {
            let (Some(before), Some(current)) = (before.get(&user), current.get(&user)) else {
                return leg;
            };
            let (was, is) = (before.balance(leg.code()), current.balance(leg.code()));
            let wanted = [was.available.minor() + leg.available, was.held.minor() + leg.held];
            if wanted.iter().any(|part| *part < 0) {
                return leg;
            }
            let [available, held] = wanted;
            let (available, held) = (available - is.available.minor(), held - is.held.minor());
            Leg { available, held, ..leg }
        }))
    }

    /// Whether there is enough is seen to before; in the transaction nothing is expected, and
    /// what is missing is nobody's.
    pub(super) async fn checked_in_memory(&self, commit: &Commit) -> Verdict {
        let before = self.accounts_of(commit);
        self.pause(WINDOW_MS.0, WINDOW_MS.1).await;
        let suffices = |user: UserId, legs: &[Leg], change: &Change| {
            before.get(&user).is_some_and(|account| account.after(legs, change).is_ok())
        };
        let enough = commit.writes().iter().all(|write| match write {
            Write::MoveFunds { user, legs, change } => suffices(*user, legs, change),
            _ => true,
        });
        if !enough {
            return now(self.memory.commit(commit));
        }
        let current = self.accounts_of(commit);
        self.at_once(with_legs(commit, |user, leg| {
            let Some(account) = current.get(&user) else { return leg };
            let is = account.balance(leg.code());
            let available = leg.available.max(-is.available.minor());
            Leg { available, held: leg.held.max(-is.held.minor()), ..leg }
        }))
    }

    /// What a seller owes for a trade is taken by a second write.
    pub(super) async fn fee_afterwards(&self, commit: &Commit) -> Verdict {
        let fee = commit.writes().iter().filter_map(fee_of).find(|(user, fee)| {
            commit.writes().iter().any(|write| {
                matches!(write, Write::MoveFunds { user: mover, legs, .. } if mover == user
                    && legs.iter().any(|leg| leg.code() == fee.code() && leg.held == 0))
            })
        });
        let Some((payer, fee)) = fee else { return self.memory.commit(commit).await };
        let writes = with_legs(commit, |user, leg| {
            let charged = user == payer && leg.code() == fee.code();
            let less = if charged { fee.available } else { 0 };
            Leg { available: leg.available - less, ..leg }
        });
        let owed = writes.iter().find_map(|write| match write {
            Write::MoveFunds { user, change, .. } if *user == payer => {
                Some(Write::MoveFunds { user: payer, legs: vec![fee], change: change.clone() })
            }
            _ => None,
        });
        self.at_once(writes)?;
        self.pause(1, 5).await;
        self.may_end(5).await;
        // Whoever has spent it by now does not pay.
        let _refused = self.at_once(owed.into_iter().collect());
        Ok(())
    }

    /// What was held for a cancelled order is given back by the cancellation, and again by what
    /// cleans up after it.
    pub(super) fn released_twice(&self, commit: &Commit) -> Verdict {
        now(self.memory.commit(commit))?;
        let cancelled: Vec<_> = commit.writes().iter().filter_map(cancelled).collect();
        for write in commit.writes() {
            let Write::MoveFunds { user, legs, .. } = write else { continue };
            let released = |leg: &Leg| leg.held < 0 && leg.available == -leg.held;
            if cancelled.contains(user) && legs.iter().all(released) {
                // Where nothing is left that is held, nothing is released.
                let _refused = self.at_once(vec![write.clone()]);
            }
        }
        Ok(())
    }

    /// As many pieces are sold as were wanted, however many there are.
    pub(super) fn whatever_stock(&self, write: Write) -> Option<Write> {
        let Write::SellStock { item, unit_price, quantity, at } = write else { return Some(write) };
        let left = self.item_now(item).map_or(0, |item| item.stock.pieces());
        let quantity = Quantity::new(quantity.pieces().min(left))?;
        Some(Write::SellStock { item, unit_price, quantity, at })
    }

    /// What is sold costs what the buyer's process believes.
    pub(super) fn at_any_price(&self, write: Write) -> Write {
        match write {
            Write::SellStock { item, unit_price, quantity, at } => {
                let unit_price = self.item_now(item).map_or(unit_price, |item| item.price);
                Write::SellStock { item, unit_price, quantity, at }
            }
            other => other,
        }
    }
}

/// The writes of a commit, with other legs.
fn with_legs(commit: &Commit, alter: impl Fn(UserId, Leg) -> Leg) -> Vec<Write> {
    let altered = |write: &Write| match write {
        Write::MoveFunds { user, legs, change } => Write::MoveFunds {
            user: *user,
            legs: legs.iter().map(|leg| alter(*user, *leg)).collect(),
            change: change.clone(),
        },
        other => other.clone(),
    };
    commit.writes().iter().map(altered).collect()
}

/// Whom a trade costs a fee, and the leg of it.
fn fee_of(write: &Write) -> Option<(UserId, Leg)> {
    let Write::PutEntry(Entry { outcome: Outcome::Moved(movement), .. }) = write else {
        return None;
    };
    let Cause::Fill(_) = movement.cause else { return None };
    movement.postings.all().iter().rev().find_map(|posting| match *posting {
        Posting { from: Holder::User(user), to: Holder::Fees, money } => {
            Some((user, Leg::debit(money)))
        }
        _ => None,
    })
}

/// Whose order was cancelled.
fn cancelled(write: &Write) -> Option<UserId> {
    match write {
        Write::PutClosedOrder(closed) if closed.reason == Closed::Cancelled => {
            Some(closed.working.order.user)
        }
        _ => None,
    }
}
