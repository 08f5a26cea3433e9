//! Numbers for operators: what is measured, whoever measures it says; where it is shown, and
//! when an alarm rings, is not known here.

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Seconds.
    Seconds,
}

/// Takes measurements. It must not fail: nothing depends on it.
pub trait Metrics: Send + Sync {
    /// Takes one, named as in `AuditDifferences`.
    fn measure(&self, name: &'static str, unit: Unit, value: u64);
}
