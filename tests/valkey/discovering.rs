//! Finding the cache by its name, at a control plane that the test plays.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use app::rate_cache::SharedCache;
use axum::{Router, http::StatusCode, routing::post};
use domain::time::Span;
use dynamo::Access;
use edge::valkey::{
    control_plane::{self, ControlPlane},
    discovery::{CacheDiscovery, Endpoint, NotDiscovered},
    iam::CacheKind,
};
use tokio::{net::TcpListener, time::timeout};

use crate::{server::Server, world::World};

/// A cache's discovery by a control plane that answers this to a question with these words.
async fn asked(
    kind: CacheKind,
    words: &'static [&'static str],
    status: StatusCode,
    answer: String,
) -> ControlPlane {
    let respond = move |question: String| async move {
        for word in words {
            assert!(question.split('&').any(|part| part == *word), "{question}");
        }
        (status, answer)
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let router = Router::new().route("/", post(respond));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let client = control_plane::connect(Access::emulator(&format!("http://{address}")));
    ControlPlane::new(client, "market-rates".parse().expect("a name"), kind)
}

const SERVERLESS: &[&str] =
    &["Action=DescribeServerlessCaches", "ServerlessCacheName=market-rates"];
const NODES: &[&str] = &["Action=DescribeReplicationGroups", "ReplicationGroupId=market-rates"];

fn answer(operation: &str, result: &str) -> String {
    format!(
        r#"<Describe{operation}Response xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/">
             <Describe{operation}Result>{result}</Describe{operation}Result>
           </Describe{operation}Response>"#
    )
}

fn serverless(endpoint: &str) -> String {
    let cache = "<ServerlessCacheName>market-rates</ServerlessCacheName><Status>available</Status>";
    let caches = format!("<ServerlessCaches><member>{cache}{endpoint}</member></ServerlessCaches>");
    answer("ServerlessCaches", &caches)
}

fn nodes(endpoints: &str) -> String {
    let group = "<ReplicationGroupId>market-rates</ReplicationGroupId><Status>available</Status>";
    let group = format!("<ReplicationGroup>{group}{endpoints}</ReplicationGroup>");
    answer("ReplicationGroups", &format!("<ReplicationGroups>{group}</ReplicationGroups>"))
}

fn address(element: &str, host: &str, port: u16) -> String {
    format!("<{element}><Address>{host}</Address><Port>{port}</Port></{element}>")
}

fn at(host: &str, port: u16) -> Result<Endpoint, NotDiscovered> {
    Ok(Endpoint { host: host.to_owned(), port })
}

#[tokio::test]
async fn a_cache_is_used_once_its_endpoint_is_known_and_no_request_waits_for_that() {
    let (server, world) = (Server::start(), World::new().await);
    let known = serverless(&address("Endpoint", "127.0.0.1", server.port()));
    let kind = CacheKind::Serverless;
    let discovery = asked(kind, SERVERLESS, StatusCode::OK, known).await;
    let cache = world.hasty_cache("redis://discovered.invalid");
    let cache = cache.with_answer_limit(Span::seconds(10)).with_discovery(Arc::new(discovery));
    let error = cache.get().await.expect_err("nobody knows where it is");
    assert_eq!(error.0, "its endpoint is not known yet");
    let used = async {
        while cache.get().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), used).await.expect("it is found");
    assert_eq!(cache.get().await, Ok(None));
}

#[tokio::test]
async fn the_endpoint_is_the_one_that_takes_writes() {
    let primary = address("PrimaryEndpoint", "primary.example", 6379);
    let reader = address("ReaderEndpoint", "reader.example", 6379);
    let group = format!("<NodeGroups><NodeGroup>{primary}{reader}</NodeGroup></NodeGroups>");
    let whole = address("ConfigurationEndpoint", "all.example", 6380);
    for (endpoints, expected) in [
        (group.clone(), at("primary.example", 6379)),
        (format!("{whole}{group}"), at("all.example", 6380)),
    ] {
        let known = nodes(&endpoints);
        let discovery = asked(CacheKind::Nodes, NODES, StatusCode::OK, known).await;
        assert_eq!(discovery.endpoint().await, expected);
    }
    let reader = address("ReaderEndpoint", "reader.example", 6380);
    let known = serverless(&format!("{reader}{}", address("Endpoint", "rates.example", 6379)));
    let kind = CacheKind::Serverless;
    let discovery = asked(kind, SERVERLESS, StatusCode::OK, known).await;
    assert_eq!(discovery.endpoint().await, at("rates.example", 6379));
}

#[tokio::test]
async fn a_cache_without_an_endpoint_is_not_found_and_why_is_said() {
    let error = "<ErrorResponse><Error><Type>Sender</Type><Code>ServerlessCacheNotFoundFault\
                 </Code><Message>who signed what</Message></Error></ErrorResponse>";
    let none = answer("ServerlessCaches", "<ServerlessCaches/>");
    let far = address("Endpoint", "rates.example", 6379).replace("6379", "70000");
    for (status, answer, expected) in [
        (StatusCode::OK, serverless(""), "it has none yet"),
        (StatusCode::OK, none, "it has none yet"),
        (StatusCode::OK, serverless(&far), "it has none yet"),
        (StatusCode::NOT_FOUND, error.to_owned(), "ServerlessCacheNotFoundFault"),
    ] {
        let kind = CacheKind::Serverless;
        let discovery = asked(kind, SERVERLESS, status, answer).await;
        assert_eq!(discovery.endpoint().await, Err(NotDiscovered(expected.to_owned())));
    }
}
