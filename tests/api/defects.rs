//! The known defects of the systems that this one replaces, each by its name.

mod orders;
mod races;

use serde_json::json;
use tests::{Answered, Ask, Caller, World};

use crate::steps::{buy, deposit, get, post, stock, walk};

async fn operate(world: &World, caller: &Caller, key: &str, raw: &str) -> Answered {
    let path = format!("/api/v1/wallets/{}/operation", caller.wallet);
    world.send(Ask::post(&path).by(caller).key(key).raw(raw.to_owned())).await
}

#[tokio::test]
async fn a_ten_mrc_item_costs_an_earth_buyer_four_usd() {
    let world = World::new().await;
    let buyer = world.trader_with("john_earth", 1, "1000.00").await;
    let seller = world.trader("mary_mars", 2).await;
    let item = world.item(&seller, "Mars Rocks", "10.00", 50).await;
    let answer = buy(&world, &buyer, "k", &item, 1).await;
    assert_eq!(answer.expect_status(200).text("/amount"), "4.00");
    assert_eq!(answer.text("/currency"), "USD");
    assert_eq!(world.posted(&buyer, "USD").await, "996.00");
    assert_eq!(world.posted(&seller, "MRC").await, "10.00");
}

#[tokio::test]
async fn a_fifteen_vnc_item_costs_a_mars_buyer_fifty_mrc_and_the_other_way_round() {
    let world = World::new().await;
    let mars = world.trader_with("mary_mars", 2, "2500.00").await;
    let venus = world.trader_with("venus_trader", 3, "750.00").await;
    let crystals = world.item(&venus, "Venus Crystals", "15.00", 25).await;
    let rocks = world.item(&mars, "Mars Rocks", "50.00", 25).await;
    let answer = buy(&world, &mars, "k", &crystals, 1).await;
    assert_eq!(answer.expect_status(200).text("/amount"), "50.00");
    let answer = buy(&world, &venus, "k", &rocks, 1).await;
    assert_eq!(answer.expect_status(200).text("/amount"), "15.00");
    assert_eq!(world.posted(&mars, "MRC").await, "2500.00");
    assert_eq!(world.posted(&venus, "VNC").await, "750.00");
}

#[tokio::test]
async fn an_exchange_credits_what_it_debits_and_never_mixes_two_currencies() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let there = json!({"amount": 100, "from_universe_id": 1, "to_universe_id": 2});
    let answer = post(&world, &john, "there", "/exchange", &there).await;
    assert_eq!(answer.expect_status(200).text("/converted_amount"), "250.00");
    assert_eq!(world.posted(&john, "USD").await, "900.00");
    assert_eq!(world.posted(&john, "MRC").await, "250.00");
    let back = json!({"amount": 250, "from_universe_id": 2, "to_universe_id": 1});
    let answer = post(&world, &john, "back", "/exchange", &back).await;
    assert_eq!(answer.expect_status(200).text("/converted_amount"), "100.00");
    assert_eq!(world.posted(&john, "USD").await, "1000.00");
    assert_eq!(world.posted(&john, "MRC").await, "0.00");
}

#[tokio::test]
async fn a_sale_pays_the_seller_in_the_sellers_currency() {
    let world = World::new().await;
    let buyer = world.trader_with("venus_trader", 3, "750.00").await;
    let seller = world.trader_with("john_earth", 1, "1.00").await;
    let item = world.item(&seller, "Earth Coffee", "5.00", 100).await;
    let answer = buy(&world, &buyer, "k", &item, 3).await;
    assert_eq!(answer.expect_status(200).text("/seller_id"), seller.name);
    assert_eq!(world.posted(&seller, "USD").await, "16.00");
    assert_eq!(world.posted(&buyer, "VNC").await, "738.75");
}

#[tokio::test]
async fn negative_quantities_and_amounts_mint_no_money() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 50).await;
    let wallet = format!("/wallets/{}/operation", john.wallet);
    for (index, minus) in [json!(-3), json!("-3"), json!(-0.5), json!("-0.01")].iter().enumerate() {
        let attempts = [
            ("/buy", json!({"item_id": item, "quantity": minus})),
            ("/exchange", json!({"amount": minus, "from_universe_id": 1, "to_universe_id": 2})),
            (&wallet, json!({"operation_type": "DEPOSIT", "amount": minus})),
            (&wallet, json!({"operation_type": "WITHDRAW", "amount": minus})),
            ("/transfers", json!({"to_user_id": mary.name, "amount": minus})),
            ("/quotes", json!({"amount": minus, "from_universe_id": 1, "to_universe_id": 2})),
        ];
        for (path, body) in attempts {
            let answer = post(&world, &john, &format!("minus-{index}"), path, &body).await;
            answer.expect_problem(422, "validation_failed");
        }
    }
    assert_eq!(world.posted(&john, "USD").await, "1000.00");
    assert_eq!(world.posted(&mary, "MRC").await, "0.00");
    assert_eq!(stock(&world, &item).await, "50");
}

