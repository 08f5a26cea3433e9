//! POST /auth/logout: ends the session that a refresh token belongs to.

use app::identity::{IdentityFailed, end_session};
use edge::{
    auth::refresh_token,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::refresh_session::RefreshRequest;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("logout", Method::Post, &["/api/v1/auth/logout"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Identity", "End a session; its access token lapses by itself")
    .takes::<RefreshRequest>()
    .gives::<LogoutResponse>(200)
    .uses(&[uses::USER, uses::EDIT_IDENTITY]);

/// The session is over.
#[derive(Serialize, ToSchema)]
pub struct LogoutResponse {
    message: &'static str,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: RefreshRequest = call.json()?;
    let (session, _) = refresh_token::open(context.secrets(), request.refresh_token.expose())
        .map_err(|_| IdentityFailed::SessionOver)?;
    end_session(&context.market, session).await?;
    Reply::json(200, &LogoutResponse { message: "User logged out successfully" })
}
