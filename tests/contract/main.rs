//! Runs the contract of all stores on each of them: in memory, on the embedded engine in memory
//! and on a file, and on any DynamoDB that an environment variable names. What the guarantees
//! are, `testkit::contract` knows. Rings on any SQS that another one names.
#![expect(clippy::expect_used, reason = "a case fails by panicking")]

mod doorbell;
mod engines;
mod units;

use std::{future::Future, process::ExitCode, sync::Arc};

use app::ports::Store;
use libtest_mimic::{Arguments, Trial};
use testkit::contract::{CASES, Case};

use engines::{Engine, Fresh};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let engines = Engine::all();
    let guarantees = engines.iter().flat_map(|engine| {
        CASES.iter().map(|case| {
            let engine = engine.clone();
            Trial::test(format!("{}::{}", engine.name(), case.name), move || {
                on_this_thread(guarantee(engine, case));
                Ok(())
            })
        })
    });
    let costs = units::CASES.iter().map(|case| {
        Trial::test(format!("units::{}", case.name), move || {
            on_this_thread(units::check(case));
            Ok(())
        })
    });
    let reads = Trial::test("reads_take_as_few_round_trips_as_they_can", || {
        on_this_thread(units::reads_take_as_few_round_trips_as_they_can());
        Ok(())
    });
    let projections = Trial::test("projections_take_as_few_round_trips_as_they_can", || {
        on_this_thread(units::projections_take_as_few_round_trips_as_they_can());
        Ok(())
    });
    let sockets = Trial::test("sockets_take_as_few_round_trips_as_they_can", || {
        on_this_thread(units::sockets_take_as_few_round_trips_as_they_can());
        Ok(())
    });
    let venues = Trial::test("venues_take_as_few_round_trips_as_they_can", || {
        on_this_thread(units::venues_take_as_few_round_trips_as_they_can());
        Ok(())
    });
    let accepted = Trial::test("an_order_at_a_venue_is_accepted_for_eight_units", || {
        units::an_order_at_a_venue_is_accepted_for_eight_units();
        Ok(())
    });
    let listeners = Trial::test("a_process_learns_who_listens_since_it_last_told_them", || {
        on_this_thread(units::a_process_learns_who_listens_since_it_last_told_them());
        Ok(())
    });
    let rings = doorbell::endpoint().map(|endpoint| {
        Trial::test("a_queue_takes_a_command_once_and_a_markets_rings_in_their_order", || {
            on_this_thread(
                doorbell::a_queue_takes_a_command_once_and_a_markets_rings_in_their_order(endpoint),
            );
            Ok(())
        })
    });
    let others = [reads, projections, sockets, venues, accepted, listeners];
    let trials = guarantees.chain(costs).chain(others).chain(rings);
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

async fn guarantee(engine: Engine, case: &Case) {
    let Fresh { store, _kept } = engine.fresh(case.name).await;
    let store: Arc<dyn Store> = store;
    (case.run)(store).await;
}

fn on_this_thread(future: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future);
}
