//! Which of the corpus' values a field takes after all, in words of the API's documentation
//! and not by the program's own parsers; and how opaque texts are refused.

use serde_json::Value;

/// What must come of a request with one value in it replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The value will do.
    Success,
    /// 400 or 422 that names this place.
    Refused(String),
    /// A text that only we can have made, or a file's name: any other is unknown, and the code
    /// says of what.
    Unknown(u16, &'static str),
}

/// Fields without which a request says too little, though each alone is optional.
const ALTERNATIVES: &[&str] = &[
    "username",
    "email",
    "to_user_id",
    "to_wallet_id",
    "from_universe_id",
    "to_universe_id",
    "from_currency",
    "to_currency",
    "amount",
    "receive_amount",
    "buy",
    "exchange",
    "transfer",
];

/// Fields of an order, likewise: it has a type by one name of it, at a limit a price and a
/// quantity, and funds if it has no quantity.
const ALTERNATIVES_OF_ORDERS: &[&str] =
    &["market", "type", "order_type", "price", "quantity", "funds"];

/// Amounts wherever they stand.
const AMOUNTS: &[&str] = &[
    "amount",
    "receive_amount",
    "min_receive",
    "max_pay",
    "expected_unit_price",
    "price",
    "limit_price",
    "price_min",
    "price_max",
    "funds",
    "lot_size",
    "min_notional",
];

/// Whether a request says too little without this field, though it is optional.
fn is_missed(stem: &str, field: &str) -> bool {
    // Older clients' orders are for the oldest market unless they name one.
    let in_order = match stem {
        "place-order" | "preview-order" => ALTERNATIVES_OF_ORDERS.contains(&field),
        "place-platform-order" => field != "market" && ALTERNATIVES_OF_ORDERS.contains(&field),
        "place-venue-order" | "place-stock-order" => field == "limit_price",
        _ => false,
    };
    in_order || field == "confirm" || ALTERNATIVES.contains(&field)
}

/// What comes of a JSON value in a field of the body, as `/quantity` or `/buy/quantity`.
pub(super) fn in_body(stem: &str, pointer: &str, optional: bool, value: Option<&Value>) -> Verdict {
    let field = pointer.rsplit('/').next().unwrap_or_default();
    let refused = Verdict::Refused(pointer.to_owned());
    match value {
        Some(Value::Null) if field == "quote" && stem != "create-market" => {
            // As if it were not there: then the currencies are missing.
            Verdict::Refused(pointer.replace("quote", "from_universe_id"))
        }
        Some(Value::Null) if optional && !is_missed(stem, field) => Verdict::Success,
        Some(Value::Bool(_)) if ["confirm", "restock", "post_only", "enabled"].contains(&field) => {
            Verdict::Success
        }
        // Venues write amounts as text only.
        Some(Value::Number(number))
            if is_amount(stem, field)
                && number.to_string() == "1.0"
                && stem != "receive-venue-report" =>
        {
            Verdict::Success
        }
        Some(Value::Array(types)) if field == "events" && types.is_empty() => Verdict::Success,
        Some(Value::String(text)) => text_in_body(stem, field, text).unwrap_or(refused),
        _ => refused,
    }
}

fn text_in_body(stem: &str, field: &str, text: &str) -> Option<Verdict> {
    let control = |letter: char| letter.is_control();
    let length = text.chars().count();
    let good = match field {
        "refresh_token" => return Some(Verdict::Unknown(401, "session_over")),
        "quote" if stem != "create-market" => {
            return Some(Verdict::Unknown(404, "quote_not_found"));
        }
        "id" | "venue_order_id" => is_client_order_id(text) && !text.contains(','),
        // It contradicts what was agreed, and is put away.
        "quantity" if stem == "receive-venue-report" => {
            ["0", "1000000001", "4294967297"].contains(&text)
        }
        // A lot of 1.00 would be worth 1.005, which the quote currency cannot say.
        "tick_size" if text == "1.005" => return Some(Verdict::Unknown(422, "invalid_market")),
        "password" if stem == "login" => return Some(Verdict::Unknown(401, "invalid_credentials")),
        "password" => (8..=128).contains(&length) && !text.contains(control),
        "name" => (1..=60).contains(&length) && !text.contains(control) && text.trim() == text,
        "description" => text.len() <= 300 && !text.replace('\n', "").contains(control),
        "username" => {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            let good = (3..=20).contains(&length) && text.bytes().all(plain);
            if good && stem == "login" {
                return Some(Verdict::Unknown(401, "invalid_credentials"));
            }
            good
        }
        "units_per_base" => ["1.0", "1.005"].contains(&text),
        "client_order_id" => is_client_order_id(text),
        "tick_size" => text == "1.0",
        field => is_amount(stem, field) && text == "1.0",
    };
    good.then_some(Verdict::Success)
}

/// Pieces of an item or an instrument are counted; how much of a currency an order is for is an
/// amount.
fn is_amount(stem: &str, field: &str) -> bool {
    let counted = ["place-venue-order", "place-stock-order"].contains(&stem);
    let of_order = field == "quantity" && stem.ends_with("-order") && !counted;
    AMOUNTS.contains(&field) || of_order
}

/// What comes of a text in the query.
pub(super) fn in_query(stem: &str, field: &str, text: &str) -> Verdict {
    let fits = match (stem, field) {
        // A time and a line; a longer page than others have.
        ("get-wallet-proof", "after") => text == "1.0",
        ("list-candles", "limit") => text == "101",
        _ => AMOUNTS.contains(&field) && text == "1.0",
    };
    if fits {
        return Verdict::Success;
    }
    Verdict::Refused(format!("/query/{field}"))
}

/// What comes of a text in the path, already decoded.
pub(super) fn in_path(stem: &str, field: &str, text: &str) -> Verdict {
    match field {
        "quote" => Verdict::Unknown(404, "quote_not_found"),
        "name" => Verdict::Unknown(404, "asset_not_found"),
        "venue" if text == "null" => match stem {
            // The order is found by its id, and it is of another venue.
            "get-venue-order" | "cancel-venue-order" => Verdict::Unknown(404, "order_not_found"),
            _ => Verdict::Unknown(404, "venue_not_found"),
        },
        "client_order_id" if is_client_order_id(text) => Verdict::Unknown(404, "order_not_found"),
        "idempotency_key" if is_key(text) => Verdict::Success,
        "seq" if text == "9223372036854775808" => Verdict::Unknown(404, "event_not_found"),
        _ => Verdict::Refused(format!("/path/{field}")),
    }
}

/// What comes of a text in a header.
pub(super) fn in_header(field: &str, text: &str) -> Verdict {
    if field == "Idempotency-Key" && is_key(text) {
        return Verdict::Success;
    }
    refused_header(field)
}

/// What comes of a header that is not as it must be, or is missing.
pub(super) fn refused_header(field: &str) -> Verdict {
    // Which part of a signature is wrong, nobody is told.
    match field.starts_with("X-Venue-") {
        true => Verdict::Unknown(401, "signature_invalid"),
        false => Verdict::Refused(format!("/header/{field}")),
    }
}

/// 1 to 64 printable characters without blanks.
fn is_client_order_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| (33..127).contains(&byte))
}

/// 1 to 255 printable characters.
fn is_key(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| (32..127).contains(&byte))
}
