//! Items: who may change what of them, and how many pieces there are.

use std::str::FromStr;

use crate::{
    amount::{Amount, Money},
    commit::{Commit, Write},
    currency::Currency,
    id::{ItemId, UserId},
    ledger::Guard,
    time::Timestamp,
    universe::{Name, Universe, UniverseId},
};

/// A count of pieces: 1 to 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(u32);

impl Quantity {
    /// The most pieces in one purchase.
    pub const MAX: u32 = 1_000_000;

    /// This many pieces, if from 1 to [`Quantity::MAX`].
    #[must_use]
    pub const fn new(pieces: u32) -> Option<Self> {
        if pieces >= 1 && pieces <= Self::MAX { Some(Self(pieces)) } else { None }
    }

    /// How many pieces.
    #[must_use]
    pub const fn pieces(self) -> u32 {
        self.0
    }
}

/// A count of pieces in stock: 0 to 1,000,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Stock(u32);

impl Stock {
    /// The most pieces in stock.
    pub const MAX: u32 = 1_000_000_000;

    /// This many pieces, if at most [`Stock::MAX`].
    #[must_use]
    pub const fn new(pieces: u32) -> Option<Self> {
        if pieces <= Self::MAX { Some(Self(pieces)) } else { None }
    }

    /// How many pieces.
    #[must_use]
    pub const fn pieces(self) -> u32 {
        self.0
    }
}

/// At most 300 bytes of text without control characters other than a line feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description(String);

/// The text is longer than 300 bytes or has control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a description is at most 300 bytes without control characters")]
pub struct InvalidDescription;

impl Description {
    /// 300 bytes: an item's row, its index keys included, stays under 1 KB, which is what
    /// `Write::units` counts on.
    pub const BYTES_MAX: usize = 300;

    /// The description as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Description {
    type Err = InvalidDescription;

    fn from_str(text: &str) -> Result<Self, InvalidDescription> {
        let control = |letter: char| letter.is_control() && letter != '\n';
        if text.len() > Self::BYTES_MAX || text.chars().any(control) {
            return Err(InvalidDescription);
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whether an item is offered. That it is sold out follows from its stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemState {
    /// Not yet.
    Draft,
    /// Yes.
    Active,
    /// Not now.
    Paused,
}

impl ItemState {
    /// The state's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Paused => "paused",
        }
    }
}

impl FromStr for ItemState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Draft, Self::Active, Self::Paused]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or(())
    }
}

/// An item in the catalogue. `stock + sold = listed` always (promise I4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// Who sells it.
    pub seller: UserId,
    /// Where it is sold.
    pub universe: UniverseId,
    /// The universe's currency.
    pub currency: Currency,
    /// What it is called.
    pub name: Name,
    /// What it is.
    pub description: Description,
    /// The price of a piece, at least one minor unit.
    pub price: Amount,
    /// Pieces left.
    pub stock: Stock,
    /// Pieces sold and not returned.
    pub sold: u64,
    /// Pieces ever offered: those left and those sold.
    pub listed: u64,
    /// Whether it is offered.
    pub state: ItemState,
    /// Counts the changes, sales among them, from 1.
    pub version: u64,
    /// When it was listed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Item {
    /// The price of a piece.
    #[must_use]
    pub fn unit_price(&self) -> Money {
        Money { amount: self.price, currency: self.currency }
    }

    /// Whether it is offered but nothing is left.
    #[must_use]
    pub fn sold_out(&self) -> bool {
        self.state == ItemState::Active && self.stock.pieces() == 0
    }
}

/// What a seller says of a new item. Its price was parsed at the universe's scale.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// The id that it shall have.
    pub id: ItemId,
    /// What it is called.
    pub name: Name,
    /// What it is.
    pub description: Description,
    /// The price of a piece, at least one minor unit.
    pub price: Amount,
    /// Pieces to sell.
    pub stock: Stock,
    /// Whether it is offered at once.
    pub state: ItemState,
}

/// Lists an item of the guard's actor in a universe.
#[must_use]
pub fn list(guard: &Guard, wanted: NewItem, universe: &Universe) -> Commit {
    let item = Item {
        id: wanted.id,
        seller: guard.actor,
        universe: universe.id,
        currency: universe.currency,
        name: wanted.name,
        description: wanted.description,
        price: wanted.price,
        stock: wanted.stock,
        sold: 0,
        listed: u64::from(wanted.stock.pieces()),
        state: wanted.state,
        version: 1,
        created_at: guard.at,
        updated_at: guard.at,
    };
    Commit::listing(guard, item)
}

/// What a seller changes of an item; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct Revision {
    /// What it is called.
    pub name: Option<Name>,
    /// What it is.
    pub description: Option<Description>,
    /// The price of a piece, at least one minor unit.
    pub price: Option<Amount>,
    /// Pieces left.
    pub stock: Option<Stock>,
    /// Whether it is offered.
    pub state: Option<ItemState>,
}

