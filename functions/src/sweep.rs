//! Runs each minute: matches in every market what was not rung for, or whose ring was lost; and
//! wakes deliveries to webhooks, and orders at external venues, that their queues have lost.

use app::{perform::Freshness, venues::routing, webhooks};
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
        uses::VENUE_ORDER,
        uses::DUE_VENUE_ORDERS,
        uses::DOORBELL,
        uses::DELIVERIES,
        uses::VENUE_PLACEMENTS,
    ],
    handle: |context| Box::pin(sweep(context)),
};

/// Markets, webhooks and orders at venues are seen to, whatever becomes of the others. One of the
/// failures is the sweep's.
async fn sweep(context: &Context) -> Result<(), Problem> {
    let woken = caught(sweep_webhooks(context)).await;
    let hastened = caught(sweep_venue_orders(context)).await;
    sweep_markets(context).await.and(woken).and(hastened)
}

async fn sweep_webhooks(context: &Context) -> Result<(), Problem> {
    let webhooks::Swept { woken } = webhooks::sweep(&context.market).await?;
    if woken > 0 {
        tracing::warn!(woken, "deliveries that the queue had lost");
    }
    Ok(())
}

async fn sweep_venue_orders(context: &Context) -> Result<(), Problem> {
    let woken = routing::sweep(&context.market).await?;
    if woken > 0 {
        tracing::warn!(woken, "orders at venues that the queue had lost");
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
