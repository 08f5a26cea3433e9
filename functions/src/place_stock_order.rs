//! POST /orders: an order by a client of the stock-order service that this market replaces, at the
//! oldest venue. What it says stands in that service's envelope.

use app::perform::{Failed, Freshness};
use domain::{
    currency::{Currency, Scale},
    ledger::{Entry, Outcome},
    order::{OrderKind, Side},
    refusal::Missing,
    venue::{Instrument, RoutingStatus, Venue, VenueTerms, Wanted},
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    dispatch::IDEMPOTENCY_REPLAYED,
    endpoint::{Endpoint, Idempotency, Method},
    problem::{FieldError, Problem},
    reply::{JSON, Reply},
    wire::{AmountText, AnyCase, Text},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    place_venue_order::{USES, place, pricing, quantity},
    venue_bodies::limit_price,
};

/// The version of the service that was replaced.
const VERSION: &str = "0.0";
/// The decimals that it knew of a price.
const PRICE_DECIMALS: u8 = 2;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("place-stock-order", Method::Post, &["/orders"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Venues", "Place an order at the oldest venue, for older clients")
    .needs(Scope::Trade)
    .idempotent(Idempotency::Optional)
    .takes::<PlaceStockOrderRequest>()
    .gives::<StockOrderResponse>(201)
    .fails_with::<StockFailureBody>()
    .uses(USES);

/// An order. Words may be in small or in capital letters.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceStockOrderRequest {
    /// `market` or `limit`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "limit")]
    kind: AnyCase<OrderKind>,
    /// `buy` or `sell`.
    #[schema(value_type = String, example = "buy")]
    side: AnyCase<Side>,
    /// What is traded: twelve capital letters and digits.
    #[schema(value_type = String, example = "DOTUSDT00008")]
    instrument: Text<Instrument>,
    /// How many pieces: 1 to 1000000000.
    #[schema(value_type = u32, example = 75)]
    quantity: AmountText,
    /// The worst price of a piece, with two decimals at most; for limit orders, which need one.
    #[schema(value_type = String, required = false, example = "100.25")]
    limit_price: Option<AmountText>,
}

/// An order that was accepted.
#[derive(Serialize, ToSchema)]
pub struct StockOrderResponse {
    /// The order.
    data: StockOrderBody,
    /// Always true.
    success: bool,
    /// Always `0.0`.
    #[schema(example = "0.0")]
    version: &'static str,
}

/// The order as it was accepted.
#[derive(Serialize, ToSchema)]
pub struct StockOrderBody {
    /// `vor_…`
    id: String,
    /// `market` or `limit`.
    #[serde(rename = "type")]
    #[schema(example = "limit")]
    kind: &'static str,
    /// `buy` or `sell`.
    #[schema(example = "buy")]
    side: &'static str,
    /// What is traded.
    #[schema(example = "DOTUSDT00008")]
    instrument: String,
    /// The worst price of a piece; null at market.
    #[schema(example = "100.25")]
    limit_price: Option<String>,
    /// How many pieces.
    #[schema(example = 75)]
    quantity: i64,
    /// Always `queued`; how far it has come since, GET /api/v1/venues/{venue}/orders/{id} says.
    #[schema(example = "queued")]
    routing_status: &'static str,
    /// The venue.
    #[schema(example = "nyx")]
    venue: String,
}

impl From<&VenueTerms> for StockOrderBody {
    fn from(terms: &VenueTerms) -> Self {
        Self {
            id: terms.id.to_string(),
            kind: terms.kind.as_str(),
            side: terms.side.as_str(),
            instrument: terms.instrument.to_string(),
            limit_price: limit_price(terms),
            quantity: terms.quantity.minor(),
            routing_status: RoutingStatus::Queued.as_str(),
            venue: terms.venue.to_string(),
        }
    }
}

/// Why there is no order, in the same envelope.
#[derive(Serialize, ToSchema)]
struct StockFailureBody {
    /// What is wrong.
    error: StockErrorBody,
    /// Always false.
    success: bool,
    /// Always `0.0`.
    #[schema(example = "0.0")]
    version: &'static str,
}

/// What is wrong, with the figures that a problem has.
#[derive(Serialize, ToSchema)]
struct StockErrorBody {
    /// For people.
    message: String,
    /// For programs, as a problem's.
    code: &'static str,
    /// Whether to try again.
    retryable: bool,
    /// The fields that are not as they must be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    #[serde(flatten)]
    #[schema(ignore)]
    facts: Map<String, Value>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    match accepted(context, call).await {
        Ok(reply) => Ok(reply),
        Err(problem) => enveloped(problem, &call.request_id),
    }
}

async fn accepted(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: PlaceStockOrderRequest = call.json()?;
    let venues = context.market.venues.all(Freshness::Cached).await?;
    let venue = venues.first().ok_or(Missing::Venue)?;
    if let Some(price) = &request.limit_price {
        at_most_two_decimals(price, venue)?;
    }
    let wanted = Wanted {
        side: request.side.0,
        pricing: pricing(request.kind.0, request.limit_price.as_ref(), venue)?,
        instrument: request.instrument.0,
        quantity: quantity(&request.quantity, request.instrument.0)?,
        valid_until: None,
    };
    let answer = place(context, call, venue, wanted).await?;
    let reply = render(&answer.entry)?;
    Ok(if answer.replayed { reply.with(IDEMPOTENCY_REPLAYED, "true") } else { reply })
}

fn at_most_two_decimals(price: &AmountText, venue: &Venue) -> Result<(), Problem> {
    let Currency { code, scale } = venue.currency;
    let scale = Scale::new(PRICE_DECIMALS).map_or(scale, |two| two.min(scale));
    price.of(Currency { code, scale }, "/limit_price").map(|_| ())
}

/// What is answered under a key, the first time and every other time.
fn render(entry: &Entry) -> Result<Reply, Problem> {
    match &entry.outcome {
        Outcome::Routed(terms) => {
            let body = StockOrderResponse { data: terms.into(), success: true, version: VERSION };
            Reply::json(201, &body)
        }
        Outcome::Refused { refusal, request_id } => enveloped(Problem::from(refusal), request_id),
        Outcome::Voided => Err(Failed::Voided.into()),
        _ => Err(Problem::bug(&"an order has another's answer")),
    }
}

/// A problem as the service that was replaced said it: what is not as it must be is 400.
fn enveloped(problem: Problem, request_id: &str) -> Result<Reply, Problem> {
    let invalid = ["validation_failed", "malformed_body"].contains(&problem.code);
    let (status, message) = match invalid {
        true => (400, "Invalid Input".to_owned()),
        false => (problem.status, problem.detail.clone()),
    };
    let error = StockErrorBody {
        message,
        code: problem.code,
        retryable: problem.retryable,
        errors: problem.errors.clone(),
        facts: problem.facts.clone(),
    };
    let body =
        Reply::json(status, &StockFailureBody { error, success: false, version: VERSION })?.body;
    Ok(Reply { status, media_type: JSON, body, ..problem.reply(request_id) })
}