#[tokio::test]
async fn a_quantity_of_zero_or_half_a_piece_is_no_purchase() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 50).await;
    for quantity in [json!(0), json!(1.5), json!("1"), json!(4_294_967_297_u64), json!(null)] {
        let body = json!({"item_id": item, "quantity": quantity});
        let answer = post(&world, &john, "k", "/buy", &body).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), "/quantity");
    }
    assert_eq!(stock(&world, &item).await, "50");
}

#[tokio::test]
async fn an_amount_is_never_rounded() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    for amount in ["1.005", "\"1.005\"", "0.001", "100.000"] {
        let body = format!("{{\"operation_type\":\"DEPOSIT\",\"amount\":{amount}}}");
        let answer = operate(&world, &john, "k", &body).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/code"), "too_precise", "{amount}");
    }
    assert_eq!(world.posted(&john, "USD").await, "0.00");
}

#[tokio::test]
async fn a_tenth_and_two_tenths_are_three_tenths() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    for amount in ["0.1", "0.2"] {
        let body = format!("{{\"operation_type\":\"DEPOSIT\",\"amount\":{amount}}}");
        operate(&world, &john, amount, &body).await.expect_status(200);
    }
    assert_eq!(world.posted(&john, "USD").await, "0.30");
}

#[tokio::test]
async fn a_number_that_no_float_holds_keeps_its_cents() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let over = r#"{"operation_type":"DEPOSIT","amount":10000000000000000.01}"#;
    let answer = operate(&world, &john, "over", over).await;
    answer.expect_problem(422, "validation_failed");
    assert_eq!(answer.text("/errors/0/code"), "too_large", "as a float it were within the limit");
    let most = r#"{"operation_type":"DEPOSIT","amount":9999999999999999.99}"#;
    let answer = operate(&world, &john, "most", most).await;
    assert_eq!(answer.expect_status(200).text("/amount"), "9999999999999999.99");
    assert_eq!(world.posted(&john, "USD").await, "9999999999999999.99");
}

#[tokio::test]
async fn a_balance_past_the_limit_is_refused_and_no_internal_error() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "10000000000000000.00").await;
    deposit(&world, &john, "k", "0.01").await.expect_problem(409, "balance_limit");
}

#[tokio::test]
async fn nobody_signs_up_as_an_administrator() {
    let world = World::new().await;
    for field in ["user_type", "role", "is_admin", "scopes"] {
        let mut body = json!({"username": "mallory", "email": "m@example.com",
            "password": "correct horse", "universe_id": 1});
        body[field] = json!("admin");
        let answer = world.send(Ask::post("/api/v1/auth/signup").json(&body)).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), format!("/{field}"));
    }
    let body = json!({"username": "mallory", "email": "m@example.com",
        "password": "correct horse", "universe_id": 1});
    let answer = world.send(Ask::post("/api/v1/auth/signup").json(&body)).await;
    assert_eq!(answer.expect_status(201).text("/data/role"), "trader");
}

#[tokio::test]
async fn a_refresh_token_is_no_access_token() {
    let world = World::new().await;
    world.trader("john_earth", 1).await;
    let body = json!({"username": "john_earth", "password": "correct horse"});
    let session = world.send(Ask::post("/api/v1/auth/login").json(&body)).await;
    let refresh = session.expect_status(200).text("/refresh_token");
    let answer = world.send(Ask::get("/api/v1/users/me").bearer(&refresh)).await;
    answer.expect_problem(401, "invalid_token");
    let access = session.text("/access_token");
    world.send(Ask::get("/api/v1/users/me").bearer(&access)).await.expect_status(200);
    let body = json!({ "refresh_token": access });
    let answer = world.send(Ask::post("/api/v1/auth/refresh").json(&body)).await;
    answer.expect_problem(401, "session_over");
}

