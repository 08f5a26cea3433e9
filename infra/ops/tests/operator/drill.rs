//! The restore drill: a world at work, restored so that each row is as of a moment of its own
//! among the last commits; repaired; and then every promise holds, in what is told as well.

mod world;

use app::{audit::Difference, matching::match_orders, ports::Store};
use ops::commands::repair::repair;
use testkit::{audit::audit, builders::on_this_thread, entropy::SeededEntropy};

use crate::stage::{Row, Rows, Stage};
use world::World;

/// How many worlds are torn: some three seconds each.
const SEEDS: u64 = 12;

/// Each row as it was at one of these moments.
fn torn(moments: &[Rows], dice: &SeededEntropy) -> Rows {
    let mut keys: Vec<_> = moments.iter().flat_map(Rows::keys).cloned().collect();
    keys.sort();
    keys.dedup();
    let count = u64::try_from(moments.len()).expect("few");
    let mut rows = Rows::new();
    for key in keys {
        let moment = usize::try_from(dice.next() % count).expect("few");
        let row: Option<&Row> = moments[moment].get(&key);
        rows.extend(row.map(|row| (key, row.clone())));
    }
    rows
}

/// Repairs what is torn and checks all that was promised; how many rows it changed.
async fn repaired(stage: &Stage, world: &World, seed: u64) -> usize {
    let session = stage.session(None);
    let report = repair(&session, false, true).await;
    let report = report.unwrap_or_else(|failure| panic!("seed {seed}: {failure}"));
    assert!(report.fine, "seed {seed}: {}", report.text);
    let again = repair(&session, true, false).await.expect("a plan");
    assert_eq!(again.json["changes"], serde_json::json!([]), "seed {seed}: {}", again.text);
    sound(stage, world, seed).await;
    // It goes on from there.
    let market = &world.elsewhere(stage.store()).market;
    for pair in market.store.pairs().await.expect("pairs") {
        match_orders(market, pair.id()).await.expect("matched");
    }
    audit(market.store.as_ref(), &world.users(market.store.as_ref()).await).await;
    report.json["changes"].as_array().map_or(0, Vec::len)
}

async fn sound(stage: &Stage, world: &World, seed: u64) {
    let fair = world.elsewhere(stage.store());
    let store = fair.market.store.as_ref();
    let users = world.users(store).await;
    audit(store, &users).await;
    told(store, seed).await;
    let far = domain::time::Span::seconds(600);
    fair.clock.advance(far);
    let told = app::audit::audit(&fair.market).await.expect("an audit");
    let differences: Vec<&Difference> = told.differences.iter().collect();
    assert!(differences.is_empty(), "seed {seed}: {differences:?}");
}

/// Every account's statements have come as far as the account, and end as it stands.
async fn told(store: &dyn Store, seed: u64) {
    let mut heads = 0;
    for part in 0..app::ports::HEAD_PARTS {
        for head in store.statement_heads(part).await.expect("heads") {
            let account = store.account(head.user).await.expect("a read").expect("an account");
            assert_eq!(account.version, head.version, "seed {seed}: {}", head.user);
            for (code, balance) in &account.wallets {
                let stated = head.wallets.get(code).map(|tip| tip.after);
                assert_eq!(stated, Some(*balance), "seed {seed}: {} {code}", head.user);
            }
            heads += 1;
        }
    }
    assert!(heads > 0, "seed {seed}: nobody has a statement");
}

#[test]
fn a_world_that_is_whole_needs_no_repair() {
    on_this_thread(async {
        let stage = Stage::new().await;
        let mut world = World::new(stage.store(), 1).await;
        for _ in 0..60 {
            world.step(&stage).await;
        }
        world.project_all(&stage).await;
        let report = repair(&stage.session(None), true, false).await.expect("a plan");
        assert!(report.fine, "{}", report.text);
        sound(&stage, &world, 1).await;
    });
}

#[test]
fn whatever_the_last_commits_are_torn_into_is_mended() {
    on_this_thread(async {
        let mut changed = 0;
        for seed in 1..=SEEDS {
            let stage = Stage::new().await;
            let mut world = World::new(stage.store(), seed).await;
            for _ in 0..40 {
                world.step(&stage).await;
            }
            let dice = SeededEntropy::new(seed.wrapping_mul(7_919));
            let window = usize::try_from(3 + dice.next() % 10).expect("few");
            let moments = world.moments();
            let last = &moments[moments.len().saturating_sub(window)..];
            stage.restore(&torn(last, &dice)).await;
            changed += repaired(&stage, &world, seed).await;
        }
        assert!(changed > 40, "only {changed} rows were torn");
    });
}
