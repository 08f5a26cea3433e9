//! Woken by the doorbell: matches all that waits in a market's log.

use app::{
    matching::{self, Matched},
    perform::Failed,
};
use domain::{
    pair::PairId,
    refusal::{Declined, Missing},
};
use edge::{context::Context, function::QueueFunction, problem::Problem, uses};

/// The function.
pub static FUNCTION: QueueFunction = QueueFunction {
    stem: "match-orders",
    uses: &[
        uses::ENTRY,
        uses::RECORD,
        uses::CHANGE_ACCOUNT,
        uses::CATALOGUE,
        uses::BOOK,
        uses::COMMAND,
        uses::MATCH,
        uses::DOORBELL,
    ],
    handle: |context, pair| Box::pin(match_orders(context, pair)),
};

/// Matches what waits, and says what came of it.
///
/// # Errors
/// Whatever passes. A market that does not exist never will by waiting: it is in the log.
pub async fn match_orders(context: &Context, pair: PairId) -> Result<(), Problem> {
    match matching::match_orders(&context.market, pair).await {
        Ok(matched) => {
            // A sweep finds nothing in most markets in most minutes, and that is no news.
            if matched != Matched::default() {
                let Matched { commands, commits, trades, write_units } = matched;
                tracing::info!(%pair, commands, commits, trades, write_units, "matched");
            }
            Ok(())
        }
        Err(Failed::Declined(Declined::Missing(Missing::Market))) => {
            tracing::error!(%pair, "there is no such market to be matched");
            Ok(())
        }
        Err(failed) => Err(failed.into()),
    }
}
