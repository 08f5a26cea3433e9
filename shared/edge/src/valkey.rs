//! The cache that functions share: one Valkey or Redis server and one key with all rates.
//! How old a snapshot may be when it is served, `app::rate_cache` decides.

mod link;
mod wire;

use std::sync::Arc;

use app::{
    ports::Clock,
    rate_cache::{CacheUnavailable, HARD_AGE, SharedCache, Snapshot},
};
use async_trait::async_trait;
use domain::time::Span;
use redis::{Client, ConnectionAddr, TlsCertificates};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use self::link::Link;

/// A get or a put answers or fails within this time, opening a connection included.
pub const ANSWER_LIMIT: Span = Span::millis(50);
/// After a failure the server is not asked for this long, so that a dead one costs one
/// request its 50 ms and not every request.
pub const PAUSE: Span = Span::seconds(1);

/// One key only, so that it lies in one slot of a cluster. The version is the format's.
const KEY: &str = "rates:v1";

/// Compares and replaces in one step: two functions that share at once cannot undo each other.
/// The held text is ours if it begins as [`wire::encode`] makes it; anything else is replaced.
const SHARE_IF_NEWER: &str = r#"
local held = redis.pcall('GET', KEYS[1])
if type(held) == 'string' then
  local edition, read_at = string.match(held, '^{"edition":(%d+),"read_at":(%d+),')
  if edition then
    edition, read_at = tonumber(edition), tonumber(read_at)
    local new_edition, new_read_at = tonumber(ARGV[2]), tonumber(ARGV[3])
    if edition > new_edition or (edition == new_edition and read_at >= new_read_at) then
      return 0
    end
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[4])
return 1
"#;

/// The cache's address or the certificates to trust are of no use. The text never holds the
/// address, because that holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCacheUrl {
    /// Not an address that we can use.
    #[error("a cache's address is redis://host:port or rediss://user:password@host:port")]
    Address,
    /// Certificates for a connection without TLS.
    #[error("only a rediss:// address uses root certificates")]
    NoTls,
    /// No certificate, or one that cannot be trusted.
    #[error("root certificates are PEM text with at least one certificate")]
    Certificates,
}

/// Rates in a Valkey or Redis server, over one multiplexed connection per process.
///
/// Any failure forgets the connection and begins a [`PAUSE`]. The server is spoken to without
/// the cluster protocol: an ElastiCache Serverless endpoint forwards a command to the shard
/// of its one key; a sharded cluster without such a proxy is not supported.
pub struct ValkeyCache {
    link: Arc<Link>,
    client: Client,
    clock: Arc<dyn Clock>,
    answer_limit: Span,
    key: String,
}

impl ValkeyCache {
    /// A cache at `redis://` or, with TLS, `rediss://`, each with an optional user and
    /// password. Nothing is opened before the first use.
    ///
    /// # Errors
    /// [`InvalidCacheUrl::Address`] for anything else.
    pub fn from_url(url: &str, clock: Arc<dyn Clock>) -> Result<Self, InvalidCacheUrl> {
        // A fragment would switch off the check of the server's certificate.
        let ours = url.starts_with("redis://") || url.starts_with("rediss://");
        if !ours || url.contains('#') {
            return Err(InvalidCacheUrl::Address);
        }
        let client = Client::open(url).map_err(|_| InvalidCacheUrl::Address)?;
        let link = Link::new(client.clone(), Arc::clone(&clock), ANSWER_LIMIT);
        Ok(Self { link, client, clock, answer_limit: ANSWER_LIMIT, key: KEY.to_owned() })
    }

    /// The same with these root certificates (PEM) in place of the system's: for a server
    /// whose certificate a private authority signed.
    ///
    /// # Errors
    /// [`InvalidCacheUrl::NoTls`] for `redis://` and [`InvalidCacheUrl::Certificates`].
    pub fn with_root_certificates(self, pem: &[u8]) -> Result<Self, InvalidCacheUrl> {
        let address = self.client.get_connection_info().clone();
        if !matches!(address.addr(), ConnectionAddr::TcpTls { .. }) {
            return Err(InvalidCacheUrl::NoTls);
        }
        if CertificateDer::pem_slice_iter(pem).next().is_none() {
            return Err(InvalidCacheUrl::Certificates);
        }
        let trusted = TlsCertificates { client_tls: None, root_cert: Some(pem.to_vec()) };
        let client =
            Client::build_with_tls(address, trusted).map_err(|_| InvalidCacheUrl::Certificates)?;
        Ok(Self { client, ..self }.relinked())
    }

