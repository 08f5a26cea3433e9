//! Markets started in this process: what they find again, what they refuse, what heals.

mod demo;
mod endpoint;
mod http;
mod matching;
mod seeding;
mod sockets;
mod upgrade;
mod venues;
mod webhooks;

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use app::{
    market::{Asked, entry_id, fingerprint},
    money::Operate,
    perform::perform,
    ports::EntryQuery,
};
use domain::{
    amount::{Amount, Money},
    id::{UserId, WalletId},
    ledger::Outcome,
    time::Timestamp,
};
use edge::limits::Quotas;
use tempfile::tempdir;
use testkit::{clock::ManualClock, entropy::SeededEntropy, passwords::PlainPasswords};

use crate::{Options, Report, RunningMarket, StartError, Storage, start};

/// Options under which nothing depends on the time or on a slow hash. Each market draws other
/// bits, as it would in reality.
fn options(storage: Storage) -> Options {
    static MARKETS: AtomicU64 = AtomicU64::new(0);
    Options {
        quotas: Quotas::unlimited(),
        clock: Arc::new(ManualClock::at(Timestamp::from_millis(1_800_000_000_000))),
        entropy: Arc::new(SeededEntropy::new(MARKETS.fetch_add(1, Ordering::Relaxed))),
        passwords: Arc::new(PlainPasswords),
        ..Options::new(storage)
    }
}

fn in_dir(path: &Path) -> Storage {
    Storage::Dir { path: path.to_path_buf(), fresh: false }
}

async fn started(storage: Storage) -> RunningMarket {
    start(options(storage)).await.expect("started")
}

async fn refused(storage: Storage) -> StartError {
    start(options(storage)).await.err().expect("refused")
}

/// The report without what a restart changes: the ports, and that the password is shown once.
fn lasting(report: &Report) -> Report {
    let mut lasting = report.clone();
    (lasting.url, lasting.docs) = (String::new(), String::new());
    lasting.admin.as_mut().expect("seeded").password = None;
    lasting.venue.as_mut().expect("there is one").url = String::new();
    lasting
}

fn password(market: &RunningMarket) -> Option<String> {
    market.report().admin.as_ref().expect("seeded").password.clone()
}

/// A deposit of 1.00 into the first demo user's wallet.
async fn deposit(market: &RunningMarket, key: &str) {
    let wallet: WalletId = market.report().users[0].wallet_id.parse().expect("a wallet");
    let market = &market.context().market;
    let universes = market.rates.renew().await.expect("readable");
    let currency = universes.currency(wallet.currency).expect("known");
    let money = Money { amount: Amount::from_minor(100).expect("an amount"), currency };
    let asked = Asked {
        actor: wallet.owner,
        entry: entry_id(wallet.owner, key),
        fingerprint: fingerprint([key.as_bytes()]),
        request_id: key.to_owned(),
    };
    let answer = perform(market, &asked, &Operate::Deposit(money)).await.expect("performed");
    assert!(matches!(answer.entry.outcome, Outcome::Moved(_)));
}

#[tokio::test]
async fn a_new_market_has_the_demo_users_and_items() {
    let market = started(Storage::Memory).await;
    let report = market.report();
    let users: Vec<_> = report
        .users
        .iter()
        .map(|user| {
            (
                user.username.as_str(),
                user.universe_id,
                user.available.as_str(),
                user.currency.as_str(),
            )
        })
        .collect();
    assert_eq!(
        users,
        [
            ("john_earth", 1, "1000.00", "USD"),
            ("mary_mars", 2, "2500.00", "MRC"),
            ("venus_trader", 3, "750.00", "VNC"),
        ]
    );
    let items: Vec<_> = report
        .items
        .iter()
        .map(|item| (item.name.as_str(), item.price.as_str(), item.currency.as_str(), item.stock))
        .collect();
    assert_eq!(
        items,
        [
            ("Earth Coffee", "5.00", "USD", 100),
            ("Mars Rocks", "10.00", "MRC", 50),
            ("Venus Crystals", "15.00", "VNC", 25),
        ]
    );
    for (user, item) in report.users.iter().zip(&report.items) {
        assert_eq!(user.user_id, item.seller_id, "each sells one");
    }
    let markets = report.markets.iter().map(|market| (&*market.market, &*market.status));
    let markets: Vec<_> = markets.collect();
    assert_eq!(markets, [("MRC-USD", "trading"), ("VNC-USD", "trading"), ("MRC-VNC", "trading")]);
    assert_eq!(report.data_dir, None);
    assert!(password(&market).is_some_and(|password| password.len() == 20));
}

