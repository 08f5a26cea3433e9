//! What may go wrong, and how often. What each fault does to a request or a report, the exchange
//! knows.

use std::{fmt, str::FromStr};

/// How often something happens: millionths, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Rate(u32);

impl Rate {
    /// Always.
    pub const ALWAYS: Self = Self(Self::PARTS);
    /// Never.
    pub const NEVER: Self = Self(0);
    const PARTS: u32 = 1_000_000;

    /// So many of a hundred, 100 at most.
    #[must_use]
    pub const fn percent(of_hundred: u8) -> Self {
        let of_hundred = if of_hundred > 100 { 100 } else { of_hundred };
        Self(of_hundred as u32 * 10_000)
    }

    /// In millionths.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }

    const fn divided(self, by: u32) -> Self {
        Self(self.0 / by)
    }
}

impl FromStr for Rate {
    type Err = InvalidFaults;

    /// A decimal number from 0 to 1 with six decimals at most.
    fn from_str(text: &str) -> Result<Self, InvalidFaults> {
        let invalid = || InvalidFaults::Rate(text.to_owned());
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 6 {
            return Err(invalid());
        }
        let parts = format!("{whole}{decimals:0<6}").parse().map_err(|_| invalid())?;
        if parts > Self::PARTS { Err(invalid()) } else { Ok(Self(parts)) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == Self::PARTS {
            return out.write_str("1.0");
        }
        let decimals = format!("{:06}", self.0);
        let decimals = decimals.trim_end_matches('0');
        write!(out, "0.{}", if decimals.is_empty() { "0" } else { decimals })
    }
}

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A request does not get through: nothing is done, and nothing answered.
    Unreachable,
    /// Nothing is done, and the answer is 500.
    RefuseFiveHundred,
    /// It is done, but the answer is 500, or the connection breaks.
    PlacedUnseen,
    /// The request is held for longer than anybody waits. Whether it is done, and when, is left
    /// to chance: never later than the ten seconds that it is good for.
    Hang,
    /// It is done at once, and answered when nobody waits any more.
    LateAnswer,
    /// Nothing is done, and the answer is 429 with `Retry-After`.
    TooMany,
    /// A new order is refused for good.
    Reject,
    /// A report is sent twice.
    DoubleReport,
    /// A report is held back for up to three seconds, so that others overtake it.
    ReorderReports,
    /// A report is not sent; the feed has it.
    DropReport,
    /// A fill just before a cancellation or the end of an order's time is told of after it.
    LateFill,
    /// What is left of an order after its first fill is rejected.
    RejectAfterFill,
}

impl Fault {
    /// All of them: those of requests first.
    pub const ALL: [Self; 12] = [
        Self::Unreachable,
        Self::RefuseFiveHundred,
        Self::PlacedUnseen,
        Self::Hang,
        Self::LateAnswer,
        Self::TooMany,
        Self::Reject,
        Self::DoubleReport,
        Self::ReorderReports,
        Self::DropReport,
        Self::LateFill,
        Self::RejectAfterFill,
    ];
    /// How many of them befall requests. A request has one of them at most.
    pub const OF_REQUESTS: usize = 7;
    const NAMES: [&str; 12] = [
        "unreachable",
        "refuse_5xx",
        "placed_unseen",
        "hang",
        "late_answer",
        "too_many",
        "reject",
        "double_report",
        "reorder_reports",
        "drop_report",
        "late_fill",
        "reject_after_fill",
    ];

    /// What it is called.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let named = Self::ALL.into_iter().zip(Self::NAMES).find(|(fault, _)| *fault == self);
        named.map_or("", |(_, name)| name)
    }

    /// The fault of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.as_str() == name)
    }
}

/// The text or the rates make no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFaults {
    /// No number from 0 to 1.
    #[error("{0:?} is no rate from 0 to 1 with at most six decimals")]
    Rate(String),
    /// No fault has that name.
    #[error("{0:?} is no fault: all, or one of {list}", list = Fault::NAMES.join(", "))]
    Name(String),
    /// No rate stands behind a name.
    #[error("{0:?} has no rate: all=0.1,hang=0.05")]
    NoRate(String),
    /// A request has one fault at most.
    #[error("the rates of what befalls requests add up to more than 1")]
    TooMuch,
}

