//! Projections made again, and accounts that are older than their log.

use app::projecting::rebuild;
use domain::time::Span;

use super::{conservation, entries, lively, told};
use crate::steps::{deposit, get};

#[tokio::test]
async fn deleted_projections_are_rebuilt_to_the_same_bytes() {
    let floor = lively().await;
    let world = &floor.world;
    world.follow_streams().await;
    let told = told(world).await;
    let clean = world.dump("statements").await;
    let market = &world.context.market;
    let pairs = vec!["MRC-USD".parse().expect("a pair")];
    for _ in 0..2 {
        world.delete_rows("statements").await;
        let (users, entries) = (told.users.clone(), told.entries.clone());
        rebuild(market, users, entries, pairs.clone()).await.expect("rebuilt");
        assert_eq!(world.dump("statements").await, clean);
    }
    let (users, entries) = (told.users.clone(), told.entries.clone());
    rebuild(market, users, entries, pairs).await.expect("rebuilt");
    assert_eq!(world.dump("statements").await, clean, "nothing is counted twice");
    let followed = world.dump("statements").await;
    world.follow_streams().await;
    assert_eq!(world.dump("statements").await, followed);
}

#[tokio::test]
async fn an_account_older_than_its_log_is_carried_forward_and_no_money_is_missing() {
    let floor = lively().await;
    let (world, john) = (&floor.world, &floor.john);
    let admin = world.admin().await;
    world.follow_streams().await;
    let told = told(world).await;
    for stem in ["activity", "statements"] {
        world.delete_rows(stem).await;
    }
    world.pass(Span::seconds(1));
    // John's account changes before anybody rebuilds, mary's does not.
    deposit(world, john, "late", "1.00").await.expect_status(200);
    world.follow_streams().await;
    let rows = entries(world, john, &john.wallet).await;
    let kinds: Vec<_> = rows.iter().map(|row| row["kind"].as_str().expect("text")).collect();
    assert_eq!(kinds, ["deposit", "carried_forward"]);
    let pairs = ["MRC-USD".parse().expect("a pair")];
    rebuild(&world.context.market, told.users, told.entries, pairs).await.expect("rebuilt");
    let rows = entries(world, &floor.mary, &floor.mary.wallet).await;
    assert_eq!((rows.len(), &rows[0]["kind"]), (1, &"carried_forward".into()));
    let wallet = get(world, &floor.mary, &format!("/wallets/{}", floor.mary.wallet)).await;
    assert_eq!(rows[0]["posted"], wallet.expect_status(200).body["posted"]);
    world.pass(Span::seconds(180));
    let found = conservation(world, &admin).await;
    assert_eq!(found["holds"], true, "{found}");
}
