//! POST /exchange: one currency into another, by a quote or at the rate that holds now.

use app::{
    money::{Conversion, Exchange, Redeem},
    perform::perform,
};
use domain::{conversion::Fixed, currency::CurrencyCode, id::UserId};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Idempotency, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::{AmountText, Text, UniverseNumber},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    answers::{ExchangeBody, reply},
    currencies::named,
    quotes::open,
};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("exchange", Method::Post, &["/api/v1/exchange"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Exchange", "Exchange currency, by a quote or at the current rate")
    .needs(Scope::Trade)
    .idempotent(Idempotency::Required)
    .takes::<ExchangeRequest>()
    .gives::<ExchangeBody>(200)
    .uses(&[uses::ENTRY, uses::RECORD, uses::CHANGE_ACCOUNT, uses::RATES]);

/// Either a `quote`, or an `amount` and each side by universe or by currency.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeRequest {
    /// The `id` of a quote.
    #[schema(required = false)]
    quote: Option<String>,
    /// Who exchanges: the caller, and nobody else.
    #[schema(value_type = String, required = false)]
    user_id: Option<Text<UserId>>,
    /// What is paid.
    #[schema(value_type = String, required = false, example = "100.00")]
    amount: Option<AmountText>,
    /// The universe of the currency to pay.
    #[schema(value_type = u32, required = false)]
    from_universe_id: Option<UniverseNumber>,
    /// Or the currency itself.
    #[schema(value_type = String, required = false)]
    from_currency: Option<Text<CurrencyCode>>,
    /// The universe of the currency to receive.
    #[schema(value_type = u32, required = false)]
    to_universe_id: Option<UniverseNumber>,
    /// Or the currency itself.
    #[schema(value_type = String, required = false)]
    to_currency: Option<Text<CurrencyCode>>,
    /// The least that may be received; without a quote only.
    #[schema(value_type = String, required = false)]
    min_receive: Option<AmountText>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: ExchangeRequest = call.json()?;
    let conversion = operation(context, call, &request, "").await?;
    reply(perform(&context.market, &context.asked(call)?, &conversion).await)
}

/// What a request asks for; `at` is where it stands in the body.
///
/// # Errors
/// 404; 422 that names the field.
pub async fn operation(
    context: &Context,
    call: &Call,
    request: &ExchangeRequest,
    at: &str,
) -> Result<Conversion, Problem> {
    Context::own(call, request.user_id.as_ref().map(|user| user.0))?;
    if let Some(quote) = &request.quote {
        let plain = request.amount.is_none()
            && request.min_receive.is_none()
            && request.from_universe_id.is_none()
            && request.from_currency.is_none()
            && request.to_universe_id.is_none()
            && request.to_currency.is_none();
        if !plain {
            let detail = "a quote says amount, currencies and limits by itself";
            return Err(Problem::invalid(&format!("{at}/quote"), "contradiction", detail));
        }
        return Ok(Conversion::Quoted(Redeem { quote: open(context, call, quote)? }));
    }
    let (id, code) = (&request.from_universe_id, &request.from_currency);
    let from = named(context, id, code, &format!("{at}/from")).await?;
    let (id, code) = (&request.to_universe_id, &request.to_currency);
    let to = named(context, id, code, &format!("{at}/to")).await?;
    let pointer = format!("{at}/amount");
    let missing = || Problem::invalid(&pointer, "missing", "is required without a quote");
    let paid = request.amount.as_ref().ok_or_else(missing)?.positive(from.currency, &pointer)?;
    let least = |text: &AmountText| text.of(to.currency, &format!("{at}/min_receive"));
    let min_receive = request.min_receive.as_ref().map(least).transpose()?;
    Ok(Conversion::Current(Exchange {
        from: from.currency.code,
        to: to.currency.code,
        fixed: Fixed::Paid(paid.amount),
        min_receive: min_receive.map(|money| money.amount),
    }))
}
