//! Listing, changing and finding items.

use domain::{
    amount::Amount,
    catalogue::{Item, ItemState, NewItem, Revision, list, revise},
    commit::Commit,
    id::{ItemId, UserId},
    ledger::Guard,
    refusal::{Declined, Missing},
    universe::{Universe, UniverseId, Universes},
};

use crate::{
    market::{Market, TRIES_MAX},
    paging::{Listing, filtered},
    perform::{Failed, Freshness, Operation},
    ports::{ItemQuery, Position, Shelf},
};

/// A new item of the actor's.
#[derive(Debug, Clone)]
pub struct ListItem {
    /// Where it is sold.
    pub universe: UniverseId,
    /// What it is.
    pub item: NewItem,
}

impl Operation for ListItem {
    type Loaded = Universes;

    async fn load(&self, market: &Market, freshness: Freshness) -> Result<Universes, Failed> {
        Ok(market.rates.current(freshness).await?)
    }

    fn decide(&self, guard: &Guard, universes: &Universes) -> Result<Commit, Declined> {
        let universe: &Universe = universes.get(self.universe)?;
        Ok(list(guard, self.item.clone(), universe))
    }
}

/// Which version of an item a change is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// This one.
    Version(u64),
    /// Whichever it is.
    Any,
}

/// Why an item was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviseFailed {
    /// It is of another version by now.
    #[error("the item has changed since: it is of version {}", .0.version)]
    Changed(Box<Item>),
    /// Anything else.
    #[error(transparent)]
    Failed(#[from] Failed),
}

/// Changes an item of the actor's.
///
/// # Errors
/// [`Missing::Item`] if it is another's; [`ReviseFailed::Changed`].
pub async fn revise_item(
    market: &Market,
    actor: UserId,
    id: ItemId,
    expected: Expected,
    revision: &Revision,
) -> Result<Item, ReviseFailed> {
    for attempt in 0..TRIES_MAX {
        let item = market.items.get(id, Freshness::Fresh).await?;
        if item.seller != actor {
            return Err(Failed::from(Missing::Item).into());
        }
        if matches!(expected, Expected::Version(version) if version != item.version) {
            return Err(ReviseFailed::Changed(Box::new(item)));
        }
        let (next, commit) = revise(&item, revision.clone(), market.clock.now());
        if market.commit_try(&commit, attempt).await.map_err(Failed::from)? {
            return Ok(next);
        }
    }
    Err(Failed::Busy.into())
}

/// Which items someone looks for.
#[derive(Debug, Clone)]
pub struct ItemSearch {
    /// Which part of the catalogue, in what order.
    pub shelf: Shelf,
    /// Only of this seller.
    pub seller: Option<UserId>,
    /// Only at this price or above, in the universe's currency.
    pub price_min: Option<Amount>,
    /// Only at this price or below, in the universe's currency.
    pub price_max: Option<Amount>,
    /// Only of this universe.
    pub universe: Option<UniverseId>,
    /// Only with (or without) pieces left.
    pub in_stock: Option<bool>,
    /// Only in this state.
    pub state: Option<Offered>,
    /// Who looks: a draft is shown to its seller alone.
    pub viewer: Option<UserId>,
}

/// The states that a client tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// As stored, and not sold out.
    As(ItemState),
    /// Active, but nothing is left.
    SoldOut,
}

impl ItemSearch {
    fn fits(&self, item: &Item) -> bool {
        let visible = item.state != ItemState::Draft || Some(item.seller) == self.viewer;
        visible
            && self.seller.is_none_or(|seller| item.seller == seller)
            && self.universe.is_none_or(|universe| item.universe == universe)
            && self.price_min.is_none_or(|min| item.price >= min)
            && self.price_max.is_none_or(|max| item.price <= max)
            && self.in_stock.is_none_or(|wanted| wanted == (item.stock.pieces() > 0))
            && self.state.is_none_or(|state| match state {
                Offered::As(state) => item.state == state && !item.sold_out(),
                Offered::SoldOut => item.sold_out(),
            })
    }
}

/// Finds items.
///
/// # Errors
/// The store's own.
pub async fn find_items(
    market: &Market,
    search: &ItemSearch,
    after: Option<Position>,
    limit: u32,
) -> Result<Listing<Item>, Failed> {
    let shelf = search.shelf;
    let read = |after| async move { market.store.items(&ItemQuery { shelf, after, limit }).await };
    Ok(filtered(limit, after, read, |item| shelf.position(item), |item| search.fits(item)).await?)
}

/// An item that the viewer may see.
///
/// # Errors
/// [`Missing::Item`], also for another's draft.
pub async fn view_item(
    market: &Market,
    id: ItemId,
    viewer: Option<UserId>,
) -> Result<Item, Failed> {
    let item = market.store.item(id).await?.ok_or(Missing::Item)?;
    if item.state == ItemState::Draft && Some(item.seller) != viewer {
        return Err(Missing::Item.into());
    }
    Ok(item)
}
