//! One account a user: all of that user's wallets, and what may be moved out of and into them.

use std::collections::BTreeMap;

use crate::{
    amount::{Amount, Money},
    currency::CurrencyCode,
    id::{EntryId, UserId},
    refusal::Refusal,
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
    /// The journal entry of the last change of money.
    pub last_entry: Option<EntryId>,
}

/// What one journal entry moves out of or into one wallet, net.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// Out of what is available.
    Debit(Money),
    /// Into what is available.
    Credit(Money),
}

impl Leg {
    /// The wallet's currency.
    #[must_use]
    pub fn code(self) -> CurrencyCode {
        match self {
            Self::Debit(money) | Self::Credit(money) => money.currency.code,
        }
    }
}

impl Account {
    /// A new account with one empty wallet.
    #[must_use]
    pub fn opened(user: UserId, first: CurrencyCode, at: Timestamp) -> Self {
        let wallets = BTreeMap::from([(first, Balance::default())]);
        let times = BTreeMap::from([(first, WalletTimes::new(at))]);
        Self { user, wallets, times, version: 1, last_entry: None }
    }

    /// What the wallet holds; nothing if there is none.
    #[must_use]
    pub fn balance(&self, code: CurrencyCode) -> Balance {
        self.wallets.get(&code).copied().unwrap_or_default()
    }

    /// The account after these legs. A credit opens a wallet that is not there yet.
    ///
    /// # Errors
    /// [`Refusal::InsufficientFunds`] and [`Refusal::BalanceLimit`]; then nothing has moved.
    pub fn after(&self, legs: &[Leg], entry: EntryId, at: Timestamp) -> Result<Self, Refusal> {
        let mut next = self.clone();
        for leg in legs {
            let balance = next.wallets.entry(leg.code()).or_default();
            balance.available = match *leg {
                Leg::Debit(money) => {
                    let available = Money { amount: balance.available, ..money };
                    let short = Refusal::InsufficientFunds { required: money, available };
                    balance.available.checked_sub(money.amount).ok_or(short)?
                }
                Leg::Credit(money) => balance
                    .available
                    .checked_add(money.amount)
                    .ok_or(Refusal::BalanceLimit { currency: leg.code() })?,
            };
            next.times.entry(leg.code()).or_insert(WalletTimes::new(at)).changed_at = at;
        }
        next.version = next.version.saturating_add(1);
        next.last_entry = Some(entry);
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{ALICE, at, earth, minor, mrc, usd};

    const ENTRY: EntryId = EntryId::from_bits(9);

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
        let legs = [Leg::Debit(usd("4.00")), Leg::Credit(mrc("10.00"))];
        let next = holding(minor(400)).after(&legs, ENTRY, at(1)).expect("enough");
        let usd_left = Balance { available: Amount::ZERO, held: minor(5) };
        assert_eq!(next.balance(usd("0").currency.code), usd_left);
        assert_eq!(next.balance(mrc("0").currency.code).available, minor(1000));
        assert_eq!((next.version, next.last_entry), (2, Some(ENTRY)));
    }

    #[test]
    fn more_than_is_available_is_refused_even_if_more_is_held() {
        let refused = holding(minor(399)).after(&[Leg::Debit(usd("4.00"))], ENTRY, at(1));
        let (required, available) = (usd("4.00"), usd("3.99"));
        assert_eq!(refused, Err(Refusal::InsufficientFunds { required, available }));
    }

    #[test]
    fn a_wallet_that_is_not_there_has_nothing() {
        let refused = holding(minor(400)).after(&[Leg::Debit(mrc("0.01"))], ENTRY, at(1));
        let (required, available) = (mrc("0.01"), mrc("0"));
        assert_eq!(refused, Err(Refusal::InsufficientFunds { required, available }));
    }

    #[test]
    fn a_wallet_holds_at_most_the_largest_amount() {
        let currency = usd("0").currency.code;
        let full = holding(Amount::MAX);
        let refused = full.after(&[Leg::Credit(usd("0.01"))], ENTRY, at(1));
        assert_eq!(refused, Err(Refusal::BalanceLimit { currency }));
        assert_eq!(full.balance(currency).posted_minor(), 1_000_000_000_000_000_005);
        assert_eq!(full.balance(currency).posted(), Amount::MAX);
        assert_eq!(holding(minor(1)).balance(currency).posted(), minor(6));
    }

    fn an_amount() -> impl Strategy<Value = Amount> {
        let edges = vec![0, 1, Amount::MAX.minor() - 1, Amount::MAX.minor()];
        prop_oneof![3 => 0_i64..1000, 1 => proptest::sample::select(edges)].prop_map(minor)
    }

    proptest! {
        #[test]
        fn a_leg_moves_exactly_its_amount_or_nothing(
            available in an_amount(), moved in an_amount(), credits in any::<bool>()
        ) {
            let account = holding(available);
            let money = Money { amount: moved, currency: earth().currency };
            let leg = if credits { Leg::Credit(money) } else { Leg::Debit(money) };
            let (before, moved) = (available.minor(), moved.minor());
            let sum = if credits { before + moved } else { before - moved };
            let code = money.currency.code;
            match account.after(&[leg], ENTRY, at(1)) {
                Ok(next) => {
                    prop_assert_eq!(next.balance(code).available.minor(), sum);
                    prop_assert_eq!(next.balance(code).held, minor(5));
                    prop_assert!(sum >= 0 && sum <= Amount::MAX.minor());
                }
                Err(Refusal::InsufficientFunds { .. }) => prop_assert!(sum < 0),
                Err(Refusal::BalanceLimit { .. }) => prop_assert!(sum > Amount::MAX.minor()),
                Err(refusal) => prop_assert!(false, "{refusal:?}"),
            }
        }
    }
}
