//! Numbers for operators: in a function as lines of CloudWatch's embedded metric format, which
//! the service reads out of the log; locally as lines of the log. What they mean is not known here.

use std::{
    io::{self, Write},
    sync::Arc,
};

use app::ports::{Clock, Metrics, Unit};
use domain::time::Timestamp;
use serde_json::json;

/// The namespace of all metrics.
const NAMESPACE: &str = "MultiverseMarket";

/// Lines of the embedded metric format on standard output. The dimension is the market.
pub struct EmbeddedMetrics {
    market: String,
    clock: Arc<dyn Clock>,
}

impl EmbeddedMetrics {
    /// Of the market with this name.
    #[must_use]
    pub fn of(market: String, clock: Arc<dyn Clock>) -> Self {
        Self { market, clock }
    }

    fn line(&self, at: Timestamp, name: &str, unit: Unit, value: u64) -> String {
        let unit = match unit {
            Unit::Count => "Count",
            Unit::Seconds => "Seconds",
        };
        let metric = json!({
            "Namespace": NAMESPACE,
            "Dimensions": [["Market"]],
            "Metrics": [{"Name": name, "Unit": unit}],
        });
        let meta = json!({"Timestamp": at.millis(), "CloudWatchMetrics": [metric]});
        json!({"_aws": meta, "Market": self.market, name: value}).to_string()
    }
}

impl Metrics for EmbeddedMetrics {
    fn measure(&self, name: &'static str, unit: Unit, value: u64) {
        let line = self.line(self.clock.now(), name, unit, value);
        if let Err(error) = writeln!(io::stdout(), "{line}") {
            tracing::warn!(%error, name, value, "not measured");
        }
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
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::system::SystemClock;

    #[test]
    fn a_line_is_a_metric_as_cloudwatch_reads_it() {
        let metrics = EmbeddedMetrics::of("market".to_owned(), Arc::new(SystemClock));
        let at = Timestamp::from_millis(1_795_248_000_000);
        let line = metrics.line(at, "AuditLagSeconds", Unit::Seconds, 7);
        assert!(!line.contains('\n'));
        let line: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(line["AuditLagSeconds"], 7);
        assert_eq!(line["Market"], "market");
        assert_eq!(line["_aws"]["Timestamp"], 1_795_248_000_000_i64);
        let metric = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(metric["Namespace"], "MultiverseMarket");
        assert_eq!(metric["Dimensions"][0][0], "Market");
        assert_eq!(metric["Metrics"][0]["Name"], "AuditLagSeconds");
        assert_eq!(metric["Metrics"][0]["Unit"], "Seconds");
    }
}
