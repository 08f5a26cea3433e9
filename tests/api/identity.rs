//! Signing up, logging in, and what users see of each other.

mod sessions;

use app::ports::Clock;
use edge::auth::access_token::CLOCK_LEEWAY;
use serde_json::{Value, json};
use tests::{Answered, Ask, World};

use crate::{
    shown::shown,
    steps::{get, post},
};

async fn signup(world: &World, body: &Value) -> Answered {
    world.send(Ask::post("/api/v1/auth/signup").json(body)).await
}

async fn login(world: &World, body: &Value) -> Answered {
    world.send(Ask::post("/api/v1/auth/login").json(body)).await
}

fn john() -> Value {
    json!({"username": "john_earth", "email": "John@Example.com",
        "password": "correct horse", "universe_id": 1})
}

#[tokio::test]
async fn who_signs_up_is_a_trader_with_an_empty_wallet() {
    let world = World::new().await;
    let answer = signup(&world, &john()).await;
    insta::assert_json_snapshot!(shown(&answer.expect_status(201).body), @r#"
    {
      "data": {
        "email": "john@example.com",
        "role": "trader",
        "universe_id": 1,
        "user_id": "usr_1",
        "username": "john_earth",
        "wallet_id": "wal_1_USD"
      },
      "message": "User created successfully"
    }
    "#);
    let body = json!({"username": "john_earth", "password": "correct horse"});
    let session = login(&world, &body).await;
    insta::assert_json_snapshot!(shown(&session.expect_status(200).body), @r#"
    {
      "access_token": "(access token)",
      "data": {
        "access_token": "(access token)",
        "expires_in": 900,
        "refresh_token": "ref_(sealed)",
        "token_type": "Bearer",
        "user_id": "usr_1"
      },
      "expires_in": 900,
      "message": "User logged in successfully",
      "refresh_token": "ref_(sealed)",
      "token_type": "Bearer",
      "user_id": "usr_1"
    }
    "#);
    let token = session.text("/data/access_token");
    let me = world.send(Ask::get("/api/v1/users/me").bearer(&token)).await;
    insta::assert_json_snapshot!(shown(&me.expect_status(200).body), @r#"
    {
      "balance": "0.00",
      "created_at": "2026-11-21T08:00:00.000Z",
      "email": "john@example.com",
      "id": "usr_1",
      "role": "trader",
      "universe_id": 1,
      "username": "john_earth",
      "wallets": [
        {
          "available": "0.00",
          "balance": "0.00",
          "created_at": "2026-11-21T08:00:00.000Z",
          "currency": "USD",
          "held": "0.00",
          "id": "wal_1_USD",
          "posted": "0.00",
          "updated_at": "2026-11-21T08:00:00.000Z"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_name_and_an_address_are_had_once() {
    let world = World::new().await;
    signup(&world, &john()).await.expect_status(201);
    let mut same_name = john();
    same_name["email"] = json!("other@example.com");
    signup(&world, &same_name).await.expect_problem(409, "username_taken");
    let mut same_address = john();
    same_address["username"] = json!("other");
    same_address["email"] = json!("JOHN@example.COM");
    signup(&world, &same_address).await.expect_problem(409, "email_taken");
    same_address["email"] = json!("other@example.com");
    signup(&world, &same_address).await.expect_status(201);
}

#[tokio::test]
async fn a_signup_names_what_is_wrong() {
    let world = World::new().await;
    for (field, value) in [
        ("username", json!("John")),
        ("username", json!("jo")),
        ("username", json!("j".repeat(21))),
        ("email", json!("nowhere")),
        ("password", json!("short")),
        ("password", json!("p".repeat(129))),
        ("password", json!("john_earth")),
        ("password", json!("JOHN@example.com")),
        ("password", json!("tab\tulator")),
        ("password", json!(12_345_678)),
        ("universe_id", json!("1")),
        ("universe_id", json!(0)),
    ] {
        let mut body = john();
        body[field] = value;
        let answer = signup(&world, &body).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), format!("/{field}"), "{body}");
    }
    let mut body = john();
    body["universe_id"] = json!(99);
    signup(&world, &body).await.expect_problem(404, "universe_not_found");
    signup(&world, &john()).await.expect_status(201);
}

#[tokio::test]
async fn a_login_is_by_name_or_address_in_any_case() {
    let world = World::new().await;
    signup(&world, &john()).await.expect_status(201);
    for body in [
        json!({"username": "john_earth", "password": "correct horse"}),
        json!({"email": "john@example.com", "password": "correct horse"}),
        json!({"email": "JOHN@Example.COM", "password": "correct horse"}),
    ] {
        login(&world, &body).await.expect_status(200);
    }
    for body in [
        json!({"password": "correct horse"}),
        json!({"username": "john_earth", "email": "john@example.com", "password": "x"}),
    ] {
        let answer = login(&world, &body).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), "/username");
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_told_apart_by_nothing() {
    let world = World::new().await;
    signup(&world, &john()).await.expect_status(201);
    let ask = |name: &str, password: &str| {
        let body = json!({"username": name, "password": password});
        Ask::post("/api/v1/auth/login").header("x-request-id", "same").json(&body)
    };
    let wrong = world.send(ask("john_earth", "wrong horse")).await;
    let unknown = world.send(ask("nobody", "correct horse")).await;
    let empty = world.send(ask("john_earth", "")).await;
    wrong.expect_problem(401, "invalid_credentials");
    assert_eq!(wrong.bytes, unknown.bytes);
    assert_eq!(wrong.bytes, empty.bytes);
}

#[tokio::test]
async fn balances_and_addresses_are_shown_to_their_owner_alone() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let admin = world.admin().await;
    let path = format!("/users/{}", john.name);
    let own = get(&world, &john, &path).await;
    assert_eq!(own.expect_status(200).text("/balance"), "1000.00");
    assert_eq!(own.bytes, get(&world, &john, "/users/me").await.bytes);
    for other in [&mary, &admin] {
        let seen = get(&world, other, &path).await;
        insta::allow_duplicates! {
            insta::assert_json_snapshot!(shown(&seen.expect_status(200).body), @r#"
            {
              "created_at": "2026-11-21T08:00:00.000Z",
              "id": "usr_1",
              "universe_id": 1,
              "username": "john_earth"
            }
            "#);
        }
    }
}

#[tokio::test]
async fn an_unknown_user_is_not_found() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let unknown = get(&world, &john, "/users/usr_00000000000000000000000000").await;
    unknown.expect_problem(404, "user_not_found");
    for bad in ["1", "you", "usr_0", "usr_8zzzzzzzzzzzzzzzzzzzzzzzzz"] {
        let answer = get(&world, &john, &format!("/users/{bad}")).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), "/path/user_id");
    }
}

#[tokio::test]
async fn a_token_whose_user_is_gone_does_nothing() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let ghost = tests::Caller {
        id: domain::id::UserId::from_bits(1),
        name: "usr_00000000000000000000000001".to_owned(),
        wallet: "wal_00000000000000000000000001_USD".to_owned(),
        token: world.token(
            domain::id::UserId::from_bits(1),
            edge::auth::scopes::Scopes::for_role(domain::identity::Role::Trader),
            domain::universe::UniverseId::new(1).expect("a universe"),
        ),
    };
    for path in ["/users/me", "/wallets"] {
        get(&world, &ghost, path).await.expect_problem(404, "user_not_found");
    }
    let body = json!({"to_user_id": john.name, "amount": "1.00"});
    let answer = post(&world, &ghost, "k", "/transfers", &body).await;
    answer.expect_problem(404, "user_not_found");
    let opened = world.send(Ask::post("/api/v1/wallets").by(&ghost)).await;
    opened.expect_problem(404, "user_not_found");
}

#[tokio::test]
async fn an_access_token_lapses_after_its_lifetime_and_a_leeway_for_clocks() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let body = json!({"username": "john_earth", "password": "correct horse"});
    let session = login(&world, &body).await;
    let lifetime_s: u32 = session.text("/expires_in").parse().expect("seconds");
    assert!(lifetime_s <= 900);
    world.pass(domain::time::Span::seconds(lifetime_s));
    world.pass(CLOCK_LEEWAY);
    let early = domain::time::Timestamp::from_millis(world.clock.now().millis() - 1000);
    world.clock.set(early);
    get(&world, &john, "/users/me").await.expect_status(200);
    world.pass(domain::time::Span::seconds(1));
    let late = get(&world, &john, "/users/me").await;
    late.expect_problem(401, "invalid_token");
    assert_eq!(late.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    let none = world.send(Ask::get("/api/v1/users/me")).await;
    none.expect_problem(401, "authentication_required");
    assert_eq!(none.header("www-authenticate"), Some("Bearer"));
}
