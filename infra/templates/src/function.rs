//! A function as a resource, whatever wakes it.

use dynamo::{
    grants::{Action, Grant},
    schema::{ACCOUNTS, JOURNAL},
};
use edge::{
    endpoint::Endpoint,
    uses::{Service, Use, grants_of, services_of},
};
use functions::{EventHandler, Trigger};

use crate::{
    alarm::alarm,
    names::{self, pascal},
    role::role,
    size::size,
    variables::variables,
    yaml::{Entry, Node, attribute, either, entry, list, map, only_if, reference, sub},
};

/// What a stack needs to know of a function.
pub(crate) struct Function {
    pub(crate) stem: &'static str,
    pub(crate) description: String,
    pub(crate) uses: &'static [Use],
    /// Nothing if it is an endpoint.
    pub(crate) trigger: Option<Trigger>,
}

impl From<&Endpoint> for Function {
    fn from(endpoint: &Endpoint) -> Self {
        let Endpoint { stem, summary, uses, .. } = *endpoint;
        Self { stem, description: summary.to_owned(), uses, trigger: None }
    }
}

impl From<&EventHandler> for Function {
    fn from(handler: &EventHandler) -> Self {
        let EventHandler { stem, trigger, uses } = *handler;
        let description = match trigger {
            Trigger::Authorizer => "Whether the gateway lets a request pass".to_owned(),
            Trigger::Route(route) => format!("Route {route} of the WebSocket API"),
            Trigger::MatchQueue => "Matches a pair that is rung for".to_owned(),
            Trigger::WebhookQueue => "Posts an event to a webhook".to_owned(),
            Trigger::VenueQueue => "Sees to an order at an external venue".to_owned(),
            Trigger::Streams(tables) => format!("Follows the streams of {}", tables.join(", ")),
            Trigger::EveryMinute => "Every minute".to_owned(),
        };
        Self { stem, description, uses, trigger: Some(trigger) }
    }
}

impl Function {
    pub(crate) fn grants(&self) -> Vec<Grant> {
        grants_of(self.uses)
    }

    pub(crate) fn services(&self) -> Vec<Service> {
        services_of(self.uses)
    }

    /// Whether it changes what anybody has, by an entry: its new versions take over by and by.
    pub(crate) fn moves_money(&self) -> bool {
        let writes = |table: &str, action| {
            let writes = |grant: &Grant| grant.table == table && grant.action == action;
            self.grants().iter().any(writes)
        };
        writes(ACCOUNTS.stem, Action::UpdateItem) && writes(JOURNAL.stem, Action::PutItem)
    }

    /// Whether it is in the network, if there is one.
    pub(crate) fn in_network(&self) -> bool {
        self.services().contains(&Service::Cache)
    }

    /// The function with its role, and its alarm if it moves money.
    pub(crate) fn resources(&self, stack: &str) -> Vec<Entry> {
        let name = pascal(self.stem);
        let mut all = vec![
            entry(format!("{name}Function"), self.resource()),
            entry(format!("{name}Role"), role(self, stack)),
        ];
        if self.moves_money() {
            all.push(entry(format!("{name}LiveErrors"), alarm(self.stem)));
        }
        all
    }

    fn resource(&self) -> Node {
        map([
            entry("Type", "AWS::Serverless::Function"),
            entry("Metadata", self.metadata()),
            entry("Properties", map(self.properties())),
        ])
    }

    /// It is built before (`cargo lambda build`), and checkov wants reasons.
    fn metadata(&self) -> Node {
        let skip = |id: &str, comment: &str| map([entry("id", id), entry("comment", comment)]);
        let mut skips = vec![
            skip(
                "CKV_AWS_115",
                "Its share of the account's concurrency would be kept from all others. The routes' \
                 throttles and the queues' consumers are bounded.",
            ),
            skip("CKV_AWS_116", self.no_letters_because()),
        ];
        if !self.in_network() {
            skips.push(skip("CKV_AWS_117", "It needs nothing of a network of ours."));
        }
        map([entry("SkipBuild", true), entry("checkov", map([entry("skip", list(skips))]))])
    }

    const fn no_letters_because(&self) -> &'static str {
        match self.trigger {
            None | Some(Trigger::Authorizer | Trigger::Route(_)) => {
                "It is called and answered at once, so no event can be lost."
            }
            Some(Trigger::MatchQueue | Trigger::WebhookQueue | Trigger::VenueQueue) => {
                "The queue has dead letters."
            }
            Some(Trigger::Streams(_)) => "The mappings have a destination for failures.",
            Some(Trigger::EveryMinute) => "The next minute does what this one did not.",
        }
    }

    fn properties(&self) -> Vec<Entry> {
        let (stem, size) = (self.stem, size(self));
        let mut all = vec![
            entry("FunctionName", sub(names::function(stem))),
            entry("Description", self.description.as_str()),
            entry("Runtime", "provided.al2023"),
            entry("Architectures", list(["arm64"])),
            entry("Handler", "bootstrap"),
            entry("CodeUri", format!("../../target/lambda/{stem}")),
            entry("MemorySize", size.memory_mb).because(size.memory_because),
            entry("Timeout", size.timeout_s).because(size.timeout_because),
            entry("Role", attribute(format!("{}Role.Arn", pascal(stem)))),
            entry("KmsKeyArn", reference("KeyArn")),
            entry("Tracing", either("Traced", "Active".into(), "PassThrough".into())),
            entry("LoggingConfig", logging()),
            entry("Environment", map([entry("Variables", map(variables(self)))])),
            entry("AutoPublishAlias", "live"),
            entry("AutoPublishAliasAllProperties", true),
            entry("VersionDescription", sub("Keys ${KeysEdition}")),
        ];
        if self.in_network() {
            all.push(entry("VpcConfig", only_if("HasCache", network())));
        }
        if self.trigger == Some(Trigger::EveryMinute) {
            let once = [entry("MaximumRetryAttempts", 0), entry("MaximumEventAgeInSeconds", 60)];
            let because = "What fails is done again by the next minute.";
            all.push(entry("EventInvokeConfig", map(once)).because(because));
        }
        if self.moves_money() {
            all.push(entry("DeploymentPreference", deployment(stem)));
        }
        all
    }
}

fn logging() -> Node {
    map([
        entry("LogGroup", reference("Logs")),
        entry("LogFormat", "JSON"),
        entry("ApplicationLogLevel", "INFO"),
        entry("SystemLogLevel", "WARN"),
    ])
}

fn network() -> Node {
    let subnets = Node::Call("Split", Box::new(list([",".into(), reference("SubnetIds")])));
    map([
        entry("SecurityGroupIds", list([reference("FunctionSecurityGroupId")])),
        entry("SubnetIds", subnets),
    ])
}

fn deployment(stem: &str) -> Node {
    map([
        entry("Type", reference("DeploymentPreference")),
        entry("Alarms", list([reference(format!("{}LiveErrors", pascal(stem)))])),
    ])
}
