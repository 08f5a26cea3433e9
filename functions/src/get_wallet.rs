//! GET /wallets/{wallet_id}: what a wallet of the caller's holds.

use domain::refusal::Missing;
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
};

use crate::{bodies::WalletBody, wallets::own_wallet};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("get-wallet", Method::Get, &["/api/v1/wallets/{wallet_id}"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Wallets", "What a wallet holds")
    .needs(Scope::Read)
    .gives::<WalletBody>(200);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let (id, currency) = own_wallet(context, call).await?;
    let account = context.market.store.account(id.owner).await?.ok_or(Missing::Wallet)?;
    Reply::json(200, &WalletBody::new(&account, currency).ok_or(Missing::Wallet)?)
}
