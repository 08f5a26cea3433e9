//! Which functions are in which stack: those of the groups that the documentation shows them
//! under, so that none of the stacks comes near CloudFormation's 500 resources.

use edge::endpoint::Endpoint;
use functions::{ENDPOINTS, EVENT_HANDLERS, EventHandler, Trigger};

use crate::{
    api, events,
    function::Function,
    names::log_group,
    yaml::{Entry, Node, document, entry, list, map, reference, sub},
};

/// A stack of functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stack {
    /// As in `functions-orders.yaml`; also the end of its log group's name.
    pub name: &'static str,
    /// What is in it, in words.
    pub about: &'static str,
    /// The groups of its endpoints; none is the stack of all that is no endpoint.
    pub groups: &'static [&'static str],
}

/// All stacks of functions.
pub const STACKS: &[Stack] = &[
    Stack { name: "identity", about: "users and sessions", groups: &["Identity"] },
    Stack {
        name: "catalogue",
        about: "universes, rates, items and purchases",
        groups: &["Universes and rates", "Marketplace"],
    },
    Stack {
        name: "wallets",
        about: "wallets, exchange, transfers and their history",
        groups: &["Wallets", "Exchange", "History"],
    },
    Stack { name: "orders", about: "orders", groups: &["Orders"] },
    Stack { name: "market-data", about: "what the markets show", groups: &["Markets"] },
    Stack { name: "webhooks", about: "events and webhooks", groups: &["Events", "Webhooks"] },
    Stack { name: "venues", about: "orders at external venues", groups: &["Venues"] },
    Stack {
        name: "service",
        about: "administration, certainty, health and documentation",
        groups: &["Administration", "Certainty", "Documentation", "Service"],
    },
    Stack {
        name: "events",
        about: "what queues, streams, schedules and sockets wake",
        groups: &[],
    },
];

/// All stacks of functions take the same parameters, as the root stack passes them.
const PARAMETERS: [(&str, &str); 34] = [
    ("Market", "What all names begin with."),
    ("Environment", "What the market is for."),
    ("KeyArn", "The key that encrypts logs and functions' environments."),
    ("SecretArn", "The root secret."),
    ("KeysEdition", "Another value makes functions take the root secret as it is now."),
    ("TokenAudience", "Whom access tokens are for."),
    ("AccountsStreamArn", "Changes of accounts."),
    ("JournalStreamArn", "New entries."),
    ("OrdersStreamArn", "Changes of the books."),
    ("CatalogStreamArn", "Changes of items and rates."),
    ("MatchQueueUrl", "Wakes matchers."),
    ("MatchQueueArn", "Wakes matchers."),
    ("WebhookQueueUrl", "Wakes who delivers events to webhooks."),
    ("WebhookQueueArn", "Wakes who delivers events to webhooks."),
    ("VenueQueueUrl", "Wakes who sees to orders at external venues."),
    ("VenueQueueArn", "Wakes who sees to orders at external venues."),
    ("FailureQueueUrl", "Keeps what no function could handle."),
    ("FailureQueueArn", "Keeps what no function could handle."),
    ("CacheKind", "none, serverless or nodes."),
    ("CacheName", "The cache's name."),
    ("CacheUrl", "Where the cache is, and as whom functions use it."),
    ("CacheArn", "The cache."),
    ("CacheUserArn", "The cache's user."),
    ("SubnetIds", "The cache's network, with commas."),
    ("FunctionSecurityGroupId", "For functions that use the cache."),
    ("HttpApiId", "The HTTP API."),
    ("AuthorizerId", "Its authorizer."),
    ("ApiUrl", "Where the API is, and who issues tokens."),
    ("SocketApiId", "The WebSocket API."),
    ("SocketsUrl", "Where functions post to connections."),
    ("AlarmTopicArn", "Who is told of alarms."),
    ("LogRetentionDays", "How many days logs are kept."),
    ("DeploymentPreference", "How a new version takes over from the one before it."),
    ("Tracing", "off or xray: whether calls are traced."),
];

