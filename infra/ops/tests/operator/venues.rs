//! Venues as an operator makes them known, suspends them and seals their secrets again.

use std::{fs, path::PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};
use clap::Parser;
use domain::venue::{Breaker, Venue};
use edge::auth::{keys::Secrets, venue_secret::VenueSecret};
use ops::{
    arguments::{Arguments, Command, Phase},
    commands::{keys::rotate, run_in},
    failure::Failure,
    market::market,
    report::Report,
    session::{Session, outputs},
};
use serde_json::json;
use tempfile::TempDir;
use testkit::builders::on_this_thread;

use crate::{scripted::Script, stage::Stage};

/// What the command line says, done.
async fn run(session: &Session, line: &str) -> Result<Report, Failure> {
    let words = std::iter::once("market-ops").chain(line.split_whitespace());
    let Arguments { command, yes, .. } = Arguments::try_parse_from(words).expect("a command line");
    run_in(session, &command, yes).await
}

/// 32 bytes in base64.
fn root(byte: u8) -> String {
    BASE64_STANDARD.encode([byte; 32])
}

/// Tables with universes, and a secret of this state.
async fn session(current: u8, other: Option<u8>, phase: &str) -> (Stage, Session) {
    let stage = Stage::new().await;
    let session = with_secret(&stage, current, other, phase);
    run(&session, "seed --no-admin --yes").await.expect("seeded");
    (stage, session)
}

