//! How sums are spelled that may be negative, or more than one amount can be.

use domain::{candle::Candle, currency::Scale, pair::Steps};

/// Minor units as a decimal with all the decimals of the currency, as in `-4.00`.
#[must_use]
pub fn decimal(minor: i128, scale: Scale) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let decimals = usize::from(scale.decimals());
    if decimals == 0 {
        return minor.to_string();
    }
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = decimals.saturating_add(1));
    let (whole, rest) = digits.split_at(digits.len().saturating_sub(decimals));
    format!("{sign}{whole}.{rest}")
}

/// How much was traded in a candle, in the base currency.
#[must_use]
pub fn base_volume(steps: &Steps, candle: &Candle) -> String {
    let minor = candle.lots.saturating_mul(steps.lot.minor().into());
    decimal(minor, steps.base.scale)
}

/// What was traded in a candle, in the quote currency.
#[must_use]
pub fn quote_volume(steps: &Steps, candle: &Candle) -> String {
    decimal(candle.notional, steps.quote.scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_has_its_currencys_decimals_whatever_its_sign_and_size() {
        let spelled = |minor, decimals| decimal(minor, Scale::new(decimals).expect("a scale"));
        assert_eq!(spelled(0, 2), "0.00");
        assert_eq!(spelled(-5, 2), "-0.05");
        assert_eq!(spelled(-400, 2), "-4.00");
        assert_eq!(spelled(123, 0), "123");
        assert_eq!(spelled(-7, 0), "-7");
        assert_eq!(spelled(1, 8), "0.00000001");
        assert_eq!(spelled(i128::from(i64::MAX) * 10, 2), "922337203685477580.70");
    }
}
