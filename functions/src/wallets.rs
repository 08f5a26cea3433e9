//! Finding a wallet that a path or a body names: the caller's own, or none.

use domain::{currency::Currency, id::WalletId, refusal::Missing};
use edge::{call::Call, context::Context, problem::Problem};

/// The caller's wallet that the path names, and its currency. Whether it is open is not
/// looked up.
///
/// # Errors
/// 404 if it is another's or its currency is unknown; 422 if it is no wallet's id.
pub async fn own_wallet(context: &Context, call: &Call) -> Result<(WalletId, Currency), Problem> {
    let id: WalletId = call.parameter("wallet_id")?;
    if id.owner != call.caller()?.user {
        return Err(Missing::Wallet.into());
    }
    let currency = context.market.rates.find(|universes| {
        let universe = universes.of_currency(id.currency);
        universe.map(|universe| universe.currency).map_err(|_| Missing::Wallet.into())
    });
    Ok((id, currency.await?))
}
