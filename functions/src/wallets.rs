//! Finding a wallet that a path or a body names: the caller's own, or none.

use domain::{currency::Currency, id::WalletId, refusal::Missing};
use edge::{call::Call, context::Context, problem::Problem};

/// The caller's wallet that the path names, and what it counts in: a universe's currency, or
/// pieces of an instrument. Whether it is open is not looked up.
///
/// # Errors
/// 404 if it is another's or its currency is unknown; 422 if it is no wallet's id.
pub async fn own_wallet(context: &Context, call: &Call) -> Result<(WalletId, Currency), Problem> {
    let id: WalletId = call.parameter("wallet_id")?;
    if id.owner != call.caller()?.user {
        return Err(Missing::Wallet.into());
    }
    let currency = context
        .market
        .rates
        .find(|universes| universes.currency(id.currency).map_err(|_| Missing::Wallet.into()));
    Ok((id, currency.await?))
}

/// As [`own_wallet`], of a universe's currency: pieces come and go by venues alone.
///
/// # Errors
/// As [`own_wallet`]; 404 also if it holds an instrument.
pub async fn own_wallet_of_money(
    context: &Context,
    call: &Call,
) -> Result<(WalletId, Currency), Problem> {
    let (id, currency) = own_wallet(context, call).await?;
    if id.currency.is_instrument() { Err(Missing::Wallet.into()) } else { Ok((id, currency)) }
}
