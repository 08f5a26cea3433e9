//! POST /quotes: a conversion promised for thirty seconds. Nothing is written.

use domain::{conversion::Fixed, currency::CurrencyCode, id::QuoteId, quote::quote};
use edge::{
    auth::{quote_seal, scopes::Scope},
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::{AmountText, Text, UniverseNumber},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{currencies::named, quotes::QuoteBody};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("create-quote", Method::Post, &["/api/v1/quotes"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Exchange", "Quote an exchange for thirty seconds")
    .needs(Scope::Trade)
    .takes::<CreateQuoteRequest>()
    .gives::<QuoteBody>(201)
    .uses(&[uses::RATES]);

/// What to convert: one of `amount` and `receive_amount`, and each side by universe or by
/// currency.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateQuoteRequest {
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
    /// What is paid.
    #[schema(value_type = String, required = false, example = "100.00")]
    amount: Option<AmountText>,
    /// Or what is received.
    #[schema(value_type = String, required = false)]
    receive_amount: Option<AmountText>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: CreateQuoteRequest = call.json()?;
    let (id, code) = (&request.from_universe_id, &request.from_currency);
    let from = named(context, id, code, "/from").await?;
    let (id, code) = (&request.to_universe_id, &request.to_currency);
    let to = named(context, id, code, "/to").await?;
    let fixed = match (request.amount, request.receive_amount) {
        (Some(pay), None) => Fixed::Paid(pay.positive(from.currency, "/amount")?.amount),
        (None, Some(get)) => Fixed::Received(get.positive(to.currency, "/receive_amount")?.amount),
        _ => {
            let detail = "give either amount or receive_amount";
            let problem = Problem::invalid("/amount", "missing", detail);
            return Err(problem.at("/receive_amount", "missing", detail));
        }
    };
    let id = QuoteId::from_bits(context.market.entropy.bits());
    let now = context.market.clock.now();
    let quote = quote(id, call.caller()?.user, (&from, &to), fixed, now)?;
    let text = quote_seal::seal(context.secrets(), &quote);
    Reply::json(201, &QuoteBody::new(context, &quote, text).await?)
}
