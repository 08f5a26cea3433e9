//! The password of a connection to ElastiCache: a presigned request that IAM checks in its
//! place. When a connection is opened, and by whom, is not known here.

#[cfg(test)]
mod tests;

use std::{
    fmt::{self, Write},
    iter,
    str::FromStr,
    time::{Duration, UNIX_EPOCH},
};

use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4::SigningParams,
};
use domain::time::{Span, Timestamp};
use dynamo::Access;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// IAM takes a token for 900 s after it was made: long enough to sign in, and too short to keep.
pub const TOKEN_LIFE: Span = Span::seconds(900);

/// Characters of a cache's name, at most: the limit of a serverless cache's and of a
/// replication group's.
const NAME_MAX: usize = 40;
const SERVICE: &str = "elasticache";
const SIGNATURE: &str = "X-Amz-Signature";
/// All but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The name of a serverless cache or the id of a replication group: up to 40 letters, digits
/// and single hyphens, in lower case, a letter first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheName(String);

/// No such name can be given to a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cache's name has up to 40 letters, digits and single hyphens, a letter first")]
pub struct InvalidCacheName;

impl FromStr for CacheName {
    type Err = InvalidCacheName;

    /// ElastiCache keeps names in lower case and signs no other, so capitals become small.
    fn from_str(text: &str) -> Result<Self, InvalidCacheName> {
        let name = text.to_ascii_lowercase();
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let valid = name.len() <= NAME_MAX
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(letters)
            && !name.contains("--")
            && !name.ends_with('-');
        valid.then_some(Self(name)).ok_or(InvalidCacheName)
    }
}

impl CacheName {
    /// The name as ElastiCache writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a cache's name is the name of. Their tokens differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheKind {
    /// An ElastiCache Serverless cache.
    Serverless,
    /// A replication group of nodes.
    Nodes,
}

/// A word that is no kind of cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cache is of the kind serverless or nodes")]
pub struct InvalidCacheKind;

impl FromStr for CacheKind {
    type Err = InvalidCacheKind;

    fn from_str(text: &str) -> Result<Self, InvalidCacheKind> {
        match text {
            "serverless" => Ok(Self::Serverless),
            "nodes" => Ok(Self::Nodes),
            _ => Err(InvalidCacheKind),
        }
    }
}

/// Signs in to a cache with the function's own rights: `elasticache:Connect` on the cache and
/// on the user.
#[derive(Clone)]
pub struct IamSignIn {
    /// Which cache.
    pub cache: CacheName,
    /// What its name is the name of.
    pub kind: CacheKind,
    /// Who signs. Its endpoint is not used.
    pub access: Access,
}

/// Without what signs.
impl fmt::Debug for IamSignIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("IamSignIn");
        shown.field("cache", &self.cache).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A token could not be made. Why is left out: it would repeat what was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token for the cache could not be signed")]
pub struct NotSigned;

impl IamSignIn {
    /// This user's password from this time on, for [`TOKEN_LIFE`]: a presigned request without
    /// its scheme, byte for byte what AWS's own `botocore` makes.
    ///
    /// # Errors
    /// [`NotSigned`] if the signer refuses; no name, user or key is known to cause it.
    pub fn token(&self, user: &str, at: Timestamp) -> Result<String, NotSigned> {
        let user = utf8_percent_encode(user, ESCAPED);
        let resource = match self.kind {
            CacheKind::Serverless => "&ResourceType=ServerlessCache",
            CacheKind::Nodes => "",
        };
        let mut token = format!("{}/?Action=connect&User={user}{resource}", self.cache.as_str());
        for (name, value) in self.signed(&format!("http://{token}"), at)? {
            let value = utf8_percent_encode(&value, ESCAPED);
            write!(token, "&{name}={value}").map_err(|_| NotSigned)?;
        }
        Ok(token)
    }

    /// What signing adds to the URL's query, the signature last.
    fn signed(&self, url: &str, at: Timestamp) -> Result<Vec<(&'static str, String)>, NotSigned> {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(duration(TOKEN_LIFE.as_millis()));
        let identity = self.access.credentials().into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.access.region)
            .name(SERVICE)
            .time(UNIX_EPOCH + duration(at.millis()))
            .settings(settings)
            .build()
            .map_err(|_| NotSigned)?
            .into();
        let request = SignableRequest::new("GET", url, iter::empty(), SignableBody::empty())
            .map_err(|_| NotSigned)?;
        let (instructions, _) = sign(request, &params).map_err(|_| NotSigned)?.into_parts();
        let (_, added) = instructions.into_parts();
        let mut added: Vec<_> =
            added.into_iter().map(|(name, value)| (name, value.into_owned())).collect();
        added.sort_by_key(|(name, _)| *name == SIGNATURE);
        Ok(added)
    }
}

fn duration(millis: i64) -> Duration {
    Duration::from_millis(millis.unsigned_abs())
}
