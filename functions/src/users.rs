//! A user as the owner sees it, and as others do.

use app::perform::Freshness;
use domain::{id::UserId, identity::User, refusal::Missing};
use edge::{context::Context, problem::Problem, wire::rfc3339};
use serde::Serialize;
use utoipa::ToSchema;

use crate::bodies::WalletBody;

/// A user. What is private is left out for others.
#[derive(Serialize, ToSchema)]
pub struct UserBody {
    /// `usr_…`
    id: String,
    /// The public name.
    username: String,
    /// The home universe.
    universe_id: u32,
    /// When the user signed up.
    created_at: String,
    /// The address; for the owner only, as all that follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    email: Option<String>,
    /// `trader` or `admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    role: Option<&'static str>,
    /// Everything in the wallet of the home universe's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    balance: Option<String>,
    /// All wallets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Vec<WalletBody>, required = false)]
    wallets: Option<Vec<WalletBody>>,
}

/// The user with this id, as `viewer` may see it.
///
/// # Errors
/// 404.
pub async fn view(context: &Context, id: UserId, viewer: UserId) -> Result<UserBody, Problem> {
    let user = context.market.store.user(id).await?.ok_or(Missing::User)?;
    let public = UserBody {
        id: id.to_string(),
        username: user.username.as_str().to_owned(),
        universe_id: user.home.number(),
        created_at: rfc3339(user.created_at),
        email: None,
        role: None,
        balance: None,
        wallets: None,
    };
    if id == viewer { with_private(context, &user, public).await } else { Ok(public) }
}

async fn with_private(
    context: &Context,
    user: &User,
    public: UserBody,
) -> Result<UserBody, Problem> {
    let account = context.market.store.account(user.id).await?.ok_or(Missing::User)?;
    let universes = context.market.rates.current(Freshness::Cached).await?;
    let home = universes.get(user.home)?.currency;
    let currency = |code| universes.currency(code).ok();
    Ok(UserBody {
        email: Some(user.email.as_str().to_owned()),
        role: Some(user.role.as_str()),
        balance: Some(account.balance(home.code).posted().to_decimal(home.scale)),
        wallets: Some(WalletBody::all(&account, currency)),
        ..public
    })
}
