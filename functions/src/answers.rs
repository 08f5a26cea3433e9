//! The answer of a journal entry. It is a pure function of the entry, used for the first
//! answer, for every replay and for `GET /requests/{key}`: so all of them are the same bytes.
//!
//! Changing what is rendered here changes what old keys answer. `tests/api/answers` holds
//! entries and their bytes.

use app::perform::{Answer, Failed};
use domain::{
    amount::Money,
    conversion::Conversion,
    id::{QuoteId, UserId, WalletId},
    ledger::{Cause, Entry, Movement, Outcome, Purchase},
    venue::VenueOrder,
};
use edge::{dispatch::IDEMPOTENCY_REPLAYED, problem::Problem, reply::Reply, wire::rfc3339};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    bodies::{ConversionRateBody, ItemBody, PostingBody, code},
    order_bodies::{AmendmentBody, OrderBody, PublicFillBody, accepted},
    venue_bodies::{VenueFillBody, VenueOrderBody},
};

/// The reply to a request under an idempotency key.
///
/// # Errors
/// The problem that the failure is.
pub fn reply(answer: Result<Answer, Failed>) -> Result<Reply, Problem> {
    let Answer { entry, replayed } = answer?;
    let reply = render(&entry)?;
    Ok(if replayed { reply.with(IDEMPOTENCY_REPLAYED, "true") } else { reply })
}

/// The answer of an entry.
///
/// # Errors
/// A bug: the answer cannot be written.
pub fn render(entry: &Entry) -> Result<Reply, Problem> {
    match &entry.outcome {
        Outcome::Listed(item) => {
            let version = item.version.to_string();
            Ok(Reply::json(201, &ItemBody::from(item))?.tagged(&version, None))
        }
        Outcome::Refused { refusal, request_id } => Ok(Problem::from(refusal).reply(request_id)),
        Outcome::Placed(placement) => Reply::json(201, &OrderBody::from(&accepted(placement))),
        Outcome::Routed(terms) => {
            Reply::json(201, &VenueOrderBody::from(&VenueOrder::begun(*terms)))
        }
        Outcome::Amended(amendment) => Reply::json(202, &AmendmentBody::new(entry, amendment)),
        // Whoever finds one goes on to the entry that it stands for.
        Outcome::SameAs(_) => Err(Problem::bug(&"a name of another entry has no answer")),
        Outcome::Voided => Err(Failed::Voided.into()),
        Outcome::Moved(movement) => match &movement.cause {
            Cause::Deposit(money) => {
                Reply::json(200, &OperationBody::new(entry, movement, "DEPOSIT", *money))
            }
            Cause::Withdrawal(money) => {
                Reply::json(200, &OperationBody::new(entry, movement, "WITHDRAW", *money))
            }
            Cause::Transfer(money) => Reply::json(200, &TransferBody::new(entry, movement, *money)),
            Cause::Exchange { conversion, quote } => {
                Reply::json(200, &ExchangeBody::new(entry, movement, conversion, *quote))
            }
            Cause::Purchase(purchase) => {
                Reply::json(200, &PurchaseBody::new(entry, movement, purchase))
            }
            Cause::Fill(fill) => Reply::json(200, &PublicFillBody::new(entry, fill)),
            Cause::VenueFill(fill) => Reply::json(200, &VenueFillBody::new(entry, fill)),
            Cause::Refund { of, item, quantity, returned, refunded, restocked } => {
                let body = RefundBody {
                    id: entry.id.to_string(),
                    refund_of: of.to_string(),
                    seller_id: movement.party.to_string(),
                    buyer_id: other(movement).to_string(),
                    item_id: item.to_string(),
                    quantity: quantity.pieces(),
                    returned: returned.decimal(),
                    returned_currency: code(*returned),
                    refunded: refunded.decimal(),
                    refunded_currency: code(*refunded),
                    restocked: *restocked,
                    created_at: rfc3339(entry.at),
                };
                Reply::json(200, &body)
            }
        },
    }
}

/// A deposit or a withdrawal.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationBody {
    /// `txn_…`
    id: String,
    /// The wallet.
    wallet_id: String,
    /// `DEPOSIT` or `WITHDRAW`.
    operation_type: &'static str,
    /// How much.
    #[schema(example = "100.00")]
    amount: String,
    /// Of which currency.
    #[schema(example = "USD")]
    currency: String,
    /// Always `SUCCESS`: anything else is a problem.
    status: &'static str,
    /// When.
    created_at: String,
}

impl OperationBody {
    fn new(entry: &Entry, movement: &Movement, kind: &'static str, money: Money) -> Self {
        let wallet = WalletId { owner: movement.party, currency: money.currency.code };
        Self {
            id: entry.id.to_string(),
            wallet_id: wallet.to_string(),
            operation_type: kind,
            amount: money.decimal(),
            currency: code(money),
            status: "SUCCESS",
            created_at: rfc3339(entry.at),
        }
    }
}

/// Money from one user to another.
#[derive(Debug, Serialize, ToSchema)]
pub struct TransferBody {
    /// `txn_…`
    id: String,
    /// The wallet that it left.
    from_wallet_id: String,
    /// The wallet that it reached.
    to_wallet_id: String,
    /// Who received it.
    to_user_id: String,
    /// How much.
    #[schema(example = "5.00")]
    amount: String,
    /// Of which currency.
    #[schema(example = "USD")]
    currency: String,
    /// When.
    created_at: String,
}