impl Stack {
    /// Where it stands, from the workspace's root.
    #[must_use]
    pub fn path(&self) -> String {
        format!("infra/stacks/functions-{}.yaml", self.name)
    }

    /// The whole template.
    #[must_use]
    pub fn render(&self) -> String {
        let head = format!(
            "The functions of {}. Generated from the code:\n\n  cargo run -p templates\n\n\
             Why: docs/adr/0016-stacks-from-the-code.md.",
            self.about
        );
        let ignored = map([entry("ignore_checks", list(["I3011", "W2001"]))]);
        let metadata = map([entry("cfn-lint", map([entry("config", ignored)]))]);
        let entries = [
            entry("AWSTemplateFormatVersion", "2010-09-09"),
            entry("Transform", "AWS::Serverless-2016-10-31"),
            entry("Description", format!("Multiverse Market: functions of {}", self.about)),
            entry("Metadata", metadata).because(
                "All stacks of functions take the same parameters, and none needs all (W2001).\n\
                     Logs go with their stack (I3011).",
            ),
            entry("Parameters", map(PARAMETERS.map(parameter))),
            entry("Conditions", map(self.conditions())),
            entry("Resources", map(self.resources())),
        ];
        document(&head, &entries)
    }

    fn endpoints(&self) -> Vec<&'static Endpoint> {
        let here = |endpoint: &&&Endpoint| self.groups.contains(&endpoint.group);
        ENDPOINTS.iter().filter(here).copied().collect()
    }

    /// The authorizer is with the API that asks it.
    fn handlers(&self) -> Vec<&'static EventHandler> {
        let here = |handler: &&EventHandler| {
            self.groups.is_empty() && handler.trigger != Trigger::Authorizer
        };
        EVENT_HANDLERS.iter().filter(here).collect()
    }

    fn resources(&self) -> Vec<Entry> {
        let mut all = vec![entry("Logs", self.logs())];
        for endpoint in self.endpoints() {
            all.extend(Function::from(endpoint).resources(self.name));
            all.extend(api::resources(endpoint));
        }
        let handlers = self.handlers();
        for handler in &handlers {
            all.extend(Function::from(*handler).resources(self.name));
            all.extend(events::resources(handler));
        }
        if !handlers.is_empty() {
            all.extend(events::shared(&handlers));
        }
        all
    }

    /// A condition that nothing is made by is a mistake to cfn-lint.
    fn conditions(&self) -> Vec<Entry> {
        let equals = |name: &str, value: &str| {
            Node::Call("Equals", Box::new(list([reference(name), value.into()])))
        };
        let no_cache = Node::List(vec![equals("CacheKind", "none")]);
        let has_cache = entry("HasCache", Node::Call("Not", Box::new(no_cache)));
        let in_network =
            self.endpoints().into_iter().any(|endpoint| Function::from(endpoint).in_network());
        in_network
            .then_some(has_cache)
            .into_iter()
            .chain([entry("Traced", equals("Tracing", "xray"))])
            .collect()
    }

    fn logs(&self) -> Node {
        api::resource(
            "AWS::Logs::LogGroup",
            [
                entry("LogGroupName", sub(log_group(self.name))),
                entry("RetentionInDays", reference("LogRetentionDays")),
                entry("KmsKeyId", reference("KeyArn")),
            ],
        )
    }
}

fn parameter((name, description): (&str, &str)) -> Entry {
    let kind = if name == "LogRetentionDays" { "Number" } else { "String" };
    let default = match name {
        "Market" => Some("multiverse-market"),
        "DeploymentPreference" => Some("AllAtOnce"),
        "KeysEdition" => Some("1"),
        _ => None,
    };
    let default = default.map(|default| entry("Default", default));
    let described = entry("Description", description);
    entry(name, map([entry("Type", kind)].into_iter().chain(default).chain([described])))
}
