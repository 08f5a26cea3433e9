//! POST /buy: pieces of an item, paid in any of the caller's currencies.

use app::{
    catalogue::view_item,
    perform::{Freshness, perform},
    purchase::Buy,
};
use domain::{
    amount::Amount,
    currency::{Currency, CurrencyCode},
    id::{ItemId, UserId},
    purchase::Terms,
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Idempotency, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::{AmountText, Pieces, Text},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    answers::{PurchaseBody, reply},
    currencies::{home, universe_of},
};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("buy", Method::Post, &["/api/v1/buy"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Marketplace", "Buy pieces of an item; the seller is paid in the item's currency")
    .needs(Scope::Trade)
    .idempotent(Idempotency::Required)
    .takes::<BuyRequest>()
    .gives::<PurchaseBody>(200)
    .uses(&[
        uses::ENTRY,
        uses::RECORD,
        uses::CHANGE_ACCOUNT,
        uses::ITEM,
        uses::MOVE_STOCK,
        uses::RATES,
    ]);

/// What to buy, and on what terms.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BuyRequest {
    /// The item.
    #[schema(value_type = String)]
    item_id: Text<ItemId>,
    /// How many pieces, 1 to 1,000,000.
    #[schema(value_type = u32, minimum = 1, maximum = 1_000_000)]
    quantity: Pieces,
    /// Who buys: the caller, and nobody else.
    #[schema(value_type = String, required = false)]
    buyer_id: Option<Text<UserId>>,
    /// The currency to pay in; the home universe's by default.
    #[schema(value_type = String, required = false)]
    pay_currency: Option<Text<CurrencyCode>>,
    /// The price of a piece that the buyer counts on, in the item's currency.
    #[schema(value_type = String, required = false)]
    expected_unit_price: Option<AmountText>,
    /// The most that the buyer pays in all, in the currency to pay in.
    #[schema(value_type = String, required = false)]
    max_pay: Option<AmountText>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: BuyRequest = call.json()?;
    let operation = operation(context, call, &request, "").await?;
    reply(perform(&context.market, &context.asked(call)?, &operation).await)
}

/// What a request asks for; `at` is where it stands in the body.
///
/// # Errors
/// 404; 422 that names the field.
pub async fn operation(
    context: &Context,
    call: &Call,
    request: &BuyRequest,
    at: &str,
) -> Result<Buy, Problem> {
    Context::own(call, request.buyer_id.as_ref().map(|user| user.0))?;
    let paying = match &request.pay_currency {
        Some(code) => universe_of(context, code.0).await?.currency,
        None => home(context, call).await?.currency,
    };
    let expected = match &request.expected_unit_price {
        Some(text) => {
            let pointer = format!("{at}/expected_unit_price");
            Some(unit_price(context, call, request.item_id.0, text, &pointer).await?)
        }
        None => None,
    };
    let most = |text| amount(text, paying, &format!("{at}/max_pay"));
    let terms = Terms {
        quantity: request.quantity.0,
        pay_with: paying.code,
        expected_unit_price: expected,
        max_pay: request.max_pay.as_ref().map(most).transpose()?,
    };
    Ok(Buy { item: request.item_id.0, terms })
}

fn amount(text: &AmountText, currency: Currency, pointer: &str) -> Result<Amount, Problem> {
    Ok(text.of(currency, pointer)?.amount)
}

/// A price in an item's currency, which never changes, so the cache will do. Whether the item
/// is for sale is not looked at: a replay is answered even if it is a draft by now. But a price
/// that is none must not tell a stranger that a draft is there.
async fn unit_price(
    context: &Context,
    call: &Call,
    item: ItemId,
    text: &AmountText,
    pointer: &str,
) -> Result<Amount, Problem> {
    let cached = context.market.items.get(item, Freshness::Cached).await?;
    let parsed = amount(text, cached.currency, pointer);
    if parsed.is_err() {
        view_item(&context.market, item, Some(call.caller()?.user)).await?;
    }
    parsed
}
