//! Tables, seeding, markets, rates and statements on the embedded engine.

use std::{fs, path::PathBuf};

use app::projecting::rebuild;
use domain::identity::Login;
use ops::{
    arguments::{Action, Command, Rates, Seed, Statements, Tables},
    commands::{run_in, statements},
    market::market,
    report::Report,
    session::Session,
};
use tempfile::TempDir;
use testkit::builders::on_this_thread;

use crate::stage::Stage;

async fn run(session: &Session, command: Command, yes: bool) -> Report {
    run_in(session, &command, yes).await.expect("a report")
}

fn seed(no_admin: bool) -> Command {
    let admin_email = "admin@market.example".to_owned();
    Command::Seed(Seed { password_stdin: false, admin_email, no_admin })
}

#[test]
fn tables_that_were_made_are_as_declared_and_others_are_named() {
    on_this_thread(async {
        let stage = Stage::new().await;
        let session = stage.session(None);
        let right = run(&session, Command::Tables(Tables::Verify), false).await;
        assert!(right.fine, "{}", right.text);
        let mut elsewhere = session.clone();
        elsewhere.tables = dynamo::TableNames::prefixed("other");
        let wrong = run(&elsewhere, Command::Tables(Tables::Verify), false).await;
        assert!(!wrong.fine);
        let named = wrong
            .text
            .lines()
            .any(|line| line.starts_with("other-journal ") && line.ends_with("is not there"));
        assert!(named, "{}", wrong.text);
        let dry = run(&elsewhere, Command::Tables(Tables::Create), false).await;
        assert_eq!(dry.json["dry_run"], true);
        assert!(!run(&elsewhere, Command::Tables(Tables::Verify), false).await.fine);
        run(&elsewhere, Command::Tables(Tables::Create), true).await;
        assert!(run(&elsewhere, Command::Tables(Tables::Verify), false).await.fine);
    });
}

#[test]
fn a_seeded_market_is_not_seeded_twice_and_its_password_is_shown_once() {
    on_this_thread(async {
        let stage = Stage::new().await;
        let session = stage.session(None);
        let dry = run(&session, seed(false), false).await;
        assert!(dry.text.contains("market MRC-USD"), "{}", dry.text);
        let made = run(&session, seed(false), true).await;
        let password = made.json["admin_password"].as_str().expect("shown").to_owned();
        let market = market(&session);
        let login = Login::Username("admin".parse().expect("a name"));
        let admin = market.store.user_by_login(&login).await.expect("a read").expect("made");
        assert!(market.passwords.verify(&password, Some(&admin.password_hash)).await);
        let again = run(&session, seed(false), true).await;
        assert!(again.text.contains("already"), "{}", again.text);
    });
}

#[test]
fn a_market_is_halted_and_a_rate_is_set_by_the_rules_of_administrators() {
    on_this_thread(async {
        let stage = Stage::new().await;
        let session = stage.session(None);
        run(&session, seed(true), true).await;
        let pair = "MRC-USD".parse().expect("a pair");
        let halt = Command::Market { action: Action::Halt, pair };
        run(&session, halt.clone(), false).await;
        assert_eq!(run(&session, halt.clone(), true).await.json["from"], "trading");
        assert!(run(&session, halt, true).await.text.contains("already"));
        let status = run(&session, Command::Status, false).await;
        assert!(status.text.contains("MRC-USD  halted"), "{}", status.text);
        let publish = |units: &str, confirm| {
            let rates = vec![("MRC".to_owned(), units.to_owned())];
            Command::Rates(Rates::Publish { file: None, rates, confirm })
        };
        run(&session, publish("2.6", false), true).await;
        let jump = run_in(&session, &publish("9", false), true).await.expect_err("a jump");
        assert!(jump.to_string().contains("--confirm"), "{jump}");
        run(&session, publish("9", true), true).await;
        let known = market(&session).rates.renew().await.expect("rates");
        let mars = known.of_currency("MRC".parse().expect("a code")).expect("Mars");
        assert_eq!(
            (mars.rate.units_per_base.to_string(), mars.rate.id.version),
            ("9".to_owned(), 3)
        );
    });
}

#[test]
fn exported_statements_are_verified_and_a_changed_one_is_not() {
    on_this_thread(async {
        let stage = Stage::new().await;
        let session = stage.session(None);
        run(&session, seed(false), true).await;
        let market = market(&session);
        let users = dynamo::scan::users(&session.dynamodb, &session.tables).await.expect("users");
        rebuild(&market, users, [], []).await.expect("folded");
        let dir = TempDir::new().expect("a directory");
        let export = Statements::Export { user: None, all: true, dir: dir.path().to_owned() };
        let exported = run(&session, Command::Statements(export), false).await;
        assert_eq!((&exported.json["wallets"], &exported.json["lines"]), (&1.into(), &1.into()));
        let file = PathBuf::from(exported.json["files"][0].as_str().expect("a path"));
        let right = statements::verify(std::slice::from_ref(&file)).expect("a report");
        assert!(right.fine, "{}", right.text);
        let text = fs::read_to_string(&file).expect("a file");
        fs::write(&file, text.replace("\"available\":\"0\"", "\"available\":\"1\""))
            .expect("written");
        let wrong = statements::verify(&[file]).expect("a report");
        assert!(!wrong.fine && wrong.text.contains("line 1 is broken"), "{}", wrong.text);
    });
}
