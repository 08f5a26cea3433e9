//! `market halt | resume | cancel-only`: what may be done in a market, by the use case that
//! administrators reach.

use app::{pairs::replace_status, perform::Freshness};
use domain::pair::{PairId, PairStatus};
use serde_json::json;

use crate::{
    arguments::Action, failure::Failure, market::market, report::Report, session::Session,
};

/// Changes what may be done in a market.
///
/// # Errors
/// There is no such market; the store's own.
pub async fn set(
    session: &Session,
    action: Action,
    pair: PairId,
    yes: bool,
) -> Result<Report, Failure> {
    let wanted = match action {
        Action::Halt => PairStatus::Halted,
        Action::Resume => PairStatus::Trading,
        Action::CancelOnly => PairStatus::CancelOnly,
    };
    let market = market(session);
    let now = market.pairs.get(pair, Freshness::Fresh).await?.status;
    let (from, to) = (now.as_str(), wanted.as_str());
    let json = json!({"market": pair.to_string(), "from": from, "to": to});
    if now == wanted {
        return Ok(Report::fine(format!("{pair} is {to} already."), json));
    }
    let text = format!("{pair}: {from} → {to}");
    if !yes {
        return Ok(Report::fine(text, json).dry_run());
    }
    replace_status(&market, pair, wanted).await?;
    let text = format!("{text}. New orders meet it at once, the book when it comes to it.");
    Ok(Report::fine(text, json))
}