#[tokio::test]
async fn a_wallet_operation_has_a_real_id_and_a_real_history() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    let done = deposit(&world, &john, "k", "100.00").await;
    let id = done.expect_status(200).text("/id");
    let transaction = get(&world, &john, &format!("/transactions/{id}")).await;
    assert_eq!(transaction.expect_status(200).body["answer"], done.body);
    let entries = format!("/wallets/{}/entries", john.wallet);
    world.follow_streams().await;
    let ids = walk(&world, Some(&john), &entries, 50, "transaction_id").await;
    assert_eq!(ids, [id]);
    let withdrawal = r#"{"operation_type":"WITHDRAW","amount":"100.01"}"#;
    operate(&world, &john, "more", withdrawal).await.expect_problem(400, "insufficient_funds");
    world.follow_streams().await;
    let ids = walk(&world, Some(&john), &entries, 50, "transaction_id").await;
    assert_eq!(ids.len(), 1, "what was refused is not in the history");
}

#[tokio::test]
async fn domain_errors_are_not_served_as_internal_errors() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1.00").await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 5).await;
    let unknown = "itm_00000000000000000000000000";
    buy(&world, &john, "a", unknown, 1).await.expect_problem(404, "item_not_found");
    buy(&world, &john, "b", &item, 1).await.expect_problem(400, "insufficient_funds");
    buy(&world, &john, "c", &item, 6).await.expect_problem(400, "insufficient_stock");
    let exchange =
        |from: u32, to: u32| json!({"amount": 1, "from_universe_id": from, "to_universe_id": to});
    let same = post(&world, &john, "d", "/exchange", &exchange(1, 1)).await;
    same.expect_problem(422, "same_currency");
    let nowhere = post(&world, &john, "e", "/exchange", &exchange(1, 99)).await;
    nowhere.expect_problem(404, "universe_not_found");
    let poor = post(&world, &john, "f", "/exchange", &exchange(2, 1)).await;
    poor.expect_problem(400, "insufficient_funds");
    let nobody = get(&world, &john, "/users/usr_00000000000000000000000000").await;
    nobody.expect_problem(404, "user_not_found");
}

#[tokio::test]
async fn a_huge_id_is_no_internal_error() {
    let world = World::new().await;
    let john = world.trader("john_earth", 1).await;
    for huge in ["99999999999", "18446744073709551616", &"9".repeat(400)] {
        let paths = [
            format!("/users/{huge}"),
            format!("/users/{huge}/trades"),
            format!("/trades/{huge}"),
            format!("/universes/{huge}"),
            format!("/items/{huge}"),
            format!("/items?universe_id={huge}"),
            format!("/wallets/{huge}"),
            format!("/transactions/{huge}"),
        ];
        for path in paths {
            get(&world, &john, &path).await.expect_problem(422, "validation_failed");
        }
        let raw = format!("{{\"amount\":1,\"from_universe_id\":1,\"to_universe_id\":{huge}}}");
        let ask = Ask::post("/api/v1/exchange").by(&john).key("k").raw(raw);
        let status = world.send(ask).await.status;
        assert!(status == 422 || status == 400, "{status}");
    }
}

#[tokio::test]
async fn a_purchase_without_funds_leaves_stock_seller_and_history_untouched() {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "3.99").await;
    let mary = world.trader("mary_mars", 2).await;
    let item = world.item(&mary, "Mars Rocks", "10.00", 50).await;
    buy(&world, &john, "k", &item, 1).await.expect_problem(400, "insufficient_funds");
    assert_eq!(world.posted(&john, "USD").await, "3.99");
    assert_eq!(world.posted(&mary, "MRC").await, "0.00");
    let seen = world.send(Ask::get(&format!("/api/v1/items/{item}"))).await;
    assert_eq!((seen.text("/stock"), seen.text("/sold")), ("50".to_owned(), "0".to_owned()));
    assert_eq!(seen.text("/version"), "1");
    world.follow_streams().await;
    for (caller, wallet) in [(&john, &john.wallet), (&mary, &mary.wallet)] {
        let trades = format!("/users/{}/trades", caller.name);
        assert!(walk(&world, Some(caller), &trades, 50, "id").await.is_empty());
        let entries = format!("/wallets/{wallet}/entries");
        let kinds = walk(&world, Some(caller), &entries, 50, "kind").await;
        assert!(!kinds.contains(&"purchase".to_owned()));
    }
}
