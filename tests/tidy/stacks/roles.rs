//! What each function may do: what its uses and what wakes it need, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use dynamo::{
    grants::{Action, Grant},
    schema::JOURNAL,
};
use edge::uses::{Service, grants_of};
use functions::Trigger;
use serde_json::{Value, json};

use super::{
    Expected, Found, arn, found, pascal, stacks,
    statements::{Allowed, role_of, statements},
};

/// Operations that AWS takes for no resource but `*`, and why each is needed.
const OF_NO_RESOURCE: [(&str, &str); 4] = [
    ("ec2:DescribeNetworkInterfaces", "Lambda looks for interfaces of its own in the network"),
    ("ec2:DescribeSubnets", "Lambda looks for the subnets"),
    ("xray:PutTelemetryRecords", "X-Ray has no resource for a segment"),
    ("xray:PutTraceSegments", "X-Ray has no resource for a segment"),
];

/// The role by which GitHub deploys, and CloudFormation makes what has no name yet.
const DEPLOYER: &str = "deployer";

/// Tables in which money, and who has it, stands.
const MONEY: [&str; 5] = ["accounts", "catalog", "identity", "journal", "orders"];

struct Expecting(BTreeSet<Allowed>);

impl Expecting {
    fn add(&mut self, actions: &[&str], resource: &str) {
        self.only_if(None, actions, resource, "", false);
    }

    fn only_if(
        &mut self,
        condition: Option<&str>,
        actions: &[&str],
        resource: &str,
        provided: &str,
        denied: bool,
    ) {
        self.0.extend(actions.iter().map(|action| Allowed {
            action: (*action).to_owned(),
            resource: resource.to_owned(),
            provided: provided.to_owned(),
            only_if: condition.map(str::to_owned),
            denied,
        }));
    }

    fn grants(&mut self, grants: &[Grant]) {
        let operation = json!({"dynamodb:EnclosingOperation": ["TransactWriteItems"]});
        let in_transaction = json!({"ForAnyValue:StringEquals": operation});
        for grant in grants {
            let index = grant.index.map(|index| format!("/index/{index}")).unwrap_or_default();
            let table = arn("dynamodb", &format!("table/${{Market}}-{}{index}", grant.table));
            let by_itself = grants.contains(&Grant { enclosed: false, ..*grant });
            let provided = if by_itself { String::new() } else { in_transaction.to_string() };
            self.only_if(None, &[grant.action.policy_name()], &table, &provided, false);
        }
    }

    fn service(&mut self, service: Service, stem: &str) {
        match service {
            Service::Cache => self.cache(stem),
            Service::MatchQueue => self.add(&["sqs:SendMessage"], "${MatchQueueArn}"),
            Service::WebhookQueue => self.add(&["sqs:SendMessage"], "${WebhookQueueArn}"),
            Service::VenueQueue => self.add(&["sqs:SendMessage"], "${VenueQueueArn}"),
            Service::FailureQueue => self.add(&["sqs:SendMessage"], "${FailureQueueArn}"),
            Service::Connections => {
                for call in ["POST", "DELETE"] {
                    let path = format!("${{SocketApiId}}/live/{call}/@connections/*");
                    self.add(&["execute-api:ManageConnections"], &arn("execute-api", &path));
                }
            }
        }
    }

    fn cache(&mut self, stem: &str) {
        let (cache, connect) = (Some("HasCache"), ["elasticache:Connect"]);
        self.only_if(cache, &connect, "${CacheArn}", "", false);
        self.only_if(cache, &connect, "${CacheUserArn}", "", false);
        let make = [
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:UnassignPrivateIpAddresses",
        ];
        let look = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"];
        self.only_if(cache, &make, &arn("ec2", "*/*"), "", false);
        self.only_if(cache, &look, "*", "", false);
        let own = arn("lambda", &format!("function:${{Market}}-{stem}"));
        let by_code =
            json!({"ArnEquals": {"lambda:SourceFunctionArn": {"Fn::Sub": own}}}).to_string();
        let all = [&make[..], &look, &["ec2:DetachNetworkInterface"]].concat();
        self.only_if(cache, &all, "*", &by_code, true);
    }

    fn trigger(&mut self, trigger: Trigger) {
        let receive = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];
        let follow =
            ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
        match trigger {
            Trigger::MatchQueue => self.add(&receive, "${MatchQueueArn}"),
            Trigger::WebhookQueue => self.add(&receive, "${WebhookQueueArn}"),
            Trigger::VenueQueue => self.add(&receive, "${VenueQueueArn}"),
            Trigger::Streams(tables) => {
                for table in tables {
                    self.add(&follow, &format!("${{{}StreamArn}}", pascal(table)));
                    let any = arn("dynamodb", &format!("table/${{Market}}-{table}/stream/*"));
                    self.add(&["dynamodb:ListStreams"], &any);
                }
                // What Lambda gives up goes there, as the function.
                self.add(&["sqs:SendMessage"], "${FailureQueueArn}");
            }
            Trigger::Authorizer | Trigger::Route(_) | Trigger::EveryMinute => {}
        }
    }
}

