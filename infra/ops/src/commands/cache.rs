//! `cache`: the cache cluster as the service describes it, compared with the stack's output.

use aws_sdk_elasticache::types::SourceType;
use domain::time::Timestamp;
use jiff::Timestamp as Instant;
use serde_json::{Value, json};

use crate::{
    failure::{Failure, service},
    report::{Report, table},
    session::{Session, outputs},
};

/// The cache, as the service describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Described {
    /// `serverless` or `nodes`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// `available`, or what it is busy with.
    pub status: String,
    /// The engine.
    pub engine: String,
    /// The engine's version.
    pub version: String,
    /// Where it is, without a scheme.
    pub endpoint: Option<(String, i32)>,
    /// Whether connections are encrypted.
    pub tls: bool,
    /// Names of users who may connect.
    pub users: Vec<String>,
}

/// What is wrong with a cache, in words. `url` is the stack's output.
#[must_use]
pub fn wrong(cache: &Described, url: Option<&str>) -> Vec<String> {
    let mut wrong = Vec::new();
    if cache.status != "available" {
        wrong.push(format!("its status is {}: functions read DynamoDB meanwhile", cache.status));
    }
    if !cache.tls {
        wrong.push("connections to it are not encrypted".to_owned());
    }
    let Some((host, port)) = &cache.endpoint else {
        wrong.push("it has no endpoint".to_owned());
        return wrong;
    };
    let Some(url) = url else { return wrong };
    match read_url(url) {
        None => wrong.push("the stack's CacheUrl is no rediss://user@host:port".to_owned()),
        Some(Named { user, host: named, port: at }) => {
            if (named, at) != (host.as_str(), *port) {
                wrong.push(format!(
                    "CacheUrl says {named}:{at}, the cluster is at {host}:{port}: deploy the stack"
                ));
            }
            if !cache.users.is_empty() && !cache.users.iter().any(|it| it == user) {
                wrong.push(format!("the user {user} of CacheUrl may not connect"));
            }
        }
    }
    wrong
}

struct Named<'a> {
    user: &'a str,
    host: &'a str,
    port: i32,
}

/// `rediss://{user}@{host}:{port}`; a password beside the user is passed over.
fn read_url(url: &str) -> Option<Named<'_>> {
    let (who, place) = url.strip_prefix("rediss://")?.split_once('@')?;
    let (host, port) = place.trim_end_matches('/').rsplit_once(':')?;
    let user = who.split(':').next()?;
    Some(Named { user, host, port: port.parse().ok()? })
}

/// Describes the cache of the session's stack.
///
/// # Errors
/// The service's.
pub async fn describe(session: &Session) -> Result<Described, Failure> {
    let name = session.needs(outputs::CACHE_NAME)?;
    match session.output(outputs::CACHE_KIND) {
        Some("nodes") => of_nodes(session, name).await,
        _ => serverless(session, name).await,
    }
}

async fn serverless(session: &Session, name: &str) -> Result<Described, Failure> {
    let client = &session.elasticache;
    let found = client.describe_serverless_caches().serverless_cache_name(name).send().await;
    let found = found.map_err(service("the cache cannot be described"))?;
    let cache = found.serverless_caches.unwrap_or_default().into_iter().next();
    let cache = cache.ok_or_else(|| Failure::refused(format!("there is no cache {name}")))?;
    let endpoint = cache.endpoint.and_then(|it| it.address.zip(it.port));
    let groups = cache.user_group_id.into_iter().collect();
    Ok(Described {
        kind: "serverless".to_owned(),
        name: name.to_owned(),
        status: cache.status.unwrap_or_default(),
        engine: cache.engine.unwrap_or_default(),
        version: cache.full_engine_version.or(cache.major_engine_version).unwrap_or_default(),
        endpoint,
        // A serverless cache takes no other connections.
        tls: true,
        users: users_of(session, groups).await?,
    })
}

async fn of_nodes(session: &Session, name: &str) -> Result<Described, Failure> {
    let client = &session.elasticache;
    let found = client.describe_replication_groups().replication_group_id(name).send().await;
    let found = found.map_err(service("the cache cannot be described"))?;
    let group = found.replication_groups.unwrap_or_default().into_iter().next();
    let group = group.ok_or_else(|| Failure::refused(format!("there is no cache {name}")))?;
    let primary = group.node_groups.unwrap_or_default().into_iter().next();
    let primary = primary.and_then(|node| node.primary_endpoint);
    let endpoint = group.configuration_endpoint.or(primary);
    let member = group.member_clusters.unwrap_or_default().into_iter().next();
    let version = match member {
        None => None,
        Some(member) => {
            let found = client.describe_cache_clusters().cache_cluster_id(member).send().await;
            let found = found.map_err(service("a node of the cache cannot be described"))?;
            let cluster = found.cache_clusters.unwrap_or_default().into_iter().next();
            cluster.and_then(|cluster| cluster.engine_version)
        }
    };
    Ok(Described {
        kind: "nodes".to_owned(),
        name: name.to_owned(),
        status: group.status.unwrap_or_default(),
        engine: group.engine.unwrap_or_default(),
        version: version.unwrap_or_default(),
        endpoint: endpoint.and_then(|it| it.address.zip(it.port)),
        tls: group.transit_encryption_enabled.unwrap_or_default(),
        users: users_of(session, group.user_group_ids.unwrap_or_default()).await?,
    })
}

