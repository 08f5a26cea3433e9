//! Accounts as the fold of their entries, with what their orders and waiting commands reserve.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    account::{Account, Balance, WalletTimes},
    amount::Amount,
    command::Instruction,
    currency::CurrencyCode,
    id::{EntryId, UserId},
    ledger::{Entry, Holder, Outcome},
    order::Side,
    pair::PairId,
};

use super::{Draft, told, world::World};

type Sums = BTreeMap<(UserId, CurrencyCode), i128>;

/// What wallets hold.
struct Fold {
    /// All of it.
    posted: Sums,
    /// What is reserved of it.
    held: Sums,
}

impl Fold {
    fn of(world: &World) -> Self {
        let mut posted = Sums::new();
        for entry in world.entries.values() {
            for (wallet, net) in nets(entry) {
                add(&mut posted, wallet, net);
            }
        }
        let mut held = Sums::new();
        for row in world.resting.values() {
            let (user, side) = (row.working.order.user, row.working.order.side);
            reserve(world, &mut held, row.pair, user, side, row.working.tally.reserved);
        }
        for command in world.commands.values() {
            let (user, side, amount) = match command.instruction {
                Instruction::Place(working) => {
                    (working.order.user, working.order.side, working.tally.reserved)
                }
                Instruction::Amend { user, side, extra, .. } => (user, side, extra),
                _ => continue,
            };
            reserve(world, &mut held, command.pair, user, side, amount);
        }
        for order in world.venue_orders.values() {
            let reserved = order.reserved();
            if !reserved.amount.is_zero() {
                let wallet = (order.terms.user, reserved.currency.code);
                add(&mut held, wallet, reserved.amount.minor().into());
            }
        }
        Self { posted, held }
    }

    fn available(&self, wallet: (UserId, CurrencyCode)) -> i128 {
        let of = |sums: &Sums| sums.get(&wallet).copied().unwrap_or_default();
        of(&self.posted).saturating_sub(of(&self.held))
    }

    fn wallets(&self) -> BTreeSet<(UserId, CurrencyCode)> {
        self.posted.keys().chain(self.held.keys()).copied().collect()
    }
}

fn nets(entry: &Entry) -> impl Iterator<Item = ((UserId, CurrencyCode), i128)> {
    let movement = match &entry.outcome {
        Outcome::Moved(movement) => Some(movement),
        _ => None,
    };
    let nets = movement.into_iter().flat_map(|movement| movement.postings.nets());
    nets.filter_map(|((holder, currency), net)| match holder {
        Holder::User(user) => Some(((user, currency.code), net)),
        _ => None,
    })
}

fn add(sums: &mut Sums, wallet: (UserId, CurrencyCode), minor: i128) {
    let sum = sums.entry(wallet).or_default();
    *sum = sum.saturating_add(minor);
}

fn reserve(world: &World, held: &mut Sums, pair: PairId, user: UserId, side: Side, amount: Amount) {
    if world.pairs.contains_key(&pair) && !amount.is_zero() {
        let code = match side {
            Side::Buy => pair.quote,
            Side::Sell => pair.base,
        };
        add(held, (user, code), amount.minor().into());
    }
}

/// An entry that spends or holds what no entry brought: the newest one of a wallet that would
/// have less than nothing.
pub(super) fn culprit(world: &World) -> Option<EntryId> {
    let fold = Fold::of(world);
    let mut short = fold.wallets().into_iter().filter(|wallet| fold.available(*wallet) < 0);
    let wallet = short.next()?;
    let takes = |entry: &&Entry| match &entry.outcome {
        Outcome::Moved(_) => nets(entry).any(|(of, net)| of == wallet && net < 0),
        Outcome::Placed(placement) => {
            let hold = placement.hold.currency.code;
            (placement.order.user, hold) == wallet && is_open(world, placement.order.id)
        }
        Outcome::Amended(amendment) => {
            let waits = world.commands.keys().any(|(_, id)| id.bits == entry.id.bits());
            (entry.actor, amendment.extra.currency.code) == wallet && waits
        }
        Outcome::Routed(terms) => {
            let hold = terms.hold(terms.quantity).currency.code;
            let order = world.venue_orders.get(&terms.id);
            (terms.user, hold) == wallet && order.is_some_and(|order| !order.is_over())
        }
        _ => false,
    };
    let newest = world.entries.values().filter(takes).max_by_key(|entry| (entry.at, entry.id));
    newest.map(|entry| entry.id)
}

fn is_open(world: &World, order: domain::id::OrderId) -> bool {
    !world.closed.contains_key(&order)
}

/// Mends all accounts, and completes their logs.
pub(super) fn mend(draft: &mut Draft) {
    let fold = Fold::of(&draft.world);
    let mut targets = BTreeMap::<UserId, BTreeMap<CurrencyCode, Balance>>::new();
    for account in draft.world.accounts.values() {
        let empty = account.wallets.keys().map(|code| (*code, Balance::default()));
        targets.insert(account.user, empty.collect());
    }
    for user in draft.world.users.values() {
        let home = draft.world.universes.get(&user.home).map(|home| home.currency.code);
        let home = home.filter(|_| !draft.world.accounts.contains_key(&user.id));
        targets.entry(user.id).or_default().extend(home.map(|code| (code, Balance::default())));
    }
    // What was told of a wallet stays, also if the wallet's money does not.
    for activity in draft.world.activity.values() {
        for change in &activity.wallets {
            targets.entry(activity.user).or_default().entry(change.code).or_default();
        }
    }
    let mut broken = BTreeSet::new();
    for wallet in fold.wallets() {
        let (user, code) = wallet;
        let held = fold.held.get(&wallet).copied().unwrap_or_default();
        match balance(fold.available(wallet), held) {
            Some(balance) => {
                targets.entry(user).or_default().insert(code, balance);
            }
            None => {
                let posted = fold.posted.get(&wallet).copied().unwrap_or_default();
                draft.leave(format!("{user} {code}: the journal says {posted}, {held} held"));
                broken.insert(user);
            }
        }
    }
    for (user, wallets) in targets {
        if !broken.contains(&user) {
            mend_account(draft, user, wallets);
        }
    }
}

fn balance(available: i128, held: i128) -> Option<Balance> {
    let amount = |minor: i128| Amount::from_minor(i64::try_from(minor).ok()?).ok();
    Some(Balance { available: amount(available)?, held: amount(held)? })
}

fn mend_account(draft: &mut Draft, user: UserId, wallets: BTreeMap<CurrencyCode, Balance>) {
    let there = draft.world.accounts.get(&user).cloned();
    let has_money = wallets.values().any(|balance| balance.posted_minor() != 0);
    if there.is_none() && !draft.world.users.contains_key(&user) {
        if has_money {
            draft.leave(format!("{user}: the journal moves money of a user who is not there"));
        }
        return;
    }
    let first = wallets.keys().next().copied();
    let Some(first) = first else { return };
    let mut account = there
        .clone()
        .unwrap_or_else(|| Account { version: 0, ..Account::opened(user, first, draft.now) });
    let differs = there.is_none() || account.wallets != wallets;
    for code in wallets.keys() {
        account.times.entry(*code).or_insert(WalletTimes::new(draft.now));
    }
    account.wallets = wallets;
    account.last_entry = account.last_entry.filter(|id| draft.world.entries.contains_key(id));
    told::mend(draft, there, account, differs);
}
