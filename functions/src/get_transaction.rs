//! GET /transactions/{transaction_id}: what moved, at what rate, and what was answered.

use app::history::transaction;
use domain::{
    id::{EntryId, UserId},
    ledger::{Cause, Entry, Holder, Movement, Outcome, Posting},
    refusal::Missing,
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::rfc3339,
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    answers::render,
    bodies::{ConversionRateBody, PostingBody},
    list_wallet_entries::kind,
};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "get-transaction",
    Method::Get,
    &["/api/v1/transactions/{transaction_id}"],
    |context, call| Box::pin(handle(context, call)),
)
.described("History", "A transaction with its postings and rates")
.needs(Scope::Read)
.gives::<TransactionBody>(200)
.uses(&[uses::ENTRY]);

/// A transaction.
#[derive(Serialize, ToSchema)]
pub struct TransactionBody {
    /// `txn_…`
    id: String,
    /// `deposit`, `withdrawal`, `transfer`, `exchange`, `purchase`, `refund`, `fill` or
    /// `venue_fill`.
    kind: &'static str,
    /// What moved; each currency sums to zero over all accounts. Of a fill only the caller's
    /// side is shown, and the other user is the `counterparty`.
    postings: Vec<PostingBody>,
    /// The rates, if currencies were converted.
    rate: Option<ConversionRateBody>,
    /// What was answered to the request that made it; the trade itself for a fill.
    #[schema(value_type = Object)]
    answer: Box<RawValue>,
    /// When.
    created_at: String,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id: EntryId = call.parameter("transaction_id")?;
    let caller = call.caller()?.user;
    let admin = Context::is_admin(call);
    let entry = transaction(&context.market, id, caller, admin).await?;
    Reply::json(200, &body(&entry, (!admin).then_some(caller))?)
}

/// A transaction for a viewer; `None` sees everything.
fn body(entry: &Entry, viewer: Option<UserId>) -> Result<TransactionBody, Problem> {
    let Outcome::Moved(movement) = &entry.outcome else {
        return Err(Missing::Transaction.into());
    };
    let rate = match &movement.cause {
        Cause::Exchange { conversion, .. } => Some(conversion.provenance),
        Cause::Purchase(purchase) => purchase.provenance,
        _ => None,
    };
    Ok(TransactionBody {
        id: entry.id.to_string(),
        kind: kind(&movement.cause),
        postings: postings(movement, viewer),
        rate: rate.as_ref().map(ConversionRateBody::from),
        answer: raw(&render(entry)?)?,
        created_at: rfc3339(entry.at),
    })
}

/// What moved. Nobody learns whose order theirs has met, or what that one paid to the market.
fn postings(movement: &Movement, viewer: Option<UserId>) -> Vec<PostingBody> {
    let all = movement.postings.all().iter();
    let viewer = viewer.filter(|_| matches!(movement.cause, Cause::Fill(_)));
    let Some(viewer) = viewer else { return all.map(PostingBody::from).collect() };
    let own = Holder::User(viewer);
    let stranger = |holder| matches!(holder, Holder::User(user) if user != viewer);
    let seen = |posting: &Posting| {
        let mut body = PostingBody::from(posting);
        for (holder, text) in [(posting.from, &mut body.from), (posting.to, &mut body.to)] {
            if stranger(holder) {
                "counterparty".clone_into(text);
            }
        }
        body
    };
    all.filter(|posting| [posting.from, posting.to].contains(&own)).map(seen).collect()
}

/// The body of a reply as JSON inside another.
///
/// # Errors
/// A bug: it is not JSON.
pub fn raw(reply: &Reply) -> Result<Box<RawValue>, Problem> {
    serde_json::from_slice(&reply.body).map_err(|error| Problem::bug(&error))
}
