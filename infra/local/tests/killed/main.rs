//! The program, killed three times while clients trade, and started again on the same directory:
//! each client asks with the same keys until it is certain, and in the end every promise holds
//! and every order is there once. Here on three markets; `venues`: at an external venue.
#![cfg(unix)]
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

mod client;
mod process;
mod trader;
mod venues;

use std::{collections::BTreeSet, path::Path, thread, time::Duration};

use app::{
    market::{Asked, entry_id, fingerprint},
    money::Operate,
    perform::perform,
    ports::{Clock, EntryQuery, Store},
};
use client::Address;
use domain::{
    amount::{Amount, Money},
    id::UserId,
    identity::{Role, sign_up},
    ledger::Outcome,
    pair::PairId,
};
use edge::{
    auth::{access_token::Principal, scopes::Scopes},
    system::SystemClock,
};
use market::{Options, RunningMarket, Storage, start};
use process::Process;
use testkit::{audit::audit, builders::trader as user};
use tokio::time::{sleep, timeout};
use trader::{Traded, Trader};

const MARKETS: [&str; 3] = ["MRC-USD", "VNC-USD", "MRC-VNC"];
const TRADERS: usize = 16;
/// Requests of each trader.
const STEPS: usize = 40;
/// The program is killed when so many of all requests are answered.
const KILLED_AT: [usize; 3] = [TRADERS * STEPS / 5, TRADERS * STEPS / 2, TRADERS * STEPS * 4 / 5];
/// How long the log may take to empty after a start.
const SWEPT_WITHIN: Duration = Duration::from_secs(30);

/// Someone who trades.
struct Someone {
    user: UserId,
    token: String,
}

#[tokio::test]
async fn every_promise_outlives_three_kills_in_the_midst_of_trading() {
    let directory = tempfile::tempdir().expect("a directory");
    let people = settle(directory.path()).await;
    let traded = trade(directory.path(), &people);
    assert!(traded.iter().any(|one| one.cut_short > 0), "no request was under way at a kill");

    let market = opened(directory.path()).await;
    let store = market.context().market.store.as_ref();
    timeout(SWEPT_WITHIN, emptied(store)).await.expect("the first sweep empties the log");
    let demo = market.report().users.iter().map(|user| user.user_id.parse().expect("an id"));
    let users: Vec<UserId> = people.iter().map(|someone| someone.user).chain(demo).collect();
    let audited = audit(store, &users).await;
    assert_eq!(audited.waiting, 0, "{audited:?}");
    assert!(audited.trades > 50, "{audited:?}");
    for (someone, traded) in people.iter().zip(&traded) {
        assert_eq!(placed(store, someone.user).await, traded.orders, "each once, and no other");
    }
    market.shutdown().await;
}

async fn opened(directory: &Path) -> RunningMarket {
    let storage = Storage::Dir { path: directory.to_path_buf(), fresh: false };
    start(Options::new(storage)).await.expect("started")
}

/// Makes a market in the directory, and people with money in it.
async fn settle(directory: &Path) -> Vec<Someone> {
    let market = opened(directory).await;
    let mut people = Vec::new();
    for index in 0..TRADERS {
        people.push(someone(&market, &format!("trader_{index}"), 30_000).await);
    }
    market.shutdown().await;
    people
}

/// A trader with so many minor units of each currency.
async fn someone(running: &RunningMarket, name: &str, minor: i64) -> Someone {
    let (context, market) = (running.context(), &running.context().market);
    let universes = market.rates.renew().await.expect("universes");
    let user = user(name);
    let home = universes.get(user.home).expect("a home");
    market.store.commit(&sign_up(user.clone(), home)).await.expect("a new user");
    for universe in universes.all() {
        let amount = Amount::from_minor(minor).expect("an amount");
        let money = Money { amount, currency: universe.currency };
        let key = universe.currency.code.to_string();
        let asked = Asked {
            actor: user.id,
            entry: entry_id(user.id, &key),
            fingerprint: fingerprint([key.as_bytes()]),
            request_id: key,
        };
        let answer = perform(market, &asked, &Operate::Deposit(money)).await.expect("a deposit");
        assert!(matches!(answer.entry.outcome, Outcome::Moved(_)), "{answer:?}");
    }
    let scopes = Scopes::for_role(Role::Trader);
    let principal = Principal { user: user.id, scopes, home: user.home };
    Someone { user: user.id, token: context.access_tokens.issue(&principal, SystemClock.now()) }
}

/// Lets everyone trade while the program is killed and started again; what each has done.
fn trade(directory: &Path, people: &[Someone]) -> Vec<Traded> {
    let mut process = Process::start(directory);
    let address = Address::new(process.port());
    thread::scope(|scope| {
        let traders = people.iter().zip(0..).map(|(someone, seed)| {
            let mut trader = Trader::new(&address, &someone.token, seed);
            scope.spawn(move || {
                for _ in 0..STEPS {
                    trader.step();
                }
                trader.finish()
            })
        });
        let traders: Vec<_> = traders.collect();
        for answered in KILLED_AT {
            address.await_answers(answered);
            process.kill();
            process = Process::start(directory);
            address.moved(process.port());
        }
        let traded = traders.into_iter().map(|trader| trader.join().expect("a trader"));
        let traded = traded.collect();
        process.stop();
        traded
    })
}

/// Waits until nothing waits in any market's log.
async fn emptied(store: &dyn Store) {
    for market in MARKETS {
        let pair: PairId = market.parse().expect("a market");
        while !store.commands(pair, 1).await.expect("the log").is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The ids of a user's orders.
async fn placed(store: &dyn Store, user: UserId) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut after = None;
    loop {
        let query = EntryQuery { user, after, limit: 100 };
        let page = store.placements(&query).await.expect("orders");
        after = page.rows.last().map(EntryQuery::position);
        found.extend(page.rows.into_iter().filter_map(|entry| match entry.outcome {
            Outcome::Placed(placement) => Some(placement.order.id.to_string()),
            _ => None,
        }));
        if !page.more {
            return found;
        }
    }
}
