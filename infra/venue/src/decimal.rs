//! Decimal texts and whole numbers of minor units. What they are units of is not known here.

/// The units that a text stands for, with so many decimals at most; `None`: it is no such number.
#[must_use]
pub fn parse(text: &str, decimals: usize) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let dangling = text.ends_with('.') || whole.is_empty();
    if dangling || !digits(whole) || !digits(fraction) || fraction.len() > decimals {
        return None;
    }
    format!("{whole}{fraction:0<decimals$}").parse().ok()
}

/// The text of so many units.
#[must_use]
pub fn format(units: u128, decimals: usize) -> String {
    let least = decimals.saturating_add(1);
    let digits = format!("{units:0least$}");
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(decimals));
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stands_for_whole_units() {
        for (text, units) in [("100.25", 10_025), ("100.2", 10_020), ("100", 10_000), ("0.01", 1)] {
            assert_eq!(parse(text, 2), Some(units), "{text}");
        }
        assert_eq!(parse("75", 0), Some(75));
        for text in ["", ".", "1.", ".5", "1.234", "-1", "+1", "1e2", "99999999999999999999"] {
            assert_eq!(parse(text, 2), None, "{text}");
        }
    }

    #[test]
    fn units_are_shown_with_all_their_decimals() {
        assert_eq!(format(10_025, 2), "100.25");
        assert_eq!(format(5, 2), "0.05");
        assert_eq!(format(0, 2), "0.00");
        assert_eq!(format(75, 0), "75");
    }
}
