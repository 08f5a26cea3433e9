//! Amounts as text and as JSON: what is one, what it is worth, and how it is spelled, told digit
//! by digit, without a number that could round.

use domain::{
    amount::{Amount, AmountError},
    currency::{Currency, Scale},
    pair::Steps,
};
use edge::wire::AmountText;

use crate::input::{Input, text};

/// 10^18, the most minor units.
const MOST: &str = "1000000000000000000";

/// The first byte is the scale, the rest the text.
pub fn amounts(data: &[u8]) {
    let mut input = Input::new(data);
    let scale = Scale::new(input.byte() % (Scale::MAX + 1)).expect("a scale");
    let step = input.pair();
    let Some(text) = text(input.rest()) else { return };
    let told = minor_digits(text, scale);
    let parsed = Amount::parse(text, scale);
    assert_eq!(parsed.map(|amount| amount.minor().to_string()), told, "{text:?} {scale:?}");
    if let Ok(amount) = parsed {
        spelled(amount, text, scale);
    }
    json(text, scale);
    steps(text, scale, step);
}

/// The minor units of a text in decimal, or why it has none: by the grammar, one rule after the
/// other, `(0|[1-9][0-9]{0,17})(\.[0-9]{1,scale})?`.
fn minor_digits(text: &str, scale: Scale) -> Result<String, AmountError> {
    let decimals = usize::from(scale.decimals());
    let mut integer = String::new();
    let mut fraction: Option<String> = None;
    for letter in text.chars() {
        match (letter, &mut fraction) {
            ('0'..='9', None) => integer.push(letter),
            ('0'..='9', Some(fraction)) => fraction.push(letter),
            ('.', None) => fraction = Some(String::new()),
            _ => return Err(AmountError::Malformed),
        }
    }
    let ends_in_a_point = fraction.as_ref().is_some_and(String::is_empty);
    let leading_zero = integer.starts_with('0') && integer != "0";
    if integer.is_empty() || ends_in_a_point || leading_zero {
        return Err(AmountError::Malformed);
    }
    let fraction = fraction.unwrap_or_default();
    if fraction.len() > decimals {
        return Err(AmountError::TooPrecise { decimals: scale.decimals() });
    }
    if integer.len() > 18 {
        return Err(AmountError::TooLarge);
    }
    let zeros = "0".repeat(decimals - fraction.len());
    let digits = format!("{integer}{fraction}{zeros}");
    let digits = digits.trim_start_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    // Of two numbers of one length the one is larger that comes later in a dictionary.
    if digits.len() > MOST.len() || (digits.len() == MOST.len() && digits > MOST) {
        return Err(AmountError::TooLarge);
    }
    Ok(digits.to_owned())
}

/// An amount has one spelling, with all of the scale's decimals; it says the same as the text.
fn spelled(amount: Amount, text: &str, scale: Scale) {
    let spelled = amount.to_decimal(scale);
    assert_eq!(Amount::parse(&spelled, scale), Ok(amount), "{spelled:?} {scale:?}");
    let decimals = usize::from(scale.decimals());
    let (integer, fraction) = text.split_once('.').unwrap_or((text, ""));
    let zeros = "0".repeat(decimals - fraction.len());
    let expected = match decimals {
        0 => integer.to_owned(),
        _ => format!("{integer}.{fraction}{zeros}"),
    };
    assert_eq!(spelled, expected, "the canonical spelling of {text:?}");
}

/// A JSON text, and a JSON number by its literal: both say what their digits say.
fn json(text: &str, scale: Scale) {
    let currency = Currency { code: "USD".parse().expect("a code"), scale };
    let minor = |json: &str| {
        let read = serde_json::from_str::<AmountText>(json).ok()?;
        Some(read.of(currency, "/amount").map(|money| money.amount.minor().to_string()))
    };
    let quoted = serde_json::to_string(text).expect("a text");
    let as_text = minor(&quoted).expect("a text may be an amount");
    assert_eq!(as_text.ok(), minor_digits(text, scale).ok(), "{quoted}");
    let literal = text.trim_matches([' ', '\t', '\r', '\n']);
    match minor(text) {
        Some(as_number) if !literal.starts_with('"') => {
            assert_eq!(as_number.ok(), minor_digits(literal, scale).ok(), "the number {literal}");
        }
        Some(_) => {}
        // Whatever is an amount is also a JSON number.
        None => assert!(minor_digits(text, scale).is_err(), "{text} is no JSON number"),
    }
}

/// Prices and quantities are whole steps, never rounded to one.
fn steps(text: &str, scale: Scale, step: u16) {
    let currency = |code: &str| Currency { code: code.parse().expect("a code"), scale };
    let step = Amount::from_minor(i64::from(step) + 1).expect("an amount");
    // So fine a price that any lot is worth whole minor units.
    let lot = Amount::from_minor(100_000_000).expect("an amount");
    let Ok(steps) = Steps::new(currency("MRC"), currency("USD"), scale, step, lot) else { return };
    let worth: Option<i128> =
        minor_digits(text, scale).ok().map(|digits| digits.parse().expect("digits"));
    let whole = |step: Amount| {
        let step = i128::from(step.minor());
        let count = worth.filter(|worth| worth % step == 0)? / step;
        (1..=1_000_000_000_000).contains(&count).then_some(count)
    };
    let price = steps.parse_price(text).ok();
    assert_eq!(price.map(|price| i128::from(price.count())), whole(step), "the price {text}");
    let lots = steps.parse_quantity(text).ok();
    assert_eq!(lots.map(|lots| i128::from(lots.count())), whole(lot), "the quantity {text}");
    for text in [price.map(|price| steps.price_text(price)), lots.map(|l| steps.quantity_text(l))]
        .into_iter()
        .flatten()
    {
        assert_eq!(minor_digits(&text, scale).ok().and_then(|d| d.parse().ok()), worth, "{text}");
    }
}
