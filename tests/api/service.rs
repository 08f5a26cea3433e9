//! What is not about the market: health, documentation, keys, and the list of all problems.
#![expect(clippy::expect_used, reason = "a fixture that fails is a test that fails")]

mod openapi;

use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use edge::{boot::Parts, dispatch::answer, limits::Quotas};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::Value;
use testkit::{clock::ManualClock, entropy::SeededEntropy, memory::MemoryStore};
use tests::{Ask, World};

#[tokio::test]
async fn the_root_says_where_to_go() {
    let world = World::new().await;
    let answer = world.send(Ask::get("/")).await;
    insta::assert_json_snapshot!(answer.expect_status(200).body, @r#"
    {
      "asyncapi_url": "/asyncapi.json",
      "docs_url": "/docs",
      "message": "Welcome to the Multiverse Market!",
      "openapi_url": "/openapi.json",
      "redoc_url": "/redoc"
    }
    "#);
}

#[tokio::test]
async fn health_asks_nothing_of_anyone() {
    let world = World::new().await;
    world.traffic();
    let answer = world.send(Ask::get("/health")).await;
    let mut body = answer.expect_status(200).body.clone();
    body["version"] = Value::from("(version)");
    insta::assert_json_snapshot!(body, @r#"
    {
      "data": {
        "status": "healthy"
      },
      "status": "healthy",
      "success": true,
      "version": "(version)"
    }
    "#);
    assert_eq!(world.send(Ask::get("/healthcheck")).await.bytes, answer.bytes);
    assert_eq!(world.traffic().total_round_trips(), 0);
}

#[tokio::test]
async fn ready_asks_the_store() {
    let world = World::new().await;
    world.traffic();
    let answer = world.send(Ask::get("/ready")).await;
    insta::assert_json_snapshot!(answer.expect_status(200).body, @r#"
    {
      "status": "ready",
      "universes": 3
    }
    "#);
    assert_eq!(world.traffic().total_round_trips(), 1);
}

#[tokio::test]
async fn a_market_without_universes_is_not_ready() {
    let world = World::new().await;
    let empty = Parts {
        store: Arc::new(MemoryStore::new()),
        cache: None,
        clock: Arc::new(ManualClock::at(world.context.market.clock.now())),
        entropy: Arc::new(SeededEntropy::new(2)),
        passwords: Arc::clone(&world.context.market.passwords),
        doorbell: Arc::clone(&world.context.market.doorbell),
        deliveries: Arc::clone(&world.context.market.deliveries),
        placements: Arc::clone(&world.context.market.placements),
        dead_letters: Arc::clone(&world.context.dead_letters),
        gateway: Arc::clone(&world.context.gateway),
        webhook_sender: Arc::clone(&world.context.webhook_sender),
        venue_connector: Arc::clone(&world.context.venue_connector),
        venue_feeds: Arc::clone(&world.context.venue_feeds),
        access_tokens: world.context.access_tokens.clone(),
        quotas: Quotas::unlimited(),
        settings: world.context.market.settings,
    };
    let request = http::Request::get("/ready").body(bytes::Bytes::new()).expect("a request");
    let response = answer(&empty.context(), &functions::ready::ENDPOINT, request).await;
    assert_eq!(response.status(), 503);
    let body: Value = serde_json::from_slice(response.body()).expect("JSON");
    assert_eq!(body["code"], "not_ready");
    assert_eq!(body["retryable"], true);
}

#[tokio::test]
async fn the_published_key_verifies_an_access_token() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let answer = world.send(Ask::get("/.well-known/jwks.json")).await;
    assert_eq!(answer.expect_status(200).header("cache-control"), Some("public, max-age=300"));
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let (message, signature) = john.token.rsplit_once('.').expect("three parts");
    let header = message.split('.').next().expect("a header");
    let header: Value = serde_json::from_slice(&decode(header)).expect("JSON");
    assert_eq!(header["typ"], "at+jwt");
    let keys = answer.body["keys"].as_array().expect("keys");
    let key = keys.iter().find(|key| key["kid"] == header["kid"]).expect("the key");
    assert_eq!((&key["kty"], &key["crv"]), (&Value::from("OKP"), &Value::from("Ed25519")));
    assert!(keys.iter().all(|key| key.get("d").is_none()), "no private part");
    let public = UnparsedPublicKey::new(&ED25519, decode(key["x"].as_str().expect("a point")));
    public.verify(message.as_bytes(), &decode(signature)).expect("a good signature");
}

#[tokio::test]
async fn the_documentation_pages_load_only_assets_that_are_there() {
    let world = World::new().await;
    for path in ["/docs", "/redoc"] {
        let page = world.send(Ask::get(path)).await;
        assert_eq!(
            page.expect_status(200).header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(page.header("content-security-policy").is_some());
        let html = String::from_utf8(page.bytes.to_vec()).expect("UTF-8");
        let assets: Vec<_> = html.split("\"assets/").skip(1).collect();
        assert!(!assets.is_empty());
        for asset in assets {
            let name = asset.split('"').next().expect("a name");
            let file = world.send(Ask::get(&format!("/assets/{name}"))).await;
            assert!(!file.expect_status(200).bytes.is_empty());
            let cached = file.header("cache-control").expect("it never changes");
            assert!(cached.contains("immutable"), "{name}");
        }
    }
    for bad in ["nothing.js", "..%2f..%2fCargo.toml", "%00"] {
        let answer = world.send(Ask::get(&format!("/assets/{bad}"))).await;
        assert_eq!(answer.status, 404, "{bad}");
    }
}

/// The codes that sources give problems: after a status, or as what is missing.
fn codes(source: &str) -> BTreeSet<String> {
    let product = source.split("#[cfg(test)]").next().unwrap_or_default();
    let after = |mark: &str| {
        let quoted = product.split(mark).skip(1).filter_map(|rest| {
            let rest = rest.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
            let rest = rest.trim_start_matches([',', ' ', '\n']).strip_prefix('"')?;
            rest.split('"').next().map(str::to_owned)
        });
        quoted.collect::<Vec<_>>()
    };
    let marks = [
        "refused(",
        "passing(",
        "=> (",
        "Missing::User =>",
        "Missing::Universe =>",
        "Missing::Currency =>",
        "Missing::Wallet =>",
        "Missing::Item =>",
        "Missing::Transaction =>",
        "Missing::Quote =>",
        "Missing::Market =>",
        "Missing::Order =>",
        "Missing::Rate =>",
    ];
    marks.iter().flat_map(|mark| after(mark)).filter(|code| code.contains('_')).collect()
}

/// The sources in a folder; those of tests beside the program are none of them.
fn read_all(folder: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            read_all(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(fs::read_to_string(&path).expect("a source"));
        }
    }
}

#[test]
fn every_code_of_a_problem_is_shown_by_a_test() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut product, mut tests) = (Vec::new(), Vec::new());
    read_all(&here.join("../shared/edge/src"), &mut product);
    read_all(&here.join("../functions/src"), &mut product);
    read_all(&here.join("api"), &mut tests);
    let codes: BTreeSet<_> = product.iter().flat_map(|source| codes(source)).collect();
    assert!(codes.len() > 50, "the sources are not read as they are written: {codes:?}");
    let unshown: Vec<_> = codes
        .iter()
        .filter(|code| !tests.iter().any(|test| test.contains(&format!("\"{code}\""))))
        .collect();
    assert!(unshown.is_empty(), "{unshown:?}");
}
