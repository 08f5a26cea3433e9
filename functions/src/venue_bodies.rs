//! External venues and orders there, as they are shown. Every endpoint shows an order by the same
//! function of what it is.

use domain::{
    amount::Money,
    ledger::Entry,
    order::OrderKind,
    venue::{Attempt, Ending, Listing, Venue, VenueFill, VenueNews, VenueOrder, VenueTerms},
};
use edge::wire::rfc3339;
use serde::Serialize;
use utoipa::ToSchema;

use crate::bodies::code;

/// An external stock exchange.
#[derive(Serialize, ToSchema)]
pub struct VenueBody {
    /// Its short name, as paths have it.
    #[schema(example = "nyx")]
    id: String,
    /// What people call it.
    #[schema(example = "New York Cross")]
    name: String,
    /// What its prices are in.
    #[schema(example = "USD")]
    currency: String,
    /// What it lists.
    instruments: Vec<ListingBody>,
    /// How far from its reference an order at market may trade, in basis points.
    collar_bps: u16,
    /// Whether it takes no new orders.
    suspended: bool,
    /// When it was made known.
    created_at: String,
}

/// An instrument that a venue lists.
#[derive(Serialize, ToSchema)]
pub struct ListingBody {
    /// Its code of twelve capital letters and digits: also that of the wallets that hold it.
    #[schema(example = "DOTUSDT00008")]
    instrument: String,
    /// The price that orders at market are held to; null: there are none.
    #[schema(example = "100.00")]
    reference_price: Option<String>,
}

impl From<&Venue> for VenueBody {
    fn from(venue: &Venue) -> Self {
        let listing = |listing: &Listing| ListingBody {
            instrument: listing.instrument.to_string(),
            reference_price: listing.reference.map(|price| venue.money(price).decimal()),
        };
        Self {
            id: venue.id.to_string(),
            name: venue.name.as_str().to_owned(),
            currency: venue.currency.code.to_string(),
            instruments: venue.listings.iter().map(listing).collect(),
            collar_bps: venue.collar_bps,
            suspended: venue.suspended,
            created_at: rfc3339(venue.created_at),
        }
    }
}

/// An order at an external venue.
#[derive(Serialize, ToSchema)]
pub struct VenueOrderBody {
    /// `vor_…`: also what the venue knows it by.
    id: String,
    /// The venue.
    #[schema(example = "nyx")]
    venue: String,
    /// What is traded.
    #[schema(example = "DOTUSDT00008")]
    instrument: String,
    /// `buy` or `sell`.
    #[schema(example = "buy")]
    side: &'static str,
    /// `limit` or `market`.
    #[serde(rename = "type")]
    #[schema(example = "limit")]
    kind: &'static str,
    /// How many pieces.
    #[schema(example = "75")]
    quantity: String,
    /// The worst price that its owner takes; null at market.
    #[schema(example = "100.25")]
    limit_price: Option<String>,
    /// The worst price that it is filled at: the limit, or how far an order at market may go.
    #[schema(example = "100.25")]
    protection_price: String,
    /// What prices and `notional` are in.
    #[schema(example = "USD")]
    currency: String,
    /// Until when it may be placed and filled.
    valid_until: String,
    /// `queued`, `placing`, `placed`, `reconciling`, `failed`, `partially_filled`, `filled` or
    /// `cancelled`.
    #[schema(example = "queued")]
    routing_status: &'static str,
    /// Why it is over: `filled`, `cancelled`, `expired`, `rejected` or `attempts_exhausted`; null
    /// while it is not.
    ending_reason: Option<&'static str>,
    /// Whether its owner wants it cancelled.
    cancel_requested: bool,
    /// What the venue calls it; null until it has said so.
    venue_order_id: Option<String>,
    /// How many pieces were filled.
    #[schema(example = "0")]
    executed: String,
    /// How many pieces may yet be filled.
    #[schema(example = "75")]
    remaining: String,
    /// What the fills were worth.
    #[schema(example = "0.00")]
    notional: String,
    /// What of its owner's is held for it.
    held: HeldBody,
    /// The newest attempts to reach the venue, at most twelve, the oldest first.
    attempts: Vec<VenueAttemptBody>,
    /// When something is to be done about it next; null once it is over.
    next_attempt_at: Option<String>,
    /// When it was accepted.
    accepted_at: String,
    /// When it last changed.
    updated_at: String,
}

/// Money, or pieces of an instrument.
#[derive(Serialize, ToSchema)]
pub struct HeldBody {
    /// How much.
    #[schema(example = "7518.75")]
    amount: String,
    /// Of which currency, or of which instrument.
    #[schema(example = "USD")]
    currency: String,
}

impl From<Money> for HeldBody {
    fn from(money: Money) -> Self {
        Self { amount: money.decimal(), currency: code(money) }
    }
}

/// An attempt to reach a venue.
#[derive(Serialize, ToSchema)]
pub struct VenueAttemptBody {
    /// When it began.
    at: String,
    /// What the venue was asked: to `place` the order, for what it knows of it (`ask`), or to
    /// `cancel` it.
    #[schema(example = "place")]
    step: &'static str,
    /// `known`: the venue has the order. `unknown`: it has never heard of it. A status that it
    /// answered; or `unresolved`, `unreachable`, `tls_failed`, `unsigned`, `no_answer` or
    /// `timed_out`. `begun`: nothing yet.
    #[schema(example = "known")]
    outcome: String,
    /// How long it took, in milliseconds; 0 while it is being made.
    took_ms: u32,
}

