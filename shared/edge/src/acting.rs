//! As which function something is done, for whom, and in which invocation. Whatever is done for a
//! function's sake, in whatever depth of the program, can ask: a log, a meter, a guard. Nothing
//! is decided by it.

use std::sync::Arc;

use lambda_runtime::Context;

use crate::{telemetry::Origin, uses::Use};

/// A function at work.
#[derive(Debug, Clone)]
pub struct Acting {
    /// The function's stem.
    pub stem: &'static str,
    /// What it declares that it needs.
    pub uses: &'static [Use],
    /// Whom it works for, if anybody has said.
    pub origin: Option<Arc<Origin>>,
}

/// What Lambda says of an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Names it in all that Lambda logs.
    pub request_id: String,
    /// The tracing header of X-Ray, if Lambda has made one.
    pub xray_trace_id: Option<String>,
}

impl From<&Context> for Invocation {
    fn from(context: &Context) -> Self {
        Self {
            request_id: context.request_id.clone(),
            xray_trace_id: context.xray_trace_id.clone(),
        }
    }
}

tokio::task_local! {
    static INVOCATION: Invocation;
    static ACTING: Acting;
}

/// Does something in an invocation.
pub async fn invoked<T>(invocation: Invocation, work: impl Future<Output = T>) -> T {
    INVOCATION.scope(invocation, work).await
}

/// Does something as a function with this stem, which declares to need this; for whomever the
/// caller works for.
pub async fn acting<T>(
    stem: &'static str,
    uses: &'static [Use],
    work: impl Future<Output = T>,
) -> T {
    let origin = current().and_then(|acting| acting.origin);
    ACTING.scope(Acting { stem, uses, origin }, work).await
}

/// Does something as a function for somebody.
pub async fn acting_for<T>(
    stem: &'static str,
    uses: &'static [Use],
    origin: Arc<Origin>,
    work: impl Future<Output = T>,
) -> T {
    ACTING.scope(Acting { stem, uses, origin: Some(origin) }, work).await
}

/// The function that the caller works for; `None`: nobody has said.
#[must_use]
pub fn current() -> Option<Acting> {
    ACTING.try_with(Clone::clone).ok()
}

/// The tracing header of the invocation that the caller works in, if there is one.
#[must_use]
pub fn xray_trace_id() -> Option<String> {
    INVOCATION.try_with(|invocation| invocation.xray_trace_id.clone()).ok().flatten()
}

/// Shows who acts and in which invocation, without keeping either.
pub(crate) fn with_current(look: impl FnOnce(Option<&Invocation>, Option<&Acting>)) {
    let mut look = Some(look);
    let mut with_acting = |invocation: Option<&Invocation>| {
        let shown = ACTING.try_with(|acting| {
            if let Some(look) = look.take() {
                look(invocation, Some(acting));
            }
        });
        if let (Err(_), Some(look)) = (shown, look.take()) {
            look(invocation, None);
        }
    };
    if INVOCATION.try_with(|invocation| with_acting(Some(invocation))).is_err() {
        with_acting(None);
    }
}
