//! The variables of a function's environment: what boot reads for what the function uses.

use edge::{boot, uses::Service};

use crate::{
    function::Function,
    yaml::{Entry, entry, reference, sub},
};

/// Without it the stage would be a part of the path.
const IGNORE_STAGE: &str = "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH";
/// Makes CloudFormation resolve the secret anew; no function reads it.
const KEYS_EDITION: &str = "MARKET_KEYS_EDITION";

/// The root secret, resolved when the function is deployed: no function may read it itself.
fn secret(key: &str) -> String {
    format!("{{{{resolve:secretsmanager:${{SecretArn}}:SecretString:{key}}}}}")
}

/// All variables of a function, in order.
pub(crate) fn variables(function: &Function) -> Vec<Entry> {
    let mut all = vec![
        entry(boot::TABLE_PREFIX, reference("Market")),
        entry(boot::TOKEN_SECRET, sub(secret("current"))),
        entry(boot::TOKEN_SECRET_PREVIOUS, sub(secret("other"))),
        entry(boot::TOKEN_ISSUER, reference("ApiUrl")),
        entry(boot::TOKEN_AUDIENCE, reference("TokenAudience")),
        entry(KEYS_EDITION, reference("KeysEdition")),
    ];
    if function.trigger.is_none() {
        all.push(entry(IGNORE_STAGE, "true"));
    }
    for service in function.services() {
        all.extend(of_service(service));
    }
    all
}

fn of_service(service: Service) -> Vec<Entry> {
    match service {
        Service::Cache => vec![
            entry(boot::CACHE_URL, reference("CacheUrl")),
            entry(boot::CACHE_NAME, reference("CacheName")),
            entry(boot::CACHE_KIND, reference("CacheKind")),
        ],
        Service::MatchQueue => vec![entry(boot::MATCH_QUEUE_URL, reference("MatchQueueUrl"))],
        Service::WebhookQueue => {
            vec![entry(boot::WEBHOOK_QUEUE_URL, reference("WebhookQueueUrl"))]
        }
        Service::VenueQueue => vec![entry(boot::VENUE_QUEUE_URL, reference("VenueQueueUrl"))],
        Service::FailureQueue => {
            vec![entry(boot::FAILURE_QUEUE_URL, reference("FailureQueueUrl"))]
        }
        Service::Connections => vec![entry(boot::SOCKETS_URL, reference("SocketsUrl"))],
    }
}
