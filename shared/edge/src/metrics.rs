//! Numbers for operators: in a function as lines of CloudWatch's embedded metric format, which
//! the service reads out of the log; locally as lines of the log. What they mean is not known here.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use app::ports::{Clock, Measurement, Metrics, Unit};
use metrics::{describe_histogram, histogram};
use metrics_cloudwatch_embedded::{Builder, Collector};
use tracing_subscriber::filter::LevelFilter;

use crate::telemetry::{self, timestamp};

/// The namespace of all metrics.
const NAMESPACE: &str = "MultiverseMarket";
/// The dimension that all metrics have.
const MARKET: &str = "Market";
/// The dimension that a function's metrics have in addition.
const FUNCTION: &str = "Function";
/// How many of a function's environments began.
const COLD_STARTS: Measurement = Measurement { name: "ColdStarts", unit: Unit::Count, value: 1.0 };

/// Lines of the embedded metric format on standard output: at the end of each piece of work one
/// for the market's own metrics and one for the function's, if there are any.
pub struct EmbeddedMetrics {
    /// A process has one; `None`: another had taken its place.
    collector: Option<&'static Collector>,
    clock: Arc<dyn Clock>,
    /// What of the log is kept.
    level: LevelFilter,
    is_warm: AtomicBool,
}

impl EmbeddedMetrics {
    /// Of the market with this name, for as long as the process lasts.
    #[must_use]
    pub fn of(market: String, clock: Arc<dyn Clock>) -> Self {
        let builder = Builder::new().cloudwatch_namespace(NAMESPACE).with_dimension(MARKET, market);
        let collector =
            builder.init().map_err(|error| tracing::warn!(%error, "nothing is measured"));
        let (collector, level) = (collector.ok(), telemetry::level());
        Self { collector, clock, level, is_warm: AtomicBool::new(false) }
    }

    /// All that was taken since the last time, as lines; none if there was nothing. The facts go
    /// into each.
    fn lines(&self, facts: &[(&'static str, &str)]) -> io::Result<Vec<u8>> {
        let mut lines = Vec::new();
        let Some(collector) = self.collector else { return Ok(lines) };
        // Lambda takes a line without a level to be at INFO, and drops it where INFO is not
        // shown: the line is then of the level that is.
        let level = self.level;
        let at = (level < LevelFilter::INFO).then(|| timestamp(self.clock.as_ref()));
        let level = level.to_string().to_uppercase();
        let of_line = at.as_deref().map(|at| [("timestamp", at), ("level", &*level)]);
        let facts = facts.iter().copied().chain(of_line.into_iter().flatten());
        let facts: Vec<_> = facts.collect();
        for (name, text) in &facts {
            collector.set_property(*name, *text);
        }
        let flushed = collector.flush(&mut lines);
        for (name, _) in &facts {
            collector.remove_property(*name);
        }
        flushed.map(|()| lines)
    }
}

impl Metrics for EmbeddedMetrics {
    fn measure(&self, name: &'static str, unit: Unit, value: u64) {
        // A float holds any such number that is ever measured.
        let value = u32::try_from(value).map_or(f64::from(u32::MAX), f64::from);
        describe_histogram!(name, unit_of(unit), "");
        histogram!(name).record(value);
    }

    fn report(
        &self,
        function: &'static str,
        measured: &[Measurement],
        facts: &[(&'static str, &str)],
    ) {
        let first = Some(COLD_STARTS).filter(|_| !self.is_warm.swap(true, Ordering::Relaxed));
        for Measurement { name, unit, value } in measured.iter().copied().chain(first) {
            describe_histogram!(name, unit_of(unit), "");
            histogram!(name, FUNCTION => function).record(value);
        }
        // In one piece, or it might be torn apart by lines of the log.
        let written = self.lines(facts).and_then(|lines| io::stdout().write_all(&lines));
        if let Err(error) = written {
            tracing::warn!(%error, "not measured");
        }
    }
}

fn unit_of(unit: Unit) -> metrics::Unit {
    match unit {
        Unit::Count => metrics::Unit::Count,
        Unit::Seconds => metrics::Unit::Seconds,
        Unit::Milliseconds => metrics::Unit::Milliseconds,
    }
}

/// Lines of the log, at DEBUG while there is nothing to count.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoggedMetrics;

impl Metrics for LoggedMetrics {
    fn measure(&self, name: &'static str, unit: Unit, value: u64) {
        if value == 0 {
            tracing::debug!(name, ?unit, value, "measured");
        } else {
            tracing::info!(name, ?unit, value, "measured");
        }
    }

    fn report(
        &self,
        function: &'static str,
        measured: &[Measurement],
        _facts: &[(&'static str, &str)],
    ) {
        if tracing::enabled!(tracing::Level::DEBUG) {
            let numbers: Vec<_> =
                measured.iter().map(|taken| format!("{} {}", taken.name, taken.value)).collect();
            tracing::debug!(function, numbers = numbers.join(", "), "measured");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::system::SystemClock;

    /// One test, for a process has one collector.
    #[test]
    fn lines_are_metrics_as_cloudwatch_reads_them() {
        let mut metrics = EmbeddedMetrics::of("market".to_owned(), Arc::new(SystemClock));
        let lines = |metrics: &EmbeddedMetrics| -> Vec<Value> {
            let lines = metrics.lines(&[("request_id", "mine")]).expect("written");
            let lines = String::from_utf8(lines).expect("UTF-8");
            lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
        };
        assert!(lines(&metrics).is_empty(), "nothing was measured");

        metrics.measure("AuditLagSeconds", Unit::Seconds, 0);
        histogram!("RoundTrips", FUNCTION => "buy").record(3.5);
        let [of_market, of_function] = &lines(&metrics)[..] else { panic!("two lines") };
        assert_eq!(of_market["AuditLagSeconds"], json!([0.0]), "nothing is a measurement too");
        assert_eq!(
            (&of_market["Market"], &of_market["request_id"]),
            (&json!("market"), &json!("mine"))
        );
        let declared = &of_market["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(declared["Namespace"], "MultiverseMarket");
        assert_eq!(declared["Dimensions"], json!([["Market"]]));
        assert_eq!(declared["Metrics"], json!([{"Name": "AuditLagSeconds", "Unit": "Seconds"}]));
        assert!(of_market["_aws"]["Timestamp"].as_u64().is_some_and(|at| at > 1_795_000_000_000));
        let declared = &of_function["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(declared["Dimensions"], json!([["Market", "Function"]]));
        assert_eq!(
            (&of_function["Function"], &of_function["RoundTrips"]),
            (&json!("buy"), &json!([3.5]))
        );
        assert!(lines(&metrics).is_empty(), "it was measured once");

        metrics.level = LevelFilter::ERROR;
        metrics.measure("AuditLagSeconds", Unit::Seconds, 7);
        let line = &lines(&metrics)[0];
        assert_eq!(line["level"], "ERROR", "or Lambda would drop it");
        assert!(line["timestamp"].is_string());
        metrics.level = LevelFilter::INFO;
        metrics.measure("AuditLagSeconds", Unit::Seconds, 7);
        assert_eq!(lines(&metrics)[0]["level"], Value::Null);
    }
}
