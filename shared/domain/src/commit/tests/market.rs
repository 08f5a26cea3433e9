//! A small market in memory: it carries out random decisions, and keeps its promises after
//! each. It knows what a store must do with a commit, and nothing of how money is worked out.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{prelude::*, sample::Index};

use super::{super::*, terms};
use crate::{
    amount::Money,
    catalogue::ItemState,
    conversion::Fixed,
    currency::Currency,
    ledger::{Cause, Holder},
    operation::{Exchange, deposit, exchange, transfer, withdraw},
    purchase::buy,
    refund::refund,
    testing::{
        ALICE, BOB, CAROL, at, earth, entry, guard, helmet, mars, minor, movement, pieces, stock,
        venus,
    },
    universe::Universes,
};

/// Users, universes and items by their place in the market.
#[derive(Debug, Clone)]
enum Action {
    Deposit(usize, usize, i64),
    Withdraw(usize, usize, i64),
    Transfer { from: usize, to: usize, currency: usize, size: i64 },
    Exchange { user: usize, from: usize, to: usize, size: i64, receives: bool },
    Buy { user: usize, item: usize, count: u32, pay_with: usize },
    Refund { purchase: Index, by_admin: bool, restock: bool },
}

const USERS: [UserId; 3] = [ALICE, BOB, CAROL];
const LISTED: u64 = 15;

/// Hundredths of a currency's unit, mostly; `HUGE` stands for the largest amount.
fn a_size() -> impl Strategy<Value = i64> {
    prop_oneof![20 => 1_i64..1_000_000, 1 => Just(0), 1 => Just(HUGE)]
}

const HUGE: i64 = i64::MAX;

/// Two different places, mostly.
fn two_places() -> impl Strategy<Value = (usize, usize)> {
    let step = prop_oneof![10 => 1_usize..3, 1 => Just(0)];
    (0_usize..3, step).prop_map(|(first, step)| (first, (first + step) % 3))
}

fn an_action() -> impl Strategy<Value = Action> {
    let place = 0_usize..3;
    let one_wallet = || (0_usize..3, 0_usize..3, a_size());
    prop_oneof![
        1 => one_wallet().prop_map(|(user, coin, size)| Action::Deposit(user, coin, size)),
        1 => one_wallet().prop_map(|(user, coin, size)| Action::Withdraw(user, coin, size)),
        1 => (two_places(), place.clone(), a_size()).prop_map(|((from, to), currency, size)| {
            Action::Transfer { from, to, currency, size }
        }),
        2 => (place.clone(), two_places(), a_size(), any::<bool>()).prop_map(
            |(user, (from, to), size, receives)| Action::Exchange { user, from, to, size, receives }
        ),
        3 => (two_places(), 1_u32..5, place).prop_map(|((user, item), count, pay_with)| {
            Action::Buy { user, item, count, pay_with }
        }),
        1 => (any::<Index>(), any::<bool>(), any::<bool>()).prop_map(
            |(purchase, by_admin, restock)| Action::Refund { purchase, by_admin, restock }
        ),
    ]
}

/// A store without a database: it carries out commits, all of their writes or none.
#[derive(Debug, Clone)]
struct Market {
    universes: Universes,
    accounts: BTreeMap<UserId, Account>,
    items: BTreeMap<ItemId, Item>,
    claims: BTreeSet<Claim>,
    entries: Vec<Entry>,
}

impl Market {
    /// Three users with a million of each of three currencies, and an item of each of them.
    fn opened([first, second, third]: [u16; 3]) -> Self {
        let earth = earth().keeping(first);
        let mars = mars().with_decimals(0).keeping(second);
        let venus = venus().with_decimals(8).keeping(third);
        let item = |(place, universe): (u32, &Universe)| Item {
            id: ItemId::from_bits(place.into()),
            seller: USERS[usize::try_from(place).expect("small")],
            universe: universe.id,
            currency: universe.currency,
            price: sized(universe.currency, 1234),
            stock: stock(15),
            listed: LISTED,
            ..helmet()
        };
        let items = (0_u32..).zip([&earth, &mars, &venus]).map(item);
        let account = |user| (user, Account::opened(user, earth.currency.code, at(0)));
        let mut market = Self {
            items: items.map(|item| (item.id, item)).collect(),
            accounts: USERS.map(account).into(),
            universes: Universes::new(vec![earth, mars, venus]),
            claims: BTreeSet::new(),
            entries: Vec::new(),
        };
        for (user, currency) in (0..9).map(|place| (place / 3, place % 3)) {
            let commit = market.decide(&Action::Deposit(user, currency, 100_000_000));
            market.carry_out(&commit.expect("a deposit")).expect("room");
        }
        market
    }

