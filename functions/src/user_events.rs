//! A user's events as the user is told of them: over HTTP, by socket and by webhook alike. Each
//! is one change of the user's account, numbered by the account's version.

use std::sync::Arc;

use app::perform::Freshness;
use domain::{
    activity::{Activity, Occasion, OrderNews, RefusedAmendment, WalletChange},
    amount::Amount,
    currency::{Currency, CurrencyCode},
    id::{EntryId, UserId, WalletId},
    pair::{Pair, PairId, Steps},
    refusal::Missing,
    universe::Universes,
};
use edge::{context::Context, problem::Problem, wire::rfc3339};
use serde::Serialize;
use utoipa::ToSchema;

use crate::venue_bodies::VenueNewsBody;

/// An event of a user's. Whatever way it comes, it is the same; its `seq` follows the one before
/// it without a gap, so that it is known at once if one is missing.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserEventBody {
    /// `evt_…`: names the event for ever.
    pub id: String,
    /// Always `user`.
    #[schema(example = "user")]
    pub channel: &'static str,
    /// Always null: a user's events are of no one market.
    pub market: Option<String>,
    /// Its number among the user's events: the account's version after it, from 1.
    pub seq: u64,
    /// The number before it.
    pub prev_seq: u64,
    /// When it was decided.
    pub ts: String,
    /// `opened`, `deposit`, `withdrawal`, `transfer`, `exchange`, `purchase`, `refund`,
    /// `order_placed`, `order_amended`, `matched`, `venue_order_placed`, `venue_order`,
    /// `venue_fill` or `carried_forward`.
    #[serde(rename = "type")]
    #[schema(example = "deposit")]
    pub kind: &'static str,
    /// What it was.
    pub data: UserEventData,
}

/// What changed by an event.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserEventData {
    /// `txn_…` of the one transaction that moved the money; null if there is none, or if a
    /// market moved it: then `orders` and their fills say more.
    pub transaction_id: Option<String>,
    /// The market that the orders are of; null without orders.
    #[schema(example = "MRC-USD")]
    pub market: Option<String>,
    /// The number of the market's event that it belongs to.
    pub market_seq: Option<u64>,
    /// The wallets that changed or were opened, as they are after it.
    pub wallets: Vec<WalletChangeBody>,
    /// The user's orders that changed, as they are after it.
    pub orders: Vec<OrderNewsBody>,
    /// Changes of orders that the market did not make: the orders are as they were.
    pub amendments_refused: Vec<RefusedAmendmentBody>,
    /// The user's order at an external venue that it is about, as it is after it; null if it is
    /// about none.
    pub venue_order: Option<VenueNewsBody>,
}

/// A change of an order that was not made.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RefusedAmendmentBody {
    /// `ord_…`
    pub order_id: String,
    /// `market_closed`, `not_resting`, `too_few_lots`, `too_large`, `underfunded` or
    /// `would_take`.
    #[schema(example = "would_take")]
    pub reason: &'static str,
}

/// What changed in a wallet.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WalletChangeBody {
    /// `wal_…`
    pub wallet_id: String,
    /// Its currency.
    #[schema(example = "USD")]
    pub currency: String,
    /// Change of what can be spent.
    #[schema(example = "-4.00")]
    pub available_delta: String,
    /// Change of what is reserved.
    #[schema(example = "4.00")]
    pub held_delta: String,
    /// What can be spent after it.
    #[schema(example = "996.00")]
    pub available: String,
    /// What is reserved after it.
    #[schema(example = "4.00")]
    pub held: String,
    /// Both together.
    #[schema(example = "1000.00")]
    pub posted: String,
}

/// How far an order has come.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderNewsBody {
    /// `ord_…`
    pub order_id: String,
    /// `pending`, `open`, `partially_filled`, `filled`, `cancelled`, `expired` or `rejected`.
    #[schema(example = "filled")]
    pub status: &'static str,
    /// Why it is over; null while it is not.
    pub closed_reason: Option<&'static str>,
    /// How much was filled, of all fills together.
    #[schema(example = "10.00")]
    pub executed: String,
    /// How much may yet be filled.
    #[schema(example = "0.00")]
    pub open: String,
    /// What the fills were worth, in the quote currency.
    #[schema(example = "4.00")]
    pub notional: String,
    /// The fees of the fills, in the quote currency.
    #[schema(example = "0.01")]
    pub fees: String,
}

/// The events as their user is told of them.
///
/// # Errors
/// The store's own; a bug if an event names a currency or a market that there is none of.
pub async fn bodies(
    context: &Context,
    activities: &[Activity],
) -> Result<Vec<UserEventBody>, Problem> {
    let units = Units::of(context, activities).await?;
    activities.iter().map(|activity| units.body(activity)).collect()
}