fn with_secret(stage: &Stage, current: u8, other: Option<u8>, phase: &str) -> Session {
    let other = other.map_or("none".to_owned(), root);
    let value = json!({"current": root(current), "other": other, "phase": phase}).to_string();
    let read = json!({"SecretString": value, "Name": "keys"}).to_string();
    let script = Script::of(&[
        ("GetSecretValue", 200, &read),
        ("PutSecretValue", 200, r#"{"Name": "keys"}"#),
    ]);
    let mut session = stage.session(Some(script.client()));
    session.outputs.insert(outputs::SECRET.to_owned(), "arn:keys".to_owned());
    session
}

/// A file with a venue's secret, and what is put with it.
fn secret_file(directory: &TempDir) -> (PathBuf, String) {
    let path = directory.path().join("nyx.secret");
    let secret = format!("vsec_{}", root(7));
    fs::write(&path, format!("{secret}\n")).expect("written");
    (path, secret)
}

async fn put_nyx(session: &Session) {
    let directory = TempDir::new().expect("a directory");
    let (path, secret) = secret_file(&directory);
    let line = format!(
        "venues put nyx --currency USD --url https://nyx.example/v1/ --secret-file {} \
         --list DOTUSDT00008=100.25 --list ETHUSDT00002 --concurrency 2",
        path.display()
    );
    let dry = run(session, &line).await.expect("a dry run");
    assert_eq!(dry.json["dry_run"], true);
    assert!(market(session).store.venues().await.expect("venues").is_empty());
    let done = run(session, &format!("{line} --yes")).await.expect("put");
    let said = format!("{}{}", done.text, done.json);
    assert!(!said.contains(&secret), "its secret is shown");
}

async fn nyx(session: &Session) -> Venue {
    let venues = market(session).store.venues().await.expect("venues");
    venues.into_iter().next().expect("a venue")
}

#[test]
fn a_venue_is_made_known_and_then_changed_by_what_is_said_alone() {
    on_this_thread(async {
        let (_stage, session) = session(1, None, "settled").await;
        put_nyx(&session).await;
        let made = nyx(&session).await;
        assert_eq!((made.url.as_str(), made.version), ("https://nyx.example/v1", 1));
        let prices: Vec<_> =
            made.listings.iter().map(|it| it.reference.map(|price| price.minor())).collect();
        assert_eq!(prices, [Some(10_025), None]);
        assert_eq!((made.concurrency_max, made.rate_max, made.collar_bps), (2, 20, 200));
        let opened = Secrets::from_base64(&root(1)).expect("a secret");
        let opened = VenueSecret::open(&opened, made.id, &made.secret).expect("sealed by it");
        assert_eq!(opened.secret.reveal(), format!("vsec_{}", root(7)));

        let line = "venues put nyx --unlist ETHUSDT00002 --rate 50 --yes";
        run(&session, line).await.expect("changed");
        let changed = nyx(&session).await;
        assert_eq!((changed.listings.len(), changed.rate_max, changed.version), (1, 50, 2));
        assert_eq!((changed.secret, changed.url), (made.secret, made.url));
    });
}

#[test]
fn what_makes_no_sense_of_a_venue_is_refused() {
    on_this_thread(async {
        let (_stage, session) = session(1, None, "settled").await;
        let refused = async |line: &str| run(&session, line).await.expect_err(line).to_string();
        let new = refused("venues put nyx --list DOTUSDT00008 --yes").await;
        assert!(new.contains("--currency"), "{new}");
        put_nyx(&session).await;
        for (line, why) in [
            ("venues put nyx --currency MRC", "currency stays"),
            ("venues put nyx --url http://nyx.example", "https"),
            ("venues put nyx --url https://127.0.0.1", "private"),
            ("venues put nyx --url https://nyx.example/?a=b", "query"),
            ("venues put nyx --list DOTUSDT00008=0", "not zero"),
            ("venues put nyx --list SHORT=1", "twelve"),
            ("venues put nyx --unlist DOTUSDT00008 --unlist ETHUSDT00002", "1 to 500"),
            ("venues suspend other", "not found"),
            ("redrive venue-order vor_00000000000000000000000000", "not found"),
        ] {
            let said = refused(line).await;
            assert!(said.contains(why), "{line}: {said}");
        }
    });
}

#[test]
fn a_suspended_venue_and_one_that_is_left_alone_are_shown_and_brought_back() {
    on_this_thread(async {
        let (_stage, session) = session(1, None, "settled").await;
        put_nyx(&session).await;
        run(&session, "venues suspend nyx --yes").await.expect("suspended");
        assert!(nyx(&session).await.suspended);
        let market = market(&session);
        let mut breaker = Breaker::new(nyx(&session).await.id);
        while breaker.is_closed() {
            breaker = breaker.failed(market.clock.now()).expect("another failure");
            assert!(market.store.replace_breaker(&breaker).await.expect("written"));
        }
        let list = run(&session, "venues list").await.expect("a list");
        assert_eq!(list.json["venues"][0]["orders"], "suspended");
        assert_eq!(list.json["venues"][0]["breaker"], "open");
        let status = run(&session, "status").await.expect("a status");
        assert!(!status.fine && status.text.contains("nyx does not answer"), "{}", status.text);
        run(&session, "venues reset-breaker nyx --yes").await.expect("reset");
        assert!(market.store.breaker(breaker.venue).await.expect("read").is_closed());
        run(&session, "venues resume nyx --yes").await.expect("resumed");
        assert!(!nyx(&session).await.suspended);
        let list = run(&session, "venues list").await.expect("a list");
        assert_eq!(list.json["venues"][0]["orders"], "accepted");
    });
}

#[test]
fn a_root_secret_is_not_retired_while_it_alone_opens_a_venues() {
    on_this_thread(async {
        let (stage, first) = session(1, None, "settled").await;
        put_nyx(&first).await;
        let promoted = with_secret(&stage, 2, Some(1), "promoted");
        let early = rotate(&promoted, Phase::Retire, 4, false).await.expect_err("too early");
        assert!(early.to_string().contains("venues reseal"), "{early}");
        let done = run(&promoted, "venues reseal --yes").await.expect("sealed again");
        assert_eq!(done.json["resealed"], json!(["nyx"]));
        let again = run(&promoted, "venues reseal --yes").await.expect("nothing to do");
        assert_eq!(again.json["resealed"], json!([]));
        rotate(&promoted, Phase::Retire, 4, false).await.expect("nothing is lost");
        let opened = Secrets::from_base64(&root(2)).expect("a secret");
        let venue = nyx(&promoted).await;
        let opened = VenueSecret::open(&opened, venue.id, &venue.secret).expect("the new one");
        assert_eq!(opened.secret.reveal(), format!("vsec_{}", root(7)));
    });
}

#[test]
fn an_order_to_see_to_must_be_named() {
    let parse = |line: &str| Arguments::try_parse_from(line.split_whitespace());
    assert!(parse("market-ops redrive venue-order").is_err());
    let named = parse("market-ops redrive venue-order vor_00000000000000000000000001");
    assert!(
        matches!(named.expect("named").command, Command::Redrive(wanted) if wanted.order.is_some())
    );
}
