//! Numbers for operators: what is measured, whoever measures it says; where it is shown, and
//! when an alarm rings, is not known here.

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

/// A number about a function's work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measurement {
    /// As in `RoundTrips`.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// How many; units of the store come in halves.
    pub value: f64,
}

/// Takes measurements. It must not fail: nothing depends on it.
pub trait Metrics: Send + Sync {
    /// Takes one of the market's, named as in `AuditDifferences`.
    fn measure(&self, name: &'static str, unit: Unit, value: u64);

    /// Takes those of one piece of a function's work, when it has ended, and shows them with all
    /// that were taken since the last piece. The facts, such as ids, go beside the numbers and
    /// are nothing to count by. Nobody need listen.
    fn report(
        &self,
        _function: &'static str,
        _measured: &[Measurement],
        _facts: &[(&'static str, &str)],
    ) {
    }
}