/// What amounts and quantities are counted in.
struct Units {
    universes: Universes,
    pairs: Arc<[Pair]>,
}

impl Units {
    /// Those that the events need: what the caches do not know is read.
    async fn of(context: &Context, activities: &[Activity]) -> Result<Self, Problem> {
        let market = &context.market;
        let mut universes = market.rates.current(Freshness::Cached).await?;
        let mut codes = activities.iter().flat_map(|activity| &activity.wallets);
        if codes.any(|change| universes.currency(change.code).is_err()) {
            universes = market.rates.current(Freshness::Fresh).await?;
        }
        let mut pairs = market.pairs.all(Freshness::Cached).await?;
        let mut named = activities.iter().filter_map(|activity| activity.news.pair);
        if named.any(|id| !pairs.iter().any(|pair| pair.id() == id)) {
            pairs = market.pairs.all(Freshness::Fresh).await?;
        }
        Ok(Self { universes, pairs })
    }

    fn body(&self, activity: &Activity) -> Result<UserEventBody, Problem> {
        let Activity { user, version, at, news, wallets, .. } = activity;
        let wallets = wallets.iter().map(|change| {
            let currency = self.currency(change.code)?;
            Ok(WalletChangeBody::new(*user, currency, change))
        });
        let orders = match news.pair {
            Some(id) => {
                let steps = self.steps(id)?;
                news.orders.iter().map(|news| OrderNewsBody::new(&steps, news)).collect()
            }
            None => Vec::new(),
        };
        let user = user.to_string();
        Ok(UserEventBody {
            id: format!("evt_{}_{version}", user.strip_prefix(UserId::PREFIX).unwrap_or(&user)),
            channel: "user",
            market: None,
            seq: *version,
            prev_seq: version.saturating_sub(1),
            ts: rfc3339(*at),
            kind: news.occasion.as_str(),
            data: UserEventData {
                transaction_id: transaction(activity).map(|entry| entry.to_string()),
                market: news.pair.map(|pair| pair.to_string()),
                market_seq: news.seq,
                wallets: wallets.collect::<Result<_, Problem>>()?,
                orders,
                amendments_refused: news.refused.iter().map(RefusedAmendmentBody::from).collect(),
                venue_order: news.venue.as_ref().map(VenueNewsBody::from),
            },
        })
    }

    fn currency(&self, code: CurrencyCode) -> Result<Currency, Problem> {
        Ok(self.universes.currency(code)?)
    }

    fn steps(&self, id: PairId) -> Result<Steps, Problem> {
        let pair = self.pairs.iter().find(|pair| pair.id() == id);
        Ok(pair.ok_or(Missing::Market)?.steps)
    }
}

/// The one transaction that moved the money, if there is one.
fn transaction(activity: &Activity) -> Option<EntryId> {
    match activity.news.occasion {
        Occasion::Deposit
        | Occasion::Withdrawal
        | Occasion::Transfer
        | Occasion::Exchange
        | Occasion::Purchase
        | Occasion::Refund
        | Occasion::VenueFill => activity.entry,
        Occasion::Opened
        | Occasion::OrderPlaced
        | Occasion::OrderAmended
        | Occasion::Matched
        | Occasion::VenueOrderPlaced
        | Occasion::VenueOrder
        | Occasion::CarriedForward => None,
    }
}

impl From<&RefusedAmendment> for RefusedAmendmentBody {
    fn from(refused: &RefusedAmendment) -> Self {
        Self { order_id: refused.order.to_string(), reason: refused.why.as_str() }
    }
}

impl WalletChangeBody {
    fn new(owner: UserId, currency: Currency, change: &WalletChange) -> Self {
        let decimal = |amount: Amount| amount.to_decimal(currency.scale);
        let WalletChange { code, available, held, after } = *change;
        Self {
            wallet_id: WalletId { owner, currency: code }.to_string(),
            currency: code.to_string(),
            available_delta: signed(available, currency),
            held_delta: signed(held, currency),
            available: decimal(after.available),
            held: decimal(after.held),
            posted: decimal(after.posted()),
        }
    }
}

/// A change in decimal, with a minus if it is one. None passes the largest amount.
#[must_use]
pub fn signed(minor: i64, currency: Currency) -> String {
    let size = Amount::from_minor(minor.saturating_abs()).unwrap_or(Amount::MAX);
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}", size.to_decimal(currency.scale))
}

impl OrderNewsBody {
    fn new(steps: &Steps, news: &OrderNews) -> Self {
        Self {
            order_id: news.order.to_string(),
            status: news.status.as_str(),
            closed_reason: news.reason.map(domain::order::Closed::as_str),
            executed: steps.quantity_text(news.executed),
            open: steps.quantity_text(news.open),
            notional: steps.quote_of(news.notional).decimal(),
            fees: steps.quote_of(news.fees).decimal(),
        }
    }
}
