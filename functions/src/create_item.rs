//! POST /items: an item of the caller's, for sale in a universe.

use app::{catalogue::ListItem, perform::perform};
use domain::{
    catalogue::{Description, ItemState, NewItem, Stock},
    id::ItemId,
    universe::Name,
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Idempotency, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::{AmountText, Text, UniverseNumber, Word},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    answers::reply,
    bodies::ItemBody,
    currencies::{home, universe},
};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("create-item", Method::Post, &["/api/v1/items"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Marketplace", "List an item for sale")
    .needs(Scope::Trade)
    .idempotent(Idempotency::Optional)
    .takes::<CreateItemRequest>()
    .gives::<ItemBody>(201)
    .uses(&[uses::ENTRY, uses::RECORD, uses::CATALOGUE, uses::EDIT_CATALOGUE]);

/// A new item.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateItemRequest {
    /// 1 to 60 characters.
    #[schema(value_type = String)]
    name: Text<Name>,
    /// At most 300 bytes; none by default.
    #[schema(value_type = String, required = false)]
    description: Option<Text<Description>>,
    /// Where it is sold; in the home universe by default.
    #[schema(value_type = u32, required = false)]
    universe_id: Option<UniverseNumber>,
    /// The price of a piece in the universe's currency, more than zero.
    #[schema(value_type = String, example = "10.00")]
    price: AmountText,
    /// Pieces to sell, 0 to 1,000,000,000.
    stock: u32,
    /// `active` by default.
    #[schema(value_type = StateText, required = false)]
    state: Option<Word<StateText>>,
}

/// Whether an item is offered.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StateText {
    /// Not yet.
    Draft,
    /// Yes.
    Active,
    /// Not now.
    Paused,
}

impl From<StateText> for ItemState {
    fn from(state: StateText) -> Self {
        match state {
            StateText::Draft => Self::Draft,
            StateText::Active => Self::Active,
            StateText::Paused => Self::Paused,
        }
    }
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: CreateItemRequest = call.json()?;
    let universe = match request.universe_id {
        Some(id) => universe(context, id.0).await?,
        None => home(context, call).await?,
    };
    let asked = context.asked(call)?;
    let item = NewItem {
        // Derived from the key, so that a replay lists the same item.
        id: ItemId::from_bits(asked.entry.bits()),
        name: request.name.0,
        description: request.description.map(|text| text.0).unwrap_or_default(),
        price: request.price.positive(universe.currency, "/price")?.amount,
        stock: stock(request.stock)?,
        state: request.state.map_or(StateText::Active, |state| state.0).into(),
    };
    let operation = ListItem { universe: universe.id, item };
    reply(perform(&context.market, &asked, &operation).await)
}

/// A stock that a request states.
///
/// # Errors
/// 422 past the limit.
pub fn stock(pieces: u32) -> Result<Stock, Problem> {
    Stock::new(pieces)
        .ok_or_else(|| Problem::invalid("/stock", "invalid", "must be from 0 to 1000000000"))
}
