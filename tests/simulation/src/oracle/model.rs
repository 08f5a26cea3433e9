//! A naive model of the market: it replays all commits in their order and keeps every state that
//! there ever was. State `n` is that after the first `n` commits.

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    catalogue::{Item, ItemState},
    command::{CommandId, Instruction},
    commit::{Claim, Commit, Write},
    currency::{Currency, CurrencyCode},
    id::{EntryId, ItemId, OrderId, UserId, VenueOrderId},
    ledger::{Entry, Holder, Outcome},
    order::{Closed, Side},
    pair::{Pair, PairId},
    rate::{RateId, RateVersion},
    time::Timestamp,
    venue::{VenueOrder, VenueTerms},
};

use super::{entries, trading};

/// Whose wallet.
pub type Purse = (UserId, CurrencyCode);

/// What a wallet holds from a state on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The first state.
    pub since: usize,
    /// Free to be spent.
    pub available: i128,
    /// Reserved.
    pub held: i128,
}

/// A change of an account.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The commit.
    pub commit: usize,
    /// When it was decided.
    pub at: Timestamp,
    /// The entry that it names.
    pub entry: Option<EntryId>,
    /// What changed: available, held, and both after it.
    pub wallets: Vec<(CurrencyCode, [i128; 4])>,
}

/// An account from its beginning. Its version is the number of its changes.
#[derive(Debug, Clone, Default)]
pub struct AccountLog {
    /// What each wallet held when.
    pub wallets: BTreeMap<CurrencyCode, Vec<Point>>,
    /// All changes.
    pub changes: Vec<Changed>,
}

/// An item from a state on.
#[derive(Debug, Clone)]
pub struct ItemPoint {
    /// The first state.
    pub since: usize,
    /// The item.
    pub item: Item,
}

/// A version of a rate.
#[derive(Debug, Clone)]
pub struct RateRow {
    /// The version.
    pub rate: RateVersion,
    /// The first state with it.
    pub since: usize,
    /// The first state without it.
    pub until: Option<usize>,
}

/// An entry and the commit that wrote it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Which.
    pub commit: usize,
    /// The entry.
    pub entry: Entry,
}

/// An order on the book, as its fills leave it.
#[derive(Debug, Clone)]
pub struct OrderLog {
    /// As it was accepted.
    pub order: domain::order::Order,
    /// Lots filled.
    pub lots: i128,
    /// What they were worth.
    pub notional: i128,
    /// Ten-thousandths of minor units of fees.
    pub fee_parts: i128,
    /// Whether it ever rested.
    pub rested: bool,
    /// Why it is over, and since which state.
    pub closed: Option<(Closed, usize)>,
}

/// All that ever was.
#[derive(Default)]
pub struct World {
    /// Accounts.
    pub accounts: BTreeMap<UserId, AccountLog>,
    /// Items.
    pub items: BTreeMap<ItemId, Vec<ItemPoint>>,
    /// Journal entries.
    pub entries: BTreeMap<EntryId, Kept>,
    /// Claims, and the commits that made them.
    pub claims: BTreeMap<Claim, (EntryId, usize)>,
    /// The currencies of universes, by number.
    pub universes: BTreeMap<u32, Currency>,
    /// Rates.
    pub rates: BTreeMap<RateId, RateRow>,
    /// Markets.
    pub pairs: BTreeMap<PairId, Pair>,
    /// Orders on books.
    pub orders: BTreeMap<OrderId, OrderLog>,
    /// Orders at venues.
    pub venue_orders: BTreeMap<VenueOrderId, VenueOrder>,
    /// What the house holds.
    pub house: BTreeMap<(CurrencyCode, Holder), i128>,
    /// By when each commit was certainly done.
    pub seen_at: Vec<Timestamp>,
    /// What did not hold.
    pub violations: Vec<String>,
    reserves: BTreeMap<Reserve, (Purse, i128)>,
}

/// For what something is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reserve {
    Command(PairId, CommandId),
    Resting(OrderId),
    Venue(VenueOrderId),
}

/// What a commit changes in wallets.
type Deltas = BTreeMap<Purse, [i128; 2]>;