/// The names by which the users of these groups connect.
async fn users_of(session: &Session, groups: Vec<String>) -> Result<Vec<String>, Failure> {
    let client = &session.elasticache;
    let mut names = Vec::new();
    for group in groups {
        let found = client.describe_user_groups().user_group_id(group).send().await;
        let found = found.map_err(service("the cache's users cannot be described"))?;
        let groups = found.user_groups.unwrap_or_default();
        for id in groups.into_iter().flat_map(|group| group.user_ids.unwrap_or_default()) {
            let found = client.describe_users().user_id(id).send().await;
            let found = found.map_err(service("a user of the cache cannot be described"))?;
            let users = found.users.unwrap_or_default();
            names.extend(users.into_iter().filter_map(|user| user.user_name));
        }
    }
    names.sort();
    Ok(names)
}

/// Events of the cache, oldest first: when, and what.
async fn events(
    session: &Session,
    cache: &Described,
    hours: u16,
) -> Result<Vec<[String; 2]>, Failure> {
    let kind = match cache.kind.as_str() {
        "nodes" => SourceType::ReplicationGroup,
        _ => SourceType::ServerlessCache,
    };
    let minutes = i32::from(hours).saturating_mul(60);
    let events = session.elasticache.describe_events().source_type(kind);
    let events = events.source_identifier(&cache.name).duration(minutes).send().await;
    let events = events.map_err(service("the cache's events cannot be read"))?;
    let text = |event: aws_sdk_elasticache::types::Event| {
        let at = event.date.and_then(|date| date.to_millis().ok()).unwrap_or_default();
        [instant(Timestamp::from_millis(at)), event.message.unwrap_or_default()]
    };
    Ok(events.events.unwrap_or_default().into_iter().map(text).collect())
}

/// A time as RFC 3339 has it.
#[must_use]
pub fn instant(at: Timestamp) -> String {
    Instant::from_millisecond(at.millis()).map(|at| at.to_string()).unwrap_or_default()
}

/// What there is to say of a cache.
#[must_use]
pub fn as_json(cache: &Described, wrong: &[String]) -> Value {
    let endpoint = cache.endpoint.as_ref().map(|(host, port)| format!("{host}:{port}"));
    json!({
        "kind": cache.kind, "name": cache.name, "status": cache.status, "engine": cache.engine,
        "version": cache.version, "endpoint": endpoint, "tls": cache.tls, "users": cache.users,
        "wrong": wrong,
    })
}

/// Describes the cache and compares it with the stack's output.
///
/// # Errors
/// The service's; nothing says which cache.
pub async fn cache(session: &Session, hours: u16) -> Result<Report, Failure> {
    let cache = describe(session).await?;
    let events = events(session, &cache, hours).await?;
    let wrong = wrong(&cache, session.output(outputs::CACHE_URL));
    let mut json = as_json(&cache, &wrong);
    if let Value::Object(members) = &mut json {
        let list = events.iter().map(|[at, what]| json!({"at": at, "what": what}));
        members.insert("events".to_owned(), list.collect());
    }
    let endpoint = cache.endpoint.as_ref().map(|(host, port)| format!("{host}:{port}"));
    let facts = [
        ["kind", &cache.kind],
        ["status", &cache.status],
        ["engine", &format!("{} {}", cache.engine, cache.version)],
        ["endpoint", endpoint.as_deref().unwrap_or("none")],
        ["TLS", if cache.tls { "yes" } else { "no" }],
        ["users", &cache.users.join(", ")],
    ];
    let facts = facts.map(|fact| fact.map(str::to_owned));
    let mut text = table(["cache", &cache.name], &facts);
    let none = if events.is_empty() { "No events" } else { "Events" };
    text.push_str(&format!("\n{none} of the last {hours} hours\n"));
    for [at, what] in &events {
        text.push_str(&format!("{at}  {what}\n"));
    }
    for what in &wrong {
        text.push_str(&format!("\nWRONG: {what}"));
    }
    Ok(Report { text, json, fine: wrong.is_empty() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described() -> Described {
        Described {
            kind: "serverless".to_owned(),
            name: "rates".to_owned(),
            status: "available".to_owned(),
            engine: "valkey".to_owned(),
            version: "8.1".to_owned(),
            endpoint: Some(("rates.cache.example".to_owned(), 6379)),
            tls: true,
            users: vec!["default".to_owned(), "market".to_owned()],
        }
    }

    #[test]
    fn a_cache_that_is_where_the_stack_says_is_fine() {
        let url = "rediss://market@rates.cache.example:6379";
        assert_eq!(wrong(&described(), Some(url)), Vec::<String>::new());
        assert_eq!(wrong(&described(), None), Vec::<String>::new());
    }

    #[test]
    fn another_endpoint_user_or_scheme_is_wrong() {
        for (url, what) in [
            ("rediss://market@old.cache.example:6379", "old.cache.example:6379"),
            ("rediss://market@rates.cache.example:6380", "6380"),
            ("rediss://stranger@rates.cache.example:6379", "stranger"),
            ("redis://market@rates.cache.example:6379", "no rediss"),
        ] {
            let wrong = wrong(&described(), Some(url));
            assert_eq!(wrong.len(), 1, "{url}: {wrong:?}");
            assert!(wrong[0].contains(what), "{url}: {wrong:?}");
        }
    }

    #[test]
    fn a_cache_that_is_not_available_or_not_encrypted_is_wrong() {
        let busy = Described { status: "modifying".to_owned(), ..described() };
        assert!(wrong(&busy, None)[0].contains("modifying"));
        let plain = Described { tls: false, ..described() };
        assert_eq!(wrong(&plain, None), ["connections to it are not encrypted"]);
        let lost = Described { endpoint: None, ..described() };
        assert_eq!(wrong(&lost, None), ["it has no endpoint"]);
    }
}
