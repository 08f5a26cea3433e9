//! Orders, their fills and their amendments as their owners see them. Every endpoint shows an
//! order by the same function of how it was accepted and how far it has come.

use app::{orders::OrderView, ports::OrderState};
use domain::{
    amount::Amount,
    id::TradeId,
    ledger::{Amendment, Cause, Entry, Fill, Outcome, Placement},
    order::{Closed, Order, OrderKind, OrderStatus, Side, Size, Tally},
    pair::{Lots, Steps},
};
use edge::wire::rfc3339;
use serde::Serialize;
use utoipa::ToSchema;

/// Decimals of an average price; what is beyond them is cut off.
const AVERAGE_DECIMALS: u8 = 8;

/// An order. For lots, `executed + open + cancelled + prevented` is its `quantity`.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderBody {
    /// `ord_…`
    id: String,
    /// The owner's own id of it.
    client_order_id: Option<String>,
    /// The market.
    #[schema(example = "MRC-USD")]
    market: String,
    /// `buy` or `sell`.
    #[schema(example = "buy")]
    side: &'static str,
    /// `limit` or `market`.
    #[serde(rename = "type")]
    #[schema(example = "limit")]
    kind: &'static str,
    /// `GTC`, `IOC` or `FOK`.
    #[schema(example = "GTC")]
    time_in_force: &'static str,
    /// Whether it is rejected rather than that it takes.
    post_only: bool,
    /// `cancel_newest`, `cancel_oldest`, `cancel_both` or `decrement_and_cancel`.
    #[schema(example = "cancel_newest")]
    self_trade_prevention: &'static str,
    /// The worst price that it trades at, in the quote currency; null at market.
    #[schema(example = "0.40")]
    price: Option<String>,
    /// How much of the base currency it is for; null if it is for funds.
    #[schema(example = "10.00")]
    quantity: Option<String>,
    /// How much of the quote currency it spends, fees included; null if it is for a quantity.
    funds: Option<String>,
    /// `pending`, `open`, `partially_filled`, `filled`, `cancelled`, `expired` or `rejected`.
    #[schema(example = "pending")]
    status: &'static str,
    /// How much was filled.
    #[schema(example = "0.00")]
    executed: String,
    /// How much may yet be filled.
    #[schema(example = "10.00")]
    open: String,
    /// How much was cancelled, has expired or was rejected.
    #[schema(example = "0.00")]
    cancelled: String,
    /// How much would have traded with its owner.
    #[schema(example = "0.00")]
    prevented: String,
    /// What was paid for one unit on average, to 8 decimals; null before the first fill.
    average_price: Option<String>,
    /// What the fills were worth, in the quote currency.
    #[schema(example = "0.00")]
    notional: String,
    /// The fees of the fills.
    #[schema(example = "0.00")]
    fees: String,
    /// Always the quote currency.
    #[schema(example = "USD")]
    fee_currency: String,
    /// What of the owner's money is held for it.
    #[schema(example = "4.01")]
    reserved: String,
    /// The quote currency for a buy, the base currency for a sale.
    #[schema(example = "USD")]
    reserved_currency: String,
    /// What it pays of a fill in which it rested, in basis points.
    maker_fee_bps: u16,
    /// What it pays of a fill in which it took, in basis points.
    taker_fee_bps: u16,
    /// Why it is over: `filled`, `cancelled`, `deadline`, `expired`, `self_trade`, `would_take`,
    /// `market_closed`, `balance_limit` or `unreadable`; null while it is not.
    closed_reason: Option<&'static str>,
    /// Its place among the orders of its price; null while it does not rest.
    sequence: Option<u64>,
    /// When it was accepted.
    created_at: String,
    /// When it was over.
    closed_at: Option<String>,
}

