//! POST /orders: an order of the caller's in a market. It is accepted here; what becomes of it,
//! the market's book decides later.

use app::{
    market::{Asked, client_order_entry},
    orders,
    perform::{Answer, Failed, Freshness},
};
use domain::{
    order::{ClientOrderId, OrderKind, SelfTradePrevention, Side, Size, TimeInForce},
    pair::{Pair, PairId, Steps},
    placement::{Pricing, Wanted},
    refusal::Refusal,
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Idempotency, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::{AmountText, AnyCase, Text},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{answers::reply, order_bodies::OrderBody};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("place-order", Method::Post, &["/api/v1/orders"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Orders", "Place an order; needs an `Idempotency-Key` or a `client_order_id`")
    .needs(Scope::Trade)
    .idempotent(Idempotency::Optional)
    .takes::<PlaceOrderRequest>()
    .gives::<OrderBody>(201)
    .uses(&[
        uses::ENTRY,
        uses::RECORD,
        uses::CHANGE_ACCOUNT,
        uses::CATALOGUE,
        uses::BOOK,
        uses::PLACE_COMMAND,
        uses::DOORBELL,
    ]);

/// An order. Words may be in small or in capital letters.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrderRequest {
    /// The market; only POST /orders/place does without, which then means the oldest.
    #[schema(value_type = String, required = false, example = "MRC-USD")]
    market: Option<Text<PairId>>,
    /// `buy` or `sell`.
    #[schema(value_type = String, example = "buy")]
    side: AnyCase<Side>,
    /// `limit` or `market`.
    #[serde(rename = "type")]
    #[schema(value_type = String, required = false, example = "limit")]
    kind: Option<AnyCase<OrderKind>>,
    /// The same as `type`, under the name that older clients know.
    #[schema(value_type = String, required = false)]
    order_type: Option<AnyCase<OrderKind>>,
    /// The worst price to trade at, in the quote currency; for limit orders, which need one.
    #[schema(value_type = String, required = false, example = "0.40")]
    price: Option<AmountText>,
    /// How much of the base currency. A market order may have funds instead.
    #[schema(value_type = String, required = false, example = "10.00")]
    quantity: Option<AmountText>,
    /// How much of the quote currency to spend, fees included; for buying at market.
    #[schema(value_type = String, required = false)]
    funds: Option<AmountText>,
    /// `GTC` (the default), `IOC` or `FOK`; at market only `IOC`.
    #[schema(value_type = String, required = false)]
    time_in_force: Option<AnyCase<TimeInForce>>,
    /// Whether it is rejected rather than that it takes; for limit orders that may rest.
    #[schema(required = false)]
    post_only: Option<bool>,
    /// `cancel_newest` (the default), `cancel_oldest`, `cancel_both` or `decrement_and_cancel`.
    #[schema(value_type = String, required = false)]
    self_trade_prevention: Option<AnyCase<SelfTradePrevention>>,
    /// The caller's own id of it: 1 to 64 printable characters without blanks.
    #[schema(value_type = String, required = false)]
    client_order_id: Option<Text<ClientOrderId>>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: PlaceOrderRequest = call.json()?;
    let pair = market_of(context, &request).await?;
    reply(Ok(place(context, call, &request, &pair).await?))
}

/// The market that a request names.
///
/// # Errors
/// 404; 422 if it names none.
pub async fn market_of(context: &Context, request: &PlaceOrderRequest) -> Result<Pair, Problem> {
    let Some(id) = &request.market else {
        return Err(Problem::invalid("/market", "missing", "is required"));
    };
    Ok(context.market.pairs.get(id.0, Freshness::Cached).await?)
}

impl PlaceOrderRequest {
    /// Whether it names its market.
    #[must_use]
    pub fn names_market(&self) -> bool {
        self.market.is_some()
    }
}

/// Places the order that a request asks for, once a key and once a `client_order_id`.
///
/// # Errors
/// 400 with neither of the two; 409 if the `client_order_id` is another order's; 422.
pub async fn place(
    context: &Context,
    call: &Call,
    request: &PlaceOrderRequest,
    pair: &Pair,
) -> Result<Answer, Problem> {
    let mut asked: Asked = context.asked(call)?;
    let client_order_id = request.client_order_id.as_ref().map(|id| &id.0);
    let named = client_order_id.map(|id| client_order_entry(asked.actor, id.as_str()));
    let name = match (&call.idempotency_key, named) {
        (Some(_), name) => name,
        (None, Some(entry)) => {
            asked.entry = entry;
            None
        }
        (None, None) => return Err(key_missing()),
    };
    let operation = orders::PlaceOrder { pair: pair.id(), wanted: wanted(request, pair)?, name };
    match orders::place_order(&context.market, &asked, &operation).await {
        // Then the guard is the client's own id, and it is not a key that was used again.
        Err(Failed::KeyReused) if call.idempotency_key.is_none() => {
            Err(Problem::from(&Refusal::ClientOrderIdReused))
        }
        answer => Ok(answer?),
    }
}

fn key_missing() -> Problem {
    let detail = "an Idempotency-Key header or a client_order_id is required";
    let problem = Problem::refused(400, "idempotency_key_missing", detail);
    problem.at("/header/Idempotency-Key", "missing", detail).at(
        "/client_order_id",
        "missing",
        detail,
    )
}

/// What a request asks for.
///
/// # Errors
/// 422 that names the field.
pub fn wanted(request: &PlaceOrderRequest, pair: &Pair) -> Result<Wanted, Problem> {
    let (pricing, size) = match kind(request)? {
        OrderKind::Limit => at_limit(request, &pair.steps)?,
        OrderKind::Market => at_market(request, &pair.steps)?,
    };
    let prevention = request.self_trade_prevention.map(|mode| mode.0);
    Ok(Wanted {
        side: request.side.0,
        pricing,
        size,
        self_trade_prevention: prevention.unwrap_or(SelfTradePrevention::CancelNewest),
        client_order_id: request.client_order_id.as_ref().map(|id| id.0.clone()),
    })
}

fn kind(request: &PlaceOrderRequest) -> Result<OrderKind, Problem> {
    match (request.kind, request.order_type) {
        (Some(kind), None) | (None, Some(kind)) => Ok(kind.0),
        (None, None) => Err(one_of("/type", "/order_type", "missing")),
        (Some(_), Some(_)) => Err(one_of("/type", "/order_type", "contradiction")),
    }
}

fn one_of(one: &str, other: &str, code: &str) -> Problem {
    let detail = "exactly one of the two is required";
    Problem::invalid(one, code, detail).at(other, code, detail)
}

fn not_allowed(pointer: &str, detail: &str) -> Problem {
    Problem::invalid(pointer, "not_allowed", detail)
}

fn at_limit(request: &PlaceOrderRequest, steps: &Steps) -> Result<(Pricing, Size), Problem> {
    let missing = |pointer| Problem::invalid(pointer, "missing", "is required of a limit order");
    if request.funds.is_some() {
        return Err(not_allowed("/funds", "only buying at market is done by funds"));
    }
    let price = request.price.as_ref().ok_or_else(|| missing("/price"))?;
    let quantity = request.quantity.as_ref().ok_or_else(|| missing("/quantity"))?;
    let time_in_force = request.time_in_force.map_or(TimeInForce::GoodTilCancelled, |word| word.0);
    let post_only = request.post_only.unwrap_or(false);
    if post_only && time_in_force != TimeInForce::GoodTilCancelled {
        return Err(not_allowed("/post_only", "only a GTC order can be post_only"));
    }
    let price = price.price(steps, "/price")?;
    let lots = quantity.lots(steps, "/quantity")?;
    Ok((Pricing::Limit { price, time_in_force, post_only }, Size::Lots(lots)))
}

fn at_market(request: &PlaceOrderRequest, steps: &Steps) -> Result<(Pricing, Size), Problem> {
    if request.price.is_some() {
        return Err(not_allowed("/price", "a market order has no price"));
    }
    if request.post_only == Some(true) {
        return Err(not_allowed("/post_only", "a market order never rests"));
    }
    if request.time_in_force.is_some_and(|word| word.0 != TimeInForce::ImmediateOrCancel) {
        return Err(not_allowed("/time_in_force", "a market order is always IOC"));
    }
    let size = match (&request.quantity, &request.funds) {
        (Some(quantity), None) => Size::Lots(quantity.lots(steps, "/quantity")?),
        (None, Some(_)) if request.side.0 == Side::Sell => {
            return Err(not_allowed("/funds", "only buying at market is done by funds"));
        }
        (None, Some(funds)) => Size::Funds(funds.positive(steps.quote, "/funds")?.amount),
        (None, None) => return Err(one_of("/quantity", "/funds", "missing")),
        (Some(_), Some(_)) => return Err(one_of("/quantity", "/funds", "contradiction")),
    };
    Ok((Pricing::Market, size))
}