    /// The same under a key that begins with this: for several markets on one server.
    #[must_use]
    pub fn with_prefix(self, prefix: &str) -> Self {
        Self { key: format!("{prefix}{KEY}"), ..self }
    }

    /// The same with another limit than [`ANSWER_LIMIT`]: for a machine so busy that 50 ms
    /// say nothing of the server.
    #[must_use]
    pub fn with_answer_limit(self, answer_limit: Span) -> Self {
        Self { answer_limit, ..self }.relinked()
    }

    fn relinked(self) -> Self {
        let link = Link::new(self.client.clone(), Arc::clone(&self.clock), self.answer_limit);
        Self { link, ..self }
    }
}

#[async_trait]
impl SharedCache for ValkeyCache {
    async fn get(&self) -> Result<Option<Snapshot>, CacheUnavailable> {
        let mut get = redis::cmd("GET");
        get.arg(&self.key);
        let text = match self.link.ask::<Option<Vec<u8>>>(get).await? {
            Some(None) => return Ok(None),
            Some(Some(text)) => text,
            None => Vec::new(),
        };
        let snapshot = wire::decode(&text);
        if snapshot.is_none() {
            tracing::warn!(key = self.key, bytes = text.len(), "the cache holds no rates of ours");
        }
        Ok(snapshot)
    }

    async fn put(&self, snapshot: &Snapshot) -> Result<(), CacheUnavailable> {
        let age = self.clock.now().since(snapshot.read_at);
        let left_ms = HARD_AGE.as_millis().saturating_sub(age.as_millis());
        if left_ms <= 0 {
            return Ok(());
        }
        let text = wire::encode(snapshot).map_err(|error| CacheUnavailable(error.to_string()))?;
        let mut share = redis::cmd("EVAL");
        share.arg(SHARE_IF_NEWER).arg(1).arg(&self.key).arg(text);
        share.arg(wire::edition(&snapshot.universes)).arg(snapshot.read_at.millis()).arg(left_ms);
        self.link.ask::<bool>(share).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;

    use super::*;

    struct NoTime;

    #[async_trait]
    impl Clock for NoTime {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(0)
        }

        async fn sleep(&self, _span: Span) {}
    }

    fn cache(url: &str) -> Result<ValkeyCache, InvalidCacheUrl> {
        ValkeyCache::from_url(url, Arc::new(NoTime))
    }

    #[test]
    fn an_address_is_redis_or_rediss_with_a_checked_certificate() {
        for good in ["redis://localhost", "rediss://user:p%40ss@cache.example:6380"] {
            assert!(cache(good).is_ok(), "{good}");
        }
        let bad = ["", "localhost:6379", "http://cache", "unix:///cache", "redis://h:port"];
        for bad in bad.into_iter().chain(["rediss://cache#insecure"]) {
            assert_eq!(cache(bad).err(), Some(InvalidCacheUrl::Address), "{bad}");
        }
    }

    #[test]
    fn an_error_does_not_repeat_the_password() {
        let error = cache("redis://user:secret@:0:0/").err().expect("no such address");
        assert!(!format!("{error} {error:?}").contains("secret"));
    }

    #[test]
    fn root_certificates_need_tls_and_a_certificate() {
        let trusting = |url, pem: &str| {
            cache(url).and_then(|cache| cache.with_root_certificates(pem.as_bytes())).err()
        };
        assert_eq!(trusting("redis://localhost", ""), Some(InvalidCacheUrl::NoTls));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for pem in ["", "no certificate", broken] {
            let error = trusting("rediss://localhost", pem);
            assert_eq!(error, Some(InvalidCacheUrl::Certificates), "{pem}");
        }
    }
}