impl From<&Attempt> for VenueAttemptBody {
    fn from(attempt: &Attempt) -> Self {
        let Attempt { at, step, outcome, took_ms } = *attempt;
        Self { at: rfc3339(at), step: step.as_str(), outcome: outcome.to_string(), took_ms }
    }
}

/// A price that its owner gave, as text; none at market.
#[must_use]
pub fn limit_price(terms: &VenueTerms) -> Option<String> {
    match terms.kind {
        OrderKind::Limit => Some(terms.price.to_decimal(terms.currency.scale)),
        OrderKind::Market => None,
    }
}

impl From<&VenueOrder> for VenueOrderBody {
    fn from(order: &VenueOrder) -> Self {
        let terms = &order.terms;
        let price = |price| Money { amount: price, currency: terms.currency }.decimal();
        let pieces = |amount| terms.instrument.pieces(amount).decimal();
        let news = order.news();
        Self {
            id: terms.id.to_string(),
            venue: terms.venue.to_string(),
            instrument: terms.instrument.to_string(),
            side: terms.side.as_str(),
            kind: terms.kind.as_str(),
            quantity: pieces(terms.quantity),
            limit_price: limit_price(terms),
            protection_price: price(terms.price),
            currency: terms.currency.code.to_string(),
            valid_until: rfc3339(terms.valid_until),
            routing_status: order.status().as_str(),
            ending_reason: news.ending.map(Ending::as_str),
            cancel_requested: order.cancel_requested,
            venue_order_id: order.reference.as_ref().map(|id| id.as_str().to_owned()),
            executed: pieces(order.executed),
            remaining: pieces(order.outstanding()),
            notional: price(order.notional),
            held: order.reserved().into(),
            attempts: order.attempts.iter().map(VenueAttemptBody::from).collect(),
            next_attempt_at: order.due_at().map(rfc3339),
            accepted_at: rfc3339(terms.accepted_at),
            updated_at: rfc3339(order.changed_at),
        }
    }
}

/// How far an order at a venue has come.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VenueNewsBody {
    /// The venue.
    #[schema(example = "nyx")]
    venue: String,
    /// `vor_…`
    order_id: String,
    /// `queued`, `placing`, `placed`, `reconciling`, `failed`, `partially_filled`, `filled` or
    /// `cancelled`.
    #[schema(example = "filled")]
    status: &'static str,
    /// Why it is over: `filled`, `cancelled`, `expired`, `rejected` or `attempts_exhausted`; null
    /// while it is not.
    ending_reason: Option<&'static str>,
    /// Whether its owner wants it cancelled.
    cancel_requested: bool,
    /// What is traded.
    #[schema(example = "DOTUSDT00008")]
    instrument: String,
    /// How many pieces were filled, of all fills together.
    #[schema(example = "75")]
    executed: String,
    /// How many pieces it is for.
    #[schema(example = "75")]
    quantity: String,
    /// What the fills were worth.
    #[schema(example = "7515.00")]
    notional: String,
    /// Of which currency.
    #[schema(example = "USD")]
    currency: String,
}

impl From<&VenueNews> for VenueNewsBody {
    fn from(news: &VenueNews) -> Self {
        let pieces = |amount| news.instrument.pieces(amount).decimal();
        Self {
            venue: news.venue.to_string(),
            order_id: news.order.to_string(),
            status: news.status.as_str(),
            ending_reason: news.ending.map(Ending::as_str),
            cancel_requested: news.cancel_requested,
            instrument: news.instrument.to_string(),
            executed: pieces(news.executed),
            quantity: pieces(news.quantity),
            notional: news.notional.decimal(),
            currency: code(news.notional),
        }
    }
}

/// What a venue filled of an order, once.
#[derive(Serialize, ToSchema)]
pub struct VenueFillBody {
    /// `txn_…`
    id: String,
    /// The venue.
    venue: String,
    /// What the venue calls it.
    execution_id: String,
    /// `vor_…` of the order.
    order_id: String,
    /// `buy` or `sell`.
    side: &'static str,
    /// What was traded.
    instrument: String,
    /// How many pieces.
    quantity: String,
    /// What a piece cost.
    price: String,
    /// Of which currency.
    currency: String,
    /// When it was settled.
    created_at: String,
}

impl VenueFillBody {
    /// A fill, from the entry that settled it.
    #[must_use]
    pub fn new(entry: &Entry, fill: &VenueFill) -> Self {
        Self {
            id: entry.id.to_string(),
            venue: fill.venue.to_string(),
            execution_id: fill.execution.as_str().to_owned(),
            order_id: fill.order.to_string(),
            side: fill.side.as_str(),
            instrument: fill.instrument.to_string(),
            quantity: fill.instrument.pieces(fill.quantity).decimal(),
            price: fill.price.decimal(),
            currency: code(fill.price),
            created_at: rfc3339(entry.at),
        }
    }
}