impl World {
    /// All commits, one after the other.
    #[must_use]
    pub fn replay(commits: &[std::sync::Arc<Commit>], seen_at: Vec<Timestamp>) -> Self {
        let mut world = Self { seen_at, ..Self::default() };
        for (place, commit) in commits.iter().enumerate() {
            world.follow(place, commit);
        }
        world
    }

    /// Notes that something does not hold.
    pub fn wrong(&mut self, commit: usize, what: impl std::fmt::Display) {
        // One broken commit breaks all that follow it.
        if self.violations.len() < 20 {
            self.violations.push(format!("{what}, at commit {commit}"));
        }
    }

    fn follow(&mut self, place: usize, commit: &Commit) {
        let mut due = Deltas::new();
        for write in commit.writes() {
            if let Write::PutEntry(entry) = write {
                self.enter(place, commit, entry, &mut due);
            }
        }
        for write in commit.writes() {
            self.reserve(place, write, &mut due);
            self.stock(place, commit, write);
            self.put(place, write);
        }
        trading::tallies(self, place, commit);
        self.moves(place, commit, due);
    }

    fn enter(&mut self, place: usize, commit: &Commit, entry: &Entry, due: &mut Deltas) {
        entries::check(self, place, commit, entry);
        trading::note(self, entry);
        if let Outcome::Moved(movement) = &entry.outcome {
            for posting in movement.postings.all() {
                let (code, minor) = (posting.money.currency.code, posting.money.amount.minor());
                for (holder, minor) in [(posting.from, -minor), (posting.to, minor)] {
                    match holder {
                        Holder::User(user) => {
                            due.entry((user, code)).or_default()[0] += i128::from(minor);
                        }
                        house => {
                            *self.house.entry((code, house)).or_default() += i128::from(minor);
                        }
                    }
                }
            }
        }
        let kept = Kept { commit: place, entry: entry.clone() };
        if self.entries.insert(entry.id, kept).is_some() {
            self.wrong(place, format!("I5: a second entry {}", entry.id));
        }
    }

    /// What is held for whom, and how a commit changes that: I3.
    fn reserve(&mut self, place: usize, write: &Write, due: &mut Deltas) {
        let (of, now) = match write {
            Write::PutCommand(command) | Write::AdvanceCommand(command) => {
                let now = self.asked_for(place, command.pair, &command.instruction);
                (Reserve::Command(command.pair, command.id), now)
            }
            Write::RemoveCommand { pair, id } => (Reserve::Command(*pair, *id), None),
            Write::PutResting(row) | Write::ReplaceResting(row) => {
                let (order, tally) = (row.working.order, row.working.tally);
                let purse = self.purse(row.pair, order.user, order.side);
                let kept = i128::from(tally.reserved.minor());
                (Reserve::Resting(order.id), purse.map(|purse| (purse, kept)))
            }
            Write::RemoveResting { order, .. } => (Reserve::Resting(*order), None),
            Write::PutVenueOrder(order) | Write::ReplaceVenueOrder { order, .. } => {
                (Reserve::Venue(order.terms.id), Some(held_at_venue(order)))
            }
            _ => return,
        };
        let before = match now {
            Some(now) => self.reserves.insert(of, now),
            None => self.reserves.remove(&of),
        };
        for (part, sign) in [(before, -1), (now, 1)] {
            if let Some((purse, minor)) = part {
                due.entry(purse).or_default()[1] += sign * minor;
            }
        }
    }

    fn asked_for(
        &mut self,
        place: usize,
        pair: PairId,
        instruction: &Instruction,
    ) -> Option<(Purse, i128)> {
        let (user, side, minor) = match instruction {
            Instruction::Place(working) => {
                (working.order.user, working.order.side, working.tally.reserved)
            }
            Instruction::Amend { user, side, extra, .. } => (*user, *side, *extra),
            _ => return None,
        };
        let purse = self.purse(pair, user, side);
        if purse.is_none() {
            self.wrong(place, format!("a command for the unknown market {pair}"));
        }
        purse.map(|purse| (purse, i128::from(minor.minor())))
    }

    fn purse(&self, pair: PairId, user: UserId, side: Side) -> Option<Purse> {
        let steps = self.pairs.get(&pair)?.steps;
        let currency = if side == Side::Buy { steps.quote } else { steps.base };
        Some((user, currency.code))
    }

