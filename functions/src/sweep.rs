//! Runs each minute: matches in every market what was not rung for, or whose ring was lost; and
//! wakes deliveries to webhooks that the queue has lost.

use app::{perform::Freshness, webhooks};
use edge::{
    context::Context,
    function::{ScheduleFunction, caught},
    problem::Problem,
    uses,
};

use crate::match_orders::match_orders;

/// The function.
pub static FUNCTION: ScheduleFunction = ScheduleFunction {
    stem: "sweep",
    uses: &[
        uses::ENTRY,
        uses::RECORD,
        uses::CHANGE_ACCOUNT,
        uses::CATALOGUE,
        uses::BOOK,
        uses::COMMAND,
        uses::MATCH,
        uses::DUE_DELIVERIES,
        uses::DOORBELL,
        uses::DELIVERIES,
    ],
    handle: |context| Box::pin(sweep(context)),
};

/// Markets and webhooks are seen to, whatever becomes of the others. The last failure is the
/// sweep's.
async fn sweep(context: &Context) -> Result<(), Problem> {
    let woken = caught(sweep_webhooks(context)).await;
    sweep_markets(context).await.and(woken)
}

async fn sweep_webhooks(context: &Context) -> Result<(), Problem> {
    let webhooks::Swept { woken } = webhooks::sweep(&context.market).await?;
    if woken > 0 {
        tracing::warn!(woken, "deliveries that the queue had lost");
    }
    Ok(())
}

/// Every market is seen to, whatever becomes of the others.
async fn sweep_markets(context: &Context) -> Result<(), Problem> {
    let pairs = context.market.pairs.all(Freshness::Fresh).await?;
    let mut swept = Ok(());
    for pair in pairs.iter().map(|pair| pair.id()) {
        if let Err(problem) = caught(match_orders(context, pair)).await {
            let (code, detail) = (problem.code, problem.detail.as_str());
            tracing::error!(%pair, code, detail, "not swept");
            swept = Err(problem);
        }
    }
    swept
}
