//! GET /wallets: all wallets of the caller's.

use app::perform::Freshness;
use domain::refusal::Missing;
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
};

use crate::bodies::{PageBody, WalletBody};

/// The endpoint. Its alias with a slash is what opening a wallet answers to.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "list-wallets",
    Method::Get,
    &["/api/v1/wallets", "/api/v1/wallets/"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Wallets", "All wallets of the caller's")
.needs(Scope::Read)
.gives::<PageBody<WalletBody>>(200)
.uses(&[uses::ACCOUNT, uses::CATALOGUE]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let caller = call.caller()?.user;
    let account = context.market.store.account(caller).await?.ok_or(Missing::User)?;
    let universes = context.market.rates.current(Freshness::Cached).await?;
    let currency = |code| universes.currency(code).ok();
    let data = WalletBody::all(&account, currency);
    Reply::json(200, &PageBody::<WalletBody> { data, next_cursor: None })
}
