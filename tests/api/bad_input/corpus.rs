//! What can be wrong with a value, whatever field it stands in. Whether a field takes it all
//! the same, `rules` knows.

use serde_json::Value;

/// Numbers that are not spelled as ours are, or are too large for every field.
const NUMBERS: &[&str] = &[
    "-0",
    "-1",
    "+1",
    "1e2",
    "1E2",
    "1_000",
    ".5",
    "5.",
    "00.1",
    "01",
    "0x1",
    "NaN",
    "Infinity",
    "-Infinity",
    "1.0",
    "1.005",
    "1,0",
    "0.0000000001",
    "18446744073709551617",
    "9223372036854775808",
    "100000000000000000000000000000000000001",
    "1e400",
];

/// Texts that are no number, no id and no name.
const TEXTS: &[&str] = &[
    "",
    " ",
    "\t",
    " 1",
    "1 ",
    "1\n",
    "١",
    "１",
    "null",
    "[]",
    "{}",
    "../",
    "../../etc/passwd",
    "%00",
    "%2e%2e%2f",
    "\0",
    "a\0b",
    "\u{7f}",
    "\u{feff}",
    "\u{fffd}",
    "é",
    "e\u{301}",
    "\u{202e}",
    "💥",
    "'; DROP TABLE items; --",
    "<script>alert(1)</script>",
    "${jndi:ldap://x}",
    "ses_00000000000000000000000000",
    "usr_",
    "wal_",
    "txn_00000000000000000000000000 ",
];

/// One more than may be, for the field of this name that holds `valid` in the example.
fn past_the_limit(field: &str, valid: &str) -> Vec<String> {
    let texts: &[&str] = match field {
        // Of an order; an item's is a number of pieces.
        "quantity" if valid.contains('.') => &["0", "0.00", "0.001", "10000000000000001"],
        // Of an instrument.
        "quantity" if valid == "1" => &["0", "1000000001", "4294967297"],
        "amount"
        | "receive_amount"
        | "limit_price"
        | "min_receive"
        | "max_pay"
        | "expected_unit_price"
        | "price"
        | "price_min"
        | "price_max"
        | "funds"
        | "lot_size"
        | "min_notional" => {
            &["10000000000000000.01", "10000000000000001", "0.001", "99999999999999999999.00"]
        }
        "units_per_base" => &["1000000000", "1.0000000001", "0", "0.000"],
        "quantity" => &["0", "1000001", "4294967297"],
        "stock" => &["1000000001", "4294967297"],
        "maker_fee_bps" | "taker_fee_bps" => &["1001", "65537"],
        "collar_bps" => &["0", "10000", "65537"],
        "timeout_seconds" => &["4", "86401", "4294967297"],
        "tick_size" => &["0", "0.00", "0.000000001"],
        "spread_bps" => &["1001", "65537"],
        "decimals" => &["9", "257"],
        "universe_id" | "from_universe_id" | "to_universe_id" => &["0", "501", "4294967297"],
        "limit" | "depth" => &["0", "101", "4294967297"],
        "currency" | "from_currency" | "to_currency" | "pay_currency" | "from" | "to" | "base" => {
            &["usd", "US", "USDOLL", "U$D", "ＵＳＤ"]
        }
        "instrument" => &["dotusdt00008", "DOTUSDT0008", "DOTUSDT000008", "DOTUSDT-0008"],
        "venue" => &["NYX", "ny", "-nyx", "n_x", "nyxnyxnyxnyxnyxnyx"],
        "username" => &["ab", "abcdefghijklmnopqrstu", "John", "a-b"],
        "email" => &["a", "a@", "@b.c", "a@b", "a@b..c", "a b@c.d", "a@b.c\r\nBcc: d@e.f"],
        "valid_until" | "at" => &["yesterday", "2026-11-21", "2026-13-01T00:00:00Z"],
        "market" => &["mrc-usd", "MRC-MRC", "MRC", "MRC-", "MRC-USD-VNC", "MRC/USD"],
        "side" => &["bid", "buy "],
        "type" | "order_type" => &["stop", "limit "],
        "time_in_force" => &["GTD", "GTC "],
        "self_trade_prevention" => &["none", "cancel-newest"],
        "status" => &["Trading", "gone"],
        "operation_type" => &["deposit", "DEPOSIT "],
        "state" => &["Active", "gone"],
        "active_only" => &["True", "1"],
        "sort" => &["Price", "--price"],
        "in_stock" => &["True", "1"],
        "url" => &[
            "http://hooks.example.com/",
            "https://127.0.0.1/",
            "https://[::ffff:10.0.0.1]/",
            "https://user@hooks.example.com/",
            "https://hooks.example.com/#top",
        ],
        "If-Match" => {
            &["1", "\"", "\"\"", "W/\"1\"", "\"01\"", "\"+1\"", "\"-1\"", "\"1\", \"2\"", "\"1\" "]
        }
        _ => &[],
    };
    let mut texts: Vec<String> = texts.iter().copied().map(str::to_owned).collect();
    match field {
        "name" => texts.push("n".repeat(61)),
        "description" => texts.push("d".repeat(301)),
        "password" => texts.extend(["p".repeat(7), "p".repeat(129)]),
        "email" => texts.push(format!("{}@example.com", "e".repeat(250))),
        "client_order_id" => texts.push("c".repeat(65)),
        "Idempotency-Key" | "idempotency_key" => texts.push("k".repeat(256)),
        _ => {}
    }
    texts
}

