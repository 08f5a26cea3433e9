//! What wakes the functions that are no endpoints: queues, streams, schedules and the routes of
//! the WebSocket API.

use functions::{EventHandler, Trigger};

use crate::{
    api::{invoke, resource},
    names::{alias, arn, pascal},
    role::{allow, policy, trust},
    yaml::{Entry, Node, attribute, entry, list, map, reference, sub},
};

/// How much a function takes at a time, and how often.
struct Pace {
    /// The function.
    stem: &'static str,
    position: &'static str,
    position_because: &'static str,
    window_s: i64,
    window_because: &'static str,
    attempts: i64,
    age_s: i64,
    age_because: &'static str,
}

const PACES: [Pace; 2] = [
    Pace {
        stem: "project",
        position: "TRIM_HORIZON",
        position_because: "Every change is counted once: from the first that the stream still has.",
        window_s: 1,
        window_because: "A batch shares what it folds into: a second of patience saves writes.",
        attempts: -1,
        age_s: 21_600,
        age_because: "It is tried again for six hours. What then goes to the failure queue is\n\
                      where records stand, and the stream keeps these for another eighteen.",
    },
    Pace {
        stem: "publish",
        position: "LATEST",
        position_because: "Nobody is told old news. Who misses some sees the gap, and resumes.",
        window_s: 0,
        window_because: "Live data waits for nothing.",
        attempts: 5,
        age_s: 300,
        age_because: "What is five minutes old nobody waits for: clients have resumed since.",
    },
];

/// What the key of a row begins with that anybody follows; all other rows wake nobody.
const FOLLOWED: [(&str, &str, &str); 3] =
    [("journal", "id", "txn_"), ("orders", "part", "events#"), ("catalog", "part", "rates#")];

/// All resources that wake a function.
pub(crate) fn resources(handler: &EventHandler) -> Vec<Entry> {
    let EventHandler { stem, trigger, .. } = *handler;
    let name = pascal(stem);
    match trigger {
        Trigger::Authorizer => Vec::new(),
        Trigger::Route(route) => socket_route(stem, &name, route),
        Trigger::MatchQueue => {
            let because = "As many pairs are matched at once; others wait in the queue.";
            vec![entry(format!("{name}Queue"), queue(stem, "MatchQueueArn", 50, because))]
        }
        Trigger::WebhookQueue => {
            let because = "Slow receivers must not take all that the account may run at once.";
            vec![entry(format!("{name}Queue"), queue(stem, "WebhookQueueArn", 20, because))]
        }
        Trigger::VenueQueue => {
            let because = "What a venue is sent at once is bounded by its slots; this bounds what\n\
                           venues that do not answer take of all that the account may run.";
            vec![entry(format!("{name}Queue"), queue(stem, "VenueQueueArn", 20, because))]
        }
        Trigger::Streams(tables) => {
            let pace = PACES.iter().find(|pace| pace.stem == stem);
            let mapping = |(pace, table): (&Pace, &&str)| {
                entry(format!("{name}{}Stream", pascal(table)), stream(pace, table))
            };
            pace.into_iter()
                .flat_map(|pace| tables.iter().map(move |table| (pace, table)))
                .map(mapping)
                .collect()
        }
        Trigger::EveryMinute => vec![entry(format!("{name}Schedule"), schedule(stem))],
    }
}

/// Ten messages at a time, the most that a FIFO queue gives. Only those that failed come again.
fn queue(stem: &str, arn: &str, at_once: i64, because: &str) -> Node {
    let at_once = entry("MaximumConcurrency", at_once).because(because);
    resource(
        "AWS::Lambda::EventSourceMapping",
        [
            entry("FunctionName", reference(alias(stem))),
            entry("EventSourceArn", reference(arn)),
            entry("BatchSize", 10),
            entry("FunctionResponseTypes", list(["ReportBatchItemFailures"])),
            entry("ScalingConfig", map([at_once])),
        ],
    )
}

fn stream(pace: &Pace, table: &str) -> Node {
    let failures = map([entry("Destination", reference("FailureQueueArn"))]);
    let mut properties = vec![
        entry("FunctionName", reference(alias(pace.stem))),
        entry("EventSourceArn", reference(format!("{}StreamArn", pascal(table)))),
        entry("StartingPosition", pace.position).because(pace.position_because),
        entry("BatchSize", 100),
        entry("MaximumBatchingWindowInSeconds", pace.window_s).because(pace.window_because),
        entry("FunctionResponseTypes", list(["ReportBatchItemFailures"])),
        entry("BisectBatchOnFunctionError", true),
        entry("MaximumRetryAttempts", pace.attempts),
        entry("MaximumRecordAgeInSeconds", pace.age_s).because(pace.age_because),
        entry("ParallelizationFactor", 1).because(
            "Rows of one key would stay in order, but batches of one shard would write the same\n\
             totals, rolls and marks at once, and hinder each other.",
        ),
        entry("DestinationConfig", map([entry("OnFailure", failures)])),
    ];
    let filter = FOLLOWED.iter().find(|(followed, ..)| *followed == table);
    properties.extend(filter.map(|(_, key, prefix)| filters(key, prefix)));
    resource("AWS::Lambda::EventSourceMapping", properties)
}