fn expected_of(function: &Found) -> BTreeSet<Allowed> {
    let mut expecting = Expecting(BTreeSet::new());
    let class = match function.stack.name.strip_prefix("functions-") {
        Some(class) => class,
        None => function.stem,
    };
    let logs = arn("logs", &format!("log-group:/multiverse-market/${{Market}}/{class}:*"));
    expecting.add(&["logs:CreateLogStream", "logs:PutLogEvents"], &logs);
    expecting.add(&["kms:Decrypt"], "${KeyArn}");
    let trace = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"];
    expecting.only_if(Some("Traced"), &trace, "*", "", false);
    let Expected { uses, trigger, .. } = function.expected();
    expecting.grants(&grants_of(uses));
    for service in function.expected().services() {
        expecting.service(service, function.stem);
    }
    if let Some(trigger) = trigger {
        expecting.trigger(trigger);
    }
    expecting.0
}

#[test]
fn a_role_allows_what_the_functions_uses_need_and_nothing_else() {
    for function in found() {
        let (stack, role) = role_of(&function);
        let allowed = statements(stack.properties(&role));
        let expected = expected_of(&function);
        let missing: Vec<_> = expected.difference(&allowed).collect();
        let spare: Vec<_> = allowed.difference(&expected).collect();
        assert!(missing.is_empty() && spare.is_empty(), "{role}: {missing:#?}, spare: {spare:#?}");
    }
}

#[test]
fn every_function_has_a_role_of_its_own_with_nothing_from_elsewhere() {
    let mut roles = BTreeMap::new();
    for function in found() {
        let (stack, role) = role_of(&function);
        let properties = stack.properties(&role);
        assert_eq!(properties["ManagedPolicyArns"], Value::Null, "{role}");
        assert_eq!(function.properties["Policies"], Value::Null, "{role}");
        let trust = &properties["AssumeRolePolicyDocument"]["Statement"];
        assert_eq!(trust.as_array().map(Vec::len), Some(1), "{role}");
        assert_eq!(trust[0]["Principal"], json!({"Service": "lambda.amazonaws.com"}), "{role}");
        let other = roles.insert((stack.name.clone(), role), function.stem);
        assert_eq!(other, None, "{} has the role of another", function.stem);
    }
}

/// All statements of all roles of the market itself, with the role's name.
fn all_statements() -> Vec<(String, Allowed)> {
    let mut all = Vec::new();
    for stack in stacks().iter().filter(|stack| stack.name != DEPLOYER) {
        for (id, role) in
            stack.of_type("AWS::IAM::Role").filter(|(_, role)| !role["Policies"].is_null())
        {
            all.extend(statements(role).into_iter().map(|allowed| (id.clone(), allowed)));
        }
    }
    assert!(all.len() > 300, "the roles were not found: {}", all.len());
    all
}

#[test]
fn nobody_scans_a_table_or_may_do_whatever_a_service_can() {
    for (role, Allowed { action, denied, .. }) in all_statements() {
        let whole = action.ends_with(":*") || action == "*";
        let reads_all = ["dynamodb:Scan", "dynamodb:PartiQLSelect"].contains(&action.as_str());
        assert!(denied || !whole && !reads_all, "{role} may {action}");
    }
}

#[test]
fn what_stands_in_the_journal_can_be_neither_changed_nor_removed() {
    let journal = arn("dynamodb", &format!("table/${{Market}}-{}", JOURNAL.stem));
    for (role, allowed) in all_statements() {
        let Allowed { action, resource, provided, denied, .. } = allowed;
        let writes = !denied
            && [Action::UpdateItem, Action::DeleteItem, Action::BatchWriteItem, Action::PutItem]
                .map(Action::policy_name)
                .contains(&action.as_str());
        if writes && resource == journal {
            let enclosed = provided.contains("TransactWriteItems");
            assert!(action == Action::PutItem.policy_name() && enclosed, "{role} may {action}");
        }
    }
}

#[test]
fn money_is_written_in_transactions_alone() {
    let tables = MONEY.map(|table| arn("dynamodb", &format!("table/${{Market}}-{table}")));
    let writes = ["dynamodb:Put", "dynamodb:Update", "dynamodb:Delete", "dynamodb:BatchWrite"];
    for (role, Allowed { action, resource, provided, .. }) in all_statements() {
        if tables.contains(&resource) && writes.iter().any(|write| action.starts_with(write)) {
            assert!(provided.contains("TransactWriteItems"), "{role} may {action} {resource}");
        }
    }
}

#[test]
fn everything_is_allowed_on_a_resource_that_has_a_name() {
    let mut without = BTreeSet::new();
    for (role, Allowed { action, resource, denied, .. }) in all_statements() {
        if resource == "*" && !denied {
            without.insert(action.clone());
        }
        // Every table, index, queue and stream by its name; ListStreams knows tables alone.
        let exact = !resource.contains('*') || !["dynamodb", "sqs"].contains(&service(&action));
        assert!(exact || action == "dynamodb:ListStreams", "{role} may {action} on {resource}");
    }
    let known = OF_NO_RESOURCE.map(|(action, _)| action.to_owned());
    assert_eq!(without, BTreeSet::from(known));
}

fn service(action: &str) -> &str {
    action.split(':').next().unwrap_or_default()
}
