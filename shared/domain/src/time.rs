//! Points in time and spans between them. Where the time comes from is not known here.

/// A point in time: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A length of time in milliseconds, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

impl Timestamp {
    /// The last instant that has a four-digit year: 9999-12-31T23:59:59.999Z. Sort keys are
    /// thirteen-digit numbers up to the year 2286 and still compare correctly within it.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// From milliseconds since the epoch; what lies outside 1970 to 9999 is moved to its edge.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(0, Self::MAX.0))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0
    }

    /// This time moved forward by `span`, at most to [`Timestamp::MAX`].
    #[must_use]
    pub fn plus(self, span: Span) -> Self {
        Self::from_millis(self.0.saturating_add(span.0))
    }

    /// This time moved back by `span`, at most to the epoch.
    #[must_use]
    pub fn minus(self, span: Span) -> Self {
        Self::from_millis(self.0.saturating_sub(span.0))
    }

    /// How long before this time `earlier` lies; zero if it lies after.
    #[must_use]
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0).max(0))
    }
}

impl Span {
    /// A span of this many milliseconds.
    #[must_use]
    pub const fn millis(millis: u32) -> Self {
        Self(millis as i64)
    }

    /// A span of this many milliseconds, none if it were negative.
    #[must_use]
    pub fn of_millis(millis: i64) -> Self {
        Self(millis.max(0))
    }

    /// A span of this many seconds.
    #[must_use]
    pub const fn seconds(seconds: u32) -> Self {
        Self((seconds as i64).saturating_mul(1000))
    }

    /// The span in milliseconds.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0
    }
}
