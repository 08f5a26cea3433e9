//! The restore drill: a world at work, restored so that each row is as of a moment of its own
//! among the last commits; repaired; and then every promise holds, in what is told as well.

mod venue;
mod world;

use std::collections::BTreeSet;

use app::{
    audit::Difference,
    matching::match_orders,
    ports::{Clock, Store},
};
use domain::time::Span;
use dynamo::schema::{TABLES, VENUES};
use ops::{commands::repair::repair, report::Report};
use testkit::{audit::audit, builders::on_this_thread, entropy::SeededEntropy};

use crate::stage::{Key, Row, Rows, Stage};
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

/// What a repair has changed.
#[derive(Debug, Default)]
struct Changed {
    rows: usize,
    /// Those among them that are orders at the venue.
    venue_orders: usize,
}

impl Changed {
    fn of(report: &Report) -> Self {
        let changes = report.json["changes"].as_array().expect("a list");
        let rows = changes.iter().filter_map(|change| change["row"].as_str());
        let venue_orders = rows.filter(|row| row.starts_with("venues ")).count();
        Self { rows: changes.len(), venue_orders }
    }
}

/// Repairs what is torn and checks all that was promised.
async fn repaired(stage: &Stage, world: &World, seed: u64) -> Changed {
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
    at_the_venue(stage, world).await;
    Changed::of(&report)
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

/// Everything at the venue comes to its end, and the venue's book bears out what is here.
async fn at_the_venue(stage: &Stage, world: &World) {
    let fair = world.elsewhere(stage.store());
    world.venue.close(&fair).await;
    world.venue.bears_out(stage).await;
    let store = fair.market.store.as_ref();
    audit(store, &world.users(store).await).await;
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
        world.venue.send_all(&world.fair).await;
        world.remember(&stage).await;
        world.project_all(&stage).await;
        let report = repair(&stage.session(None), true, false).await.expect("a plan");
        assert!(report.fine, "{}", report.text);
        sound(&stage, &world, 1).await;
        world.venue.close(&world.fair).await;
        let orders = world.venue.bears_out(&stage).await;
        assert!(orders > 2, "only {orders} orders at the venue");
    });
}

/// It may have been sent after the moment that was restored, by those who had it then.
#[test]
fn of_an_order_that_was_not_sent_the_venue_is_asked_first() {
    on_this_thread(async {
        let stage = Stage::new().await;
        let mut world = World::new(stage.store(), 1).await;
        world.order_at_venue(&stage).await;
        world.project_all(&stage).await;
        let report = repair(&stage.session(None), true, true).await.expect("repaired");
        assert!(report.text.contains("may have been sent"), "{}", report.text);
        assert_eq!(Changed::of(&report).venue_orders, 1, "{}", report.text);
        let fair = world.elsewhere(stage.store());
        fair.clock.set(edge::system::SystemClock.now().plus(Span::seconds(1)));
        world.venue.send_all(&fair).await;
        assert_eq!(world.venue.strangers(), 1, "it was asked");
        at_the_venue(&stage, &world).await;
    });
}

/// The rows of orders at the venue and of money that differ between two moments.
fn differing(from: &Rows, to: &Rows) -> Vec<Key> {
    let paces = |key: &&Key| TABLES[key.0].stem == VENUES.stem && !key.1[0].starts_with("vor_");
    let keys: BTreeSet<&Key> = from.keys().chain(to.keys()).collect();
    let differs = keys.into_iter().filter(|key| from.get(*key) != to.get(*key));
    differs.filter(|key| !paces(key)).cloned().collect()
}

/// From before it was accepted to its end, each commit in each of the parts that may be there.
#[test]
fn an_order_at_a_venue_is_mended_whatever_part_of_a_commit_is_there() {
    on_this_thread(async {
        let stage = Stage::new().await;
        let mut world = World::new(stage.store(), 3).await;
        world.order_at_venue(&stage).await;
        world.life_of_the_order(&stage).await;
        let moments = world.moments().to_vec();
        let mut torn = Changed::default();
        for pair in moments.windows(2) {
            let differing = differing(&pair[0], &pair[1]);
            assert!((1..=4).contains(&differing.len()), "{differing:?}");
            for parts in 0..1_u32 << differing.len() {
                let mut rows = pair[0].clone();
                for (place, key) in differing.iter().enumerate() {
                    if parts & (1 << place) != 0 {
                        match pair[1].get(key) {
                            Some(row) => drop(rows.insert(key.clone(), row.clone())),
                            None => drop(rows.remove(key)),
                        }
                    }
                }
                stage.restore(&rows).await;
                let changed = repaired(&stage, &world, u64::from(parts)).await;
                torn.rows += changed.rows;
                torn.venue_orders += changed.venue_orders;
            }
        }
        assert!(torn.venue_orders > 8, "{torn:?}: too few orders were torn");
    });
}

#[test]
fn whatever_the_last_commits_are_torn_into_is_mended() {
    on_this_thread(async {
        let mut changed = Changed::default();
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
            let of_seed = repaired(&stage, &world, seed).await;
            changed.rows += of_seed.rows;
            changed.venue_orders += of_seed.venue_orders;
        }
        assert!(changed.rows > 40, "{changed:?}: too few rows were torn");
        assert!(changed.venue_orders > 8, "{changed:?}: too few orders at the venue were torn");
    });
}