/// How often each fault happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults([Rate; 12]);

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Self = Self([Rate::NEVER; 12]);

    /// This share of all requests goes wrong, each way as often as the others; and each fault of
    /// reports and orders happens at this rate.
    #[must_use]
    pub fn all(rate: Rate) -> Self {
        let of_requests = u32::try_from(Fault::OF_REQUESTS).unwrap_or(1);
        let mut rates = [rate; 12];
        rates
            .iter_mut()
            .take(Fault::OF_REQUESTS)
            .for_each(|rate| *rate = rate.divided(of_requests));
        Self(rates)
    }

    /// The same with another rate of one fault. Those of requests must add up to 1 at most:
    /// [`Faults::checked`].
    #[must_use]
    pub fn with(mut self, fault: Fault, rate: Rate) -> Self {
        let mut all = self.0.iter_mut().zip(Fault::ALL);
        if let Some((there, _)) = all.find(|(_, known)| *known == fault) {
            *there = rate;
        }
        self
    }

    /// How often a fault happens.
    #[must_use]
    pub fn rate(&self, fault: Fault) -> Rate {
        let mut all = self.0.iter().zip(Fault::ALL);
        all.find(|(_, known)| *known == fault).map_or(Rate::NEVER, |(rate, _)| *rate)
    }

    /// The same, if they can all be had.
    ///
    /// # Errors
    /// [`InvalidFaults::TooMuch`].
    pub fn checked(self) -> Result<Self, InvalidFaults> {
        let of_requests = self.0.iter().take(Fault::OF_REQUESTS);
        let sum: u32 = of_requests.map(|rate| rate.millionths()).sum();
        if sum > Rate::PARTS { Err(InvalidFaults::TooMuch) } else { Ok(self) }
    }

    /// From names and rates in their order: `all` sets them all, and what follows it changes it.
    ///
    /// # Errors
    /// [`InvalidFaults`].
    pub fn named<'a>(
        pairs: impl IntoIterator<Item = (&'a str, Rate)>,
    ) -> Result<Self, InvalidFaults> {
        let mut faults = Self::NONE;
        for (name, rate) in pairs {
            faults = match (name, Fault::named(name)) {
                (_, Some(fault)) => faults.with(fault, rate),
                ("all", None) => Self::all(rate),
                _ => return Err(InvalidFaults::Name(name.to_owned())),
            };
        }
        faults.checked()
    }
}

impl FromStr for Faults {
    type Err = InvalidFaults;

    /// `all=0.1,hang=0.05`; empty: none.
    fn from_str(text: &str) -> Result<Self, InvalidFaults> {
        let mut pairs = Vec::new();
        for pair in text.split(',').filter(|pair| !pair.is_empty()) {
            let no_rate = || InvalidFaults::NoRate(pair.to_owned());
            let (name, rate) = pair.split_once('=').ok_or_else(no_rate)?;
            pairs.push((name, rate.parse()?));
        }
        Self::named(pairs)
    }
}

impl fmt::Display for Faults {
    /// As it is parsed, without what never happens.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let some = Fault::ALL.into_iter().zip(self.0).filter(|(_, rate)| *rate > Rate::NEVER);
        let texts: Vec<_> =
            some.map(|(fault, rate)| format!("{}={rate}", fault.as_str())).collect();
        out.write_str(&texts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_prints_as_it_is_read() {
        for text in ["0.0", "0.1", "0.000001", "0.25", "1.0"] {
            assert_eq!(text.parse::<Rate>().expect(text).to_string(), text);
        }
        assert_eq!("0".parse(), Ok(Rate::NEVER));
        assert_eq!("1".parse(), Ok(Rate::ALWAYS));
        assert_eq!("0.1".parse(), Ok(Rate::percent(10)));
        for text in ["", "1.1", "-1", "+1", ".5", "1.", "1e-1", "0.0000001", "99999999999"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn all_is_the_share_of_requests_that_go_wrong() {
        let faults: Faults = "all=0.7,hang=0.05".parse().expect("faults");
        assert_eq!(faults.rate(Fault::Reject), Rate::percent(10));
        assert_eq!(faults.rate(Fault::Hang), Rate::percent(5));
        assert_eq!(faults.rate(Fault::DropReport), Rate::percent(70));
        assert_eq!(faults.to_string().parse(), Ok(faults));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(matches!("x=0.1".parse::<Faults>(), Err(InvalidFaults::Name(_))));
        assert!(matches!("hang".parse::<Faults>(), Err(InvalidFaults::NoRate(_))));
        assert!(matches!("hang=2".parse::<Faults>(), Err(InvalidFaults::Rate(_))));
        assert_eq!("hang=0.6,reject=0.5".parse::<Faults>(), Err(InvalidFaults::TooMuch));
        assert_eq!("".parse(), Ok(Faults::NONE));
    }
}
