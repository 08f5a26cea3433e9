//! POST /auth/signup: a new user with an account in the home universe's currency.

use app::identity::{SignUp, register};
use domain::{
    id::WalletId,
    identity::{Email, Role, Username},
};
use edge::{
    auth::password::Password,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    secret::SecretText,
    uses,
    wire::{Text, UniverseNumber},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::currencies::universe;

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("signup", Method::Post, &["/api/v1/auth/signup"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Identity", "Sign up")
    .takes::<SignupRequest>()
    .gives::<SignupResponse>(201)
    .uses(&[uses::OPEN_ACCOUNT, uses::CATALOGUE, uses::EDIT_IDENTITY, uses::PASSWORDS]);

/// Who signs up. A role is not among it: everyone begins as a trader.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignupRequest {
    /// 3 to 20 of a-z, 0-9 and _
    #[schema(value_type = String, pattern = "^[a-z0-9_]{3,20}$")]
    username: Text<Username>,
    /// Where to be reached; shown to nobody else.
    #[schema(value_type = String)]
    email: Text<Email>,
    /// 8 to 128 characters, not the name or the address.
    #[schema(value_type = String)]
    password: SecretText,
    /// The home universe.
    #[schema(value_type = u32)]
    universe_id: UniverseNumber,
}

/// The new user.
#[derive(Serialize, ToSchema)]
pub struct SignupResponse {
    message: &'static str,
    data: NewUser,
}

/// What was made.
#[derive(Serialize, ToSchema)]
pub struct NewUser {
    user_id: String,
    username: String,
    email: String,
    role: &'static str,
    universe_id: u32,
    wallet_id: String,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: SignupRequest = call.json()?;
    let (username, email) = (request.username.0, request.email.0);
    Password::choose(request.password.expose(), &username, &email)
        .map_err(|error| Problem::invalid("/password", "invalid", &error.to_string()))?;
    let home = universe(context, request.universe_id.0).await?;
    let wanted = SignUp { username, email, home: home.id };
    let user = register(&context.market, wanted, request.password.expose(), Role::Trader).await?;
    let data = NewUser {
        user_id: user.id.to_string(),
        username: user.username.as_str().to_owned(),
        email: user.email.as_str().to_owned(),
        role: user.role.as_str(),
        universe_id: user.home.number(),
        wallet_id: WalletId { owner: user.id, currency: home.currency.code }.to_string(),
    };
    Reply::json(201, &SignupResponse { message: "User created successfully", data })
}
