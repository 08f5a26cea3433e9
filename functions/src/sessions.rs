//! What logging in and renewing give: a pair of tokens.

use domain::identity::{Session, User};
use edge::{
    auth::{
        access_token::{ACCESS_TOKEN_LIFETIME, Principal},
        refresh_token,
        scopes::Scopes,
    },
    context::Context,
};
use serde::Serialize;
use utoipa::ToSchema;

/// A pair of tokens.
#[derive(Clone, Serialize, ToSchema)]
pub struct Tokens {
    /// Proves who calls: `Authorization: Bearer …`.
    access_token: String,
    /// Renews the session once.
    refresh_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds until the access token expires.
    expires_in: i64,
    /// Whose session it is.
    user_id: String,
}

impl Tokens {
    /// The tokens of a session's newest generation.
    #[must_use]
    pub fn issue(context: &Context, user: &User, session: &Session) -> Self {
        let scopes = Scopes::for_role(user.role);
        let principal = Principal { user: user.id, scopes, home: user.home };
        let now = context.market.clock.now();
        Self {
            access_token: context.access_tokens.issue(&principal, now),
            refresh_token: refresh_token::seal(context.secrets(), session.id, session.generation),
            token_type: "Bearer",
            expires_in: ACCESS_TOKEN_LIFETIME.as_millis() / 1000,
            user_id: user.id.to_string(),
        }
    }
}
