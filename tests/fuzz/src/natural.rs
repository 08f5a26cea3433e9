//! Whole numbers of any size, as one multiplies them at school. They divide nothing: a quotient
//! is checked by multiplying.

use std::cmp::Ordering;

/// Digits to the base of 2^32, the lowest first, without zeros at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Natural(Vec<u32>);

impl Natural {
    pub(crate) fn power_of_ten(exponent: u8) -> Self {
        (0..exponent).fold(Self::from(1), |power, _| power.times(&Self::from(10)))
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        let mut digits = vec![0; self.0.len() + other.0.len()];
        for (place, one) in self.0.iter().enumerate() {
            let mut carry = 0_u64;
            for (offset, digit) in digits[place..].iter_mut().enumerate() {
                let factor = other.0.get(offset).copied().unwrap_or(0);
                let sum = u64::from(*one) * u64::from(factor) + u64::from(*digit) + carry;
                *digit = low(sum);
                carry = sum >> 32;
            }
            assert_eq!(carry, 0, "a product has as many digits as its factors");
        }
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Self(digits)
    }
}

fn low(sum: u64) -> u32 {
    u32::try_from(sum & u64::from(u32::MAX)).expect("32 bits")
}

impl From<u64> for Natural {
    fn from(number: u64) -> Self {
        let mut digits = vec![low(number), low(number >> 32)];
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Self(digits)
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_length = self.0.len().cmp(&other.0.len());
        by_length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
