//! GET /wallets/{wallet_id}: what a wallet of the caller's holds, or held at a time.

use app::statements::as_of;
use domain::{currency::Currency, id::WalletId, refusal::Missing, time::Timestamp};
use edge::{
    auth::scopes::Scope,
    call::Call,
    context::Context,
    endpoint::{Endpoint, Method, Parameter},
    problem::Problem,
    reply::Reply,
    uses,
    wire::parse_rfc3339,
};

use crate::{bodies::WalletBody, wallets::own_wallet};

/// The endpoint.
pub const ENDPOINT: Endpoint =
    Endpoint::new("get-wallet", Method::Get, &["/api/v1/wallets/{wallet_id}"], |context, call| {
        Box::pin(handle(context, call))
    })
    .described("Wallets", "What a wallet holds, or held at a time")
    .needs(Scope::Read)
    .queried(&[Parameter { name: "as_of", meaning: "RFC 3339, not to come: what it held then" }])
    .gives::<WalletBody>(200)
    .uses(&[uses::ACCOUNT, uses::CATALOGUE, uses::STATEMENT_HEAD, uses::STATEMENT_LINES]);

async fn handle(context: &Context, call: &Call) -> Result<Reply, Problem> {
    let (id, currency) = own_wallet(context, call).await?;
    if let Some(text) = call.query_text("as_of") {
        return at(context, id, currency, time(context, text)?).await;
    }
    let account = context.market.store.account(id.owner).await?.ok_or(Missing::Wallet)?;
    Reply::json(200, &WalletBody::new(&account, currency).ok_or(Missing::Wallet)?)
}

/// What is decided at this moment may be committed up to 30 s later: until then, an answer about
/// the present may yet change.
fn time(context: &Context, text: &str) -> Result<Timestamp, Problem> {
    let invalid = |detail: &str| Problem::invalid("/query/as_of", "invalid", detail);
    let at = parse_rfc3339(text).ok_or_else(|| invalid("not an RFC 3339 time"))?;
    if at > context.market.clock.now() {
        return Err(invalid("is yet to come"));
    }
    Ok(at)
}

async fn at(
    context: &Context,
    id: WalletId,
    currency: Currency,
    at: Timestamp,
) -> Result<Reply, Problem> {
    let Some((account, line)) = as_of(&context.market, id, at).await? else {
        let detail = "the wallet's statement does not tell of that time yet";
        return Err(Problem::passing(503, "statement_behind", detail));
    };
    let body = WalletBody::new(&account, currency).ok_or(Missing::Wallet)?;
    Reply::json(200, &body.after(&line, currency))
}
