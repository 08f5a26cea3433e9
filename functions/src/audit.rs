//! Runs each minute: compares what is told with what was committed, measures what differs, and
//! says it loudly. It halts nothing.

use app::{
    audit::{Audit, Difference, audit},
    ports::Unit,
};
use edge::{context::Context, function::ScheduleFunction, problem::Problem, uses};

/// How many things did not agree.
pub const DIFFERENCES: &str = "AuditDifferences";
/// How long statements have lagged behind their accounts, where that is over five minutes.
pub const LAG: &str = "AuditLagSeconds";

/// The function.
pub static FUNCTION: ScheduleFunction = ScheduleFunction {
    stem: "audit",
    uses: &[
        uses::ACCOUNT,
        uses::CATALOGUE,
        uses::STATEMENT_HEAD,
        uses::STATEMENT_LINES,
        uses::VENUE_LIST,
    ],
    handle: |context| Box::pin(handle(context)),
};

async fn handle(context: &Context) -> Result<(), Problem> {
    let audit = audit(&context.market).await?;
    let Audit { part, accounts, ref differences, lag, ref conservation } = audit;
    let lag_s = u64::try_from(lag.as_millis() / 1_000).unwrap_or(u64::MAX);
    let count = u64::try_from(differences.len()).unwrap_or(u64::MAX);
    context.metrics.measure(DIFFERENCES, Unit::Count, count);
    context.metrics.measure(LAG, Unit::Seconds, lag_s);
    differences.iter().for_each(shout);
    if lag_s > 0 {
        tracing::error!(part, lag_s, "statements lag behind their accounts");
    }
    let complete = conservation.complete;
    tracing::debug!(part, accounts, differences = count, lag_s, complete, "audited");
    Ok(())
}

fn shout(difference: &Difference) {
    match difference {
        Difference::Conservation { currency, totals } => {
            let (currency, sum) = (currency.code, totals.sum());
            tracing::error!(%currency, %sum, ?totals, "money was made or lost");
        }
        Difference::Wallet { wallet, version, holds, stated } => {
            tracing::error!(%wallet, version, ?holds, ?stated, "a wallet is not as it is stated");
        }
        Difference::Ahead { head, version } => {
            let (user, stated) = (head.user, head.version);
            tracing::error!(%user, version, stated, "statements tell of what was not");
        }
    }
}
