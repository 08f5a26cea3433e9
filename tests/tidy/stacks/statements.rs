//! What roles allow, taken apart: one operation on one resource at a time, and when.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Found, Stack, text, texts};

/// One operation on one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Allowed {
    pub(super) action: String,
    pub(super) resource: String,
    /// The condition of the policy, as JSON; empty if there is none.
    pub(super) provided: String,
    /// The condition of the stack without which it is not there.
    pub(super) only_if: Option<String>,
    pub(super) denied: bool,
}

/// All that the policies of a role say.
pub(super) fn statements(role: &Value) -> BTreeSet<Allowed> {
    let policies = role["Policies"].as_array().expect("policies");
    let mut all = BTreeSet::new();
    let mut sids = BTreeSet::new();
    for statement in policies.iter().flat_map(|policy| list(&policy["PolicyDocument"]["Statement"]))
    {
        let (only_if, statement) = unwrapped(statement);
        if let Some(sid) = statement["Sid"].as_str() {
            assert!(sid.bytes().all(|letter| letter.is_ascii_alphanumeric()), "{sid}");
            assert!(sids.insert(sid.to_owned()), "{sid} stands twice");
        }
        for known in ["NotAction", "NotResource"] {
            assert!(statement.get(known).is_none(), "{known} allows what nobody listed");
        }
        let condition = statement.get("Condition");
        for (action, resource) in pairs(statement) {
            all.insert(Allowed {
                action,
                resource,
                provided: condition.map(Value::to_string).unwrap_or_default(),
                only_if: only_if.clone(),
                denied: statement["Effect"] == "Deny",
            });
        }
    }
    all
}

/// A statement, and the condition of the stack around it.
fn unwrapped(statement: &Value) -> (Option<String>, &Value) {
    let Some(either) = statement.get("Fn::If") else { return (None, statement) };
    assert_eq!(either[2]["Ref"], "AWS::NoValue", "{either}");
    (Some(text(&either[0])), &either[1])
}

fn pairs(statement: &Value) -> Vec<(String, String)> {
    let (actions, resources) = (texts(&statement["Action"]), texts(&statement["Resource"]));
    assert!(!actions.is_empty() && !resources.is_empty(), "{statement}");
    let pairs = actions
        .iter()
        .flat_map(|action| resources.iter().map(|resource| (action.clone(), resource.clone())));
    pairs.collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The role of a function.
pub(super) fn role_of(function: &Found) -> (&'static Stack, String) {
    let arn = text(&function.properties["Role"]);
    let id = arn.strip_prefix("${").and_then(|rest| rest.strip_suffix(".Arn}"));
    (function.stack, id.expect("a role of the stack").to_owned())
}
