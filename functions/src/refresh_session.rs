//! POST /auth/refresh: the session's next pair of tokens, for its newest refresh token.

use app::identity::{IdentityFailed, renew_session};
use edge::{
    auth::refresh_token,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    secret::SecretText,
    uses,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::sessions::Tokens;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("refresh-session", Method::Post, &["/api/v1/auth/refresh"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Identity", "Renew a session; a refresh token works once")
    .takes::<RefreshRequest>()
    .gives::<Tokens>(200)
    .uses(&[uses::USER, uses::EDIT_IDENTITY]);

/// The newest refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshRequest {
    /// `ref_…`
    #[schema(value_type = String)]
    pub refresh_token: SecretText,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: RefreshRequest = call.json()?;
    let (session, generation) =
        refresh_token::open(context.secrets(), request.refresh_token.expose())
            .map_err(|_| IdentityFailed::SessionOver)?;
    let (user, session) = renew_session(&context.market, session, generation).await?;
    Reply::json(200, &Tokens::issue(context, &user, &session))
}
