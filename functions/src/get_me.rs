//! GET /users/me: who the caller is.

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
    Endpoint::new("get-me", Method::Get, &["/api/v1/users/me"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Identity", "The caller, with all wallets")
    .needs(Scope::Read)
    .gives::<UserBody>(200)
    .uses(&[uses::ACCOUNT, uses::CATALOGUE, uses::USER]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let caller = call.caller()?.user;
    Reply::json(200, &view(context, caller, caller).await?)
}