    fn guard(&self, actor: UserId) -> Guard {
        let entry = EntryId::from_bits(1 + u128::try_from(self.entries.len()).expect("small"));
        Guard { entry, ..guard(actor) }
    }

    fn money(&self, place: usize, size: i64) -> Money {
        let currency = self.universes.all()[place].currency;
        Money { amount: sized(currency, size), currency }
    }

    fn decide(&self, action: &Action) -> Result<Commit, Declined> {
        let universes = self.universes.all();
        match *action {
            Action::Deposit(user, currency, size) => {
                deposit(&self.guard(USERS[user]), self.money(currency, size))
            }
            Action::Withdraw(user, currency, size) => {
                withdraw(&self.guard(USERS[user]), self.money(currency, size))
            }
            Action::Transfer { from, to, currency, size } => {
                transfer(&self.guard(USERS[from]), USERS[to], self.money(currency, size))
            }
            Action::Exchange { user, from, to, size, receives } => {
                let fixed = if receives {
                    Fixed::Received(self.money(to, size).amount)
                } else {
                    Fixed::Paid(self.money(from, size).amount)
                };
                let (from, to) = (&universes[from], &universes[to]);
                let wanted = Exchange { from, to, fixed, min_receive: None };
                exchange(&self.guard(USERS[user]), &wanted)
            }
            Action::Buy { user, item, count, pay_with } => {
                let terms = terms(pieces(count), universes[pay_with].currency.code);
                let item = self.items.values().nth(item).expect("three items");
                buy(&self.guard(USERS[user]), &terms, item, &self.universes)
            }
            Action::Refund { purchase, by_admin, restock } => {
                let bought = |entry: &&Entry| {
                    matches!(&entry.outcome, Outcome::Moved(moved)
                        if matches!(moved.cause, Cause::Purchase(_)))
                };
                let purchases: Vec<&Entry> = self.entries.iter().filter(bought).collect();
                let original = match purchases.as_slice() {
                    [] => &self.entries[0],
                    some => purchase.get(some),
                };
                let Outcome::Moved(moved) = &original.outcome else { panic!("{original:?}") };
                let seller = moved.counterparty.unwrap_or(original.actor);
                let actor = if by_admin { CAROL } else { seller };
                refund(&self.guard(actor), original, restock, by_admin)
            }
        }
    }

    fn carry_out(&mut self, commit: &Commit) -> Result<(), Declined> {
        let mut next = self.clone();
        for write in commit.writes() {
            next.write(write)?;
        }
        *self = next;
        Ok(())
    }

    fn write(&mut self, write: &Write) -> Result<(), Declined> {
        match write {
            Write::PutEntry(entry) => self.entries.push(entry.clone()),
            Write::PutClaim { claim, .. } => {
                let free = self.claims.insert(*claim);
                free.then_some(()).ok_or(Refusal::AlreadyRefunded)?;
            }
            Write::MoveFunds { user, legs, change } => {
                let account = self.accounts.get_mut(user).expect("an account");
                *account = account.after(legs, change)?;
            }
            Write::SellStock { item, unit_price, quantity, .. } => {
                let item = self.items.get_mut(item).expect("an item");
                assert_eq!((item.state, item.price), (ItemState::Active, *unit_price));
                let left = item.stock.pieces().checked_sub(quantity.pieces());
                item.stock = stock(left.expect("decided on this very stock"));
                item.sold += u64::from(quantity.pieces());
            }
            Write::ReturnStock { item, quantity, .. } => {
                let item = self.items.get_mut(item).expect("an item");
                let sold = item.sold.checked_sub(u64::from(quantity.pieces()));
                item.sold = sold.expect("no more comes back than was sold");
                item.stock = stock(item.stock.pieces() + quantity.pieces());
            }
            other => panic!("not of this market: {other:?}"),
        }
        Ok(())
    }

    /// What each holder has by the journal alone.
    fn journalled(&self) -> BTreeMap<(Holder, Currency), i128> {
        let mut sums = BTreeMap::new();
        for entry in &self.entries {
            let Outcome::Moved(movement) = &entry.outcome else { continue };
            for (key, net) in movement.postings.nets() {
                *sums.entry(key).or_default() += net;
            }
        }
        sums
    }

