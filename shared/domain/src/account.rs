//! One account a user: all of that user's wallets, and what may be moved out of and into them.

use std::collections::BTreeMap;

use crate::{
    activity::{News, Occasion},
    amount::{Amount, Money},
    currency::{Currency, CurrencyCode},
    id::{EntryId, UserId},
    ledger::Unsound,
    refusal::{Declined, Refusal},
    time::Timestamp,
};

/// When a wallet was opened and when it last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalletTimes {
    /// When it was opened, by its owner or by money that arrived.
    pub opened_at: Timestamp,
    /// When money last moved out of or into it; at first, when it was opened.
    pub changed_at: Timestamp,
}

impl WalletTimes {
    /// The times of a wallet that has not changed since it was opened.
    #[must_use]
    pub fn new(opened_at: Timestamp) -> Self {
        Self { opened_at, changed_at: opened_at }
    }
}

/// What a wallet holds, in minor units of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// Free to be spent.
    pub available: Amount,
    /// Reserved: still the user's, but promised.
    pub held: Amount,
}

impl Balance {
    /// Everything the wallet holds, reserved or not. Each part is at most 10^18, so the sum
    /// fits an `i64` but may pass [`Amount::MAX`].
    #[must_use]
    pub fn posted_minor(self) -> i64 {
        self.available.minor().saturating_add(self.held.minor())
    }

    /// Everything the wallet holds, at most [`Amount::MAX`].
    #[must_use]
    pub fn posted(self) -> Amount {
        self.available.checked_add(self.held).unwrap_or(Amount::MAX)
    }

    fn after(self, leg: Leg) -> Result<Self, Declined> {
        let available = self.available.minor().saturating_add(leg.available);
        let held = self.held.minor().saturating_add(leg.held);
        if available < 0 {
            let required = Amount::from_minor(leg.available.saturating_neg())
                .map_err(|_| Declined::Unsound(Unsound::new("a leg passes the largest amount")))?;
            let of = |amount| Money { amount, currency: leg.currency };
            let (required, available) = (of(required), of(self.available));
            return Err(Refusal::InsufficientFunds { required, available }.into());
        }
        if held < 0 {
            return Err(Declined::Unsound(Unsound::new("more is taken than is held")));
        }
        let full = Refusal::BalanceLimit { currency: leg.code() };
        let part = |minor| Amount::from_minor(minor).map_err(|_| full.clone());
        Ok(Self { available: part(available)?, held: part(held)? })
    }
}

/// All wallets of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose account it is.
    pub user: UserId,
    /// The wallets, by currency.
    pub wallets: BTreeMap<CurrencyCode, Balance>,
    /// The times of each of the wallets.
    pub times: BTreeMap<CurrencyCode, WalletTimes>,
    /// Counts the changes, without gaps, from 1.
    pub version: u64,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// The journal entry of the last change of money, or of the order that it was about.
    pub last_entry: Option<EntryId>,
    /// What the last change was for.
    pub news: News,
}

/// To what a change of an account belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The journal entry, or that of the order which it is about.
    pub entry: EntryId,
    /// When it was decided.
    pub at: Timestamp,
    /// What it is for.
    pub news: News,
}

/// What one commit changes in one wallet, net, in minor units of its currency. At least one
/// part is not zero; a leg of nothing is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// The wallet's currency.
    pub currency: Currency,
    /// Change of what is available.
    pub available: i64,
    /// Change of what is held.
    pub held: i64,
}

impl Leg {
    /// Out of what is available.
    #[must_use]
    pub fn debit(money: Money) -> Self {
        Self { available: money.amount.minor().saturating_neg(), ..Self::credit(money) }
    }

    /// Into what is available.
    #[must_use]
    pub fn credit(money: Money) -> Self {
        Self { currency: money.currency, available: money.amount.minor(), held: 0 }
    }

    /// From what is available to what is held.
    #[must_use]
    pub fn hold(money: Money) -> Self {
        Self { held: money.amount.minor(), ..Self::debit(money) }
    }

    /// From what is held back to what is available.
    #[must_use]
    pub fn release(money: Money) -> Self {
        Self { held: money.amount.minor().saturating_neg(), ..Self::credit(money) }
    }

    /// The code of the wallet's currency.
    #[must_use]
    pub fn code(self) -> CurrencyCode {
        self.currency.code
    }

    /// Change of everything that the wallet holds.
    #[must_use]
    pub fn posted(self) -> i64 {
        self.available.saturating_add(self.held)
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self.available == 0 && self.held == 0
    }
}

