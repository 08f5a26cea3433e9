//! GET /wallets/{wallet_id}/entries: what moved into and out of a wallet, newest first.

use app::history::{wallet_entries, wallet_leg};
use domain::{
    amount::Amount,
    id::WalletId,
    ledger::{Cause, Entry, Outcome},
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, PAGING},
    problem::Problem,
    reply::Reply,
    wire::rfc3339,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{bodies::PageBody, wallets::own_wallet};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "list-wallet-entries",
    Method::Get,
    &["/api/v1/wallets/{wallet_id}/entries"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Wallets", "What moved into and out of a wallet, newest first")
.needs(Scope::Read)
.queried(&PAGING)
.gives::<PageBody<WalletEntryBody>>(200);

/// What one transaction moved into or out of the wallet.
#[derive(Serialize, ToSchema)]
pub struct WalletEntryBody {
    /// `txn_…`
    transaction_id: String,
    /// `deposit`, `withdrawal`, `transfer`, `exchange`, `purchase`, `refund` or `fill`.
    kind: &'static str,
    /// The net change, negative for money that left.
    #[schema(example = "-4.00")]
    delta: String,
    /// Of which currency.
    currency: String,
    /// The other user, if there is one; null for a fill.
    counterparty_id: Option<String>,
    /// When.
    created_at: String,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let (wallet, _) = own_wallet(context, call).await?;
    let (after, limit) = (context.cursor(call)?, call.limit()?);
    let listing = wallet_entries(&context.market, wallet, after, limit).await?;
    let data = listing.rows.iter().filter_map(|entry| body(entry, wallet)).collect();
    Reply::json(200, &PageBody::<WalletEntryBody>::new(context, call, data, listing.next))
}

fn body(entry: &Entry, wallet: WalletId) -> Option<WalletEntryBody> {
    let Outcome::Moved(movement) = &entry.outcome else { return None };
    let leg = wallet_leg(entry, wallet)?;
    let size = Amount::from_minor(leg.posted().saturating_abs()).ok()?;
    let sign = if leg.posted() < 0 { "-" } else { "" };
    let users = [Some(movement.party), movement.counterparty];
    let counterparty = users.into_iter().flatten().find(|user| *user != wallet.owner);
    // Nobody learns whose order theirs has met.
    let counterparty = counterparty.filter(|_| !matches!(movement.cause, Cause::Fill(_)));
    Some(WalletEntryBody {
        transaction_id: entry.id.to_string(),
        kind: kind(&movement.cause),
        delta: format!("{sign}{}", size.to_decimal(leg.currency.scale)),
        currency: wallet.currency.to_string(),
        counterparty_id: counterparty.map(|user| user.to_string()),
        created_at: rfc3339(entry.at),
    })
}

/// What a change of money was for, in one word.
#[must_use]
pub fn kind(cause: &Cause) -> &'static str {
    match cause {
        Cause::Deposit(_) => "deposit",
        Cause::Withdrawal(_) => "withdrawal",
        Cause::Transfer(_) => "transfer",
        Cause::Exchange { .. } => "exchange",
        Cause::Purchase(_) => "purchase",
        Cause::Fill(_) => "fill",
        Cause::Refund { .. } => "refund",
    }
}