impl TransferBody {
    fn new(entry: &Entry, movement: &Movement, money: Money) -> Self {
        let wallet = |owner| WalletId { owner, currency: money.currency.code }.to_string();
        let recipient = other(movement);
        Self {
            id: entry.id.to_string(),
            from_wallet_id: wallet(movement.party),
            to_wallet_id: wallet(recipient),
            to_user_id: recipient.to_string(),
            amount: money.decimal(),
            currency: code(money),
            created_at: rfc3339(entry.at),
        }
    }
}

/// The other user of a movement; a movement without one is its party's own.
fn other(movement: &Movement) -> UserId {
    movement.counterparty.unwrap_or(movement.party)
}

/// One currency into another.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExchangeBody {
    /// `txn_…`
    id: String,
    /// What was paid.
    #[schema(example = "100.00")]
    amount: String,
    /// Of which currency.
    #[schema(example = "USD")]
    from_currency: String,
    /// The universe of the currency that was paid.
    from_universe_id: u32,
    /// What was received.
    #[schema(example = "250.00")]
    converted_amount: String,
    /// Of which currency.
    #[schema(example = "MRC")]
    to_currency: String,
    /// The universe of the currency that was received.
    to_universe_id: u32,
    /// The mid rate.
    #[schema(example = "2.5")]
    exchange_rate: String,
    /// What the market kept, in the currency received.
    #[schema(example = "0.00")]
    fee: String,
    /// The quote that was redeemed.
    quote_id: Option<String>,
    /// The rates that were used.
    rate: ConversionRateBody,
    /// What moved.
    postings: Vec<PostingBody>,
    /// When.
    created_at: String,
}

impl ExchangeBody {
    fn new(
        entry: &Entry,
        movement: &Movement,
        conversion: &Conversion,
        quote: Option<QuoteId>,
    ) -> Self {
        let Conversion { paid, received, fee, provenance, .. } = conversion;
        Self {
            id: entry.id.to_string(),
            amount: paid.decimal(),
            from_currency: code(*paid),
            from_universe_id: provenance.from.universe.number(),
            converted_amount: received.decimal(),
            to_currency: code(*received),
            to_universe_id: provenance.to.universe.number(),
            exchange_rate: provenance.mid_rate().to_string(),
            fee: fee.to_decimal(received.currency.scale),
            quote_id: quote.map(|quote| quote.to_string()),
            rate: provenance.into(),
            postings: movement.postings.all().iter().map(PostingBody::from).collect(),
            created_at: rfc3339(entry.at),
        }
    }
}

/// Pieces of an item that changed hands.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurchaseBody {
    /// `txn_…`
    pub id: String,
    /// Who bought.
    buyer_id: String,
    /// Who sold.
    seller_id: String,
    /// What.
    item_id: String,
    /// What the buyer paid.
    #[schema(example = "4.00")]
    amount: String,
    /// Of which currency.
    #[schema(example = "USD")]
    currency: String,
    /// How many pieces.
    quantity: u32,
    /// The price of a piece, in the item's currency.
    #[schema(example = "10.00")]
    unit_price: String,
    /// What the seller received, in the item's currency.
    #[schema(example = "10.00")]
    total: String,
    /// The item's currency.
    #[schema(example = "MRC")]
    item_currency: String,
    /// The universe of the currency that was paid.
    from_universe_id: u32,
    /// The item's universe.
    to_universe_id: u32,
    /// The rates that were used; null if the buyer paid in the item's currency.
    rate: Option<ConversionRateBody>,
    /// When.
    transaction_time: String,
}

impl PurchaseBody {
    /// A purchase, from the entry that it is.
    #[must_use]
    pub fn new(entry: &Entry, movement: &Movement, purchase: &Purchase) -> Self {
        Self {
            id: entry.id.to_string(),
            buyer_id: movement.party.to_string(),
            seller_id: other(movement).to_string(),
            item_id: purchase.item.to_string(),
            amount: purchase.paid.decimal(),
            currency: code(purchase.paid),
            quantity: purchase.quantity.pieces(),
            unit_price: purchase.unit_price.decimal(),
            total: purchase.total.decimal(),
            item_currency: code(purchase.total),
            from_universe_id: purchase.from_universe.number(),
            to_universe_id: purchase.to_universe.number(),
            rate: purchase.provenance.as_ref().map(ConversionRateBody::from),
            transaction_time: rfc3339(entry.at),
        }
    }
}

/// A purchase turned back.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundBody {
    /// `txn_…`
    id: String,
    /// The purchase.
    refund_of: String,
    /// Who gave money back.
    seller_id: String,
    /// Who got money back.
    buyer_id: String,
    /// What had been bought.
    item_id: String,
    /// How many pieces.
    quantity: u32,
    /// What the seller gave back.
    #[schema(example = "10.00")]
    returned: String,
    /// Of which currency.
    #[schema(example = "MRC")]
    returned_currency: String,
    /// What the buyer got back.
    #[schema(example = "4.00")]
    refunded: String,
    /// Of which currency.
    #[schema(example = "USD")]
    refunded_currency: String,
    /// Whether the pieces are for sale again.
    restocked: bool,
    /// When.
    created_at: String,
}
