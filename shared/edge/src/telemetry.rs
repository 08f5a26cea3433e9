//! How a function tells what it does: lines of its log, ids that follow a request through queues,
//! and what its work has cost. What is told, whoever does the work says.

mod lines;
mod origin;
mod trace;
mod work;

use std::{
    panic,
    sync::{Arc, OnceLock},
};

use tracing_subscriber::{
    Layer, Registry,
    filter::{LevelFilter, filter_fn},
    fmt::MakeWriter,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::system::SystemClock;

#[cfg(test)]
pub(crate) use lines::tests::logged;
pub(crate) use lines::timestamp;
pub use lines::{Lines, Shape};
pub use origin::Origin;
pub(crate) use origin::{MESSAGE_REQUEST_ID, MESSAGE_TRACE_PARENT};
pub use trace::{InvalidTraceParent, TraceParent};
pub(crate) use work::Work;

/// The first segments of our own targets.
const OURS: [&str; 6] = ["app", "domain", "dynamo", "edge", "functions", "market"];
/// The most that dependencies say. Below it the SDK writes down what it signs, and the runtime
/// what it was sent: passwords among it.
const OTHERS_MAX: LevelFilter = LevelFilter::INFO;

static LEVEL: OnceLock<LevelFilter> = OnceLock::new();

/// What of the log is kept in this process.
pub(crate) fn level() -> LevelFilter {
    LEVEL.get().copied().unwrap_or(LevelFilter::INFO)
}

/// What of the log is shown, as Lambda's own variables say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSettings {
    /// Our own lines down to this level, those of dependencies down to INFO at most.
    pub level: LevelFilter,
    /// What a line looks like.
    pub shape: Shape,
}

impl LogSettings {
    /// From `AWS_LAMBDA_LOG_LEVEL` and `AWS_LAMBDA_LOG_FORMAT`: JSON at INFO unless they say
    /// otherwise in words that Lambda has.
    #[must_use]
    pub fn parse(level: Option<&str>, format: Option<&str>) -> Self {
        let level = match level.unwrap_or_default().to_ascii_uppercase().as_str() {
            "TRACE" => LevelFilter::TRACE,
            "DEBUG" => LevelFilter::DEBUG,
            "WARN" => LevelFilter::WARN,
            "ERROR" | "FATAL" => LevelFilter::ERROR,
            _ => LevelFilter::INFO,
        };
        let is_text = format.is_some_and(|format| format.eq_ignore_ascii_case("text"));
        Self { level, shape: if is_text { Shape::Text } else { Shape::Json } }
    }

    /// A subscriber that writes what is to be shown.
    pub fn subscriber<W>(self, writer: W) -> impl tracing::Subscriber + Send + Sync
    where
        W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
    {
        let Self { level, shape } = self;
        let others = level.min(OTHERS_MAX);
        let shown = filter_fn(move |metadata| {
            let target = metadata.target().split("::").next().unwrap_or_default();
            let most = if OURS.contains(&target) { level } else { others };
            metadata.is_event() && *metadata.level() <= most
        });
        let lines = Lines::new(writer, shape, Arc::new(SystemClock));
        Registry::default().with(lines.with_filter(shown.with_max_level_hint(level)))
    }
}

/// Lets all of this process be told on standard output, panics too.
pub(crate) fn start(settings: LogSettings) {
    // A process starts once.
    let _first = LEVEL.set(settings.level);
    settings.subscriber(std::io::stdout).init();
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string);
        let payload = panicked.payload();
        let reason = payload.downcast_ref::<&str>().copied();
        let reason = reason.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        tracing::error!(place, reason, "panicked");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambdas_own_words_say_what_is_shown() {
        let shown = |level, format| {
            let LogSettings { level, shape } = LogSettings::parse(level, format);
            (level, shape)
        };
        assert_eq!(shown(None, None), (LevelFilter::INFO, Shape::Json));
        assert_eq!(shown(Some("debug"), Some("JSON")), (LevelFilter::DEBUG, Shape::Json));
        assert_eq!(shown(Some("FATAL"), Some("Text")), (LevelFilter::ERROR, Shape::Text));
        assert_eq!(shown(Some("loud"), Some("xml")), (LevelFilter::INFO, Shape::Json));
    }
}
