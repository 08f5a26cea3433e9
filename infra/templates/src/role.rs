//! The role of a function: what its uses need, what wakes it, and nothing else.
//!
//! No role names the key for tables and queues: the key's own policy lets whoever may use one of
//! them use it encrypted (data.yaml).

use std::collections::BTreeMap;

use dynamo::grants::Grant;
use edge::uses::Service;
use functions::Trigger;

use crate::{
    function::Function,
    names::{arn, function as function_name, log_group, pascal},
    yaml::{Entry, Node, entry, list, map, one_or_list, only_if, reference, sub},
};

const VERSION: &str = "2012-10-17";

/// What Lambda needs to put a function into a network, as its documentation lists it.
const INTERFACES: [&str; 4] = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
];
const LOOK_AT_NETWORK: [&str; 2] = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"];

/// The resource.
pub(crate) fn role(function: &Function, stack: &str) -> Node {
    map([
        entry("Type", "AWS::IAM::Role"),
        entry(
            "Properties",
            map([
                entry("AssumeRolePolicyDocument", trust("lambda.amazonaws.com", None)),
                entry("Policies", list([policy(function.stem, statements(function, stack))])),
            ]),
        ),
    ])
}

/// Who may take the role on.
pub(crate) fn trust(service: &str, condition: Option<Node>) -> Node {
    let statement = [
        entry("Effect", "Allow"),
        entry("Principal", map([entry("Service", service)])),
        entry("Action", "sts:AssumeRole"),
    ];
    let condition = condition.map(|condition| entry("Condition", condition));
    let statement = map(statement.into_iter().chain(condition));
    map([entry("Version", VERSION), entry("Statement", list([statement]))])
}

/// A policy of a role.
pub(crate) fn policy(name: &str, statements: Vec<Node>) -> Node {
    let document = map([entry("Version", VERSION), entry("Statement", list(statements))]);
    map([entry("PolicyName", name), entry("PolicyDocument", document)])
}

/// What is allowed with what.
pub(crate) fn allow<'a>(
    sid: &str,
    actions: impl IntoIterator<Item = &'a str>,
    resource: Node,
) -> Vec<Entry> {
    let actions = actions.into_iter().map(Node::from).collect();
    vec![
        entry("Sid", sid),
        entry("Effect", "Allow"),
        entry("Action", one_or_list(actions)),
        entry("Resource", resource),
    ]
}

fn statements(function: &Function, stack: &str) -> Vec<Node> {
    let logs = arn("logs", &format!("log-group:{}:*", log_group(stack)));
    let mut all = vec![
        map(allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], sub(logs))),
        map(open_environment()),
    ];
    all.extend(of_store(&function.grants()));
    all.extend(function.services().into_iter().flat_map(|service| of_service(service, function)));
    all.extend(function.trigger.into_iter().flat_map(of_trigger));
    let trace = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"];
    all.push(only_if("Traced", map(allow("Trace", trace, "*".into()))));
    all
}

/// Lambda opens the environment, which holds the secret, as the function.
fn open_environment() -> Vec<Entry> {
    allow("OpenEnvironment", ["kms:Decrypt"], reference("KeyArn"))
}

/// A statement for each table or index, and one for what is allowed in transactions alone.
fn of_store(grants: &[Grant]) -> Vec<Node> {
    let mut statements: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for grant in grants {
        // What is allowed by itself is allowed in a transaction too.
        let alone = Grant { enclosed: false, ..*grant };
        if grant.enclosed && grants.contains(&alone) {
            continue;
        }
        let key = (grant.table, grant.index, grant.enclosed);
        statements.entry(key).or_default().push(grant.action.policy_name());
    }
    let statement = |((table, index, enclosed), mut actions): (_, Vec<&str>)| {
        actions.sort_unstable();
        of_table(table, index, enclosed, &actions)
    };
    statements.into_iter().map(statement).collect()
}

