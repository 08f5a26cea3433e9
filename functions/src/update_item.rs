//! PATCH /items/{item_id}: changes of an item of the caller's, for a version of it.

use app::{
    catalogue::{Expected, revise_item},
    perform::Freshness,
};
use domain::{
    catalogue::{Description, Revision},
    id::ItemId,
    refusal::Missing,
    universe::Name,
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::{AmountText, Text, Word},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    bodies::ItemBody,
    create_item::{StateText, stock},
};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("update-item", Method::Patch, &["/api/v1/items/{item_id}"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Marketplace", "Change an item; `If-Match` names its version, or `*` for any")
    .needs(Scope::Trade)
    .versioned()
    .takes::<UpdateItemRequest>()
    .gives::<ItemBody>(200)
    .uses(&[uses::ITEM, uses::EDIT_CATALOGUE]);

/// What to change; the rest stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateItemRequest {
    /// 1 to 60 characters.
    #[schema(value_type = String, required = false)]
    name: Option<Text<Name>>,
    /// At most 300 bytes.
    #[schema(value_type = String, required = false)]
    description: Option<Text<Description>>,
    /// The price of a piece, more than zero.
    #[schema(value_type = String, required = false)]
    price: Option<AmountText>,
    /// Pieces left to sell, 0 to 1,000,000,000.
    #[schema(value_type = u32, required = false)]
    stock: Option<u32>,
    /// `draft`, `active` or `paused`.
    #[schema(value_type = StateText, required = false)]
    state: Option<Word<StateText>>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: ItemId = call.parameter("item_id")?;
    let expected = expected(call)?;
    let request: UpdateItemRequest = call.json()?;
    let caller = call.caller()?.user;
    let known = context.market.items.get(id, Freshness::Cached).await?;
    if known.seller != caller {
        return Err(Missing::Item.into());
    }
    let price = |text: AmountText| text.positive(known.currency, "/price");
    let revision = Revision {
        name: request.name.map(|text| text.0),
        description: request.description.map(|text| text.0),
        price: request.price.map(price).transpose()?.map(|money| money.amount),
        stock: request.stock.map(stock).transpose()?,
        state: request.state.map(|state| state.0.into()),
    };
    let item = revise_item(&context.market, caller, id, expected, &revision).await?;
    let version = item.version.to_string();
    Ok(Reply::json(200, &ItemBody::from(&item))?.tagged(&version, None))
}

/// The version that the caller means to change.
fn expected(call: &Call) -> Result<Expected, Problem> {
    let Some(tag) = &call.if_match else {
        let detail = "an If-Match header is required: the item's ETag, or * for any version";
        let problem = Problem::refused(428, "precondition_required", detail);
        return Err(problem.at("/header/If-Match", "missing", detail));
    };
    if tag == "*" {
        return Ok(Expected::Any);
    }
    let version = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    // Only what prints back identically: `"01"` is not the tag `"1"`.
    let version = version.and_then(|digits| {
        digits.parse().ok().filter(|version: &u64| version.to_string() == digits)
    });
    version.map(Expected::Version).ok_or_else(|| {
        Problem::invalid("/header/If-Match", "invalid", "must be an item's ETag or *")
    })
}
