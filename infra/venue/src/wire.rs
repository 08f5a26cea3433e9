//! Messages as docs/VENUES.md has them, in both directions. What they make the exchange do is not
//! known here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    book::{Execution, FeedMessage, Kind, Message, Order, Report, Side, State, Witness},
    decimal,
};

/// The currency that prices are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency {
    /// Its code.
    pub code: String,
    /// How many decimals its prices have.
    pub decimals: usize,
}

/// Ids are no longer than this.
const ID_CHARS_MAX: usize = 64;

#[derive(Deserialize)]
struct OrderBody {
    id: String,
    side: String,
    r#type: String,
    instrument: String,
    quantity: String,
    limit_price: String,
    currency: String,
    valid_until: String,
}

/// The order that a body asks for.
///
/// # Errors
/// What is wrong with it, for the sender's eyes.
pub fn order(body: &[u8], currency: &Currency) -> Result<Order, &'static str> {
    let body: OrderBody = serde_json::from_slice(body).map_err(|_| "no order")?;
    if body.currency != currency.code {
        return Err("another currency");
    }
    let printable = body.id.bytes().all(|byte| byte.is_ascii_graphic());
    if !(1..=ID_CHARS_MAX).contains(&body.id.len()) || !printable {
        return Err("no id");
    }
    let side = match body.side.as_str() {
        "buy" => Side::Buy,
        "sell" => Side::Sell,
        _ => return Err("no side"),
    };
    let kind = match body.r#type.as_str() {
        "limit" => Kind::Limit,
        "market" => Kind::Market,
        _ => return Err("no type"),
    };
    let valid_until: Timestamp = body.valid_until.parse().map_err(|_| "no valid_until")?;
    Ok(Order {
        id: body.id,
        side,
        kind,
        instrument: body.instrument,
        quantity: decimal::parse(&body.quantity, 0).ok_or("no quantity")?,
        limit: decimal::parse(&body.limit_price, currency.decimals).ok_or("no limit_price")?,
        valid_until: valid_until.as_millisecond(),
    })
}

#[derive(Serialize)]
struct ExecutionJson {
    id: String,
    quantity: String,
    price: String,
}

#[derive(Serialize)]
struct StateJson {
    id: String,
    venue_order_id: String,
    status: &'static str,
    executed: String,
    executions: Vec<ExecutionJson>,
}

#[derive(Serialize)]
struct ReportJson {
    order_id: String,
    venue_order_id: String,
    status: &'static str,
    executed: String,
    execution: Option<ExecutionJson>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum MessageJson {
    Report { report: ReportJson },
    Price { instrument: String, price: String },
    Heartbeat,
}

#[derive(Serialize)]
struct FeedJson {
    seq: u64,
    #[serde(flatten)]
    message: MessageJson,
}

#[derive(Serialize)]
struct WitnessedJson {
    id: String,
    venue_order_id: String,
    placed: u32,
    asked: u32,
    side: &'static str,
    instrument: String,
    quantity: String,
    executed: String,
    cash: String,
    status: &'static str,
}

#[derive(Serialize)]
struct WitnessJson {
    orders: Vec<WitnessedJson>,
    feed: u64,
}

/// Writes messages with prices in a currency.
impl Currency {
    fn price(&self, units: u64) -> String {
        decimal::format(units.into(), self.decimals)
    }

    fn execution(&self, execution: Execution) -> ExecutionJson {
        let Execution { id, quantity, price } = execution;
        ExecutionJson { id, quantity: quantity.to_string(), price: self.price(price) }
    }

    /// An answer.
    #[must_use]
    pub fn state(&self, state: State) -> String {
        let executions = state.executions.into_iter();
        text(&StateJson {
            id: state.id,
            venue_order_id: state.venue_order_id,
            status: state.status.as_str(),
            executed: state.executed.to_string(),
            executions: executions.map(|execution| self.execution(execution)).collect(),
        })
    }

    fn report_json(&self, report: Report) -> ReportJson {
        ReportJson {
            order_id: report.order_id,
            venue_order_id: report.venue_order_id,
            status: report.status.as_str(),
            executed: report.executed.to_string(),
            execution: report.execution.map(|execution| self.execution(execution)),
        }
    }

    /// A report.
    #[must_use]
    pub fn report(&self, report: Report) -> String {
        text(&self.report_json(report))
    }

    /// A message of the feed.
    #[must_use]
    pub fn feed_message(&self, message: FeedMessage) -> String {
        let FeedMessage { seq, message } = message;
        let message = match message {
            Message::Report(report) => MessageJson::Report { report: self.report_json(report) },
            Message::Price { instrument, price } => {
                MessageJson::Price { instrument, price: self.price(price) }
            }
        };
        text(&FeedJson { seq, message })
    }

    /// What the book says.
    #[must_use]
    pub fn witness(&self, witness: Witness) -> String {
        let orders = witness.orders.into_iter().map(|order| WitnessedJson {
            id: order.id,
            venue_order_id: order.venue_order_id,
            placed: order.placed,
            asked: order.asked,
            side: match order.side {
                Side::Buy => "buy",
                Side::Sell => "sell",
            },
            instrument: order.instrument,
            quantity: order.quantity.to_string(),
            executed: order.executed.to_string(),
            cash: decimal::format(order.cash, self.decimals),
            status: order.status.as_str(),
        });
        text(&WitnessJson { orders: orders.collect(), feed: witness.feed })
    }
}

/// A message of the feed that says nothing, and repeats the last one's number.
#[must_use]
pub fn heartbeat(seq: u64) -> String {
    text(&FeedJson { seq, message: MessageJson::Heartbeat })
}

fn text(value: &impl Serialize) -> String {
    // Nothing in it can fail to be written.
    serde_json::to_string(value).unwrap_or_default()
}