/// Lets only rows pass whose key begins so, as they are after the change.
fn filters(key: &str, prefix: &str) -> Entry {
    let pattern =
        format!(r#"{{"dynamodb":{{"NewImage":{{"{key}":{{"S":[{{"prefix":"{prefix}"}}]}}}}}}}}"#);
    let filters = list([map([entry("Pattern", pattern)])]);
    entry("FilterCriteria", map([entry("Filters", filters)]))
        .because("Nothing else in this table is followed, and what wakes nobody costs nothing.")
}

fn schedule(stem: &str) -> Node {
    let target = map([
        entry("Arn", reference(alias(stem))),
        entry("RoleArn", attribute("ScheduleRole.Arn")),
        entry(
            "RetryPolicy",
            map([entry("MaximumEventAgeInSeconds", 60), entry("MaximumRetryAttempts", 2)]),
        )
        .because("After a minute the next one is due."),
        entry("DeadLetterConfig", map([entry("Arn", reference("FailureQueueArn"))])),
    ]);
    let reason = "It holds a function's name and nothing else.";
    let skip = map([entry("id", "CKV_AWS_297"), entry("comment", reason)]);
    map([
        entry("Type", "AWS::Scheduler::Schedule"),
        entry("Metadata", map([entry("checkov", map([entry("skip", list([skip]))]))])),
        entry(
            "Properties",
            map([
                entry("Name", sub(format!("${{Market}}-{stem}"))),
                entry("GroupName", reference("Schedules")),
                entry("ScheduleExpression", "rate(1 minute)"),
                entry("FlexibleTimeWindow", map([entry("Mode", "OFF")])),
                entry("Target", target),
            ]),
        ),
    ])
}

/// What all schedules share: their group, and a role that may wake these functions alone.
pub(crate) fn shared(handlers: &[&EventHandler]) -> Vec<Entry> {
    let scheduled = handlers.iter().filter(|handler| handler.trigger == Trigger::EveryMinute);
    let aliases = scheduled.map(|handler| reference(alias(handler.stem)));
    let group = sub(arn("scheduler", "schedule-group/${Market}"));
    let ours = map([
        entry("StringEquals", map([entry("aws:SourceAccount", reference("AWS::AccountId"))])),
        entry("ArnEquals", map([entry("aws:SourceArn", group)])),
    ]);
    let statements = vec![
        map(allow("Wake", ["lambda:InvokeFunction"], list(aliases))),
        map(allow("PutAwayFailures", ["sqs:SendMessage"], reference("FailureQueueArn"))),
    ];
    vec![
        entry(
            "Schedules",
            resource("AWS::Scheduler::ScheduleGroup", [entry("Name", reference("Market"))]),
        ),
        entry(
            "ScheduleRole",
            resource(
                "AWS::IAM::Role",
                [
                    entry("AssumeRolePolicyDocument", trust("scheduler.amazonaws.com", Some(ours))),
                    entry("Policies", list([policy("schedules", statements)])),
                ],
            ),
        ),
    ]
}

/// The function itself says who may connect: a ticket is spent by it.
fn socket_route(stem: &str, name: &str, route: &str) -> Vec<Entry> {
    let uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/\
               ${Alias}/invocations";
    let named = map([entry("Alias", reference(alias(stem)))]);
    let uri = Node::Call("Sub", Box::new(list([uri.into(), named])));
    let integration = [
        entry("ApiId", reference("SocketApiId")),
        entry("IntegrationType", "AWS_PROXY"),
        entry("IntegrationUri", uri),
    ];
    let route_properties = [
        entry("ApiId", reference("SocketApiId")),
        entry("RouteKey", route),
        entry("AuthorizationType", "NONE"),
        entry("Target", sub(format!("integrations/${{{name}Integration}}"))),
    ];
    vec![
        entry(
            format!("{name}Integration"),
            resource("AWS::ApiGatewayV2::Integration", integration),
        ),
        entry(format!("{name}Route"), resource("AWS::ApiGatewayV2::Route", route_properties)),
        entry(format!("{name}Permission"), invoke(stem, "SocketApiId", route)),
    ]
}
