//! Seeding that is cut short at any of its commits, and taken up again.

use std::sync::Arc;

use app::{
    identity::{SignUp, log_in, register},
    universes::create_universe,
};
use domain::{
    currency::{Currency, Scale},
    id::UserId,
    identity::{Login, Role},
    rate::SpreadBps,
    universe::NewUniverse,
};
use testkit::{
    faults::{Fault, FaultyStore},
    memory::MemoryStore,
};

use super::{lasting, options, started};
use crate::{Options, RunningMarket, SeedError, StartError, Storage, start};

/// Universes, rates, user names, items and pairs of a market, without ids.
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
    let markets = market.report().markets.iter();
    let markets = markets.map(|market| format!("{} {}", market.market, market.status));
    universes.chain(users).chain(items).chain(markets).collect()
}

/// Lets the fault strike at the first commit, then at the second, and so on, and starts again
/// each time. The number of commits after which there is none left to strike at.
async fn interrupted_everywhere(fault: Fault) -> usize {
    let whole = names(&started(Storage::Memory).await).await;
    for commits in 0.. {
        let store = Arc::new(MemoryStore::new());
        let script = [vec![Fault::None; commits], vec![fault]].concat();
        let faulty = FaultyStore::scripted(Arc::clone(&store) as _, script);
        match start(options(Storage::Store(Arc::new(faulty)))).await {
            Ok(_) => return commits,
            Err(error) => {
                assert!(matches!(error, StartError::Seed(_) | StartError::Venue(_)), "{error}");
            }
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

/// Three universes; three markets; three traders with a deposit and an item each; the admin; the
/// venue.
const COMMITS: usize = 3 + 3 + 3 * 3 + 1 + 1;

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
async fn a_stranger_who_has_the_admins_name_does_not_become_admin() {
    let store = Arc::new(MemoryStore::new());
    let empty = Options { seed: false, ..options(Storage::Store(Arc::clone(&store) as _)) };
    let before = start(empty).await.expect("started");
    let market = &before.context().market;
    let earth = NewUniverse {
        name: "Earth".parse().expect("a name"),
        currency: Currency {
            code: "USD".parse().expect("a code"),
            scale: Scale::new(2).expect("a scale"),
        },
        units_per_base: "1".parse().expect("a rate"),
        spread: SpreadBps::default(),
    };
    let home = create_universe(market, &earth).await.expect("made").id;
    let wanted = SignUp {
        username: "admin".parse().expect("a name"),
        email: "someone@else.example".parse().expect("an address"),
        home,
    };
    register(market, wanted, "somebody-1", Role::Trader).await.expect("signed up");

    let error = start(options(Storage::Store(store))).await.err().expect("refused");

    assert!(matches!(error, StartError::Seed(SeedError::Stranger("admin"))), "{error}");
}

#[tokio::test]
async fn a_market_on_a_seeded_store_finds_what_is_there() {
    let store = Arc::new(MemoryStore::new());
    let first = started(Storage::Store(Arc::clone(&store) as _)).await;
    let second = started(Storage::Store(store)).await;
    assert_eq!(lasting(second.report()), lasting(first.report()));
    assert_eq!(super::password(&second), None, "it was made, and shown, before");
}
