//! POST /wallets/{wallet_id}/operation: a deposit or a withdrawal.

use app::{money::Operate, perform::perform};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Idempotency, Method},
    problem::Problem,
    reply::Reply,
    uses,
    wire::{AmountText, Word},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    answers::{OperationBody, reply},
    wallets::own_wallet_of_money,
};

/// The endpoint.
pub const ENDPOINT: Endpoint = Endpoint::new(
    "operate-wallet",
    Method::Post,
    &["/api/v1/wallets/{wallet_id}/operation"],
    |context, call| Box::pin(handle(context, call)),
)
.described("Wallets", "Deposit into or withdraw from a wallet")
.needs(Scope::Trade)
.idempotent(Idempotency::Required)
.takes::<OperateWalletRequest>()
.gives::<OperationBody>(200)
.uses(&[uses::ENTRY, uses::RECORD, uses::CHANGE_ACCOUNT, uses::CATALOGUE]);

/// What to do with how much.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OperateWalletRequest {
    /// Into or out of the wallet.
    #[schema(value_type = Direction)]
    operation_type: Word<Direction>,
    /// A decimal of at most the currency's decimals, more than zero.
    #[schema(value_type = String, example = "100.00")]
    amount: AmountText,
}

/// Into or out of a wallet.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Direction {
    /// From outside.
    Deposit,
    /// To outside.
    Withdraw,
}

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let request: OperateWalletRequest = call.json()?;
    let (_, currency) = own_wallet_of_money(context, call).await?;
    let money = request.amount.positive(currency, "/amount")?;
    let operation = match request.operation_type.0 {
        Direction::Deposit => Operate::Deposit(money),
        Direction::Withdraw => Operate::Withdraw(money),
    };
    reply(perform(&context.market, &context.asked(call)?, &operation).await)
}
