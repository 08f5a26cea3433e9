//! POST /transfers: money from a wallet of the caller's to another user.

use app::{money, perform::perform};
use domain::{
    currency::CurrencyCode,
    id::{UserId, WalletId},
};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Idempotency, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::{AmountText, Text},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    answers::{TransferBody, reply},
    currencies::{home, universe_of},
};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("transfer", Method::Post, &["/api/v1/transfers"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Wallets", "Send money to another user")
    .needs(Scope::Trade)
    .idempotent(Idempotency::Required)
    .takes::<TransferRequest>()
    .gives::<TransferBody>(200)
    .uses(&[uses::ENTRY, uses::RECORD, uses::CHANGE_ACCOUNT, uses::CATALOGUE]);

/// How much to whom: to one of `to_user_id` and `to_wallet_id`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferRequest {
    /// The recipient.
    #[schema(value_type = String, required = false)]
    to_user_id: Option<Text<UserId>>,
    /// Or the recipient's wallet, which says the currency too.
    #[schema(value_type = String, required = false)]
    to_wallet_id: Option<Text<WalletId>>,
    /// How much, more than zero.
    #[schema(value_type = String, example = "5.00")]
    amount: AmountText,
    /// The currency; the wallet's, else the home universe's by default.
    #[schema(value_type = String, required = false)]
    currency: Option<Text<CurrencyCode>>,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: TransferRequest = call.json()?;
    let operation = operation(context, call, &request, "").await?;
    reply(perform(&context.market, &context.asked(call)?, &operation).await)
}

/// What a request asks for; `at` is where it stands in the body.
///
/// # Errors
/// 404; 422 that names the field.
pub async fn operation(
    context: &Context,
    call: &Call,
    request: &TransferRequest,
    at: &str,
) -> Result<money::Transfer, Problem> {
    let code = request.currency.as_ref().map(|code| code.0);
    let (recipient, code) = match (&request.to_user_id, &request.to_wallet_id) {
        (Some(user), None) => (user.0, code),
        (None, Some(wallet)) => {
            if code.is_some_and(|code| code != wallet.0.currency) {
                let detail = "the wallet is of another currency";
                return Err(Problem::invalid(&format!("{at}/currency"), "contradiction", detail));
            }
            (wallet.0.owner, Some(wallet.0.currency))
        }
        _ => {
            let detail = "give either to_user_id or to_wallet_id";
            let problem = Problem::invalid(&format!("{at}/to_user_id"), "missing", detail);
            return Err(problem.at(&format!("{at}/to_wallet_id"), "missing", detail));
        }
    };
    let currency = match code {
        Some(code) => universe_of(context, code).await?.currency,
        None => home(context, call).await?.currency,
    };
    let money = request.amount.positive(currency, &format!("{at}/amount"))?;
    Ok(money::Transfer { recipient, money })
}
