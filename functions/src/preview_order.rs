//! POST /orders/preview: what an order would come to now. Nothing is written: it is accepted
//! and matched by the same code, against the book as it is.

use app::orders::{self, PlaceOrder, Preview};
use domain::{
    amount::Amount,
    book::{Event, Fill},
    order::{Order, OrderStatus, Size, Tally, fee},
    pair::Steps,
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    bodies::code,
    order_bodies::{average_price, is_filled},
    place_order::{PlaceOrderRequest, market_of, wanted},
};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("preview-order", Method::Post, &["/api/v1/orders/preview"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Orders", "What an order would come to now; nothing is written")
    .needs(Scope::Read)
    .takes::<PlaceOrderRequest>()
    .gives::<OrderPreviewBody>(200)
    .uses(&[uses::ACCOUNT, uses::CATALOGUE, uses::BOOK]);

/// What an order would come to.
#[derive(Serialize, ToSchema)]
pub struct OrderPreviewBody {
    /// The market.
    #[schema(example = "MRC-USD")]
    market: String,
    /// `buy` or `sell`.
    side: &'static str,
    /// `limit` or `market`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// `GTC`, `IOC` or `FOK`.
    time_in_force: &'static str,
    /// Whether it is rejected rather than that it takes.
    post_only: bool,
    /// The worst price that it would trade at; at market, the one that it is held to.
    #[schema(example = "0.40")]
    price: String,
    /// How much of the base currency it is for; null if it is for funds.
    quantity: Option<String>,
    /// How much of the quote currency it spends; null if it is for a quantity.
    funds: Option<String>,
    /// What would be held for it.
    hold: HoldBody,
    /// What the caller has available of that currency.
    #[schema(example = "100.00")]
    available: String,
    /// Whether that is enough.
    sufficient: bool,
    /// The larger of its two fees of all of it at its price, in the quote currency.
    #[schema(example = "0.01")]
    max_fee: String,
    /// What it would be filled by at once.
    expected_fills: Vec<ExpectedFillBody>,
    /// What its status would be then.
    #[schema(example = "open")]
    expected_status: &'static str,
    /// How much would be filled then.
    #[schema(example = "0.00")]
    expected_executed: String,
    /// What one unit would have cost then on average; null without a fill.
    average_price: Option<String>,
    /// The number of the market's event that the book is as of.
    seq: u64,
}

/// Money that would be held.
#[derive(Serialize, ToSchema)]
pub struct HoldBody {
    /// How much.
    #[schema(example = "4.01")]
    amount: String,
    /// Of which currency.
    #[schema(example = "USD")]
    currency: String,
}

/// A fill that would be.
#[derive(Serialize, ToSchema)]
pub struct ExpectedFillBody {
    /// The price.
    #[schema(example = "0.40")]
    price: String,
    /// How much.
    #[schema(example = "10.00")]
    quantity: String,
    /// What it is worth, in the quote currency.
    #[schema(example = "4.00")]
    notional: String,
    /// What the caller would pay to the market, in the quote currency.
    #[schema(example = "0.01")]
    fee: String,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: PlaceOrderRequest = call.json()?;
    let pair = market_of(context, &request).await?;
    let operation = PlaceOrder { pair: pair.id(), wanted: wanted(&request, &pair)?, name: None };
    let caller = call.caller()?.user;
    let preview = orders::preview_order(&context.market, caller, &operation).await?;
    Reply::json(200, &OrderPreviewBody::from(&preview))
}

impl From<&Preview> for OrderPreviewBody {
    fn from(preview: &Preview) -> Self {
        let Preview { order, hold, available, events, seq, pair } = preview;
        let steps = &pair.steps;
        let (quantity, funds) = match order.size {
            Size::Lots(lots) => (Some(steps.quantity_text(lots)), None),
            Size::Funds(funds) => (None, Some(steps.quote_of(funds).decimal())),
        };
        let (tally, status) = outlook(order, hold.amount, events);
        let fills = events.iter().filter_map(|event| taken(event, order));
        Self {
            market: pair.id().to_string(),
            side: order.side.as_str(),
            kind: order.kind.as_str(),
            time_in_force: order.time_in_force.as_str(),
            post_only: order.post_only,
            price: steps.price_text(order.price),
            quantity,
            funds,
            hold: HoldBody { amount: hold.decimal(), currency: code(*hold) },
            available: available.decimal(),
            sufficient: hold.amount <= available.amount,
            max_fee: steps.quote_of(max_fee(order, steps)).decimal(),
            expected_fills: fills.map(|fill| expected_fill(fill, steps)).collect(),
            expected_status: status.as_str(),
            expected_executed: steps.quantity_text(tally.executed),
            average_price: average_price(steps, &tally),
            seq: *seq,
        }
    }
}

/// The fill by which the order took, if the event is one.
fn taken<'a>(event: &'a Event, order: &Order) -> Option<&'a Fill> {
    match event {
        Event::Filled(fill) if fill.taker.order.id == order.id => Some(fill),
        _ => None,
    }
}

fn expected_fill(fill: &Fill, steps: &Steps) -> ExpectedFillBody {
    ExpectedFillBody {
        price: steps.price_text(fill.price),
        quantity: steps.quantity_text(fill.lots),
        notional: steps.quote_of(fill.notional).decimal(),
        fee: steps.quote_of(fill.taker_fee).decimal(),
    }
}

/// How far the order would come, and its status then.
fn outlook(order: &Order, held: Amount, events: &[Event]) -> (Tally, OrderStatus) {
    let mut tally = order.begun(held).tally;
    let mut status = OrderStatus::working(&tally);
    for event in events {
        let (working, reason) = match event {
            Event::Filled(fill) => {
                let filled = is_filled(order, fill.taker.tally.open);
                (&fill.taker, filled.then_some(domain::order::Closed::Filled))
            }
            Event::Rested(working) | Event::Prevented { working, .. } => (working, None),
            Event::Closed { working, reason, .. } => (working, Some(*reason)),
            _ => continue,
        };
        if working.order.id != order.id {
            continue;
        }
        tally = working.tally;
        status = match reason {
            Some(reason) => OrderStatus::closed(reason, &tally),
            None => OrderStatus::working(&tally),
        };
    }
    (tally, status)
}

fn max_fee(order: &Order, steps: &Steps) -> Amount {
    let worth = match order.size {
        Size::Lots(lots) => steps.notional(order.price, lots).unwrap_or(Amount::MAX),
        Size::Funds(funds) => funds,
    };
    fee(order.fee_max(), worth, 0).0
}
