//! Proofs in files, right and tampered with.

use std::collections::BTreeMap;

use app::projecting::sha256;
use domain::{
    account::{Account, Balance},
    activity::{Activity, News, Occasion},
    amount::Amount,
    currency::CurrencyCode,
    id::UserId,
    statement::{StatementHead, StatementLine},
    time::Timestamp,
};
use serde_json::json;
use tempfile::TempDir;

use super::*;

fn account(version: u64, available: i64, held: i64) -> Account {
    let amount = |minor| Amount::from_minor(minor).expect("an amount");
    let code: CurrencyCode = "USD".parse().expect("a code");
    let balance = Balance { available: amount(available), held: amount(held) };
    Account {
        user: UserId::from_bits(7),
        wallets: BTreeMap::from([(code, balance)]),
        times: BTreeMap::new(),
        version,
        changed_at: Timestamp::from_millis(1_795_248_000_000),
        last_entry: None,
        news: News::of(Occasion::Deposit),
    }
}

/// A statement of four lines: 0, 100.00, 60.00 and 40.00 held, 60.00.
fn lines() -> (Vec<StatementLine>, StatementHead) {
    let accounts =
        [account(1, 0, 0), account(2, 10_000, 0), account(3, 6_000, 4_000), account(4, 6_000, 0)];
    let mut head = StatementHead::of_new(accounts[0].user);
    let mut lines = Vec::new();
    let mut before = None;
    for after in &accounts {
        let change = Activity::between(before, after).expect("sound").expect("a change");
        lines.extend(head.follow(&change, sha256).expect("sound"));
        before = Some(after);
    }
    (lines, head)
}

fn page(lines: &[StatementLine], head: &StatementHead, next: Option<&str>) -> Value {
    let (_, tip) = head.wallets.iter().next().expect("a wallet");
    let line = |line: &StatementLine| {
        json!({
            "line": line.line, "version": line.version, "at": line.at.millis(), "entry": "-",
            "occasion": line.occasion.as_str(),
            "available_delta": line.available.to_string(),
            "held_delta": line.held.to_string(),
            "available": line.after.available.minor().to_string(),
            "held": line.after.held.minor().to_string(),
            "previous": line.previous.to_string(), "hash": line.hash.to_string(),
        })
    };
    json!({
        "format": edge::proof::FORMAT, "wallet": lines[0].wallet.to_string(), "currency": "USD",
        "scale": 2, "lines": lines.iter().map(line).collect::<Vec<_>>(), "next": next,
        "head": {"line": tip.line, "hash": tip.hash.to_string(), "version": head.version},
    })
}

async fn verified(files: &[String]) -> Result<Verified, VerifyError> {
    let dir = TempDir::new().expect("a directory");
    let paths = files.iter().enumerate().map(|(number, text)| {
        let path = dir.path().join(format!("{number}.json"));
        fs::write(&path, text).expect("written");
        path
    });
    run(&Source::Files(paths.collect())).await
}

#[tokio::test]
async fn a_whole_statement_is_verified_in_one_page_or_in_several() {
    let (lines, head) = lines();
    let whole = page(&lines, &head, None).to_string();
    let found = verified(&[whole]).await.expect("a proof");
    let said = found.to_string();
    assert!(said.contains(": 4 lines, each follows from the one before\n"), "{said}");
    assert!(said.contains("\navailable 60.00, held 0.00 after the last one\n"), "{said}");
    let (first, rest) = lines.split_at(1);
    let (first, rest) = (page(first, &head, Some("1.1")), page(rest, &head, None));
    let in_files = verified(&[first.to_string(), rest.to_string()]).await.expect("a proof");
    let in_one = verified(&[format!("{first}\n{rest}")]).await.expect("a proof");
    assert_eq!((&in_files, &in_one), (&found, &found));
}

#[tokio::test]
async fn whatever_is_changed_in_a_line_the_line_is_named() {
    let (lines, head) = lines();
    let right = page(&lines, &head, None);
    for (member, other) in [
        ("version", json!(9)),
        ("at", json!(1_795_248_000_001_i64)),
        ("entry", json!("txn_00000000000000000000000000")),
        ("occasion", json!("transfer")),
        ("available_delta", json!("-4001")),
        ("held_delta", json!("0")),
        ("available", json!("16000")),
        ("held", json!("-1")),
        ("held", json!("04000")),
        ("previous", json!("0".repeat(64))),
        ("hash", json!("f".repeat(64))),
    ] {
        let mut tampered = right.clone();
        tampered["lines"][2][member] = other;
        let error = verified(&[tampered.to_string()]).await.expect_err("refused").to_string();
        assert!(error.starts_with("line 3 is broken: "), "{member}: {error}");
    }
}

#[tokio::test]
async fn a_line_left_out_or_put_elsewhere_is_noticed() {
    let (lines, head) = lines();
    let right = page(&lines, &head, None);
    let mut without = right.clone();
    without["lines"].as_array_mut().expect("lines").remove(1);
    let error = verified(&[without.to_string()]).await.expect_err("refused").to_string();
    assert_eq!(error, "line 3 is broken: its number is not the next one");
    let mut swapped = right.clone();
    swapped["lines"].as_array_mut().expect("lines").swap(1, 2);
    let error = verified(&[swapped.to_string()]).await.expect_err("refused").to_string();
    assert!(error.starts_with("line 3 is broken"), "{error}");
    let mut short = right.clone();
    short["lines"].as_array_mut().expect("lines").pop();
    let error = verified(&[short.to_string()]).await.expect_err("refused");
    assert!(
        matches!(error, VerifyError::Proof(ProofError::CutShort { line: 3, head: 4 })),
        "{error}"
    );
    let mut other_head = right;
    other_head["head"]["hash"] = json!("0".repeat(64));
    let error = verified(&[other_head.to_string()]).await.expect_err("refused");
    assert!(matches!(error, VerifyError::Proof(ProofError::HeadDiffers(4))), "{error}");
}

#[tokio::test]
async fn what_is_no_proof_is_refused() {
    assert!(matches!(verified(&[]).await, Err(VerifyError::Proof(ProofError::NoPage))));
    for text in ["", "{}", "[]", "{\"format\": \"multiverse-market-statement/2\"}", "nonsense"] {
        assert!(verified(&[text.to_owned()]).await.is_err(), "{text:?}");
    }
    let missing = run(&Source::Files(vec!["/nowhere/proof.json".into()])).await;
    assert!(matches!(missing, Err(VerifyError::NotRead { .. })));
}