    /// Carries out what a commit does to accounts, which is what its entries and reservations
    /// say and nothing else: I2, I3, I10.
    fn moves(&mut self, place: usize, commit: &Commit, mut due: Deltas) {
        // First what was posted, then what is held of it: the rest is available.
        for delta in due.values_mut() {
            delta[0] -= delta[1];
        }
        let mut seen = BTreeSet::new();
        for write in commit.writes() {
            match write {
                Write::OpenAccount(account) => {
                    let code = account.wallets.keys().next().copied();
                    let opened = account.version == 1 && account.wallets.len() == 1;
                    let empty = account.wallets.values().all(|it| it.posted_minor() == 0);
                    if !(opened && empty && !self.accounts.contains_key(&account.user)) {
                        self.wrong(place, format!("an account that begins with {account:?}"));
                    }
                    self.change(place, account.user, account.changed_at, None, code, &[]);
                }
                Write::OpenWallet { user, code, at } => {
                    self.change(place, *user, *at, None, Some(*code), &[]);
                }
                Write::MoveFunds { user, legs, change } => {
                    let mut moved = Vec::new();
                    for leg in legs.iter().filter(|leg| !leg.is_nothing()) {
                        let purse = (*user, leg.code());
                        let told = [i128::from(leg.available), i128::from(leg.held)];
                        let right = due.remove(&purse).unwrap_or_default();
                        if told != right {
                            let text = format!("I10: {purse:?} changed by {told:?}, not {right:?}");
                            self.wrong(place, text);
                        }
                        moved.push((leg.code(), right));
                    }
                    if !seen.insert(*user) {
                        self.wrong(place, format!("two changes of the account of {user}"));
                    }
                    self.change(place, *user, change.at, Some(change.entry), None, &moved);
                }
                _ => {}
            }
        }
        due.retain(|_, delta| *delta != [0, 0]);
        if !due.is_empty() {
            self.wrong(place, format!("I10: entries say {due:?}, and no account changed"));
        }
    }

    fn change(
        &mut self,
        place: usize,
        user: UserId,
        at: Timestamp,
        entry: Option<EntryId>,
        opened: Option<CurrencyCode>,
        moved: &[(CurrencyCode, [i128; 2])],
    ) {
        let account = self.accounts.entry(user).or_default();
        let mut wallets = Vec::new();
        let mut short = Vec::new();
        let opened = opened.map(|code| (code, [0, 0]));
        for (code, [available, held]) in opened.into_iter().chain(moved.iter().copied()) {
            let points = account.wallets.entry(code).or_default();
            let (before, reserved) = points.last().map_or((0, 0), |it| (it.available, it.held));
            let now =
                Point { since: place + 1, available: before + available, held: reserved + held };
            if now.available < 0 || now.held < 0 {
                short.push(format!("I2: {code} of {user} falls to {now:?}"));
            }
            points.push(now);
            wallets.push((code, [available, held, now.available, now.held]));
        }
        wallets.sort_by_key(|(code, _)| *code);
        account.changes.push(Changed { commit: place, at, entry, wallets });
        short.into_iter().for_each(|what| self.wrong(place, what));
    }

    /// I4: pieces left and sold are those listed, and none is sold that is not there.
    fn stock(&mut self, place: usize, commit: &Commit, write: &Write) {
        let (id, delta) = match write {
            Write::PutItem(item) => {
                self.revised(place, item);
                return;
            }
            Write::ReviseItem { item, .. } => {
                let last = self.item(item.id).cloned();
                let follows = last
                    .is_some_and(|last| last.version + 1 == item.version && last.sold == item.sold);
                if !follows {
                    self.wrong(place, format!("I4: a sale of {} was revised away", item.id));
                }
                self.revised(place, item);
                return;
            }
            Write::SellStock { item, quantity, .. } => (*item, -i64::from(quantity.pieces())),
            Write::ReturnStock { item, quantity, .. } => (*item, i64::from(quantity.pieces())),
            _ => return,
        };
        let Some(mut item) = self.item(id).cloned() else {
            return self.wrong(place, format!("I4: stock of the unknown item {id}"));
        };
        let left = i64::from(item.stock.pieces()) + delta;
        let sold = i64::try_from(item.sold).unwrap_or(i64::MAX) - delta;
        let stock = u32::try_from(left).ok().and_then(domain::catalogue::Stock::new);
        let (Some(stock), Ok(sold)) = (stock, u64::try_from(sold)) else {
            return self.wrong(place, format!("I4: {left} pieces left, {sold} sold of {id}"));
        };
        if commit.entry().is_none() {
            self.wrong(place, format!("I4: pieces of {id} moved without an entry"));
        }
        (item.stock, item.sold, item.version) = (stock, sold, item.version + 1);
        self.revised(place, &item);
    }