impl From<&OrderView> for OrderBody {
    fn from(view: &OrderView) -> Self {
        let (steps, working) = (&view.placement.steps, view.working());
        let (order, tally) = (&working.order, &working.tally);
        let (quantity, funds) = match order.size {
            Size::Lots(lots) => (Some(steps.quantity_text(lots)), None),
            Size::Funds(funds) => (None, Some(steps.quote_of(funds).decimal())),
        };
        let reserves = reserves(steps, order.side);
        let closed = match &view.state {
            OrderState::Closed(closed) => Some(closed),
            OrderState::Pending | OrderState::Resting(_) => None,
        };
        Self {
            id: order.id.to_string(),
            client_order_id: view.placement.client_order_id.as_ref().map(|id| id.as_str().into()),
            market: steps.pair().to_string(),
            side: order.side.as_str(),
            kind: order.kind.as_str(),
            time_in_force: order.time_in_force.as_str(),
            post_only: order.post_only,
            self_trade_prevention: order.self_trade_prevention.as_str(),
            price: price(steps, order),
            quantity,
            funds,
            status: view.status().as_str(),
            executed: steps.quantity_text(tally.executed),
            open: steps.quantity_text(tally.open),
            cancelled: steps.quantity_text(tally.cancelled),
            prevented: steps.quantity_text(tally.prevented),
            average_price: average_price(steps, tally),
            notional: steps.quote_of(tally.notional).decimal(),
            fees: steps.quote_of(tally.fees).decimal(),
            fee_currency: steps.quote.code.to_string(),
            reserved: tally.reserved.to_decimal(reserves.scale),
            reserved_currency: reserves.code.to_string(),
            maker_fee_bps: order.maker_fee.bps(),
            taker_fee_bps: order.taker_fee.bps(),
            closed_reason: closed.map(|closed| Closed::as_str(closed.reason)),
            sequence: Some(tally.sequence).filter(|sequence| *sequence > 0),
            created_at: rfc3339(order.placed_at),
            closed_at: closed.map(|closed| rfc3339(closed.at)),
        }
    }
}

/// An order as it was accepted, whatever became of it.
#[must_use]
pub fn accepted(placement: &Placement) -> OrderView {
    OrderView { placement: placement.clone(), state: OrderState::Pending }
}

/// The currency that an order of this side has held for it.
fn reserves(steps: &Steps, side: Side) -> domain::currency::Currency {
    match side {
        Side::Buy => steps.quote,
        Side::Sell => steps.base,
    }
}

/// The price that an order's owner gave; none at market.
fn price(steps: &Steps, order: &Order) -> Option<String> {
    (order.kind == OrderKind::Limit).then(|| steps.price_text(order.price))
}

/// What one unit of the base currency cost on average, cut off after [`AVERAGE_DECIMALS`].
#[must_use]
pub fn average_price(steps: &Steps, tally: &Tally) -> Option<String> {
    let ten = |scale: u8| 10_i128.saturating_pow(scale.into());
    let one = ten(AVERAGE_DECIMALS);
    // Below 10^18 * 10^8 * 10^8, which an `i128` holds.
    let paid = i128::from(tally.notional.minor())
        .saturating_mul(ten(steps.base.scale.decimals()))
        .saturating_mul(one);
    let received = i128::from(steps.base_of(tally.executed).amount.minor())
        .saturating_mul(ten(steps.quote.scale.decimals()));
    let average = paid.checked_div(received)?;
    Some(format!("{}.{:08}", average / one, average % one))
}

/// An order in the shape of the trading platform that this market replaces.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlatformOrderBody {
    /// `ord_…`
    id: String,
    /// The market.
    #[schema(example = "MRC-USD")]
    market: String,
    /// `BUY` or `SELL`.
    #[schema(example = "BUY")]
    side: String,
    /// `LIMIT` or `MARKET`.
    #[schema(example = "LIMIT")]
    order_type: String,
    /// Null at market.
    #[schema(example = "0.40")]
    price: Option<String>,
    /// Null if it is for funds.
    #[schema(example = "10.00")]
    quantity: Option<String>,
    /// How much may yet be filled.
    #[schema(example = "10.00")]
    remaining: String,
    /// `PENDING`, `OPEN`, `PARTIALLY_FILLED`, `FILLED`, `CANCELED`, `EXPIRED` or `REJECTED`.
    #[schema(example = "PENDING")]
    status: String,
    /// Whether anything may yet become of it.
    active: bool,
    /// When it was accepted.
    created_at: String,
}

impl From<&OrderView> for PlatformOrderBody {
    fn from(view: &OrderView) -> Self {
        let body = OrderBody::from(view);
        let status = match view.status() {
            OrderStatus::Cancelled => "CANCELED".to_owned(),
            status => status.as_str().to_uppercase(),
        };
        Self {
            id: body.id,
            market: body.market,
            side: body.side.to_uppercase(),
            order_type: body.kind.to_uppercase(),
            price: body.price,
            quantity: body.quantity,
            remaining: body.open,
            status,
            active: !view.is_over(),
            created_at: body.created_at,
        }
    }
}

