//! What is sent to venues and what they send, as JSON (docs/VENUES.md). A venue may say more than
//! is read here, but what is read must be in its one form: else it is refused by a problem that
//! names the field.

#[cfg(test)]
mod tests;

use std::str::FromStr;

use app::venues::feed::{FeedMessage, Numbered};
use domain::{
    amount::{Amount, AmountError, Money},
    currency::{Currency, Scale},
    id::VenueOrderId,
    venue::{
        Execution, Instrument, Reference, Report, VenueOrder, VenueState, VenueStatus, VenueTerms,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    call::json_object,
    problem::Problem,
    wire::{Object, Text, rfc3339},
};

/// An order, as a venue is asked to place it.
#[derive(Debug, Serialize)]
struct OrderBody<'a> {
    id: String,
    side: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    instrument: String,
    quantity: String,
    limit_price: String,
    currency: String,
    valid_until: String,
}

/// The body that asks a venue to place an order.
#[must_use]
pub fn order_json(order: &VenueOrder) -> Vec<u8> {
    let terms: &VenueTerms = &order.terms;
    let price = Money { amount: terms.price, currency: terms.currency };
    let body = OrderBody {
        id: terms.id.to_string(),
        side: terms.side.as_str(),
        kind: terms.kind.as_str(),
        instrument: terms.instrument.to_string(),
        quantity: terms.quantity.to_decimal(Scale::WHOLE),
        limit_price: price.decimal(),
        currency: terms.currency.code.to_string(),
        valid_until: rfc3339(terms.valid_until),
    };
    // Nothing but texts is in it.
    serde_json::to_vec(&body).unwrap_or_default()
}

/// A word for how far an order has come.
#[derive(Debug, Clone, Copy)]
struct Status(VenueStatus);

impl FromStr for Status {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let known = VenueStatus::of(word).map(Self);
        known.ok_or("must be open, filled, cancelled, expired or rejected")
    }
}

/// So many pieces, as a decimal string without decimals.
#[derive(Debug, Clone, Copy)]
struct Whole(Amount);

impl FromStr for Whole {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        Amount::parse(text, Scale::WHOLE).map(Self)
    }
}

/// A price of a currency, which a JSON number is not. `pointer` names the field in errors.
fn price(text: &str, currency: Currency, pointer: &str) -> Result<Amount, Problem> {
    Amount::parse(text, currency.scale)
        .map_err(|error| Problem::invalid(pointer, "invalid", &error.to_string()))
}

/// A part of an order that was filled.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = VenueReportExecution)]
pub struct ExecutionBody {
    /// What the venue calls it: 1 to 64 printable characters without blanks and commas.
    #[schema(value_type = String)]
    id: Text<Reference>,
    /// How many pieces, as a decimal string.
    #[schema(value_type = String)]
    quantity: Text<Whole>,
    /// What a piece cost, as a decimal string.
    #[schema(value_type = String)]
    price: Text<String>,
}

impl ExecutionBody {
    /// Whether it is more than nothing, the order that it is of decides.
    fn of(self, currency: Currency, pointer: &str) -> Result<Execution, Problem> {
        let price = price(&self.price.0, currency, &format!("{pointer}/price"))?;
        Ok(Execution { id: self.id.0, quantity: self.quantity.0.0, price })
    }
}

/// A venue's answer about an order.
#[derive(Debug, Deserialize)]
struct StateBody {
    id: Text<VenueOrderId>,
    venue_order_id: Text<Reference>,
    status: Text<Status>,
    executed: Text<Whole>,
    executions: Vec<Object<ExecutionBody>>,
}

/// What a venue's answer says of the order that it was asked about.
///
/// # Errors
/// [`Problem`] names the field that is not as it must be; `/id` if it is about another order.
pub fn state(body: &[u8], order: &VenueOrder) -> Result<VenueState, Problem> {
    let body: StateBody = json_object(body)?;
    if body.id.0 != order.terms.id {
        return Err(Problem::invalid("/id", "invalid", "is another order's"));
    }
    let each = body.executions.into_iter().enumerate();
    let executions = each.map(|(index, execution)| {
        execution.0.of(order.terms.currency, &format!("/executions/{index}"))
    });
    Ok(VenueState {
        reference: body.venue_order_id.0,
        status: body.status.0.0,
        executed: body.executed.0.0,
        executions: executions.collect::<Result<_, _>>()?,
    })
}

/// What a venue says of an order by itself.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = VenueReport)]
pub struct ReportBody {
    /// Which order, by our id.
    #[schema(value_type = String)]
    order_id: Text<VenueOrderId>,
    /// What the venue calls it: 1 to 64 printable characters without blanks and commas.
    #[schema(value_type = String)]
    venue_order_id: Text<Reference>,
    /// `open`, `filled`, `cancelled`, `expired` or `rejected`.
    #[schema(value_type = String)]
    status: Text<Status>,
    /// How many pieces are filled in all, as a decimal string.
    #[schema(value_type = String)]
    executed: Text<Whole>,
    /// The fill that it is about, or null.
    #[schema(value_type = Option<ExecutionBody>)]
    execution: Option<Object<ExecutionBody>>,
}

impl ReportBody {
    fn of(self, currency: Currency, pointer: &str) -> Result<Report, Problem> {
        let pointer = format!("{pointer}/execution");
        let execution = self.execution.map(|execution| execution.0.of(currency, &pointer));
        let state = VenueState {
            reference: self.venue_order_id.0,
            status: self.status.0.0,
            executed: self.executed.0.0,
            executions: execution.transpose()?.into_iter().collect(),
        };
        Ok(Report { order: self.order_id.0, state })
    }
}

/// A report of a venue whose prices are in this currency.
///
/// # Errors
/// [`Problem`] names the field that is not as it must be.
pub fn report(body: &[u8], currency: Currency) -> Result<Report, Problem> {
    json_object::<ReportBody>(body)?.of(currency, "")
}

/// What a feed says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedText {
    /// Something, under the next number.
    Said(Numbered),
    /// That it is alive, and the number of what it said last.
    Heartbeat(u64),
}

#[derive(Debug, Deserialize)]
struct Kind {
    seq: u64,
    #[serde(rename = "type")]
    kind: Text<String>,
}

#[derive(Debug, Deserialize)]
struct ReportText {
    report: Object<ReportBody>,
}

#[derive(Debug, Deserialize)]
struct PriceText {
    instrument: Text<Instrument>,
    price: Text<String>,
}

/// A message of the feed of a venue whose prices are in this currency.
///
/// # Errors
/// [`Problem`] names the field that is not as it must be; `/type` for one that is not known.
pub fn feed_text(text: &[u8], currency: Currency) -> Result<FeedText, Problem> {
    let Kind { seq, kind } = json_object(text)?;
    let message = match kind.0.as_str() {
        "heartbeat" => return Ok(FeedText::Heartbeat(seq)),
        "report" => {
            let ReportText { report } = json_object(text)?;
            FeedMessage::Report(report.0.of(currency, "/report")?)
        }
        "price" => {
            let PriceText { instrument, price: said } = json_object(text)?;
            let price = price(&said.0, currency, "/price")?;
            if price.is_zero() {
                return Err(Problem::invalid("/price", "invalid", "must be more than zero"));
            }
            FeedMessage::Price(instrument.0, price)
        }
        _ => {
            let detail = "must be report, price or heartbeat";
            return Err(Problem::invalid("/type", "invalid", detail));
        }
    };
    Ok(FeedText::Said(Numbered { seq, message }))
}
