//! Bots on a market in this process: they trade, they leave nothing open, and every promise
//! holds of what they did.

use std::{cell::Cell, future::pending, sync::Arc};

use app::{
    depth::Depth,
    ports::{EventQuery, EventStretch, Store},
};
use domain::{id::UserId, identity::Login, market_event::Head, order::Side, pair::Pair};
use edge::limits::Quotas;
use testkit::{audit::audit, passwords::PlainPasswords};

use crate::{
    Options, RunningMarket, Storage,
    demo::{self, DemoError, Summary},
    start,
};

/// A market whose clock goes on: what the public sees of a book grows old by it.
async fn started() -> RunningMarket {
    let options = Options {
        quotas: Quotas::unlimited(),
        passwords: Arc::new(PlainPasswords),
        ..Options::new(Storage::Memory)
    };
    start(options).await.expect("started")
}

fn options(market: &RunningMarket, orders: u64) -> demo::Options {
    let url = market.url().to_owned();
    demo::Options { url, orders, bots: 5, rate: 0, seed: 1, keep: false }
}

fn store(market: &RunningMarket) -> &dyn Store {
    market.context().market.store.as_ref()
}

async fn users(market: &RunningMarket, summary: &Summary) -> Vec<UserId> {
    let mut users = Vec::new();
    for name in &summary.users {
        let login = Login::Username(name.parse().expect("a name"));
        let user = store(market).user_by_login(&login).await.expect("readable");
        users.push(user.expect("signed up").id);
    }
    users
}

/// Whether there was a time at which a pair's book had levels on both sides.
async fn had_both_sides(store: &dyn Store, pair: &Pair) -> bool {
    let mut depth = Depth::of(Head::of_new(pair), None, &[]);
    loop {
        let stretch = EventStretch::After(depth.head.seq);
        let query = EventQuery { pair: pair.id(), stretch, limit: 100 };
        let page = store.events(&query).await.expect("readable");
        for event in &page.rows {
            depth.follow(event);
            if depth.best(Side::Buy).is_some() && depth.best(Side::Sell).is_some() {
                return true;
            }
        }
        if !page.more {
            return false;
        }
    }
}

#[tokio::test]
async fn bots_bring_all_books_to_life_and_leave_nothing_open() {
    let market = started().await;
    let summary = demo::run(&options(&market, 150), pending(), |_| {}).await.expect("traded");

    assert_eq!(summary.placed, 150, "{summary}");
    assert!(summary.trades() > 0 && summary.filled > 0, "{summary}");
    assert_eq!(summary.markets.len(), 3, "{summary}");
    for pair in store(&market).pairs().await.expect("readable") {
        assert!(had_both_sides(store(&market), &pair).await, "{}: {summary}", pair.id());
        assert_eq!(store(&market).resting(pair.id()).await.expect("readable"), []);
    }
    let audited = audit(store(&market), &users(&market, &summary).await).await;
    assert_eq!(audited.waiting, 0);
    assert_eq!(u64::try_from(audited.trades).expect("few"), summary.trades());
    let orders = u64::try_from(audited.orders.values().sum::<usize>()).expect("few");
    assert_eq!(orders, summary.accepted, "{audited:?}");
    let filled = audited.orders.get("filled").copied().unwrap_or_default();
    assert_eq!(u64::try_from(filled).expect("few"), summary.filled, "{audited:?}");
    market.shutdown().await;
}

#[tokio::test]
async fn the_same_bots_come_again_and_what_they_left_open_is_cancelled() {
    let market = started().await;
    let first = demo::run(&options(&market, 20), pending(), |_| {}).await.expect("traded");
    let second = demo::run(&options(&market, 20), pending(), |_| {}).await.expect("traded");

    assert_eq!((first.placed, second.placed), (20, 20), "no key was used before");
    let audited = audit(store(&market), &users(&market, &second).await).await;
    let orders = u64::try_from(audited.orders.values().sum::<usize>()).expect("few");
    assert_eq!(orders, first.accepted + second.accepted, "{audited:?}");
    market.shutdown().await;
}

async fn resting(market: &RunningMarket) -> usize {
    let mut count = 0;
    for pair in store(market).pairs().await.expect("readable") {
        count += store(market).resting(pair.id()).await.expect("readable").len();
    }
    count
}

#[tokio::test]
async fn what_is_to_be_kept_rests_until_the_next_bots_leave() {
    let market = started().await;
    let keeping = demo::Options { keep: true, ..options(&market, 60) };
    let first = demo::run(&keeping, pending(), |_| {}).await.expect("traded");
    assert!(first.open > 0, "{first}");
    assert!(resting(&market).await > 0, "{first}");
    let second = demo::run(&options(&market, 20), pending(), |_| {}).await.expect("traded");
    assert_eq!((second.open, resting(&market).await), (0, 0), "{second}");
    market.shutdown().await;
}

#[tokio::test]
async fn whoever_stops_the_bots_finds_nothing_of_theirs_open() {
    let market = started().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let told = Cell::new(0);
    let mut stop = Some(stop);
    let say = |_: &str| {
        told.set(told.get() + 1);
        // The first line is of the beginning.
        if told.get() == 2
            && let Some(stop) = stop.take()
        {
            stop.send(()).expect("awaited");
        }
    };
    let until = async {
        stopped.await.expect("told");
    };
    let summary = demo::run(&options(&market, u64::MAX), until, say).await.expect("traded");

    assert!(summary.placed > 0, "{summary}");
    let audited = audit(store(&market), &users(&market, &summary).await).await;
    assert_eq!((audited.waiting, audited.orders.get("open")), (0, None));
    market.shutdown().await;
}

#[tokio::test]
async fn a_market_that_is_not_there_is_said_to_be_so() {
    let market = started().await;
    let options = options(&market, 1);
    market.shutdown().await;
    let error = demo::run(&options, pending(), |_| {}).await.expect_err("nobody is there");
    assert!(matches!(error, DemoError::Nobody { .. }), "{error}");
}