#[tokio::test]
async fn a_second_start_finds_the_same_market_and_seeds_nothing() {
    let directory = tempdir().expect("a directory");
    let first = started(in_dir(directory.path())).await;
    first.report_delivered().expect("remembered");
    let before = lasting(first.report());
    first.shutdown().await;

    let second = started(in_dir(directory.path())).await;

    assert_eq!(lasting(second.report()), before);
    assert_eq!(password(&second), None);
    let user: UserId = before.users[0].user_id.parse().expect("an id");
    let query = EntryQuery { user, after: None, limit: 100 };
    let entries = second.context().market.store.entries(&query).await.expect("readable");
    assert_eq!(entries.rows.len(), 1, "the first deposit alone");
}

#[tokio::test]
async fn what_was_done_outlives_a_restart() {
    let directory = tempdir().expect("a directory");
    let first = started(in_dir(directory.path())).await;
    deposit(&first, "one").await;
    drop(first);

    let second = started(in_dir(directory.path())).await;

    assert_eq!(second.report().users[0].available, "1001.00");
}

#[tokio::test]
async fn the_admins_password_is_shown_until_a_report_was_delivered() {
    let directory = tempdir().expect("a directory");
    let first = started(in_dir(directory.path())).await;
    let shown = password(&first).expect("shown");
    first.shutdown().await;
    let second = started(in_dir(directory.path())).await;
    assert_eq!(password(&second), Some(shown), "the first report was lost");
    second.report_delivered().expect("remembered");
    second.shutdown().await;
    assert_eq!(password(&started(in_dir(directory.path())).await), None);
}

#[tokio::test]
async fn two_markets_have_different_passwords_for_the_admin() {
    let one = started(Storage::Memory).await;
    let other = started(Storage::Memory).await;
    assert_ne!(password(&one), password(&other));
}

#[tokio::test]
async fn a_fresh_market_forgets_and_leaves_what_is_not_ours() {
    let directory = tempdir().expect("a directory");
    let first = started(in_dir(directory.path())).await;
    deposit(&first, "one").await;
    first.report_delivered().expect("remembered");
    first.shutdown().await;
    let foreign = directory.path().join("notes.txt");
    fs::write(&foreign, "mine").expect("written");

    let path = directory.path().to_path_buf();
    let second = started(Storage::Dir { path, fresh: true }).await;

    assert_eq!(second.report().users[0].available, "1000.00");
    assert!(password(&second).is_some());
    assert_eq!(fs::read_to_string(foreign).expect("still there"), "mine");
}

#[tokio::test]
async fn a_directory_in_use_is_refused_even_to_a_fresh_market() {
    let directory = tempdir().expect("a directory");
    let first = started(in_dir(directory.path())).await;
    for fresh in [false, true] {
        let error = refused(Storage::Dir { path: directory.path().to_path_buf(), fresh }).await;
        assert!(matches!(error, StartError::Locked(_)), "{error}");
    }
    deposit(&first, "still at work").await;
}

