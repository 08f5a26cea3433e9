//! GET /users/{user_id}/trades: what the caller bought and sold, newest first.

use app::history::trades;
use domain::{
    id::UserId,
    ledger::{Cause, Entry, Outcome},
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, PAGING},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::{answers::PurchaseBody, bodies::PageBody};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "list-trades",
    Method::Get,
    &["/api/v1/users/{user_id}/trades", "/api/v1/trades/{user_id}"],
    |context, call| Box::pin(handle(context, call)),
)
.described("History", "What a user bought and sold, newest first; for that user and admins")
.needs(Scope::Read)
.queried(&PAGING)
.gives::<PageBody<PurchaseBody>>(200)
.uses(&[uses::ENTRIES]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let user: UserId = call.parameter("user_id")?;
    if !Context::is_admin(call) {
        Context::own(call, Some(user))?;
    }
    let (after, limit) = (context.cursor(call)?, call.limit()?);
    let listing = trades(&context.market, user, after, limit).await?;
    let data = listing.rows.iter().filter_map(purchase).collect();
    Reply::json(200, &PageBody::<PurchaseBody>::new(context, call, data, listing.next))
}

fn purchase(entry: &Entry) -> Option<PurchaseBody> {
    let Outcome::Moved(movement) = &entry.outcome else { return None };
    let Cause::Purchase(purchase) = &movement.cause else { return None };
    Some(PurchaseBody::new(entry, movement, purchase))
}
