//! GET /users/{user_id}: a user; balances for the owner only.

use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::users::{UserBody, view};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("get-user", Method::Get, &["/api/v1/users/{user_id}"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Identity", "A user; balances are shown to their owner")
    .needs(Scope::Read)
    .gives::<UserBody>(200)
    .uses(&[uses::ACCOUNT, uses::CATALOGUE, uses::USER]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let id = call.parameter("user_id")?;
    Reply::json(200, &view(context, id, call.caller()?.user).await?)
}