    fn check_promises(&self) -> Result<(), TestCaseError> {
        let journalled = self.journalled();
        for Universe { currency, .. } in self.universes.all() {
            let of = |holder| journalled.get(&(holder, *currency)).copied().unwrap_or_default();
            let house = [Holder::World, Holder::Pool, Holder::Fees, Holder::Dust].map(of);
            let mut wallets = 0_i128;
            for (user, account) in &self.accounts {
                let balance = account.balance(currency.code);
                let posted = i128::from(balance.posted_minor());
                prop_assert_eq!(posted, of(Holder::User(*user)), "I10");
                prop_assert!(balance.available >= Amount::ZERO, "I2");
                wallets += posted;
            }
            prop_assert_eq!(wallets + house.iter().sum::<i128>(), 0, "I1: {}", currency.code);
            prop_assert!(of(Holder::Fees) >= 0 && of(Holder::Dust) >= 0, "{:?}", house);
        }
        for item in self.items.values() {
            prop_assert_eq!(u64::from(item.stock.pieces()) + item.sold, item.listed, "I4");
            prop_assert_eq!(item.listed, LISTED);
        }
        Ok(())
    }
}

/// This many hundredths of a unit, and at least one minor unit unless it is nothing.
fn sized(currency: Currency, size: i64) -> Amount {
    let minor_per_unit = 10_i64.pow(u32::from(currency.scale.decimals()));
    match size {
        0 => Amount::ZERO,
        HUGE => Amount::MAX,
        _ => minor((size * minor_per_unit / 100).max(1)),
    }
}

/// Promise I1 of one commit: every currency sums to zero, and what the wallets are told to do
/// is what the postings say.
fn check_sound(commit: &Commit) -> Result<(), TestCaseError> {
    let nets = movement(commit).postings.nets();
    let mut sums = BTreeMap::<Currency, i128>::new();
    for ((_, currency), net) in &nets {
        *sums.entry(*currency).or_default() += net;
    }
    prop_assert!(sums.values().all(|sum| *sum == 0), "{}", commit);
    let mut legs = BTreeMap::new();
    for write in commit.writes() {
        let Write::MoveFunds { user, legs: moved, .. } = write else { continue };
        for leg in moved {
            let twice = legs.insert((Holder::User(*user), leg.currency), i128::from(leg.posted()));
            prop_assert_eq!(twice, None, "two legs of one wallet: {}", commit);
        }
    }
    let of_users = |((holder, _), net): &((Holder, Currency), i128)| {
        matches!(holder, Holder::User(_)) && *net != 0
    };
    let expected: BTreeMap<_, _> = nets.into_iter().filter(of_users).collect();
    prop_assert_eq!(legs, expected, "{}", commit);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn a_market_keeps_its_promises_whatever_is_asked_of_it(
        spreads in [0_u16..=1000, 0_u16..=1000, 0_u16..=1000],
        actions in proptest::collection::vec(an_action(), 1..100),
    ) {
        let mut market = Market::opened(spreads);
        for action in &actions {
            let commit = match market.decide(action) {
                Ok(commit) => commit,
                Err(Declined::Refused(_)) => continue,
                Err(declined) => return Err(TestCaseError::fail(format!("{declined:?}"))),
            };
            check_sound(&commit)?;
            let entries = market.entries.len();
            let done = match market.carry_out(&commit) {
                Ok(()) => true,
                Err(Declined::Refused(_)) => false,
                Err(declined) => return Err(TestCaseError::fail(format!("{declined:?}"))),
            };
            prop_assert_eq!(market.entries.len(), entries + usize::from(done));
            market.check_promises()?;
        }
    }

    #[test]
    fn a_purchase_and_its_refund_leave_every_balance_as_it_was(
        spreads in [0_u16..=1000, 0_u16..=1000, 0_u16..=1000],
        item in 0_usize..3, count in 1_u32..5, pay_with in 0_usize..3,
    ) {
        let mut market = Market::opened(spreads);
        let before = market.clone();
        let user = (item + 1) % 3;
        let bought = market.decide(&Action::Buy { user, item, count, pay_with });
        let bought = bought.expect("a purchase");
        prop_assert!(matches!(movement(&bought).cause, Cause::Purchase(_)));
        market.carry_out(&bought).expect("affordable");
        prop_assert_ne!(&market.items, &before.items);
        let refunded = refund(&market.guard(USERS[item]), entry(&bought), true, false);
        let refunded = refunded.expect("a refund");
        market.carry_out(&refunded).expect("the seller still has it");
        let mut journalled = market.journalled();
        journalled.retain(|_, net| *net != 0);
        prop_assert_eq!(journalled, before.journalled());
        prop_assert_eq!(&market.items, &before.items);
        market.check_promises()?;
        let again = market.carry_out(&refunded);
        prop_assert_eq!(again, Err(Refusal::AlreadyRefunded.into()));
    }
}