#[tokio::test]
async fn a_taken_port_is_refused_before_anything_is_touched() {
    let first = started(Storage::Memory).await;
    let port = first.url().rsplit(':').next().expect("a port").parse().expect("a number");
    let directory = tempdir().expect("a directory");
    let storage = Storage::Dir { path: directory.path().to_path_buf(), fresh: true };
    let error = start(Options { port, ..options(storage) }).await.err().expect("refused");
    assert!(matches!(error, StartError::PortTaken(taken) if taken == port), "{error}");
    assert_eq!(fs::read_dir(directory.path()).expect("readable").count(), 0);
}

#[tokio::test]
async fn a_database_that_is_none_is_refused_and_left_alone() {
    let directory = tempdir().expect("a directory");
    started(in_dir(directory.path())).await.shutdown().await;
    let file = directory.path().join("market.db");
    let text = "no database at all. ".repeat(500);
    fs::write(&file, &text).expect("written");
    let error = refused(in_dir(directory.path())).await;
    assert!(matches!(error, StartError::Database(_)), "{error}");
    assert_eq!(fs::read_to_string(&file).expect("readable"), text);
}

#[tokio::test]
async fn a_file_that_is_not_ours_is_refused_even_to_a_fresh_market() {
    let directory = tempdir().expect("a directory");
    let file = directory.path().join("market.db");
    fs::write(&file, "mine").expect("written");
    for fresh in [false, true] {
        let error = refused(Storage::Dir { path: directory.path().to_path_buf(), fresh }).await;
        assert!(matches!(error, StartError::Foreign(_)), "{error}");
    }
    assert_eq!(fs::read_to_string(&file).expect("readable"), "mine");
}

#[tokio::test]
async fn a_database_whose_making_was_cut_short_is_made_anew() {
    let directory = tempdir().expect("a directory");
    started(in_dir(directory.path())).await.shutdown().await;
    let file = |name: &str| directory.path().join(name);
    fs::remove_file(file("market.db")).expect("removed");
    fs::write(file("market.db.new"), "half of a database").expect("written");
    fs::write(file("market.db.new-wal"), "and what was to follow").expect("written");

    let healed = started(in_dir(directory.path())).await;

    assert_eq!(healed.report().users.len(), 3);
    for name in ["market.db.new", "market.db.new-wal", "market.db.new-shm"] {
        assert!(!file(name).exists(), "{name}");
    }
}

#[tokio::test]
async fn a_broken_secret_is_refused() {
    let directory = tempdir().expect("a directory");
    started(in_dir(directory.path())).await.shutdown().await;
    for text in [&b"too short"[..], b"", b"\xff\xfe"] {
        fs::write(directory.path().join("secret"), text).expect("written");
        let error = refused(in_dir(directory.path())).await;
        assert!(matches!(error, StartError::Secret(_)), "{error}");
    }
}

#[tokio::test]
async fn the_report_is_one_line_of_json() {
    let market = started(Storage::Memory).await;
    let line = market.report().json_line().expect("serialisable");
    assert_eq!(line.lines().count(), 1);
    let json: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(json["url"], market.url());
    assert_eq!(json["docs"], format!("{}/docs", market.url()));
    assert_eq!(json["users"][0]["username"], "john_earth");
    assert_eq!(json["users"][0]["password"], "earth-demo-1");
    assert_eq!(json["admin"]["username"], "admin");
    assert_eq!(json["items"][1]["id"], "itm_00000000000000000000000002");
    assert_eq!(json["markets"][0]["market"], "MRC-USD");
    assert_eq!(json["markets"][0]["tick_size"], "0.01");
    assert!(json["data_dir"].is_null());
}

#[tokio::test]
async fn a_market_may_be_empty() {
    let options = Options { seed: false, ..options(Storage::Memory) };
    let market = start(options).await.expect("started");
    assert_eq!(market.report().users, []);
    assert_eq!(market.report().admin, None);
    assert_eq!(market.report().purchase(), None);
    assert!(market.context().market.rates.renew().await.expect("readable").all().is_empty());
}
