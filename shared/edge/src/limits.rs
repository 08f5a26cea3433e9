//! How much one caller may ask of this process. Across processes the gateway's throttles
//! count; this one keeps a single caller from taking a whole function.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use domain::time::{Span, Timestamp};

/// A class of requests and how many of them one caller may make in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Its name in the `RateLimit` headers.
    pub name: &'static str,
    /// Requests in a window.
    pub requests: u32,
    /// The window.
    pub window: Span,
}

/// The quotas of a deployment.
#[derive(Debug, Clone, Copy)]
pub struct Quotas {
    /// Of all requests that are not about credentials, a caller.
    pub requests: Quota,
    /// Of requests that try or make credentials, an address: each costs 50 to 90 ms of CPU.
    pub credentials: Quota,
    /// Of WebSockets that are opened, an address.
    pub connections: Quota,
    /// Of messages over a WebSocket, a connection.
    pub messages: Quota,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            requests: Quota { name: "requests", requests: 500, window: Span::seconds(1) },
            credentials: Quota { name: "credentials", requests: 60, window: Span::seconds(60) },
            connections: Quota { name: "connections", requests: 500, window: Span::seconds(1) },
            messages: Quota { name: "messages", requests: 20, window: Span::seconds(1) },
        }
    }
}

impl Quotas {
    /// No limit that a test or a benchmark reaches.
    #[must_use]
    pub fn unlimited() -> Self {
        let quotas = Self::default();
        Self {
            requests: Quota { requests: u32::MAX, ..quotas.requests },
            credentials: Quota { requests: u32::MAX, ..quotas.credentials },
            connections: Quota { requests: u32::MAX, ..quotas.connections },
            messages: Quota { requests: u32::MAX, ..quotas.messages },
        }
    }
}

/// What a caller has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Of which quota.
    pub quota: Quota,
    /// Requests left in this window.
    pub left: u32,
    /// Seconds until the window ends, rounded up.
    pub resets_in_s: i64,
    /// Whether this request is within the quota.
    pub granted: bool,
}

/// Counts requests by caller in fixed windows.
pub struct RateLimiter {
    /// The quotas that it enforces.
    pub quotas: Quotas,
    windows: Mutex<Windows>,
}

/// When a caller's window of a quota began, and how many requests it has seen.
type Windows = BTreeMap<(&'static str, String), (Timestamp, u32)>;

/// About 100 bytes each, so at most a megabyte.
const CALLERS_MAX: usize = 10_000;

impl RateLimiter {
    /// A limiter that has counted nothing yet.
    #[must_use]
    pub fn new(quotas: Quotas) -> Self {
        Self { quotas, windows: Mutex::default() }
    }

    /// Counts a request of a caller.
    pub fn count(&self, quota: Quota, caller: &str, now: Timestamp) -> Allowance {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= CALLERS_MAX {
            let longest = self.quotas.requests.window.max(self.quotas.credentials.window);
            windows.retain(|_, (began, _)| now.since(*began) < longest);
        }
        let window = windows.entry((quota.name, caller.to_owned())).or_insert((now, 0));
        if now.since(window.0) >= quota.window {
            *window = (now, 0);
        }
        window.1 = window.1.saturating_add(1);
        let rest_ms = quota.window.as_millis() - now.since(window.0).as_millis();
        Allowance {
            quota,
            left: quota.requests.saturating_sub(window.1),
            resets_in_s: (rest_ms + 999) / 1000,
            granted: window.1 <= quota.requests,
        }
    }
}

impl Allowance {
    /// The `RateLimit-Policy` header.
    #[must_use]
    pub fn policy(&self) -> String {
        let seconds = self.quota.window.as_millis() / 1000;
        format!("\"{}\";q={};w={seconds}", self.quota.name, self.quota.requests)
    }

    /// The `RateLimit` header.
    #[must_use]
    pub fn remaining(&self) -> String {
        format!("\"{}\";r={};t={}", self.quota.name, self.left, self.resets_in_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_refused_past_the_quota_until_the_window_ends() {
        let quota = Quota { name: "q", requests: 2, window: Span::seconds(10) };
        let limiter = RateLimiter::new(Quotas { requests: quota, ..Quotas::default() });
        let start = Timestamp::from_millis(1_000_000);
        let granted = |caller: &str, after_s| {
            limiter.count(quota, caller, start.plus(Span::seconds(after_s))).granted
        };
        assert_eq!([granted("a", 0), granted("a", 1), granted("a", 9)], [true, true, false]);
        assert!(granted("b", 9), "each caller has a window of its own");
        assert!(granted("a", 10), "a new window begins");
    }
}
