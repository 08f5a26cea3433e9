//! Buying an item: one round trip once the item and the rates are cached.

use domain::{
    catalogue::Item,
    commit::Commit,
    id::ItemId,
    ledger::Guard,
    purchase::{Terms, buy},
    refusal::{Declined, Missing},
    universe::Universes,
};

use crate::{
    market::Market,
    perform::{Failed, Freshness, Operation},
};

/// A purchase by the actor.
#[derive(Debug, Clone)]
pub struct Buy {
    /// Which item.
    pub item: ItemId,
    /// How many, paid how.
    pub terms: Terms,
}

impl Operation for Buy {
    type Loaded = (Item, Universes);

    async fn load(
        &self,
        market: &Market,
        freshness: Freshness,
    ) -> Result<(Item, Universes), Failed> {
        let item = market.items.get(self.item, freshness).await?;
        Ok((item, market.rates.current(freshness).await?))
    }

    fn decide(&self, guard: &Guard, loaded: &(Item, Universes)) -> Result<Commit, Declined> {
        let (item, universes) = loaded;
        if item.state == domain::catalogue::ItemState::Draft && item.seller != guard.actor {
            return Err(Missing::Item.into());
        }
        buy(guard, &self.terms, item, universes)
    }
}
