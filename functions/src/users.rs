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
    /// What is private.
    #[serde(flatten)]
    private: Option<PrivateBody>,
}

/// What only the owner sees.
#[derive(Serialize, ToSchema)]
pub struct PrivateBody {
    /// The address.
    email: String,
    /// `trader` or `admin`.
    role: &'static str,
    /// Everything in the wallet of the home universe's currency.
    balance: String,
    /// All wallets.
    wallets: Vec<WalletBody>,
}

/// The user with this id, as `viewer` may see it.
///
/// # Errors
/// 404.
pub async fn view(context: &Context, id: UserId, viewer: UserId) -> Result<UserBody, Problem> {
    let user = context.market.store.user(id).await?.ok_or(Missing::User)?;
    let private = if id == viewer { Some(private(context, &user).await?) } else { None };
    Ok(UserBody {
        id: id.to_string(),
        username: user.username.as_str().to_owned(),
        universe_id: user.home.number(),
        created_at: rfc3339(user.created_at),
        private,
    })
}

async fn private(context: &Context, user: &User) -> Result<PrivateBody, Problem> {
    let account = context.market.store.account(user.id).await?.ok_or(Missing::User)?;
    let universes = context.market.rates.current(Freshness::Cached).await?;
    let home = universes.get(user.home)?.currency;
    let currency = |code| universes.of_currency(code).ok().map(|universe| universe.currency);
    Ok(PrivateBody {
        email: user.email.as_str().to_owned(),
        role: user.role.as_str(),
        balance: account.balance(home.code).posted().to_decimal(home.scale),
        wallets: WalletBody::all(&account, currency),
    })
}
