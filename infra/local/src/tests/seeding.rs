//! Seeding that is cut short at any of its commits, and taken up again.

use std::sync::Arc;

use app::identity::log_in;
use domain::{
    id::UserId,
    identity::{Login, Role},
};
use testkit::{
    faults::{Fault, FaultyStore},
    memory::MemoryStore,
};

use super::{lasting, options, started};
use crate::{RunningMarket, SeedError, StartError, Storage, start};

/// Universes, rates and user names of a market, without ids.
async fn names(market: &RunningMarket) -> Vec<String> {
    let universes = market.context().market.rates.renew().await.expect("readable");
    let universes = universes.all().iter();
    let universes = universes.map(|universe| {
        let rate = &universe.rate;
        format!("{} {} {:?} {}", universe.id, universe.name.as_str(), universe.currency, rate.id)
    });
    let users = market.report().users.iter();
    let users = users.map(|user| format!("{} {}", user.username, user.available));
    let items = market.report().items.iter();
    let items = items.map(|item| format!("{} {} {}", item.id, item.price, item.stock));
    universes.chain(users).chain(items).collect()
}

/// How many times a commit is lost, before it is answered or before it is written.
async fn interrupted_everywhere(fault: Fault) -> usize {
    let whole = names(&started(Storage::Memory).await).await;
    for commits in 0.. {
        let store = Arc::new(MemoryStore::new());
        let script = [vec![Fault::None; commits], vec![fault]].concat();
        let faulty = FaultyStore::scripted(Arc::clone(&store) as _, script);
        match start(options(Storage::Store(Arc::new(faulty)))).await {
            Ok(_) => return commits,
            Err(error) => assert!(matches!(error, StartError::Seed(_)), "{error}"),
        }
        let healed = started(Storage::Store(store)).await;
        assert_eq!(names(&healed).await, whole, "after {commits} commits");
        for user in &healed.report().users {
            let user: UserId = user.user_id.parse().expect("an id");
            let account = healed.context().market.store.account(user).await.expect("readable");
            assert_eq!(account.expect("there").version, 2, "opened, and one deposit");
        }
    }
    unreachable!("commits are counted without end")
}

/// Three universes; three traders with a deposit and an item each; the admin.
const COMMITS: usize = 3 + 3 * 3 + 1;

#[tokio::test]
async fn seeding_heals_after_any_commit_that_was_not_written() {
    assert_eq!(interrupted_everywhere(Fault::LostRequest).await, COMMITS);
}

#[tokio::test]
async fn seeding_heals_after_any_commit_whose_answer_was_lost() {
    assert_eq!(interrupted_everywhere(Fault::LostAnswer).await, COMMITS);
}

#[tokio::test]
async fn seeding_goes_through_conflicts() {
    let store: Arc<MemoryStore> = Arc::new(MemoryStore::new());
    let faulty = FaultyStore::scripted(store, vec![Fault::Conflict; 4]);
    let market = started(Storage::Store(Arc::new(faulty))).await;
    assert_eq!(names(&market).await, names(&started(Storage::Memory).await).await);
}

#[tokio::test]
async fn everyone_logs_in_with_the_password_of_the_report() {
    let market = started(Storage::Memory).await;
    let report = market.report();
    let admin = report.admin.as_ref().expect("seeded");
    let shown = admin.password.clone().expect("shown");
    let traders = report.users.iter().map(|user| (&user.username, &user.password, Role::Trader));
    for (username, password, role) in traders.chain([(&admin.username, &shown, Role::Admin)]) {
        let login = Login::Username(username.parse().expect("a name"));
        let (user, _) = log_in(&market.context().market, &login, password).await.expect("right");
        assert_eq!(user.role, role, "{username}");
    }
}

#[tokio::test]
async fn a_stranger_who_has_the_admins_name_stays_a_trader() {
    let store = Arc::new(MemoryStore::new());
    let market = started(Storage::Store(Arc::clone(&store) as _)).await;
    let known = market.context().market.store.universes().await.expect("readable");
    let other = Arc::new(MemoryStore::new());
    let empty = crate::Options { seed: false, ..options(Storage::Store(Arc::clone(&other) as _)) };
    let stranger = start(empty).await.expect("started");
    let (_, commit) = domain::universe::create(
        domain::universe::NewUniverse {
            name: known[0].name.clone(),
            currency: known[0].currency,
            units_per_base: known[0].rate.units_per_base,
            spread: known[0].rate.spread,
        },
        &domain::universe::Universes::default(),
        known[0].created_at,
    )
    .expect("made");
    other_commit(&stranger, &commit).await;
    let wanted = app::identity::SignUp {
        username: "admin".parse().expect("a name"),
        email: "someone@else.example".parse().expect("an address"),
        home: known[0].id,
    };
    let market = &stranger.context().market;
    app::identity::register(market, wanted, "somebody-1", Role::Trader).await.expect("signed up");

    let error = start(options(Storage::Store(other))).await.err().expect("refused");

    assert!(matches!(error, StartError::Seed(SeedError::Stranger("admin"))), "{error}");
}

async fn other_commit(market: &RunningMarket, commit: &domain::commit::Commit) {
    market.context().market.store.commit(commit).await.expect("committed");
}

#[tokio::test]
async fn a_market_on_a_seeded_store_finds_what_is_there() {
    let store = Arc::new(MemoryStore::new());
    let first = started(Storage::Store(Arc::clone(&store) as _)).await;
    let second = started(Storage::Store(store)).await;
    assert_eq!(lasting(second.report()), lasting(first.report()));
    assert_eq!(super::password(&second), None, "it was made, and shown, before");
}
