//! The cache that functions share: one Valkey or Redis server and one key with all rates.
//! How old a snapshot may be when it is served, `app::rate_cache` decides.

#[cfg(feature = "cache-discovery")]
pub mod control_plane;
pub mod discovery;
pub mod iam;
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

use self::{
    discovery::{CacheDiscovery, Search},
    iam::IamSignIn,
    link::{Link, Plan},
};

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

/// The cache's address, or what is to be used with it, is of no use. The text never holds the
/// address, because that holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCacheUrl {
    /// Not an address that we can use.
    #[error("a cache's address is redis://host:port or rediss://user:password@host:port")]
    Address,
    /// Certificates or tokens for a connection without TLS.
    #[error("only a rediss:// address uses root certificates or signs in with IAM")]
    NoTls,
    /// No certificate, or one that cannot be trusted.
    #[error("root certificates are PEM text with at least one certificate")]
    Certificates,
    /// IAM signs in a user, and its token is the password.
    #[error("an address that signs in with IAM names a user and no password")]
    User,
}

/// Rates in a Valkey or Redis server, over one multiplexed connection per process.
///
/// Any failure forgets the connection and begins a [`PAUSE`]. The server is spoken to without
/// the cluster protocol: an ElastiCache Serverless endpoint forwards a command to the shard
/// of its one key, and a shard that sends us to another is obeyed, once a command.
pub struct ValkeyCache {
    link: Arc<Link>,
    clock: Arc<dyn Clock>,
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
        let link = Link::new(Plan {
            server: client.get_connection_info().clone(),
            sign_in: None,
            search: None,
            clock: Arc::clone(&clock),
            answer_limit: ANSWER_LIMIT,
        });
        Ok(Self { link, clock, key: KEY.to_owned() })
    }

    /// The same with these root certificates (PEM) in place of the system's: for a server
    /// whose certificate a private authority signed.
    ///
    /// # Errors
    /// [`InvalidCacheUrl::NoTls`] for `redis://` and [`InvalidCacheUrl::Certificates`].
    pub fn with_root_certificates(self, pem: &[u8]) -> Result<Self, InvalidCacheUrl> {
        self.require_tls()?;
        if CertificateDer::pem_slice_iter(pem).next().is_none() {
            return Err(InvalidCacheUrl::Certificates);
        }
        let trusted = TlsCertificates { client_tls: None, root_cert: Some(pem.to_vec()) };
        let client = Client::build_with_tls(self.link.plan().server.clone(), trusted)
            .map_err(|_| InvalidCacheUrl::Certificates)?;
        Ok(self.replanned(|plan| Plan { server: client.get_connection_info().clone(), ..plan }))
    }

    /// The same as the address's user with a token of IAM for a password: one for each
    /// connection, made when it is opened. A connection is replaced before ElastiCache ends it.
    ///
    /// # Errors
    /// [`InvalidCacheUrl::NoTls`] for `redis://`, [`InvalidCacheUrl::User`] for an address
    /// without a user or with a password.
    pub fn with_iam(self, sign_in: IamSignIn) -> Result<Self, InvalidCacheUrl> {
        self.require_tls()?;
        let settings = self.link.plan().server.redis_settings();
        if settings.username().is_none_or(str::is_empty) || settings.password().is_some() {
            return Err(InvalidCacheUrl::User);
        }
        Ok(self.replanned(|plan| Plan { sign_in: Some(sign_in), ..plan }))
    }

    /// The same at the host and port that this finds, in place of the address's. It is asked
    /// beside the first use, which does not wait: until it answers, the cache is unavailable.
    #[must_use]
    pub fn with_discovery(self, discovery: Arc<dyn CacheDiscovery>) -> Self {
        let search = Search::new(discovery, Arc::clone(&self.clock));
        self.replanned(|plan| Plan { search: Some(search), ..plan })
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
        self.replanned(|plan| Plan { answer_limit, ..plan })
    }

    fn replanned(self, replan: impl FnOnce(Plan) -> Plan) -> Self {
        let link = Link::new(replan(self.link.plan().clone()));
        Self { link, ..self }
    }

    fn require_tls(&self) -> Result<(), InvalidCacheUrl> {
        let tls = matches!(self.link.plan().server.addr(), ConnectionAddr::TcpTls { .. });
        tls.then_some(()).ok_or(InvalidCacheUrl::NoTls)
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
    use dynamo::Access;

    use self::iam::CacheKind;
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

    #[test]
    fn iam_needs_tls_and_a_user_without_a_password() {
        let signing = |url| {
            let access = Access::emulator("http://localhost");
            let name = "rates".parse().expect("a name");
            let sign_in = IamSignIn { cache: name, kind: CacheKind::Serverless, access };
            cache(url).and_then(|cache| cache.with_iam(sign_in)).err()
        };
        assert_eq!(signing("rediss://market@cache.example"), None);
        assert_eq!(signing("redis://market@cache.example"), Some(InvalidCacheUrl::NoTls));
        for url in ["rediss://cache.example", "rediss://market:word@cache.example"] {
            assert_eq!(signing(url), Some(InvalidCacheUrl::User), "{url}");
        }
    }
}
