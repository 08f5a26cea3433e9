//! POST /auth/refresh and /auth/logout: tokens that rotate, and sessions that end.

use domain::time::Span;
use serde_json::json;
use tests::{Answered, Ask, World};

use super::login;
use crate::shown::shown;

async fn begin(world: &World) -> String {
    world.trader("john_earth", 1).await;
    let body = json!({"username": "john_earth", "password": "correct horse"});
    login(world, &body).await.expect_status(200).text("/refresh_token")
}

async fn renew(world: &World, token: &str) -> Answered {
    let body = json!({ "refresh_token": token });
    world.send(Ask::post("/api/v1/auth/refresh").json(&body)).await
}

async fn logout(world: &World, token: &str) -> Answered {
    let body = json!({ "refresh_token": token });
    world.send(Ask::post("/api/v1/auth/logout").json(&body)).await
}

#[tokio::test]
async fn a_refresh_token_gives_the_next_pair() {
    let world = World::new().await;
    let first = begin(&world).await;
    world.pass(Span::seconds(3600));
    let next = renew(&world, &first).await;
    insta::assert_json_snapshot!(shown(&next.expect_status(200).body), @r#"
    {
      "access_token": "(access token)",
      "expires_in": 900,
      "refresh_token": "ref_(sealed)",
      "token_type": "Bearer",
      "user_id": "usr_1"
    }
    "#);
    assert_ne!(next.text("/refresh_token"), first);
    let me = Ask::get("/api/v1/users/me").bearer(&next.text("/access_token"));
    assert_eq!(world.send(me).await.expect_status(200).text("/username"), "john_earth");
    renew(&world, &next.text("/refresh_token")).await.expect_status(200);
}

#[tokio::test]
async fn a_lost_answer_is_given_again_within_ten_seconds() {
    let world = World::new().await;
    let first = begin(&world).await;
    let next = renew(&world, &first).await.text("/refresh_token");
    world.pass(Span::seconds(10));
    assert_eq!(renew(&world, &first).await.expect_status(200).text("/refresh_token"), next);
    renew(&world, &next).await.expect_status(200);
}

#[tokio::test]
async fn a_token_used_twice_ends_the_whole_session() {
    let world = World::new().await;
    let first = begin(&world).await;
    let next = renew(&world, &first).await.text("/refresh_token");
    world.pass(Span::millis(10_001));
    renew(&world, &first).await.expect_problem(401, "session_over");
    renew(&world, &next).await.expect_problem(401, "session_over");
}

#[tokio::test]
async fn an_older_token_ends_the_session_even_at_once() {
    let world = World::new().await;
    let first = begin(&world).await;
    let second = renew(&world, &first).await.text("/refresh_token");
    let third = renew(&world, &second).await.text("/refresh_token");
    renew(&world, &first).await.expect_problem(401, "session_over");
    renew(&world, &third).await.expect_problem(401, "session_over");
}

#[tokio::test]
async fn one_session_does_not_end_another() {
    let world = World::new().await;
    let first = begin(&world).await;
    let body = json!({"username": "john_earth", "password": "correct horse"});
    let other = login(&world, &body).await.text("/refresh_token");
    logout(&world, &first).await.expect_status(200);
    renew(&world, &other).await.expect_status(200);
}

#[tokio::test]
async fn a_session_ends_after_thirty_days_however_often_it_is_renewed() {
    let world = World::new().await;
    let mut token = begin(&world).await;
    for _ in 0..29 {
        world.pass(Span::seconds(24 * 3600));
        token = renew(&world, &token).await.expect_status(200).text("/refresh_token");
    }
    world.pass(Span::seconds(24 * 3600));
    renew(&world, &token).await.expect_problem(401, "session_over");
}

#[tokio::test]
async fn who_logs_out_cannot_renew() {
    let world = World::new().await;
    let first = begin(&world).await;
    let next = renew(&world, &first).await.text("/refresh_token");
    let answer = logout(&world, &next).await;
    insta::assert_json_snapshot!(answer.expect_status(200).body, @r#"
    {
      "message": "User logged out successfully"
    }
    "#);
    renew(&world, &next).await.expect_problem(401, "session_over");
    logout(&world, &next).await.expect_status(200);
}

#[tokio::test]
async fn a_forged_refresh_token_is_refused() {
    let world = World::new().await;
    let token = begin(&world).await;
    let cut = &token[..token.len() - 4];
    let other = token.replacen("ref_", "cur_", 1);
    for bad in ["", "ref_", cut, &other, &"r".repeat(5000)] {
        renew(&world, bad).await.expect_problem(401, "session_over");
        logout(&world, bad).await.expect_problem(401, "session_over");
    }
    renew(&world, &token).await.expect_status(200);
}
