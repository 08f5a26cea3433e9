//! Follows the streams of accounts, journal and orders: logs what changed, folds statements, the
//! house's totals and candles, and lets webhooks be called. Rows may come again; they are counted
//! once.

use std::collections::BTreeMap;

use app::{
    projecting::{ToFold, fold_all, follow_entries, follow_market},
    webhooks::dispatch,
};
use domain::{account::Account, activity::Activity, id::UserId, pair::PairId};
use edge::{
    context::Context,
    function::{Progress, StreamFunction, StreamRow},
    problem::Problem,
};

use crate::batches::{By, Failures, Together, put};

/// The function.
pub static FUNCTION: StreamFunction =
    StreamFunction { stem: "project", handle: |context, rows| Box::pin(project(context, rows)) };

async fn project(context: &Context, rows: &[StreamRow]) -> Progress {
    let market = &context.market;
    let mut failures = Failures::none_of(rows.len());
    let mut users = By::<UserId, Change<'_>>::new();
    let mut entries = By::new();
    let mut pairs = By::<PairId, _>::new();
    for (place, row) in rows.iter().enumerate() {
        match row {
            StreamRow::Account { before, after } => {
                match Activity::between(before.as_ref(), after) {
                    Ok(Some(activity)) => {
                        put(
                            &mut users,
                            after.user,
                            place,
                            Change { before: before.as_ref(), activity },
                        );
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

/// A change of an account, and the account before it.
struct Change<'a> {
    before: Option<&'a Account>,
    activity: Activity,
}

/// Logs all changes, and then does what follows from the log.
async fn follow_users(context: &Context, users: By<UserId, Change<'_>>, failures: &mut Failures) {
    let market = &context.market;
    let Some(first) = users.values().map(|changes| changes.first).min() else { return };
    // One row may come twice in a batch, but is written once in a transaction.
    let mut log = BTreeMap::new();
    for Change { activity, .. } in users.values().flat_map(|changes| &changes.rows) {
        log.insert((activity.user, activity.version), activity.clone());
    }
    let log: Vec<_> = log.into_values().collect();
    if let Err(error) = market.store.log_activity(&log).await {
        failures.note(first, Err(error.into()));
        return;
    }
    // The account before its first change here; a new one was nothing before.
    let to_fold = users.iter().map(|(user, changes)| {
        let earliest = changes.rows.first().and_then(|change| change.before);
        ToFold { user: *user, earliest }
    });
    for (user, folded) in fold_all(market, to_fold.collect()).await {
        let first = users.get(&user).map_or(first, |changes| changes.first);
        failures.note(first, folded.map_err(Problem::from));
    }
    for changes in log.chunk_by(|one, next| one.user == next.user) {
        let Some(change) = changes.first() else { continue };
        let first = users.get(&change.user).map_or(first, |changes| changes.first);
        let told = dispatch(market, change.user, changes).await;
        failures.note(first, told.map_err(Problem::from));
    }
}
