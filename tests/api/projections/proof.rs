//! Proofs of statements, as the API gives them and as the verifier takes them.

use std::fs;

use market::verify::{Source, Verified, VerifyError, run};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{Caller, World};

use super::{lively, wallets};
use crate::steps::get;

/// All pages of a wallet's proof.
async fn pages(world: &World, caller: &Caller, wallet: &str, limit: u32) -> Vec<Value> {
    let mut pages = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/wallets/{wallet}/proof?limit={limit}{after}");
        let page = get(world, caller, &path).await.expect_status(200).body.clone();
        let next = page["next"].as_str().map(str::to_owned);
        pages.push(page);
        match next {
            Some(next) => after = format!("&after={next}"),
            None => return pages,
        }
    }
}

async fn verified(pages: &[Value]) -> Result<Verified, VerifyError> {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("proof.json");
    let text: Vec<_> = pages.iter().map(Value::to_string).collect();
    fs::write(&file, text.join("\n")).expect("written");
    run(&Source::Files(vec![file])).await
}

#[tokio::test]
async fn every_wallets_proof_is_verified_however_it_is_cut() {
    let floor = lively().await;
    floor.world.follow_streams().await;
    for caller in [&floor.john, &floor.mary] {
        for wallet in wallets(&floor.world, caller).await {
            let id = wallet["id"].as_str().expect("an id");
            let mut found = Vec::new();
            for limit in [1, 3, 100] {
                let pages = pages(&floor.world, caller, id, limit).await;
                found.push(verified(&pages).await.expect("a proof").to_string());
            }
            assert_eq!((&found[0], &found[1]), (&found[1], &found[2]));
            let (available, held) = (&wallet["available"], &wallet["held"]);
            let balances = format!("available {available}, held {held} after").replace('"', "");
            assert!(found[0].contains(&balances), "{} is not {balances}", found[0]);
        }
    }
}

#[tokio::test]
async fn a_proof_that_was_tampered_with_is_refused_and_the_line_is_named() {
    let floor = lively().await;
    let john = &floor.john;
    floor.world.follow_streams().await;
    let right = pages(&floor.world, john, &john.wallet, 4).await;
    assert!(right.len() > 1, "one page is too few");
    // More money, from a line on to the end, with everything else as it must be but the hashes.
    let mut richer = right.clone();
    let lines = richer.iter_mut().flat_map(|page| page["lines"].as_array_mut().expect("lines"));
    for line in lines.filter(|line| line["line"].as_u64() >= Some(5)) {
        let available: i64 = line["available"].as_str().expect("text").parse().expect("a number");
        line["available"] = json!((available + 100_000).to_string());
        if line["line"] == 5 {
            let delta = line["available_delta"].as_str().expect("text");
            let delta: i64 = delta.parse().expect("a number");
            line["available_delta"] = json!((delta + 100_000).to_string());
        }
    }
    let error = verified(&richer).await.expect_err("refused").to_string();
    assert_eq!(error, "line 5 is broken: its hash is not that of what it says");
    let mut missing = right.clone();
    missing.remove(1);
    let error = verified(&missing).await.expect_err("refused").to_string();
    assert!(
        error.starts_with("line 9 is broken") || error.contains("pages are missing"),
        "{error}"
    );
    let (other, _) = floor.mary.wallet.split_at(30);
    let mut foreign = right;
    foreign[0]["wallet"] = json!(format!("{other}_USD"));
    let error = verified(&foreign).await.expect_err("refused").to_string();
    assert!(error.starts_with("line 1 is broken"), "{error}");
}

#[tokio::test]
async fn a_proof_is_given_to_its_owner_of_wallets_that_have_one() {
    let floor = lively().await;
    let (world, john) = (&floor.world, &floor.john);
    let proof = |wallet: &str| format!("/wallets/{wallet}/proof");
    let unstated = get(world, john, &proof(&john.wallet)).await;
    unstated.expect_problem(404, "wallet_not_found");
    world.follow_streams().await;
    let mine = get(world, john, &proof(&john.wallet)).await;
    assert_eq!(mine.expect_status(200).text("/format"), "multiverse-market-statement/1");
    assert_eq!(mine.text("/lines/0/previous"), "0".repeat(64));
    let foreign = get(world, john, &proof(&floor.mary.wallet)).await;
    foreign.expect_problem(404, "wallet_not_found");
    for bad in ["", "1", "1.", ".1", "01.1", "1.01", "1.-1", "-1.1", "x.1", "1.1.1"] {
        let path = format!("{}?after={bad}", proof(&john.wallet));
        let answer = get(world, john, &path).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), "/query/after", "{bad}");
    }
}
