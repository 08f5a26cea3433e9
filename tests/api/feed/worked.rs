//! The worked example of docs/API.md: what it says of checksums is so.

use serde_json::{Value, json};

use super::{Client, Socket, client::crc32};
use crate::floor::{Floor, limit};

/// By Python: `zlib.crc32(b"0.40:10.00:0.42:5.00:0.39:7.00")`.
const TEXT: &str = "0.40:10.00:0.42:5.00:0.39:7.00";
const CHECKSUM: u32 = 1_375_466_992;

fn document() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/API.md");
    std::fs::read_to_string(path).expect("the document")
}

#[tokio::test]
async fn the_documents_checksum_is_the_markets_the_clients_and_pythons() {
    let floor = Floor::open().await;
    for (number, (side, price, quantity)) in
        [("buy", "0.40", "10.00"), ("buy", "0.39", "7.00"), ("sell", "0.42", "5.00")]
            .into_iter()
            .enumerate()
    {
        floor.placed(&floor.john, &format!("order-{number}"), &limit(side, price, quantity)).await;
    }
    let socket = Socket::open(&floor.world, &floor.john, "john").await;
    let snapshot = socket.subscribes("book", "MRC-USD").await;
    let expected = json!({
        "bids": [["0.40", "10.00"], ["0.39", "7.00"]],
        "asks": [["0.42", "5.00"]],
        "checksum": CHECKSUM,
        "status": "trading",
        "truncated": false,
    });
    assert_eq!(snapshot["data"], expected);
    assert_eq!(crc32(TEXT.as_bytes()), CHECKSUM);
    let mut client = Client::default();
    assert_eq!(client.hear(&snapshot), None);
    assert_eq!(client.checksum(), CHECKSUM);
    let document = document();
    assert!(document.contains(TEXT) && document.contains(&CHECKSUM.to_string()));
}

#[tokio::test]
async fn ten_levels_of_a_side_are_checked_and_an_empty_book_is_zero() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926, "the check value of the standard");
    let floor = Floor::open().await;
    let socket = Socket::open(&floor.world, &floor.john, "john").await;
    let empty = socket.subscribes("book", "MRC-USD").await;
    assert_eq!(empty["data"]["checksum"], 0);
    for number in 0..12 {
        let price = format!("0.{}", 40 - number);
        floor.placed(&floor.john, &price, &limit("buy", &price, "5.00")).await;
    }
    let twelve = socket.subscribes("book", "MRC-USD").await;
    let words: Vec<_> = (0..10).map(|number| format!("0.{}:5.00", 40 - number)).collect();
    assert_eq!(twelve["data"]["checksum"], Value::from(crc32(words.join(":").as_bytes())));
}