fn of_table(table: &str, index: Option<&str>, enclosed: bool, actions: &[&str]) -> Node {
    let named = index.map(|index| format!("/index/{index}")).unwrap_or_default();
    let resource = arn("dynamodb", &format!("table/${{Market}}-{table}{named}"));
    let end = if enclosed { "InTransactions" } else { "" };
    let sid = format!("{}{}{end}", pascal(table), index.map(pascal).unwrap_or_default());
    let mut statement = allow(&sid, actions.iter().copied(), sub(resource));
    if enclosed {
        let operation = entry("dynamodb:EnclosingOperation", list(["TransactWriteItems"]));
        let condition = map([entry("ForAnyValue:StringEquals", map([operation]))]);
        statement.push(entry("Condition", condition));
    }
    map(statement)
}

fn send(sid: &str, queue_arn: &str) -> Vec<Node> {
    vec![map(allow(sid, ["sqs:SendMessage"], reference(queue_arn)))]
}

fn of_service(service: Service, function: &Function) -> Vec<Node> {
    match service {
        Service::Cache => of_cache(function),
        Service::MatchQueue => send("WakeMatchers", "MatchQueueArn"),
        Service::WebhookQueue => send("QueueDeliveries", "WebhookQueueArn"),
        Service::VenueQueue => send("QueuePlacements", "VenueQueueArn"),
        Service::FailureQueue => send("PutAwayFailures", "FailureQueueArn"),
        Service::Connections => {
            let calls = ["POST", "DELETE"].map(|call| {
                sub(arn("execute-api", &format!("${{SocketApiId}}/live/{call}/@connections/*")))
            });
            vec![map(allow("Connections", ["execute-api:ManageConnections"], list(calls)))]
        }
    }
}

/// Only if there is a cache. What Lambda may do in the network, the function's own code may not.
fn of_cache(function: &Function) -> Vec<Node> {
    let connect = list([reference("CacheArn"), reference("CacheUserArn")]);
    let interfaces = sub(arn("ec2", "*/*"));
    let mut everything: Vec<_> = INTERFACES.into_iter().chain(LOOK_AT_NETWORK).collect();
    everything.push("ec2:DetachNetworkInterface");
    everything.sort_unstable();
    let own = sub(arn("lambda", &format!("function:{}", function_name(function.stem))));
    let not_by_code = map([
        entry("Sid", "NetworkNotByCode"),
        entry("Effect", "Deny"),
        entry("Action", list(everything)),
        entry("Resource", "*"),
        entry(
            "Condition",
            map([entry("ArnEquals", map([entry("lambda:SourceFunctionArn", own)]))]),
        ),
    ]);
    [
        map(allow("Cache", ["elasticache:Connect"], connect)),
        map(allow("NetworkInterfaces", INTERFACES, interfaces)),
        map(allow("LookAtNetwork", LOOK_AT_NETWORK, "*".into())),
        not_by_code,
    ]
    .map(|statement| only_if("HasCache", statement))
    .to_vec()
}

fn of_trigger(trigger: Trigger) -> Vec<Node> {
    match trigger {
        Trigger::MatchQueue => receive("MatchQueueArn"),
        Trigger::WebhookQueue => receive("WebhookQueueArn"),
        Trigger::VenueQueue => receive("VenueQueueArn"),
        Trigger::Streams(tables) => follow(tables),
        Trigger::Authorizer | Trigger::Route(_) | Trigger::EveryMinute => Vec::new(),
    }
}

fn receive(queue_arn: &str) -> Vec<Node> {
    let actions = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
    vec![map(allow("Receive", actions, reference(queue_arn)))]
}

/// What Lambda needs to follow streams. It lists them by their table, whatever their names.
fn follow(tables: &[&str]) -> Vec<Node> {
    let streams = tables.iter().map(|table| reference(format!("{}StreamArn", pascal(table))));
    let of_table =
        |table: &&str| sub(arn("dynamodb", &format!("table/${{Market}}-{table}/stream/*")));
    let actions = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
    vec![
        map(allow("FollowStreams", actions, list(streams))),
        map(allow("FindStreams", ["dynamodb:ListStreams"], list(tables.iter().map(of_table)))),
    ]
}