impl Account {
    /// A new account with one empty wallet.
    #[must_use]
    pub fn opened(user: UserId, first: CurrencyCode, at: Timestamp) -> Self {
        let wallets = BTreeMap::from([(first, Balance::default())]);
        let times = BTreeMap::from([(first, WalletTimes::new(at))]);
        Self {
            user,
            wallets,
            times,
            version: 1,
            changed_at: at,
            last_entry: None,
            news: News::default(),
        }
    }

    /// What the wallet holds; nothing if there is none.
    #[must_use]
    pub fn balance(&self, code: CurrencyCode) -> Balance {
        self.wallets.get(&code).copied().unwrap_or_default()
    }

    /// The account after these legs. A leg that only adds opens a wallet that is not there.
    ///
    /// # Errors
    /// [`Refusal::InsufficientFunds`] and [`Refusal::BalanceLimit`]; [`Declined::Unsound`] if
    /// more is taken than is held, which is always a bug of ours. Then nothing has moved.
    pub fn after(&self, legs: &[Leg], change: &Change) -> Result<Self, Declined> {
        let mut next = self.clone();
        let at = change.at;
        for leg in legs.iter().filter(|leg| !leg.is_nothing()) {
            let balance = next.wallets.entry(leg.code()).or_default();
            *balance = balance.after(*leg)?;
            next.times.entry(leg.code()).or_insert(WalletTimes::new(at)).changed_at = at;
        }
        next.version = next.version.saturating_add(1);
        next.changed_at = at;
        next.last_entry = Some(change.entry);
        next.news = change.news.clone();
        Ok(next)
    }

