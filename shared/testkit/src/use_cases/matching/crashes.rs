//! A taker that meets hundreds of makers, cut off between any two commits; and two matchers of
//! one market.

use super::*;

/// Five hundred sales of one lot each by ten makers, and one buy that takes them all.
async fn crowd() -> (Floor, OrderId) {
    let names: Vec<_> = (0..10).map(|number| format!("maker_{number}")).collect();
    let mut names: Vec<_> = names.iter().map(String::as_str).collect();
    names.push("taker");
    let floor = Floor::with(&names).await;
    for number in 0..500_i64 {
        let trader = usize::try_from(number % 10).expect("small");
        let price = 40 + number / 100;
        floor.order(trader, &format!("m{number}"), &limit(Side::Sell, price, 10)).await;
    }
    floor.matched().await;
    let taker = floor.order(10, "taker", &limit(Side::Buy, 44, 5_100)).await;
    (floor, taker)
}

async fn money(floor: &Floor) -> Vec<String> {
    let mut all = Vec::new();
    for trader in 0..floor.traders.len() {
        all.push(floor.available(trader, "USD").await);
        all.push(floor.available(trader, "MRC").await);
    }
    all
}

#[tokio::test]
async fn a_taker_meets_five_hundred_makers_in_several_commits() {
    let (floor, taker) = crowd().await;
    let matched = floor.matched().await;
    assert_eq!((matched.commands, matched.trades), (1, 500));
    // Ten makers and the taker are eleven accounts of each commit's hundred writes; a fill that
    // ends its maker's order is an entry, a resting row and a closed order: 27 or so a commit.
    assert_eq!(matched.commits, 19, "{matched:?}");
    let OrderState::Resting(resting) = floor.view(10, taker).await.state else { panic!("rests") };
    assert_eq!(resting.working.tally.executed, lots(5_000));
    assert_eq!(resting.working.tally.open, lots(100));
    audit(&floor.store, &floor.traders).await;
}

#[tokio::test]
async fn a_crash_between_any_two_commits_changes_nothing_about_the_result() {
    let (reference, taker) = crowd().await;
    let commits = reference.matched().await.commits;
    let expected = money(&reference).await;
    let told = reference.view(10, taker).await.working();
    for fault in [Fault::LostRequest, Fault::LostAnswer] {
        for crash in 0..commits {
            let (floor, taker) = crowd().await;
            let mut script = vec![Fault::None; usize::try_from(crash).expect("few")];
            script.push(fault);
            let doomed = floor.elsewhere(|store| Arc::new(FaultyStore::scripted(store, script)));
            let died = match_orders(&doomed.market, mrc_for_usd()).await;
            assert!(matches!(died, Err(Failed::Store(_))), "{died:?}");
            let heir = floor.elsewhere(|store| store);
            match_orders(&heir.market, mrc_for_usd()).await.expect("goes on");
            assert_eq!(money(&floor).await, expected, "{fault:?} at commit {crash}");
            let Working { order, tally } = floor.view(10, taker).await.working();
            assert_eq!((order.id, tally), (told.order.id, told.tally), "{fault:?} at {crash}");
        }
    }
    audit(&reference.store, &reference.traders).await;
}

#[tokio::test]
async fn a_fill_or_kill_that_was_cut_off_is_filled_whole() {
    let (floor, _) = crowd().await;
    floor.matched().await;
    for number in 0..50 {
        floor.order(1 + number % 9, &format!("bid{number}"), &limit(Side::Buy, 41, 10)).await;
    }
    floor.matched().await;
    let pricing = Pricing::Limit {
        price: ticks(41),
        time_in_force: TimeInForce::FillOrKill,
        post_only: false,
    };
    // The 100 lots that are left of the taker at 44, and all fifty bids at 41.
    let whole = Wanted { pricing, ..limit(Side::Sell, 41, 600) };
    let sale = floor.order(0, "kill", &whole).await;
    let script = vec![Fault::None, Fault::LostRequest];
    let doomed = floor.elsewhere(|store| Arc::new(FaultyStore::scripted(store, script)));
    assert!(match_orders(&doomed.market, mrc_for_usd()).await.is_err());
    assert_eq!(floor.status(0, sale).await, OrderStatus::Pending, "half of it is settled");
    floor.matched().await;
    assert_eq!(floor.status(0, sale).await, OrderStatus::Filled);
    assert_eq!(floor.view(0, sale).await.working().tally.executed, lots(600));
    audit(&floor.store, &floor.traders).await;
}

#[tokio::test]
async fn two_matchers_at_once_fill_nothing_twice() {
    let (floor, taker) = crowd().await;
    let elsewhere = floor.elsewhere(|store| store);
    let (one, other) = tokio::join!(
        match_orders(&floor.fair.market, mrc_for_usd()),
        match_orders(&elsewhere.market, mrc_for_usd()),
    );
    let trades =
        one.map_or(0, |matched| matched.trades) + other.map_or(0, |matched| matched.trades);
    floor.matched().await;
    assert!(trades <= 500, "{trades}");
    assert_eq!(floor.view(10, taker).await.working().tally.executed, lots(5_000));
    let audited = audit(&floor.store, &floor.traders).await;
    assert_eq!((audited.trades, audited.waiting), (500, 0));
}

#[tokio::test]
async fn a_matcher_that_was_overtaken_reads_the_book_again() {
    let floor = Floor::with(&["alice", "bob"]).await;
    floor.order(0, "a", &limit(Side::Sell, 40, 10)).await;
    floor.matched().await;
    let elsewhere = floor.elsewhere(|store| store);
    let gone = floor.order(1, "b", &limit(Side::Buy, 40, 10)).await;
    match_orders(&elsewhere.market, mrc_for_usd()).await.expect("matched");
    assert_eq!(floor.status(1, gone).await, OrderStatus::Filled);
    // This process still believes that the sale rests.
    let late = floor.order(1, "c", &limit(Side::Buy, 40, 10)).await;
    floor.matched().await;
    assert_eq!(floor.status(1, late).await, OrderStatus::Open);
    audit(&floor.store, &floor.traders).await;
}

#[tokio::test]
async fn a_user_who_makes_and_takes_in_one_commit_is_settled_net() {
    let floor = Floor::with(&["alice", "bob", "carol"]).await;
    floor.order(0, "ask", &limit(Side::Sell, 40, 10)).await;
    floor.order(1, "bid", &limit(Side::Buy, 30, 10)).await;
    floor.matched().await;
    // In one batch bob takes alice's ask and carol takes bob's bid.
    floor.order(1, "take", &limit(Side::Buy, 40, 10)).await;
    floor.order(2, "hit", &limit(Side::Sell, 30, 10)).await;
    let matched = floor.matched().await;
    assert_eq!((matched.commits, matched.trades), (1, 2));
    assert_eq!(floor.available(1, "MRC").await, "100020.00");
    // 4.00 and 3.00, and fees of 0.01 each.
    assert_eq!(floor.available(1, "USD").await, "99992.98");
    audit(&floor.store, &floor.traders).await;
}
