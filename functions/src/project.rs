//! Follows the streams of accounts, journal and orders: logs what changed, folds statements, the
//! house's totals and candles, and lets webhooks be called. Rows may come again; they are counted
//! once.

use app::{
    projecting::{Changed, follow_accounts, follow_entries, follow_market},
    webhooks::dispatch,
};
use domain::{activity::Activity, id::UserId, pair::PairId};
use edge::{
    context::Context,
    function::{Progress, StreamFunction, StreamRow},
    problem::Problem,
    uses,
};

use crate::batches::{By, Failures, Together, put};

/// The function.
pub static FUNCTION: StreamFunction = StreamFunction {
    stem: "project",
    uses: &[
        uses::CATALOGUE,
        uses::BOOK,
        uses::ACTIVITIES,
        uses::LOG_ACTIVITY,
        uses::STATEMENT_HEAD,
        uses::STATEMENT_LINES,
        uses::FOLD,
        uses::WEBHOOK_LISTS,
        uses::PUT_WEBHOOK,
        uses::DELIVERIES,
        uses::DEAD_LETTERS,
    ],
    handle: |context, rows| Box::pin(project(context, rows)),
};

async fn project(context: &Context, rows: &[StreamRow]) -> Progress {
    let market = &context.market;
    let mut failures = Failures::none_of(rows.len());
    let mut users = By::<UserId, Changed<'_>>::new();
    let mut entries = By::new();
    let mut pairs = By::<PairId, _>::new();
    for (place, row) in rows.iter().enumerate() {
        match row {
            StreamRow::Account { before, after } => {
                match Activity::between(before.as_ref(), after) {
                    Ok(Some(activity)) => {
                        let changed = Changed { before: before.as_ref(), activity };
                        put(&mut users, after.user, place, changed);
                    }
                    Ok(None) => {}
                    Err(unsound) => failures.note(place, Err(Problem::bug(&unsound))),
                }
            }
            StreamRow::Entry(entry) => put(&mut entries, (), place, entry),
            StreamRow::MarketEvent(event) => put(&mut pairs, event.pair, place, event),
            StreamRow::Rate(_) | StreamRow::Other => {}
        }
    }
    follow_users(context, users, &mut failures).await;
    for Together { first, rows } in entries.into_values() {
        failures.note(first, follow_entries(market, rows).await.map_err(Problem::from));
    }
    for (pair, Together { first, rows }) in pairs {
        failures.note(first, follow_market(market, pair, rows).await.map_err(Problem::from));
    }
    failures.progress()
}

/// Follows the changes of accounts, and lets the webhooks of their users be called.
async fn follow_users(context: &Context, users: By<UserId, Changed<'_>>, failures: &mut Failures) {
    let market = &context.market;
    let Some(first) = users.values().map(|changes| changes.first).min() else { return };
    let changes: Vec<_> = users.values().flat_map(|changes| &changes.rows).cloned().collect();
    let folded = match follow_accounts(market, &changes).await {
        Ok(folded) => folded,
        Err(error) => return failures.note(first, Err(error.into())),
    };
    for (user, folded) in folded {
        let first = users.get(&user).map_or(first, |changes| changes.first);
        failures.note(first, folded.map_err(Problem::from));
    }
    for (user, Together { first, rows }) in users {
        let activities: Vec<_> = rows.into_iter().map(|change| change.activity).collect();
        let told = dispatch(market, user, &activities).await;
        failures.note(first, told.map_err(Problem::from));
    }
}
