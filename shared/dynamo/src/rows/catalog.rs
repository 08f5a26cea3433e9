//! Universes, versions of their rates, and items.

use domain::{
    amount::Amount,
    catalogue::{Description, Item, ItemState, Stock},
    currency::Currency,
    id::{ItemId, UserId},
    rate::{RateId, RateSource, RateVersion, SpreadBps, UnitsPerBase},
    time::Timestamp,
    universe::{Name, Universe, UniverseId},
};
use serde::{Deserialize, Serialize};

use super::spelling::{counted, counted_option, spelled};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Universe")]
pub(super) struct UniverseRow {
    #[serde(with = "spelled")]
    id: UniverseId,
    #[serde(with = "spelled")]
    name: Name,
    #[serde(with = "spelled")]
    currency: Currency,
    #[serde(with = "RateVersionRow")]
    rate: RateVersion,
    #[serde(with = "counted")]
    created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "RateVersion")]
pub(super) struct RateVersionRow {
    #[serde(with = "spelled")]
    id: RateId,
    #[serde(with = "spelled")]
    units_per_base: UnitsPerBase,
    #[serde(with = "counted")]
    spread: SpreadBps,
    #[serde(with = "RateSourceName")]
    source: RateSource,
    #[serde(with = "counted")]
    observed_at: Timestamp,
    #[serde(with = "counted_option", default, skip_serializing_if = "Option::is_none")]
    valid_until: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "RateSource", rename_all = "snake_case")]
enum RateSourceName {
    Operator,
    Feed,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Item")]
pub(super) struct ItemRow {
    #[serde(with = "spelled")]
    id: ItemId,
    #[serde(with = "spelled")]
    seller: UserId,
    #[serde(with = "spelled")]
    universe: UniverseId,
    #[serde(with = "spelled")]
    currency: Currency,
    #[serde(with = "spelled")]
    name: Name,
    #[serde(with = "spelled")]
    description: Description,
    #[serde(with = "counted")]
    price: Amount,
    #[serde(with = "counted")]
    stock: Stock,
    sold: u64,
    listed: u64,
    #[serde(with = "spelled")]
    state: ItemState,
    version: u64,
    #[serde(with = "counted")]
    created_at: Timestamp,
    #[serde(with = "counted")]
    updated_at: Timestamp,
}
