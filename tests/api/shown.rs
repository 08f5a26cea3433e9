//! Bodies as snapshots show them: identifiers are numbered in the order of their appearance,
//! so a snapshot says who is who, whichever ids were made up.

use serde_json::Value;

const PREFIXES: [&str; 7] = ["usr_", "wal_", "txn_", "itm_", "quo_", "ord_", "vor_"];
const ID_CHARS: usize = 26;

/// The body with readable identifiers and without what is sealed or made up.
pub(crate) fn shown(body: &Value) -> Value {
    show(body, &mut Vec::new())
}

fn show(value: &Value, seen: &mut Vec<String>) -> Value {
    match value {
        Value::String(text) => Value::String(readable(text, seen)),
        Value::Array(all) => all.iter().map(|value| show(value, seen)).collect(),
        Value::Object(all) => {
            let member = |(name, value): (&String, &Value)| match name.as_str() {
                "request_id" => (name.clone(), Value::from("(request)")),
                _ => (name.clone(), show(value, seen)),
            };
            all.iter().map(member).collect()
        }
        other => other.clone(),
    }
}

fn readable(text: &str, seen: &mut Vec<String>) -> String {
    if text.starts_with("eyJ") {
        return "(access token)".to_owned();
    }
    let prefix = PREFIXES.iter().find(|prefix| text.starts_with(**prefix));
    let digits = text.get(4..4 + ID_CHARS).filter(|part| part.bytes().all(is_digit));
    let rest = text.get(4 + ID_CHARS..).unwrap_or_default();
    match (prefix, digits) {
        (Some(prefix), Some(digits)) if rest.is_empty() || rest.starts_with('_') => {
            let known = seen.iter().position(|known| known == digits);
            let index = known.unwrap_or_else(|| {
                seen.push(digits.to_owned());
                seen.len() - 1
            });
            format!("{prefix}{}{rest}", index + 1)
        }
        _ if text.len() > 40 && (text.starts_with("quo_") || text.starts_with("ref_")) => {
            format!("{}(sealed)", &text[..4])
        }
        _ => text.to_owned(),
    }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || byte.is_ascii_lowercase()
}