/// A change of an order that was accepted. Whether the book made it, the order tells.
#[derive(Debug, Serialize, ToSchema)]
pub struct AmendmentBody {
    /// The order.
    order_id: String,
    /// The market.
    #[schema(example = "MRC-USD")]
    market: String,
    /// The new price; null: as it was.
    #[schema(example = "0.41")]
    price: Option<String>,
    /// The new quantity in all, filled ones included; null: as it was.
    #[schema(example = "12.00")]
    quantity: Option<String>,
    /// What was held for the order in addition.
    #[schema(example = "0.91")]
    hold: String,
    /// Of which currency.
    #[schema(example = "USD")]
    hold_currency: String,
    /// Always `pending`.
    status: &'static str,
    /// When it was accepted.
    created_at: String,
}

impl AmendmentBody {
    /// An amendment, from the entry that it is.
    #[must_use]
    pub fn new(entry: &Entry, amendment: &Amendment) -> Self {
        let Amendment { steps, order, price, lots, extra } = amendment;
        Self {
            order_id: order.to_string(),
            market: steps.pair().to_string(),
            price: price.map(|price| steps.price_text(price)),
            quantity: lots.map(|lots| steps.quantity_text(lots)),
            hold: extra.decimal(),
            hold_currency: extra.currency.code.to_string(),
            status: "pending",
            created_at: rfc3339(entry.at),
        }
    }
}

/// A fill of an order, from its side. Who stood on the other side is nobody's to know.
#[derive(Debug, Serialize, ToSchema)]
pub struct FillBody {
    /// `trd_…`
    trade_id: String,
    /// The order.
    order_id: String,
    /// `buy` or `sell`.
    #[schema(example = "buy")]
    side: &'static str,
    /// `maker` if the order rested, `taker` if it took.
    #[schema(example = "maker")]
    liquidity: &'static str,
    /// The price.
    #[schema(example = "0.40")]
    price: String,
    /// How much.
    #[schema(example = "10.00")]
    quantity: String,
    /// What it was worth, in the quote currency.
    #[schema(example = "4.00")]
    notional: String,
    /// What the order paid to the market.
    #[schema(example = "0.01")]
    fee: String,
    /// Always the quote currency.
    #[schema(example = "USD")]
    fee_currency: String,
    /// The transaction that moved the money.
    transaction_id: String,
    /// When.
    created_at: String,
}

impl FillBody {
    /// A fill of an order; `None` if the entry is none of its.
    #[must_use]
    pub fn new(entry: &Entry, view: &OrderView) -> Option<Self> {
        let Outcome::Moved(movement) = &entry.outcome else { return None };
        let Cause::Fill(fill) = &movement.cause else { return None };
        let order = view.placement.order.id;
        let (liquidity, side, fee) = if fill.taker == order {
            ("taker", fill.taker_side, fill.taker_fee)
        } else if fill.maker == order {
            ("maker", fill.taker_side.opposite(), fill.maker_fee)
        } else {
            return None;
        };
        let steps = &fill.steps;
        Some(Self {
            trade_id: TradeId::of(steps.pair(), fill.number).to_string(),
            order_id: order.to_string(),
            side: side.as_str(),
            liquidity,
            price: steps.price_text(fill.price),
            quantity: steps.quantity_text(fill.lots),
            notional: notional(steps, fill),
            fee: steps.quote_of(fee).decimal(),
            fee_currency: steps.quote.code.to_string(),
            transaction_id: entry.id.to_string(),
            created_at: rfc3339(entry.at),
        })
    }
}

fn notional(steps: &Steps, fill: &Fill) -> String {
    let worth = steps.notional(fill.price, fill.lots).unwrap_or(Amount::MAX);
    steps.quote_of(worth).decimal()
}

/// A fill as everyone may see it: what is answered in place of a request's answer, for there
/// was none.
#[derive(Debug, Serialize)]
pub struct PublicFillBody {
    id: String,
    market: String,
    price: String,
    quantity: String,
    taker_side: &'static str,
    created_at: String,
}

impl PublicFillBody {
    /// A fill, from the entry that it is.
    #[must_use]
    pub fn new(entry: &Entry, fill: &Fill) -> Self {
        let steps = &fill.steps;
        Self {
            id: TradeId::of(steps.pair(), fill.number).to_string(),
            market: steps.pair().to_string(),
            price: steps.price_text(fill.price),
            quantity: steps.quantity_text(fill.lots),
            taker_side: fill.taker_side.as_str(),
            created_at: rfc3339(entry.at),
        }
    }
}

/// Whether an order for lots has none open any more.
#[must_use]
pub fn is_filled(order: &Order, open: Lots) -> bool {
    matches!(order.size, Size::Lots(_)) && open.is_zero()
}
