//! GET /wallets/{wallet_id}/entries: what changed in a wallet, newest first, with what it held
//! after each change.

use app::statements::{History, history};
use domain::{
    activity::Occasion,
    currency::Scale,
    id::{UserId, WalletId},
    ledger::{Cause, Entry, Outcome},
    statement::StatementLine,
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, PAGING},
    problem::Problem,
    reply::Reply,
    uses,
    wire::rfc3339,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{sums::decimal, wallets::own_wallet};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "list-wallet-entries",
    Method::Get,
    &["/api/v1/wallets/{wallet_id}/entries"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Wallets", "What changed in a wallet, newest first, with running balances")
.needs(Scope::Read)
.queried(&PAGING)
.gives::<WalletEntriesResponse>(200)
.uses(&[
    uses::ACCOUNT,
    uses::ENTRY,
    uses::ENTRIES,
    uses::CATALOGUE,
    uses::STATEMENT_HEAD,
    uses::STATEMENT_LINES,
]);

/// A page of a wallet's history. It follows what is committed by a moment: it tells of all of it
/// where `as_of_version` is `version`.
#[derive(Serialize, ToSchema)]
pub struct WalletEntriesResponse {
    /// The changes, newest first.
    data: Vec<WalletEntryBody>,
    /// Give it as `cursor` to read on; null on the last page.
    next_cursor: Option<String>,
    /// The version of the caller's account up to which histories tell of it.
    as_of_version: u64,
    /// The version of the caller's account.
    version: u64,
}

/// One change of the wallet. Lines are numbered from 1 without gaps; the one that only opened
/// the wallet is not shown.
#[derive(Serialize, ToSchema)]
pub struct WalletEntryBody {
    /// `txn_…`; null if no money moved, as where it is held for an order.
    transaction_id: Option<String>,
    /// `deposit`, `withdrawal`, `transfer`, `exchange`, `purchase`, `refund`, `fill` or
    /// `venue_fill`; or, where money was only held or released, `order_placed`, `order_amended`,
    /// `matched`, `venue_order_placed` or `venue_order`; or `carried_forward`, for all that was
    /// before histories were kept.
    kind: &'static str,
    /// The change of what is posted, negative for money that left.
    #[schema(example = "-4.00")]
    delta: String,
    /// Of which currency.
    currency: String,
    /// The other user, if there is one; null for a fill.
    counterparty_id: Option<String>,
    /// When; never before the line before.
    created_at: String,
    /// The line's number.
    line: u64,
    /// The version of the account that it tells of.
    version: u64,
    /// The change of what is available.
    #[schema(example = "-4.00")]
    available_delta: String,
    /// The change of what is held.
    #[schema(example = "0.00")]
    held_delta: String,
    /// What the wallet held after it, reserved or not.
    #[schema(example = "96.00")]
    posted: String,
    /// What was available after it.
    #[schema(example = "96.00")]
    available: String,
    /// What was held after it.
    #[schema(example = "0.00")]
    held: String,
    /// Chains it to the line before: see `proof`.
    hash: String,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let (wallet, currency) = own_wallet(context, call).await?;
    let (after, limit) = (context.cursor(call)?, call.limit()?);
    let page = history(&context.market, wallet, after, limit).await?;
    let History { lines, next, entries, as_of_version, version } = page;
    let body = |line: &StatementLine| {
        let entry = line.entry.and_then(|id| entries.get(&id));
        body(line, entry, wallet, currency.scale)
    };
    let response = WalletEntriesResponse {
        data: lines.iter().map(body).collect(),
        next_cursor: context.next_cursor(call, next),
        as_of_version,
        version,
    };
    Reply::json(200, &response)
}

fn body(
    line: &StatementLine,
    entry: Option<&Entry>,
    wallet: WalletId,
    scale: Scale,
) -> WalletEntryBody {
    let amount = |minor: i64| decimal(minor.into(), scale);
    let transaction = match line.occasion {
        // Its last entry may be of an order, of which only what was left was released.
        Occasion::Matched => entry.map(|entry| entry.id),
        Occasion::Opened
        | Occasion::OrderPlaced
        | Occasion::OrderAmended
        | Occasion::VenueOrderPlaced
        | Occasion::VenueOrder
        | Occasion::CarriedForward => None,
        _ => line.entry,
    };
    let counterparty = entry.and_then(|entry| counterparty(entry, wallet.owner));
    WalletEntryBody {
        transaction_id: transaction.map(|id| id.to_string()),
        kind: kind_of(line),
        delta: amount(line.posted()),
        currency: wallet.currency.to_string(),
        counterparty_id: counterparty.map(|user| user.to_string()),
        created_at: rfc3339(line.at),
        line: line.line,
        version: line.version,
        available_delta: amount(line.available),
        held_delta: amount(line.held),
        posted: amount(line.after.posted_minor()),
        available: amount(line.after.available.minor()),
        held: amount(line.after.held.minor()),
        hash: line.hash.to_string(),
    }
}

/// Who else took part. Nobody learns whose order theirs has met.
fn counterparty(entry: &Entry, owner: UserId) -> Option<UserId> {
    let Outcome::Moved(movement) = &entry.outcome else { return None };
    if matches!(movement.cause, Cause::Fill(_)) {
        return None;
    }
    let users = [Some(movement.party), movement.counterparty];
    users.into_iter().flatten().find(|user| *user != owner)
}

/// A matcher moves money by fills alone: otherwise it only releases.
fn kind_of(line: &StatementLine) -> &'static str {
    match line.occasion {
        Occasion::Matched if line.posted() != 0 => "fill",
        occasion => occasion.as_str(),
    }
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
        Cause::VenueFill(_) => "venue_fill",
        Cause::Refund { .. } => "refund",
    }
}