    /// The account with one more, empty wallet. It must not have it yet.
    #[must_use]
    pub fn with_wallet(&self, code: CurrencyCode, at: Timestamp) -> Self {
        let mut next = self.clone();
        next.wallets.insert(code, Balance::default());
        next.times.insert(code, WalletTimes::new(at));
        next.version = next.version.saturating_add(1);
        next.changed_at = at;
        next.news = News::of(Occasion::Opened);
        next
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{ALICE, at, earth, minor, mrc, usd};

    const ENTRY: EntryId = EntryId::from_bits(9);

    fn change(second: i64) -> Change {
        Change { entry: ENTRY, at: at(second), news: News::of(Occasion::Deposit) }
    }

    fn holding(available: Amount) -> Account {
        let mut account = Account::opened(ALICE, usd("0").currency.code, at(0));
        account.wallets.insert(usd("0").currency.code, Balance { available, held: minor(5) });
        account
    }

    #[test]
    fn a_new_account_has_one_empty_wallet() {
        let account = Account::opened(ALICE, usd("0").currency.code, at(0));
        assert_eq!(account.wallets.len(), 1);
        assert_eq!(account.balance(usd("0").currency.code), Balance::default());
        assert_eq!((account.version, account.last_entry), (1, None));
    }

    #[test]
    fn legs_move_what_is_available_and_leave_what_is_held() {
        let legs = [Leg::debit(usd("4.00")), Leg::credit(mrc("10.00"))];
        let next = holding(minor(400)).after(&legs, &change(1)).expect("enough");
        let usd_left = Balance { available: Amount::ZERO, held: minor(5) };
        assert_eq!(next.balance(usd("0").currency.code), usd_left);
        assert_eq!(next.balance(mrc("0").currency.code).available, minor(1000));
        assert_eq!((next.version, next.last_entry), (2, Some(ENTRY)));
        assert_eq!((next.changed_at, next.news), (at(1), change(1).news));
    }

    #[test]
    fn more_than_is_available_is_refused_even_if_more_is_held() {
        let refused = holding(minor(399)).after(&[Leg::debit(usd("4.00"))], &change(1));
        let (required, available) = (usd("4.00"), usd("3.99"));
        assert_eq!(refused, Err(Refusal::InsufficientFunds { required, available }.into()));
    }

    #[test]
    fn a_wallet_that_is_not_there_has_nothing() {
        let refused = holding(minor(400)).after(&[Leg::debit(mrc("0.01"))], &change(1));
        let (required, available) = (mrc("0.01"), mrc("0"));
        assert_eq!(refused, Err(Refusal::InsufficientFunds { required, available }.into()));
    }

    #[test]
    fn a_wallet_holds_at_most_the_largest_amount() {
        let currency = usd("0").currency.code;
        let full = holding(Amount::MAX);
        let refused = full.after(&[Leg::credit(usd("0.01"))], &change(1));
        assert_eq!(refused, Err(Refusal::BalanceLimit { currency }.into()));
        assert_eq!(full.balance(currency).posted_minor(), 1_000_000_000_000_000_005);
        assert_eq!(full.balance(currency).posted(), Amount::MAX);
        assert_eq!(holding(minor(1)).balance(currency).posted(), minor(6));
    }

    #[test]
    fn a_hold_makes_available_money_held_and_a_release_gives_it_back() {
        let code = usd("0").currency.code;
        let (hold, release) = (Leg::hold(usd("0.10")), Leg::release(usd("0.10")));
        assert_eq!((hold.posted(), release.posted()), (0, 0));
        let held = holding(minor(10)).after(&[hold], &change(1)).expect("enough");
        let expected = Balance { available: Amount::ZERO, held: minor(15) };
        assert_eq!(held.balance(code), expected);
        let released = held.after(&[release], &change(2)).expect("held");
        assert_eq!(released.wallets, holding(minor(10)).wallets);
    }

    #[test]
    fn a_hold_beyond_what_is_available_is_insufficient_funds() {
        let refused = holding(minor(9)).after(&[Leg::hold(usd("0.10"))], &change(1));
        let (required, available) = (usd("0.10"), usd("0.09"));
        assert_eq!(refused, Err(Refusal::InsufficientFunds { required, available }.into()));
    }

    #[test]
    fn more_taken_than_is_held_is_a_bug_and_not_a_refusal() {
        let account = holding(minor(10));
        let spent = Leg { available: 0, held: -6, ..Leg::credit(usd("0")) };
        for leg in [Leg::release(usd("0.06")), Leg::release(mrc("0.01")), spent] {
            let unsound = account.after(&[leg], &change(1));
            assert!(matches!(unsound, Err(Declined::Unsound(_))), "{leg:?}: {unsound:?}");
        }
        assert!(account.after(&[Leg::release(usd("0.05"))], &change(1)).is_ok());
    }

    #[test]
    fn a_leg_of_nothing_opens_no_wallet() {
        let next = holding(minor(1)).after(&[Leg::credit(mrc("0"))], &change(1)).expect("none");
        assert_eq!(
            (next.wallets, next.times),
            (holding(minor(1)).wallets, holding(minor(1)).times)
        );
        assert_eq!(next.version, 2);
    }

    fn a_minor() -> impl Strategy<Value = i64> {
        let edges = vec![0, 1, Amount::MAX.minor() - 1, Amount::MAX.minor()];
        prop_oneof![3 => 0_i64..1000, 1 => proptest::sample::select(edges)]
    }

    fn a_part() -> impl Strategy<Value = i64> {
        let extremes = proptest::sample::select(vec![i64::MIN, i64::MAX]);
        prop_oneof![
            10 => (a_minor(), any::<bool>()).prop_map(|(size, up)| if up { size } else { -size }),
            1 => extremes
        ]
    }

    proptest! {
        #[test]
        fn a_leg_moves_exactly_its_parts_or_nothing(
            available in a_minor(), held in a_minor(), parts in (a_part(), a_part())
        ) {
            let Currency { code, .. } = earth().currency;
            let mut account = holding(minor(available));
            let balance = Balance { available: minor(available), held: minor(held) };
            account.wallets.insert(code, balance);
            let other = Balance { available: minor(1), held: minor(2) };
            account.wallets.insert(mrc("0").currency.code, other);
            let leg = Leg { currency: earth().currency, available: parts.0, held: parts.1 };
            let sums = [(available, parts.0), (held, parts.1)]
                .map(|(before, part)| i128::from(before) + i128::from(part));
            let [short, unheld] = sums.map(|sum| sum < 0);
            let over = sums.iter().any(|sum| *sum > i128::from(Amount::MAX.minor()));
            match account.after(&[leg], &change(1)) {
                Ok(next) => {
                    let after = next.balance(code);
                    let after = [after.available, after.held].map(|part| i128::from(part.minor()));
                    prop_assert_eq!(after, sums);
                    prop_assert!(!short && !unheld && !over, "{:?}", sums);
                    prop_assert_eq!(next.balance(mrc("0").currency.code), other);
                    prop_assert_eq!(next.wallets.len(), 2);
                }
                Err(Declined::Refused(Refusal::InsufficientFunds { required, available: had })) => {
                    prop_assert!(short);
                    let told = [required, had].map(|money| money.amount.minor());
                    prop_assert_eq!(told, [-parts.0, available]);
                }
                Err(Declined::Refused(Refusal::BalanceLimit { .. })) => {
                    prop_assert!(over && !short && !unheld);
                }
                Err(Declined::Unsound(_)) => {
                    let oversized = parts.0 < -Amount::MAX.minor();
                    prop_assert!(if short { oversized } else { unheld }, "{:?}", sums);
                }
                Err(declined) => prop_assert!(false, "{declined:?}"),
            }
        }
    }
}