/// Changes an item. The commit succeeds only if nothing, not even a sale, came between.
#[must_use]
pub fn revise(item: &Item, revision: Revision, now: Timestamp) -> (Item, Commit) {
    let stock = revision.stock.unwrap_or(item.stock);
    let next = Item {
        name: revision.name.unwrap_or_else(|| item.name.clone()),
        description: revision.description.unwrap_or_else(|| item.description.clone()),
        price: revision.price.unwrap_or(item.price),
        stock,
        listed: item.sold.saturating_add(u64::from(stock.pieces())),
        state: revision.state.unwrap_or(item.state),
        version: item.version.saturating_add(1),
        updated_at: now,
        ..item.clone()
    };
    let reprices = next.price != item.price;
    let commit = Commit::of(vec![Write::ReviseItem { item: next.clone(), reprices }]);
    (next, commit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ledger::Outcome,
        testing::{BOB, at, entry, guard, helmet, mars, mrc, stock},
    };

    fn offer() -> NewItem {
        NewItem {
            id: helmet().id,
            name: helmet().name,
            description: helmet().description,
            price: mrc("10.00").amount,
            stock: stock(5),
            state: ItemState::Active,
        }
    }

    #[test]
    fn an_item_is_listed_by_its_seller_in_its_universes_currency() {
        let commit = list(&guard(BOB), offer(), &mars());
        let expected = Item { created_at: at(1000), updated_at: at(1000), ..helmet() };
        let listed = Outcome::Listed(expected.clone());
        assert_eq!(entry(&commit).outcome, listed);
        assert_eq!(commit.writes()[1..], [Write::PutItem(expected)]);
    }

    #[test]
    fn an_empty_revision_changes_only_the_version_and_the_time() {
        let (next, commit) = revise(&helmet(), Revision::default(), at(2000));
        assert_eq!(next, Item { version: 2, updated_at: at(2000), ..helmet() });
        assert_eq!(commit.writes(), [Write::ReviseItem { item: next, reprices: false }]);
    }

    #[test]
    fn a_revision_changes_what_it_names() {
        let revision = Revision {
            name: Some("Hat".parse().expect("a name")),
            description: Some("Soft.".parse().expect("a description")),
            price: Some(mrc("9.00").amount),
            stock: Some(stock(7)),
            state: Some(ItemState::Paused),
        };
        let (next, commit) = revise(&helmet(), revision, at(2000));
        let expected = Item {
            name: "Hat".parse().expect("a name"),
            description: "Soft.".parse().expect("a description"),
            price: mrc("9.00").amount,
            stock: stock(7),
            listed: 7,
            state: ItemState::Paused,
            version: 2,
            updated_at: at(2000),
            ..helmet()
        };
        assert_eq!(next, expected);
        assert_eq!(commit.writes(), [Write::ReviseItem { item: next, reprices: true }]);
    }

    #[test]
    fn a_new_stock_counts_what_was_sold_as_listed() {
        let sold_some = Item { stock: stock(2), sold: 3, ..helmet() };
        for (left, listed) in [(0, 3), (2, 5), (10, 13), (Stock::MAX, 1_000_000_003)] {
            let revision = Revision { stock: Some(stock(left)), ..Revision::default() };
            let (next, _) = revise(&sold_some, revision, at(2000));
            assert_eq!((next.listed, next.sold, next.stock.pieces()), (listed, 3, left));
        }
    }

    #[test]
    fn the_same_price_again_does_not_reprice() {
        let revision = Revision { price: Some(helmet().price), ..Revision::default() };
        let (next, commit) = revise(&helmet(), revision, at(2000));
        assert_eq!(commit.writes(), [Write::ReviseItem { item: next, reprices: false }]);
    }

    #[test]
    fn an_active_item_without_stock_is_sold_out() {
        let empty = Item { stock: stock(0), ..helmet() };
        assert!(empty.sold_out());
        assert!(!helmet().sold_out());
        assert!(!Item { state: ItemState::Paused, ..empty }.sold_out());
    }

    #[test]
    fn pieces_and_stock_are_bounded() {
        assert_eq!((Quantity::new(0), Quantity::new(1_000_001)), (None, None));
        assert_eq!(Quantity::new(1_000_000).map(Quantity::pieces), Some(1_000_000));
        assert_eq!(Stock::new(1_000_000_001), None);
        assert_eq!(Stock::new(1_000_000_000).map(Stock::pieces), Some(1_000_000_000));
    }

    #[test]
    fn a_description_is_at_most_three_hundred_bytes_without_control_characters() {
        let longest = "é".repeat(150);
        assert_eq!(longest.parse::<Description>().expect("300 bytes").as_str(), longest);
        assert!("two\nlines".parse::<Description>().is_ok());
        for bad in [&format!("{longest}e"), "tab\t", "null\0"] {
            assert_eq!(bad.parse::<Description>(), Err(InvalidDescription), "{bad:?}");
        }
    }

    #[test]
    fn a_state_survives_its_name() {
        for state in [ItemState::Draft, ItemState::Active, ItemState::Paused] {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert_eq!("Active".parse::<ItemState>(), Err(()));
    }
}
