//! POST /venues/{venue}/orders: an order of the caller's for an external venue. It is accepted
//! here, whatever the venue's health; getting it there is seen to afterwards.

use app::{
    perform::{Answer, Freshness},
    venues::{PlaceVenueOrder, place_order},
};
use domain::{
    amount::Amount,
    order::{OrderKind, Side},
    venue::{Instrument, Pricing, QUANTITY_MAX, Venue, VenueId, Wanted},
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Idempotency, Method},
    problem::Problem,
    reply::Reply,
    uses::{self, Use},
    wire::{AmountText, AnyCase, Text, parse_rfc3339},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{answers::reply, venue_bodies::VenueOrderBody};

/// What accepting an order for a venue needs.
pub const USES: &[Use] = &[
    uses::ENTRY,
    uses::RECORD,
    uses::CHANGE_ACCOUNT,
    uses::VENUE_LIST,
    uses::PUT_VENUE_ORDER,
    uses::VENUE_PLACEMENTS,
];

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "place-venue-order",
    Method::Post,
    &["/api/v1/venues/{venue}/orders"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Venues", "Place an order at an external venue: accepted, it is placed once or never")
.needs(Scope::Trade)
.idempotent(Idempotency::Required)
.takes::<PlaceVenueOrderRequest>()
.gives::<VenueOrderBody>(201)
.uses(USES);

/// An order for a venue. Words may be in small or in capital letters.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceVenueOrderRequest {
    /// What is traded: twelve capital letters and digits.
    #[schema(value_type = String, example = "DOTUSDT00008")]
    instrument: Text<Instrument>,
    /// `buy` or `sell`.
    #[schema(value_type = String, example = "buy")]
    side: AnyCase<Side>,
    /// `limit` or `market`.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "limit")]
    kind: AnyCase<OrderKind>,
    /// How many pieces: 1 to 1000000000, as text or as a whole number.
    #[schema(value_type = String, example = "75")]
    quantity: AmountText,
    /// The worst price of a piece, in the venue's currency; for limit orders, which need one.
    #[schema(value_type = String, required = false, example = "100.25")]
    limit_price: Option<AmountText>,
    /// RFC 3339: until when it may be placed and filled, thirty days at most; a day by default.
    #[schema(value_type = String, required = false)]
    valid_until: Option<String>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: VenueId = call.parameter("venue")?;
    let request: PlaceVenueOrderRequest = call.json()?;
    let venue = context.market.venues.get(id, Freshness::Cached).await?;
    let wanted = Wanted {
        side: request.side.0,
        pricing: pricing(request.kind.0, request.limit_price.as_ref(), &venue)?,
        instrument: request.instrument.0,
        quantity: quantity(&request.quantity, request.instrument.0)?,
        valid_until: request.valid_until.map(valid_until).transpose()?,
    };
    reply(Ok(place(context, call, &venue, wanted).await?))
}

fn valid_until(text: String) -> Result<domain::time::Timestamp, Problem> {
    let invalid = || Problem::invalid("/valid_until", "invalid", "not an RFC 3339 time");
    parse_rfc3339(&text).ok_or_else(invalid)
}

/// Accepts an order for a venue, once a key.
///
/// # Errors
/// 404 if the venue does not list it; 409 if the venue is suspended, or has no price for an order
/// at market; 422.
pub async fn place(
    context: &Context,
    call: &Call,
    venue: &Venue,
    wanted: Wanted,
) -> Result<Answer, Problem> {
    let operation = PlaceVenueOrder { venue: venue.id, wanted };
    Ok(place_order(&context.market, &context.asked(call)?, &operation).await?)
}

/// How many pieces a request is for.
///
/// # Errors
/// 422: not a whole number from 1 to [`QUANTITY_MAX`].
pub fn quantity(text: &AmountText, instrument: Instrument) -> Result<Amount, Problem> {
    let pieces = instrument.pieces(Amount::ZERO).currency;
    let quantity = text.positive(pieces, "/quantity")?.amount;
    if quantity.minor() > i64::from(QUANTITY_MAX) {
        let detail = format!("at most {QUANTITY_MAX} pieces");
        return Err(Problem::invalid("/quantity", "too_large", &detail));
    }
    Ok(quantity)
}

/// How a request gives its price.
///
/// # Errors
/// 422: a limit order without a price, one at market with one, or a price that is none.
pub fn pricing(
    kind: OrderKind,
    limit_price: Option<&AmountText>,
    venue: &Venue,
) -> Result<Pricing, Problem> {
    let at = "/limit_price";
    match (kind, limit_price) {
        (OrderKind::Limit, Some(price)) => {
            Ok(Pricing::Limit(price.positive(venue.currency, at)?.amount))
        }
        (OrderKind::Limit, None) => {
            Err(Problem::invalid(at, "missing", "is required of a limit order"))
        }
        (OrderKind::Market, None) => Ok(Pricing::Market),
        (OrderKind::Market, Some(_)) => {
            Err(Problem::invalid(at, "not_allowed", "a market order has no price"))
        }
    }
}
