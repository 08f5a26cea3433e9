//! Journal entries: all that an answer to the client is made of.

use domain::{
    amount::{Amount, Money},
    catalogue::{Item, Quantity},
    conversion::{Conversion, Provenance},
    id::{EntryId, ItemId, OrderId, QuoteId, UserId, VenueOrderId},
    ledger::{
        Amendment, Cause, Entry, Fill, Fingerprint, Movement, Outcome, Placement, Postings,
        Purchase,
    },
    order::{ClientOrderId, Order, Side},
    pair::{Lots, Steps, Ticks},
    refusal::Refusal,
    time::Timestamp,
    universe::UniverseId,
    venue::{Instrument, Reference, VenueFill, VenueId, VenueTerms},
};
use serde::{Deserialize, Serialize};

use super::{
    catalog::ItemRow,
    refusals::RefusalRow,
    spelling::{counted, counted_option, spelled, spelled_option},
};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Entry")]
pub(super) struct EntryRow {
    #[serde(with = "spelled")]
    id: EntryId,
    #[serde(with = "spelled")]
    actor: UserId,
    #[serde(with = "spelled")]
    fingerprint: Fingerprint,
    #[serde(with = "counted")]
    at: Timestamp,
    #[serde(with = "OutcomeRow")]
    outcome: Outcome,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Outcome", rename_all = "snake_case")]
enum OutcomeRow {
    Moved(#[serde(with = "MovementRow")] Movement),
    Listed(#[serde(with = "ItemRow")] Item),
    Refused {
        #[serde(with = "RefusalRow")]
        refusal: Refusal,
        request_id: String,
    },
    Placed(#[serde(with = "PlacementRow")] Placement),
    Amended(#[serde(with = "AmendmentRow")] Amendment),
    SameAs(#[serde(with = "spelled")] EntryId),
    Routed(#[serde(with = "spelled")] VenueTerms),
    Voided,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Placement")]
struct PlacementRow {
    #[serde(with = "spelled")]
    steps: Steps,
    #[serde(with = "spelled")]
    order: Order,
    #[serde(with = "spelled")]
    hold: Money,
    #[serde(with = "spelled_option", default, skip_serializing_if = "Option::is_none")]
    client_order_id: Option<ClientOrderId>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Amendment")]
struct AmendmentRow {
    #[serde(with = "spelled")]
    steps: Steps,
    #[serde(with = "spelled")]
    order: OrderId,
    #[serde(with = "counted_option", default, skip_serializing_if = "Option::is_none")]
    price: Option<Ticks>,
    #[serde(with = "counted_option", default, skip_serializing_if = "Option::is_none")]
    lots: Option<Lots>,
    #[serde(with = "spelled")]
    extra: Money,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Movement")]
struct MovementRow {
    #[serde(with = "spelled")]
    party: UserId,
    #[serde(with = "spelled_option", default, skip_serializing_if = "Option::is_none")]
    counterparty: Option<UserId>,
    #[serde(with = "CauseRow")]
    cause: Cause,
    #[serde(with = "spelled")]
    postings: Postings,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Cause", rename_all = "snake_case")]
enum CauseRow {
    Deposit(#[serde(with = "spelled")] Money),
    Withdrawal(#[serde(with = "spelled")] Money),
    Transfer(#[serde(with = "spelled")] Money),
    Exchange {
        #[serde(with = "ConversionRow")]
        conversion: Conversion,
        #[serde(with = "spelled_option", default, skip_serializing_if = "Option::is_none")]
        quote: Option<QuoteId>,
    },
    Purchase(#[serde(with = "PurchaseRow")] Purchase),
    Fill(#[serde(with = "FillRow")] Fill),
    VenueFill(#[serde(with = "VenueFillRow")] VenueFill),
    Refund {
        #[serde(with = "spelled")]
        of: EntryId,
        #[serde(with = "spelled")]
        item: ItemId,
        #[serde(with = "counted")]
        quantity: Quantity,
        #[serde(with = "spelled")]
        returned: Money,
        #[serde(with = "spelled")]
        refunded: Money,
        restocked: bool,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Conversion")]
struct ConversionRow {
    #[serde(with = "spelled")]
    paid: Money,
    #[serde(with = "counted")]
    pool_takes: Amount,
    #[serde(with = "spelled")]
    received: Money,
    #[serde(with = "counted")]
    fee: Amount,
    #[serde(with = "counted")]
    dust: Amount,
    #[serde(with = "spelled")]
    provenance: Provenance,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Purchase")]
struct PurchaseRow {
    #[serde(with = "spelled")]
    item: ItemId,
    #[serde(with = "counted")]
    quantity: Quantity,
    #[serde(with = "spelled")]
    unit_price: Money,
    #[serde(with = "spelled")]
    total: Money,
    #[serde(with = "spelled")]
    paid: Money,
    #[serde(with = "spelled")]
    from_universe: UniverseId,
    #[serde(with = "spelled")]
    to_universe: UniverseId,
    #[serde(with = "spelled_option", default, skip_serializing_if = "Option::is_none")]
    provenance: Option<Provenance>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Fill")]
struct FillRow {
    #[serde(with = "spelled")]
    steps: Steps,
    number: u64,
    #[serde(with = "spelled")]
    taker: OrderId,
    #[serde(with = "spelled")]
    maker: OrderId,
    #[serde(with = "spelled")]
    taker_side: Side,
    #[serde(with = "counted")]
    price: Ticks,
    #[serde(with = "counted")]
    lots: Lots,
    #[serde(with = "counted")]
    taker_fee: Amount,
    #[serde(with = "counted")]
    maker_fee: Amount,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "VenueFill")]
struct VenueFillRow {
    #[serde(with = "spelled")]
    venue: VenueId,
    #[serde(with = "spelled")]
    execution: Reference,
    #[serde(with = "spelled")]
    order: VenueOrderId,
    #[serde(with = "spelled")]
    side: Side,
    #[serde(with = "spelled")]
    instrument: Instrument,
    #[serde(with = "counted")]
    quantity: Amount,
    #[serde(with = "spelled")]
    price: Money,
}
