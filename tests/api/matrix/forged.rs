//! Authorization headers that prove nothing: each is a good one with one thing wrong.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{identity::Role, time::Span, universe::UniverseId};
use edge::auth::{
    access_token::{AccessTokens, Principal},
    keys::Secrets,
    scopes::Scopes,
};
use ring::hmac;
use serde_json::{Value, json};

use super::examples::Stage;

/// A signed token of the owner's whose header and claims have been altered.
fn altered(stage: &Stage, alter: impl FnOnce(&mut Value, &mut Value)) -> String {
    let tokens = &stage.world.context.access_tokens;
    let (mut header, mut claims) = (tokens.header(), claims(stage));
    alter(&mut header, &mut claims);
    tokens.sign_json(&header, &claims)
}

fn claims(stage: &Stage) -> Value {
    let now = stage.world.context.market.clock.now();
    stage.world.context.access_tokens.claims(&principal(stage), now)
}

fn principal(stage: &Stage) -> Principal {
    let home = UniverseId::new(1).expect("Earth");
    Principal { user: stage.owner.id, scopes: Scopes::for_role(Role::Trader), home }
}

/// The token with another claim or header member.
fn claiming(stage: &Stage, name: &str, value: impl Into<Value>) -> String {
    altered(stage, |_, claims| claims[name] = value.into())
}

fn headed(stage: &Stage, name: &str, value: impl Into<Value>) -> String {
    altered(stage, |header, _| header[name] = value.into())
}

/// The token with all its times moved.
fn moved(stage: &Stage, seconds: i64) -> String {
    altered(stage, |_, claims| {
        for name in ["iat", "nbf", "exp"] {
            claims[name] = json!(claims[name].as_i64().expect("seconds") + seconds);
        }
    })
}

/// The token without its signature, or with another.
fn resigned(token: &str, signature: &str) -> String {
    let (message, _) = token.rsplit_once('.').expect("three parts");
    format!("{message}.{signature}")
}

/// The token signed by HMAC under our public key, which everybody knows.
fn hashed(stage: &Stage, algorithm: &str) -> String {
    let token = headed(stage, "alg", algorithm);
    let (message, _) = token.rsplit_once('.').expect("three parts");
    let keys = stage.world.context.access_tokens.secrets.jwks().keys;
    let public_key = BASE64_URL_SAFE_NO_PAD.decode(&keys[0].x).expect("base64url");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &public_key);
    let tag = hmac::sign(&key, message.as_bytes());
    resigned(&token, &BASE64_URL_SAFE_NO_PAD.encode(tag))
}

/// Issued by us, as it seems, but with another secret.
fn strangers(stage: &Stage, under_our_name: bool) -> String {
    let ours = &stage.world.context.access_tokens;
    let secrets = Secrets::from_base64("ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=");
    let theirs =
        AccessTokens { secrets: Arc::new(secrets.expect("another secret")), ..ours.clone() };
    let header = if under_our_name { ours.header() } else { theirs.header() };
    theirs.sign_json(&header, &claims(stage))
}

/// Another user's claims over the owner's signature.
fn transplanted(stage: &Stage) -> String {
    let parts: Vec<&str> = stage.owner.token.split('.').collect();
    let claims = stage.admin.token.split('.').nth(1).expect("three parts");
    format!("{}.{claims}.{}", parts[0], parts[2])
}

/// What each is, and the header's text.
pub(super) async fn headers(stage: &Stage) -> Vec<(&'static str, String)> {
    let good = &stage.owner.token;
    let missing = |name: &'static str| {
        altered(stage, |header, claims| {
            for part in [header, claims] {
                part.as_object_mut().expect("an object").remove(name);
            }
        })
    };
    let tokens = vec![
        ("garbage", "garbage".to_owned()),
        ("empty", String::new()),
        ("three empty parts", "..".to_owned()),
        ("a second space", format!(" {good}")),
        ("truncated", good[..good.len() - 1].to_owned()),
        ("overlong", "a".repeat(5_000)),
        ("expired", moved(stage, -(15 * 60 + 5))),
        ("not yet valid", moved(stage, 6)),
        (
            "valid for a day",
            claiming(stage, "exp", claims(stage)["iat"].as_i64().map(|at| at + 86_400)),
        ),
        ("of no end", missing("exp")),
        ("of another issuer", claiming(stage, "iss", "https://market.test/")),
        ("of no issuer", missing("iss")),
        ("for another audience", claiming(stage, "aud", "another")),
        ("for many audiences", claiming(stage, "aud", vec!["market"])),
        ("of another type", headed(stage, "typ", "refresh+jwt")),
        ("of the generic type", headed(stage, "typ", "JWT")),
        ("of no type", missing("typ")),
        ("of the algorithm none", resigned(&headed(stage, "alg", "none"), "")),
        ("of the algorithm none but signed", headed(stage, "alg", "none")),
        ("without its signature", resigned(good, "")),
        ("HS256 by the public key", hashed(stage, "HS256")),
        ("HMAC by the public key said to be EdDSA", hashed(stage, "EdDSA")),
        ("with a critical extension", headed(stage, "crit", vec!["exp"])),
        ("with a key of its own", headed(stage, "jwk", json!({}))),
        ("of an unknown key", headed(stage, "kid", "unknown")),
        ("of no key", missing("kid")),
        ("of a stranger", strangers(stage, false)),
        ("of a stranger under our key's name", strangers(stage, true)),
        ("of the owner with the admin's claims", transplanted(stage)),
        ("of no user", claiming(stage, "sub", "owner")),
        ("of no scope", claiming(stage, "scope", "")),
        ("of an unknown scope", claiming(stage, "scope", "read trade everything")),
        ("a refresh token", stage.session().await),
        ("a quote", stage.quote().await),
    ];
    let bearer = |(what, token)| (what, format!("Bearer {token}"));
    let others = [
        ("an empty header", String::new()),
        ("Basic", "Basic b3duZXI6Y29ycmVjdCBob3JzZQ==".to_owned()),
        ("Basic with a good token", format!("Basic {good}")),
        ("a good token without a scheme", good.clone()),
        ("a scheme without a token", "Bearer".to_owned()),
        ("the scheme twice", format!("Bearer Bearer {good}")),
    ];
    tokens.into_iter().map(bearer).chain(others).collect()
}

#[tokio::test]
async fn a_forgery_with_nothing_wrong_is_valid_so_each_rule_is_tested_alone() {
    let stage = Stage::set().await;
    for header in [
        format!("Bearer {}", altered(&stage, |_, _| ())),
        format!("bearer {}", stage.owner.token),
        format!(
            "BEARER {}",
            resigned(&stage.owner.token, stage.owner.token.rsplit('.').next().expect("a part"))
        ),
        format!("Bearer {}", moved(&stage, 5)),
        format!("Bearer {}", moved(&stage, -(15 * 60 + 4))),
    ] {
        let ask = tests::Ask::get("/api/v1/users/me").header("authorization", &header);
        stage.world.send(ask).await.expect_status(200);
    }
    stage.world.pass(Span::seconds(15 * 60 + 5));
    let late = tests::Ask::get("/api/v1/users/me").by(&stage.owner);
    stage.world.send(late).await.expect_problem(401, "invalid_token");
}
