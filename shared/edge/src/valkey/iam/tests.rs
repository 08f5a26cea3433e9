//! Tokens beside those that AWS's own library makes.

use super::*;

const SESSION: &str = "IQoJb3JpZ2luX2Vj//8+ab==";

/// One token a line. Made with `pip install botocore==1.44.5` and:
///
/// ```python
/// import datetime, botocore.auth, botocore.credentials, botocore.hooks
/// import botocore.model, botocore.signers
/// from urllib.parse import urlencode
///
/// events = botocore.hooks.HierarchicalEmitter()
///
/// def token(at, cache, user, serverless, session, region):
///     now = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
///     botocore.auth.get_current_datetime = lambda **_: now
///     credentials = botocore.credentials.Credentials(
///         "AKIDEXAMPLE", "wJalr/XUtnFEMI+bPx=", session)
///     signer = botocore.signers.RequestSigner(
///         botocore.model.ServiceId("elasticache"), region, "elasticache", "v4",
///         credentials, events)
///     query = {"Action": "connect", "User": user}
///     if serverless:
///         query["ResourceType"] = "ServerlessCache"
///     request = {"method": "GET", "url": f"https://{cache}/?{urlencode(query)}",
///                "body": {}, "headers": {}, "context": {}}
///     url = signer.generate_presigned_url(
///         request, "connect", expires_in=900, region_name=region)
///     return url.removeprefix("https://")
///
/// S = "IQoJb3JpZ2luX2Vj//8+ab=="
/// print(token(1_800_000_000, "market-rates", "market", True, None, "eu-central-1"))
/// print(token(1_800_000_000, "market-rates", "market", False, None, "eu-central-1"))
/// print(token(1_767_225_599, "market-rates", "market", True, S, "us-gov-west-1"))
/// print(token(951_782_400, "a", "m k/t+é~*'(", False, S, "us-east-1"))
/// ```
const BOTOCORE: &str = include_str!("botocore_tokens.txt");

fn sign_in(cache: &str, kind: CacheKind, session: Option<&str>, region: &str) -> IamSignIn {
    let access = Access {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret_access_key: "wJalr/XUtnFEMI+bPx=".into(),
        session_token: session.map(Into::into),
        region: region.to_owned(),
        endpoint: None,
    };
    IamSignIn { cache: cache.parse().expect("a name"), kind, access }
}

#[test]
fn a_token_is_what_botocore_makes_byte_for_byte() {
    use CacheKind::{Nodes, Serverless};
    let cases = [
        (1_800_000_000, "market-rates", "market", Serverless, None, "eu-central-1"),
        (1_800_000_000, "Market-Rates", "market", Nodes, None, "eu-central-1"),
        (1_767_225_599, "market-rates", "market", Serverless, Some(SESSION), "us-gov-west-1"),
        (951_782_400, "a", "m k/t+é~*'(", Nodes, Some(SESSION), "us-east-1"),
    ];
    assert_eq!(BOTOCORE.lines().count(), cases.len());
    for ((at, cache, user, kind, session, region), expected) in
        cases.into_iter().zip(BOTOCORE.lines())
    {
        let at = Timestamp::from_millis(at * 1000 + 999);
        let token = sign_in(cache, kind, session, region).token(user, at);
        assert_eq!(token.as_deref(), Ok(expected), "{cache} {user}");
    }
}

#[test]
fn what_signs_is_not_shown() {
    let shown = format!("{:?}", sign_in("rates", CacheKind::Nodes, Some(SESSION), "eu-west-1"));
    assert_eq!(shown, "IamSignIn { cache: CacheName(\"rates\"), kind: Nodes, .. }");
}

#[test]
fn a_name_is_one_that_elasticache_gives_to_caches() {
    for (text, name) in [("a", "a"), ("Rates-2", "rates-2"), (&"a".repeat(40), &"a".repeat(40))] {
        assert_eq!(text.parse::<CacheName>().as_ref().map(CacheName::as_str), Ok(name));
    }
    let long = "a".repeat(41);
    for text in ["", "2a", "-a", "a-", "a--b", "a.b", "a/b", "a b", "ä", "a?b", "a@b", &long] {
        assert_eq!(text.parse::<CacheName>(), Err(InvalidCacheName), "{text}");
    }
}

#[test]
fn a_kind_is_one_of_two_words() {
    assert_eq!("serverless".parse(), Ok(CacheKind::Serverless));
    assert_eq!("nodes".parse(), Ok(CacheKind::Nodes));
    for text in ["", "Serverless", "node"] {
        assert_eq!(text.parse::<CacheKind>(), Err(InvalidCacheKind), "{text}");
    }
}
