//! POST /auth/login: a session for who knows the password.

use app::identity::log_in;
use domain::identity::{Email, Login, Username};
use edge::{
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    secret::SecretText,
    uses,
    wire::Text,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::sessions::Tokens;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("login", Method::Post, &["/api/v1/auth/login"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Identity", "Log in by username or e-mail address")
    .takes::<LoginRequest>()
    .gives::<LoginResponse>(200)
    .uses(&[uses::USER, uses::EDIT_IDENTITY, uses::PASSWORDS]);

/// Who logs in: one of `username` and `email`, and the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The user's name.
    #[schema(value_type = String, required = false)]
    username: Option<Text<Username>>,
    /// Or the user's address.
    #[schema(value_type = String, required = false)]
    email: Option<Text<Email>>,
    /// The password.
    #[schema(value_type = String)]
    password: SecretText,
}

/// The tokens, and once more under `data`, where older clients look for them.
#[derive(Serialize, ToSchema)]
pub struct LoginResponse {
    message: &'static str,
    #[serde(flatten)]
    tokens: Tokens,
    data: Tokens,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: LoginRequest = call.json()?;
    let login = match (request.username, request.email) {
        (Some(username), None) => Login::Username(username.0),
        (None, Some(email)) => Login::Email(email.0),
        _ => {
            let detail = "give either a username or an email";
            let problem = Problem::invalid("/username", "missing", detail);
            return Err(problem.at("/email", "missing", detail));
        }
    };
    let (user, session) = log_in(&context.market, &login, request.password.expose()).await?;
    let tokens = Tokens::issue(context, &user, &session);
    let data = tokens.clone();
    Reply::json(200, &LoginResponse { message: "User logged in successfully", tokens, data })
}
