//! GET /items: filters, orders, cursors.

use serde_json::json;
use tests::{Ask, Caller, World};

use crate::steps::{buy, get, walk};

/// Seven items on Mars at 1 to 4 MRC, two on Earth; one on Mars sold out, one paused.
async fn catalogue() -> (World, Caller, Caller) {
    let world = World::new().await;
    let john = world.trader_with("john_earth", 1, "1000.00").await;
    let mary = world.trader("mary_mars", 2).await;
    for (name, price) in
        [("m1", "2.00"), ("m2", "1.00"), ("m3", "3.00"), ("m4", "2.00"), ("m5", "4.00")]
    {
        world.item(&mary, name, price, 5).await;
        world.pass(domain::time::Span::millis(1));
    }
    let gone = world.item(&mary, "gone", "2.00", 1).await;
    buy(&world, &john, "k", &gone, 1).await.expect_status(200);
    let paused = json!({"name": "paused", "price": "2.00", "stock": 1, "state": "paused"});
    world.send(Ask::post("/api/v1/items").by(&mary).json(&paused)).await.expect_status(201);
    world.item(&john, "e1", "5.00", 5).await;
    world.item(&john, "e2", "5.00", 5).await;
    (world, john, mary)
}

async fn names(world: &World, query: &str) -> Vec<String> {
    let mut names = walk(world, None, &format!("/items?{query}"), 100, "name").await;
    names.sort();
    names
}

#[tokio::test]
async fn filters_leave_what_fits_all_of_them() {
    let (world, john, mary) = catalogue().await;
    let cases = [
        ("universe_id=1".to_owned(), vec!["e1", "e2"]),
        ("universe_id=2&state=active".to_owned(), vec!["m1", "m2", "m3", "m4", "m5"]),
        ("state=sold_out".to_owned(), vec!["gone"]),
        ("state=paused".to_owned(), vec!["paused"]),
        ("in_stock=false".to_owned(), vec!["gone"]),
        (format!("seller_id={}", john.name), vec!["e1", "e2"]),
        (format!("seller_id={}&universe_id=1", mary.name), vec![]),
        ("universe_id=2&price_min=3&price_max=4.00".to_owned(), vec!["m3", "m5"]),
        ("universe_id=2&price_max=1.99".to_owned(), vec!["m2"]),
        (
            "universe_id=2&price_min=2&price_max=2&in_stock=true&state=active&sort=price"
                .to_owned(),
            vec!["m1", "m4"],
        ),
        ("state=draft".to_owned(), vec![]),
        (format!("universe_id=1&sort=price&seller_id={}", mary.name), vec![]),
    ];
    for (query, expected) in cases {
        assert_eq!(names(&world, &query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn items_come_newest_first_or_by_price() {
    let (world, _, _) = catalogue().await;
    let path = "/items?universe_id=2&state=active";
    let newest = walk(&world, None, path, 100, "name").await;
    assert_eq!(newest, ["m5", "m4", "m3", "m2", "m1"]);
    let prices = walk(&world, None, &format!("{path}&sort=price"), 100, "price").await;
    assert_eq!(prices, ["1.00", "2.00", "2.00", "3.00", "4.00"]);
    let falling = walk(&world, None, &format!("{path}&sort=-price"), 100, "price").await;
    assert_eq!(falling, ["4.00", "3.00", "2.00", "2.00", "1.00"]);
}

#[tokio::test]
async fn pages_have_no_gaps_and_no_repeats_in_every_order() {
    let (world, _, mary) = catalogue().await;
    let seller = format!("/items?seller_id={}", mary.name);
    for path in [
        "/items?sort=newest",
        "/items?universe_id=2",
        "/items?universe_id=2&sort=price",
        "/items?universe_id=2&sort=-price",
        "/items?universe_id=2&sort=price&state=active",
        &seller,
    ] {
        let whole = walk(&world, None, path, 100, "id").await;
        assert!(whole.len() >= 5);
        for limit in 1..=4 {
            assert_eq!(walk(&world, None, path, limit, "id").await, whole, "{path} by {limit}");
        }
    }
}

#[tokio::test]
async fn a_new_item_between_two_pages_moves_none() {
    let (world, john, _) = catalogue().await;
    let whole = walk(&world, None, "/items?universe_id=2", 100, "id").await;
    let first = get(&world, &john, "/items?universe_id=2&limit=3").await;
    let cursor = first.expect_status(200).text("/next_cursor");
    let seller = world.trader("another", 2).await;
    world.pass(domain::time::Span::seconds(1));
    world.item(&seller, "new", "1.00", 1).await;
    let path = format!("/items?universe_id=2&limit=1&cursor={cursor}");
    assert_eq!(get(&world, &john, &path).await.expect_status(200).text("/data/0/id"), whole[3]);
}

#[tokio::test]
async fn a_cursor_is_for_the_same_filters_and_the_same_caller() {
    let (world, john, mary) = catalogue().await;
    let page = get(&world, &john, "/items?universe_id=2&sort=price&limit=2").await;
    let cursor = page.expect_status(200).text("/next_cursor");
    let good = format!("/items?sort=price&cursor={cursor}&universe_id=2&limit=5");
    get(&world, &john, &good).await.expect_status(200);
    for (caller, query) in [
        (&john, format!("universe_id=2&cursor={cursor}")),
        (&john, format!("universe_id=1&sort=price&cursor={cursor}")),
        (&john, format!("universe_id=2&sort=-price&cursor={cursor}")),
        (&john, format!("universe_id=2&sort=price&in_stock=true&cursor={cursor}")),
        (&mary, format!("universe_id=2&sort=price&cursor={cursor}")),
        (&john, "cursor=cur_forged".to_owned()),
    ] {
        let answer = get(&world, caller, &format!("/items?{query}")).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), "/query/cursor", "{query}");
    }
}

#[tokio::test]
async fn query_parameters_are_known_single_and_well_formed() {
    let world = World::new().await;
    for (query, pointer, code) in [
        ("color=red", "/query/color", "unknown"),
        ("state=active&state=paused", "/query/state", "duplicate"),
        ("state=new", "/query/state", "invalid"),
        ("sort=name", "/query/sort", "invalid"),
        ("sort=price", "/query/sort", "needs_universe_id"),
        ("price_min=1", "/query/price_min", "needs_universe_id"),
        ("price_max=1", "/query/price_max", "needs_universe_id"),
        ("universe_id=2&price_min=1e2", "/query/price_min", "invalid"),
        ("universe_id=2&price_max=1.001", "/query/price_max", "invalid"),
        ("universe_id=01", "/query/universe_id", "invalid"),
        ("in_stock=1", "/query/in_stock", "invalid"),
        ("seller_id=1", "/query/seller_id", "invalid"),
    ] {
        let answer = world.send(Ask::get(&format!("/api/v1/items?{query}"))).await;
        answer.expect_problem(422, "validation_failed");
        let found = (answer.text("/errors/0/pointer"), answer.text("/errors/0/code"));
        assert_eq!(found, (pointer.to_owned(), code.to_owned()), "{query}");
    }
    let answer = world.send(Ask::get("/api/v1/items?universe_id=99")).await;
    answer.expect_problem(404, "universe_not_found");
    let answer = world.send(Ask::get("/api/v1/items").bearer("nonsense")).await;
    answer.expect_problem(401, "invalid_token");
}
