//! A quote as its owner sees it.

use domain::{quote::Quote, refusal::Missing};
use edge::{auth::quote_seal, call::Call, context::Context, problem::Problem, wire::rfc3339};
use serde::Serialize;
use utoipa::ToSchema;

use crate::bodies::{ConversionRateBody, code};

/// A promise to convert at stated rates.
#[derive(Serialize, ToSchema)]
pub struct QuoteBody {
    /// The quote itself, signed: give it as `quote` to POST /exchange.
    #[schema(example = "quo_…")]
    id: String,
    /// What an exchange that redeems it calls it.
    quote_id: String,
    /// What is paid.
    #[schema(example = "100.00")]
    amount: String,
    /// Of which currency.
    from_currency: String,
    /// What is received.
    #[schema(example = "250.00")]
    converted_amount: String,
    /// Of which currency.
    to_currency: String,
    /// What the market keeps, in the currency received.
    fee: String,
    /// The rates.
    rate: ConversionRateBody,
    /// Before this time it can be redeemed, once.
    expires_at: String,
}

impl QuoteBody {
    /// A quote, and its signed text.
    ///
    /// # Errors
    /// As the quote's conversion.
    pub async fn new(context: &Context, quote: &Quote, text: String) -> Result<Self, Problem> {
        let universes = context.market.rates.current(app::perform::Freshness::Cached).await?;
        let conversion = quote.conversion(&universes)?;
        let received = conversion.received;
        Ok(Self {
            id: text,
            quote_id: quote.id.to_string(),
            amount: conversion.paid.decimal(),
            from_currency: code(conversion.paid),
            converted_amount: received.decimal(),
            to_currency: code(received),
            fee: conversion.fee.to_decimal(received.currency.scale),
            rate: (&conversion.provenance).into(),
            expires_at: rfc3339(quote.expires_at),
        })
    }
}

/// The caller's quote that a signed text is.
///
/// # Errors
/// 404: also for another's quote, or a text that we did not sign.
pub fn open(context: &Context, call: &Call, text: &str) -> Result<Quote, Problem> {
    let caller = call.caller()?.user;
    let quote = quote_seal::open(context.secrets(), text).map_err(|_| Missing::Quote)?;
    if quote.owner == caller { Ok(quote) } else { Err(Missing::Quote.into()) }
}
