//! The channel `user`: a user's own events, each exactly as over HTTP.

use app::perform::Freshness;
use domain::{activity::Activity, id::UserId, refusal::Missing};
use edge::{context::Context, problem::Problem, sockets::Frame};
use serde::Serialize;
use utoipa::ToSchema;

use super::envelope::{Heading, text};
use crate::{bodies::WalletBody, user_events::bodies};

/// What a user has.
#[derive(Serialize, ToSchema)]
pub struct UserData {
    /// The wallets, as they are now.
    wallets: Vec<WalletBody>,
}

/// Messages with these events.
///
/// # Errors
/// The store's own.
pub async fn updates(context: &Context, activities: &[Activity]) -> Result<Vec<Frame>, Problem> {
    let bodies = bodies(context, activities).await?;
    Ok(bodies.iter().map(|body| Frame::plain(text(body))).collect())
}

/// What the user has now, and how many events there were.
///
/// # Errors
/// The store's own.
pub async fn snapshot(context: &Context, user: UserId) -> Result<Frame, Problem> {
    let market = &context.market;
    let account = market.store.account(user).await?.ok_or(Missing::User)?;
    let universes = market.rates.current(Freshness::Cached).await?;
    let currency = |code| universes.currency(code).ok();
    let heading = Heading {
        channel: "user",
        market: None,
        after: None,
        seq: account.version,
        at: account.changed_at,
    };
    Ok(Frame::plain(text(&heading.over(UserData { wallets: WalletBody::all(&account, currency) }))))
}
