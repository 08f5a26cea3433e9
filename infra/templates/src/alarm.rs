//! What takes a new version back while it is being deployed: the alarm of a function that moves
//! money. Who is told of what, the stack of observability says.

use crate::{
    names,
    yaml::{Node, entry, list, map, sub},
};

/// The resource.
pub(crate) fn alarm(stem: &str) -> Node {
    let name = names::function(stem);
    let dimension =
        |name: &str, value: String| map([entry("Name", name), entry("Value", sub(value))]);
    map([
        entry("Type", "AWS::CloudWatch::Alarm"),
        entry(
            "Properties",
            map([
                entry("AlarmName", sub(format!("{name}-live-errors"))),
                entry(
                    "AlarmDescription",
                    "A version that is being deployed fails, and is taken back.",
                ),
                entry("Namespace", "AWS/Lambda"),
                entry("MetricName", "Errors"),
                entry(
                    "Dimensions",
                    list([
                        dimension("FunctionName", name.clone()),
                        dimension("Resource", format!("{name}:live")),
                    ]),
                ),
                entry("Statistic", "Sum"),
                entry("Period", 60),
                entry("EvaluationPeriods", 1),
                entry("Threshold", 0),
                entry("ComparisonOperator", "GreaterThanThreshold"),
                entry("TreatMissingData", "notBreaching"),
            ]),
        ),
    ])
}
