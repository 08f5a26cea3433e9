//! What CloudWatch has measured of a market lately. What it does not know is unknown.

use std::{collections::BTreeMap, time::Duration};

use app::ports::Clock;
use aws_sdk_cloudwatch::types::{Dimension, Statistic};
use aws_smithy_types::DateTime;
use edge::system::SystemClock;

use crate::{
    commands::queues::{QUEUES, name_of},
    session::Session,
};

const NAMESPACE: &str = "MultiverseMarket";
/// The functions behind streams, by their stems.
const FOLLOWERS: [&str; 2] = ["project", "publish"];
const HOUR: Duration = Duration::from_secs(3_600);

/// The largest values of the last hour.
#[derive(Debug, Default)]
pub(super) struct Measured {
    differences: Option<f64>,
    lag_s: Option<f64>,
    iterator_ages_ms: Vec<(String, Option<f64>)>,
    queue_ages_s: BTreeMap<String, f64>,
}

impl Measured {
    /// Asks for all of it; a service that does not answer knows nothing.
    pub(super) async fn read(session: &Session) -> Self {
        let market = [("Market", session.market.as_str())];
        let mut measured = Self {
            differences: largest(session, NAMESPACE, "AuditDifferences", &market).await,
            lag_s: largest(session, NAMESPACE, "AuditLagSeconds", &market).await,
            ..Self::default()
        };
        for stem in FOLLOWERS {
            let name = format!("{}-{stem}", session.market);
            let function = [("FunctionName", name.as_str())];
            let age = largest(session, "AWS/Lambda", "IteratorAge", &function).await;
            measured.iterator_ages_ms.push((name, age));
        }
        for url in QUEUES.iter().filter_map(|queue| session.output(queue.output)) {
            let queue = [("QueueName", name_of(url))];
            let age = largest(session, "AWS/SQS", "ApproximateAgeOfOldestMessage", &queue).await;
            if let Some(age) = age {
                measured.queue_ages_s.insert(name_of(url).to_owned(), age);
            }
        }
        measured
    }

    pub(super) fn audit_differences(&self) -> Option<f64> {
        self.differences
    }

    pub(super) fn audit_lag_s(&self) -> Option<f64> {
        self.lag_s
    }

    pub(super) fn iterator_ages_ms(&self) -> impl Iterator<Item = (&str, Option<f64>)> {
        self.iterator_ages_ms.iter().map(|(name, age)| (name.as_str(), *age))
    }

    pub(super) fn queue_age_s(&self, queue: &str) -> Option<f64> {
        self.queue_ages_s.get(queue).copied()
    }
}

async fn largest(
    session: &Session,
    namespace: &str,
    metric: &str,
    dimensions: &[(&str, &str)],
) -> Option<f64> {
    let now = SystemClock.now().millis();
    let hour = i64::try_from(HOUR.as_millis()).unwrap_or(0);
    let dimension =
        |(name, value): &(&str, &str)| Dimension::builder().name(*name).value(*value).build();
    let asked = session
        .cloudwatch
        .get_metric_statistics()
        .namespace(namespace)
        .metric_name(metric)
        .set_dimensions(Some(dimensions.iter().map(dimension).collect()))
        .start_time(DateTime::from_millis(now.saturating_sub(hour)))
        .end_time(DateTime::from_millis(now))
        .period(3_600)
        .statistics(Statistic::Maximum);
    let points = match asked.send().await {
        Ok(points) => points.datapoints.unwrap_or_default(),
        Err(error) => {
            let why = crate::failure::why(&error);
            tracing::debug!(metric, why, "not known");
            return None;
        }
    };
    points.into_iter().filter_map(|point| point.maximum).reduce(f64::max)
}