/// The texts to try in a field that holds `valid` in the example.
pub(super) fn texts(field: &str, valid: &str) -> Vec<String> {
    let mut texts: Vec<String> = NUMBERS.iter().chain(TEXTS).copied().map(str::to_owned).collect();
    texts.push("x".repeat(5_000));
    texts.extend(past_the_limit(field, valid));
    texts.extend(misspelled(valid));
    texts.sort();
    texts.dedup();
    texts.retain(|text| text != valid);
    texts
}

/// An id in every spelling that is not canonical.
fn misspelled(id: &str) -> Vec<String> {
    let Some((prefix, digits)) = id.split_once('_') else { return Vec::new() };
    let is_id = ["usr", "wal", "itm", "txn", "quo", "ref", "ord", "vor", "whk"].contains(&prefix);
    if !is_id || digits.len() < 26 {
        return Vec::new();
    }
    let (head, tail) = digits.split_at(26);
    let mut texts = vec![
        id.to_uppercase(),
        format!("{prefix}_{}{tail}", head.to_uppercase()),
        format!("{}_{digits}", prefix.to_uppercase()),
        digits.to_owned(),
        format!("{id}\n"),
        format!(" {id}"),
        format!("{id} "),
        format!("{id}\0"),
        format!("{id}0"),
        format!("{prefix}-{digits}"),
        format!("{prefix}_{}{tail}", &head[..25]),
        format!("{prefix}_{head}0{tail}"),
        format!("{prefix}_8{}{tail}", &head[1..]),
        format!("ses_{head}"),
    ];
    for letter in ["i", "l", "o", "u"] {
        texts.push(format!("{prefix}_{}{letter}{tail}", &head[..25]));
    }
    if prefix == "wal" {
        texts.extend([format!("wal_{head}"), format!("wal_{head}_usd"), format!("wal_{head}_")]);
    }
    texts
}

/// A JSON text to put in a field's place.
pub(super) struct Literal {
    pub(super) bytes: Vec<u8>,
    /// Whether it is not JSON, or not to every parser: then the answer may blame the body.
    pub(super) may_blame_body: bool,
}

impl Literal {
    fn json(text: impl Into<String>) -> Self {
        let text = text.into();
        let may_blame_body = serde_json::from_str::<Value>(&text).is_err();
        Self { bytes: text.into_bytes(), may_blame_body }
    }

    /// The value, if it is JSON.
    pub(super) fn value(&self) -> Option<Value> {
        serde_json::from_slice(&self.bytes).ok()
    }
}

/// The JSON texts to try in a field that holds `valid` in the example.
pub(super) fn literals(field: &str, valid: &Value) -> Vec<Literal> {
    let text = valid.as_str().unwrap_or_default();
    let strings = texts(field, text).into_iter().map(|text| Value::from(text).to_string());
    let past = past_the_limit(field, text)
        .into_iter()
        .filter(|text| text.starts_with(|first: char| first.is_ascii_digit()));
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(200), close.repeat(200));
    let member = Value::from(if text.is_empty() { "a" } else { text });
    let members: Vec<Value> =
        valid.as_object().map(|object| object.values().cloned().collect()).unwrap_or_default();
    let shapes = [
        "null".to_owned(),
        "true".to_owned(),
        "false".to_owned(),
        "[]".to_owned(),
        format!("[{valid}]"),
        Value::from(members).to_string(),
        "{}".to_owned(),
        r#"{"a":{"b":1}}"#.to_owned(),
        format!("{{{member}:null}}"),
        deep("[", "]"),
        deep(r#"{"a":"#, "}"),
        r#""\ud800""#.to_owned(),
        r#""\udc00\ud800""#.to_owned(),
        r#""\u00""#.to_owned(),
        r#""\x41""#.to_owned(),
        "\"\n\"".to_owned(),
        "\"unended".to_owned(),
        "'single'".to_owned(),
        "undefined".to_owned(),
        "\u{feff}1".to_owned(),
        format!("{valid} {valid}"),
        format!("{valid} // why"),
        String::new(),
    ];
    let numbers = NUMBERS.iter().copied().map(str::to_owned);
    let right = valid.to_string();
    strings
        .chain(numbers)
        .chain(past)
        .chain(shapes)
        .filter(|literal| *literal != right)
        .map(Literal::json)
        .chain([
            Literal { bytes: b"\"\xff\"".to_vec(), may_blame_body: true },
            Literal { bytes: b"\"\xed\xa0\x80\"".to_vec(), may_blame_body: true },
        ])
        .collect()
}

/// Bodies that are no JSON object at all. `valid` is one that would do.
pub(super) fn bodies(valid: &str) -> Vec<Vec<u8>> {
    let inside = &valid[1..valid.len() - 1];
    let mut bodies: Vec<Vec<u8>> = [
        "",
        " ",
        "null",
        "true",
        "1",
        "\"a\"",
        "[]",
        "{",
        "}",
        "{]",
        "{\"a\"}",
        "{\"a\":}",
        "\0",
        "amount=1&quantity=1",
        "<xml/>",
    ]
    .into_iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    bodies.extend(
        [
            format!("[{valid}]"),
            format!("{valid}{valid}"),
            format!("{valid}\n{valid}"),
            format!("{valid},"),
            format!("{valid}\0"),
            format!("{{{inside},}}"),
            format!("{{{inside}"),
            format!("{{,{inside}}}"),
            format!("\u{feff}{valid}"),
            format!("//\n{valid}"),
            format!("{}{}", "[".repeat(200), "]".repeat(200)),
            format!("{valid}{}", " ".repeat(16 * 1024 + 1 - valid.len())),
            "a".repeat(16 * 1024 + 1),
        ]
        .map(String::into_bytes),
    );
    bodies.push([valid.as_bytes(), b"\xff"].concat());
    bodies.push(valid.encode_utf16().flat_map(u16::to_le_bytes).collect());
    bodies
}
