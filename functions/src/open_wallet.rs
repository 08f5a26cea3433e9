//! POST /wallets/: a wallet of the caller's, opened if it is not there yet.

use app::identity;
use domain::{currency::CurrencyCode, refusal::Missing};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::Text,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    bodies::WalletBody,
    currencies::{home, universe_of},
};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "open-wallet",
    Method::Post,
    &["/api/v1/wallets", "/api/v1/wallets/"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Wallets", "Open a wallet; one that is open already is answered as it is")
.needs(Scope::Trade)
.takes::<OpenWalletRequest>()
.gives::<WalletBody>(200)
.uses(&[uses::ACCOUNT, uses::CHANGE_ACCOUNT, uses::CATALOGUE]);

/// Which wallet. Without a body: the home universe's.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenWalletRequest {
    /// The currency's code; the home universe's by default.
    #[schema(value_type = String, required = false)]
    currency: Option<Text<CurrencyCode>>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: OpenWalletRequest =
        if call.body.is_empty() { OpenWalletRequest::default() } else { call.json()? };
    let currency = match request.currency {
        Some(code) => universe_of(context, code.0).await?.currency,
        None => home(context, call).await?.currency,
    };
    let caller = call.caller()?.user;
    let account = identity::open_wallet(&context.market, caller, currency.code).await?;
    Reply::json(200, &WalletBody::new(&account, currency).ok_or(Missing::Wallet)?)
}
