//! Asks ElastiCache itself where a cache is. How often, and what for, is not known here.

use async_trait::async_trait;
use aws_sdk_elasticache::{
    Client,
    config::{BehaviorVersion, Config, Region},
    types::{self, ReplicationGroup},
};
use dynamo::Access;

use super::{
    discovery::{CacheDiscovery, Endpoint, NotDiscovered},
    iam::{CacheKind, CacheName},
};
use crate::{patience, queue::reason};

/// A client for ElastiCache's control plane over [`dynamo::https_client`]. Nothing is opened
/// before the first use. A call takes 2 s at most.
#[must_use]
pub fn connect(access: Access) -> Client {
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(access.credentials())
        .region(Region::new(access.region))
        .timeout_config(patience::timeouts())
        .retry_config(patience::retries())
        .http_client(dynamo::https_client());
    if let Some(endpoint) = access.endpoint {
        config = config.endpoint_url(endpoint);
    }
    Client::from_conf(config.build())
}

/// ElastiCache's own word on one cache. Needs the right to
/// `elasticache:DescribeServerlessCaches` or `elasticache:DescribeReplicationGroups`.
pub struct ControlPlane {
    client: Client,
    cache: CacheName,
    kind: CacheKind,
}

impl ControlPlane {
    /// Asks for the cache with this name.
    #[must_use]
    pub fn new(client: Client, cache: CacheName, kind: CacheKind) -> Self {
        Self { client, cache, kind }
    }

    async fn serverless(&self) -> Result<Option<types::Endpoint>, NotDiscovered> {
        let asked = self.client.describe_serverless_caches();
        let answer = asked.serverless_cache_name(self.cache.as_str()).send().await;
        let answer = answer.map_err(|error| NotDiscovered(reason(&error).to_owned()))?;
        let cache = answer.serverless_caches.unwrap_or_default().into_iter().next();
        Ok(cache.and_then(|cache| cache.endpoint))
    }

    async fn nodes(&self) -> Result<Option<types::Endpoint>, NotDiscovered> {
        let asked = self.client.describe_replication_groups();
        let answer = asked.replication_group_id(self.cache.as_str()).send().await;
        let answer = answer.map_err(|error| NotDiscovered(reason(&error).to_owned()))?;
        Ok(answer.replication_groups.unwrap_or_default().into_iter().next().and_then(writable))
    }
}

/// A sharded group has one endpoint for all shards; another's primary takes writes.
fn writable(group: ReplicationGroup) -> Option<types::Endpoint> {
    let primary = || group.node_groups.into_iter().flatten().next()?.primary_endpoint;
    group.configuration_endpoint.or_else(primary)
}

#[async_trait]
impl CacheDiscovery for ControlPlane {
    async fn endpoint(&self) -> Result<Endpoint, NotDiscovered> {
        let endpoint = match self.kind {
            CacheKind::Serverless => self.serverless().await?,
            CacheKind::Nodes => self.nodes().await?,
        };
        let whole = endpoint.and_then(|endpoint| {
            let port = u16::try_from(endpoint.port?).ok()?;
            Some(Endpoint { host: endpoint.address?, port })
        });
        whole.ok_or_else(|| NotDiscovered("it has none yet".to_owned()))
    }
}