    fn revised(&mut self, place: usize, item: &Item) {
        if u64::from(item.stock.pieces()) + item.sold != item.listed {
            self.wrong(place, format!("I4: {item:?}"));
        }
        let point = ItemPoint { since: place + 1, item: item.clone() };
        self.items.entry(item.id).or_default().push(point);
    }

    fn put(&mut self, place: usize, write: &Write) {
        match write {
            Write::PutClaim { claim, by } => {
                let before = self.claims.insert(*claim, (*by, place));
                if before.is_some() {
                    self.wrong(place, format!("I5: {claim:?} a second time"));
                }
            }
            Write::PutUniverse(universe) => {
                self.universes.insert(universe.id.number(), universe.currency);
            }
            Write::PutRateVersion(rate) => {
                let before = RateId { version: rate.id.version.saturating_sub(1), ..rate.id };
                if let Some(row) = self.rates.get_mut(&before) {
                    row.until = Some(place + 1);
                } else if rate.id.version != 1 {
                    self.wrong(place, format!("a version is missing before {}", rate.id));
                }
                let row = RateRow { rate: rate.clone(), since: place + 1, until: None };
                self.rates.insert(rate.id, row);
            }
            Write::PutPair(pair) | Write::ReplacePair(pair) => {
                self.pairs.insert(pair.id(), *pair);
            }
            Write::PutVenueOrder(order) | Write::ReplaceVenueOrder { order, .. } => {
                self.venue_orders.insert(order.terms.id, order.as_ref().clone());
            }
            _ => {}
        }
    }

    /// An item as it is now.
    #[must_use]
    pub fn item(&self, id: ItemId) -> Option<&Item> {
        self.items.get(&id)?.last().map(|point| &point.item)
    }

    /// The items that there were from one state to another, one after the other.
    pub fn items_in(&self, id: ItemId, from: usize, until: usize) -> impl Iterator<Item = &Item> {
        let points = self.items.get(&id).map_or(&[][..], Vec::as_slice);
        let first = points.partition_point(|point| point.since <= from).saturating_sub(1);
        let in_time = points[first..].iter().take_while(move |point| point.since <= until);
        in_time.map(|point| &point.item)
    }

    /// What a wallet held from one state to another; nothing before it was opened.
    pub fn wallets_in(&self, purse: Purse, from: usize, until: usize) -> Vec<Point> {
        let points = self.accounts.get(&purse.0).and_then(|it| it.wallets.get(&purse.1));
        let points = points.map_or(&[][..], Vec::as_slice);
        let first = points.partition_point(|point| point.since <= from);
        let nothing = Point { since: 0, available: 0, held: 0 };
        let before = first.checked_sub(1).map_or(nothing, |first| points[first]);
        let later = points[first..].iter().take_while(|point| point.since <= until);
        std::iter::once(before).chain(later.copied()).collect()
    }

    /// Whether an item was for sale at a price.
    #[must_use]
    pub fn sells(item: &Item, price: i64) -> bool {
        item.state == ItemState::Active && item.price.minor() == price
    }
}

/// What an order at a venue needs: its price for each piece that may yet be filled, or the pieces.
fn held_at_venue(order: &VenueOrder) -> (Purse, i128) {
    let VenueTerms { user, side, price, quantity, instrument, currency, .. } = order.terms;
    let whole = order.last.unwrap_or(quantity).minor();
    let open = if order.is_over() { 0 } else { i128::from(whole - order.executed.minor()) };
    match side {
        Side::Buy => ((user, currency.code), open * i128::from(price.minor())),
        Side::Sell => ((user, instrument.code()), open),
    }
}
