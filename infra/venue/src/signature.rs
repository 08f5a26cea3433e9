//! Signatures of requests, in both directions, as docs/VENUES.md has them. How old a request may
//! be is not decided here.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderMap;
use ring::hmac;

use crate::exchange::Sent;

/// When it was sent.
pub const TIMESTAMP: &str = "x-venue-timestamp";
/// What is never used twice.
pub const NONCE: &str = "x-venue-nonce";
/// `v1=` and the tag in hexadecimal.
pub const SIGNATURE: &str = "x-venue-signature";

const PREFIX: &str = "vsec_";
const BYTES: std::ops::RangeInclusive<usize> = 32..=64;
const NONCE_DIGITS: usize = 32;

/// The text is no venue's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a venue's secret is vsec_ and 32 to 64 bytes in base64")]
pub struct InvalidSecret;

/// What both sides sign with.
#[derive(Clone)]
pub struct Secret(hmac::Key);

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// A request, as far as it is signed.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// In capital letters.
    pub method: &'a str,
    /// The path with its query.
    pub target: &'a str,
    /// The bytes that are sent.
    pub body: &'a [u8],
}

impl Secret {
    /// The secret that `vsec_…` stands for.
    ///
    /// # Errors
    /// [`InvalidSecret`].
    pub fn parse(text: &str) -> Result<Self, InvalidSecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(InvalidSecret)?;
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| InvalidSecret)?;
        if BYTES.contains(&bytes.len()) {
            Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
        } else {
            Err(InvalidSecret)
        }
    }

    /// The three headers of a request.
    #[must_use]
    pub fn headers(&self, sent: Sent, signed: Signed<'_>) -> [(&'static str, String); 3] {
        let (timestamp, nonce) = (sent.at.to_string(), format!("{:032x}", sent.nonce));
        let tag = hmac::sign(&self.0, &message(&timestamp, &nonce, signed));
        let signature = format!("v1={}", hex(tag.as_ref()));
        [(TIMESTAMP, timestamp), (NONCE, nonce), (SIGNATURE, signature)]
    }

    /// When and with which number a request was sent, if it was signed with this secret.
    #[must_use]
    pub fn verified(&self, headers: &HeaderMap, signed: Signed<'_>) -> Option<Sent> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (timestamp, nonce) = (header(TIMESTAMP)?, header(NONCE)?);
        let tag = unhex(header(SIGNATURE)?.strip_prefix("v1=")?)?;
        hmac::verify(&self.0, &message(timestamp, nonce, signed), &tag).ok()?;
        if nonce.len() != NONCE_DIGITS {
            return None;
        }
        let nonce = u128::from_str_radix(nonce, 16).ok()?;
        Some(Sent { at: timestamp.parse().ok()?, nonce })
    }
}

fn message(timestamp: &str, nonce: &str, signed: Signed<'_>) -> Vec<u8> {
    let Signed { method, target, body } = signed;
    [format!("{timestamp}.{nonce}.{method}.{target}.").as_bytes(), body].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.bytes().map(|byte| char::from(byte).to_digit(16));
    let digits: Option<Vec<u32>> = digits.collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    digits
        .chunks(2)
        .map(|pair| u8::try_from(pair.iter().fold(0, |sum, it| sum * 16 + it)).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_verified_and_nothing_else() {
        let secret = |byte: u8| {
            let text = format!("vsec_{}", BASE64_STANDARD.encode([byte; 32]));
            Secret::parse(&text).expect("a secret")
        };
        let sent = Sent { at: 1_795_248_000_000, nonce: 0x0f };
        let signed = Signed { method: "POST", target: "/orders?a=b", body: b"{}" };
        let mut headers = HeaderMap::new();
        for (name, value) in secret(1).headers(sent, signed) {
            headers.insert(name, value.parse().expect("a header"));
        }
        assert_eq!(secret(1).verified(&headers, signed), Some(sent));
        assert_eq!(secret(2).verified(&headers, signed), None);
        for other in [
            Signed { method: "GET", ..signed },
            Signed { target: "/orders", ..signed },
            Signed { body: b"{ }", ..signed },
        ] {
            assert_eq!(secret(1).verified(&headers, other), None);
        }
        headers.insert(TIMESTAMP, "1795248000001".parse().expect("a header"));
        assert_eq!(secret(1).verified(&headers, signed), None);
    }

    #[test]
    fn a_secret_has_32_to_64_bytes() {
        for (length, fits) in [(31, false), (32, true), (64, true), (65, false)] {
            let text = format!("vsec_{}", BASE64_STANDARD.encode(vec![7; length]));
            assert_eq!(Secret::parse(&text).is_ok(), fits, "{length}");
        }
        assert!(Secret::parse("whsec_AAAA").is_err());
    }
}
