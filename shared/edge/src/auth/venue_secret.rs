//! Secrets that we share with venues: how either side signs (docs/VENUES.md), how an operator
//! sees one, and how it is kept so that only we can open it. What is signed when, and which
//! nonces were used before, is not known here.

use std::fmt::{self, Write};

use app::ports::Entropy;
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{venue::VenueId, webhook::SealedSecret};
use http::{HeaderMap, HeaderName};
use ring::hmac;

use super::keys::Secrets;

const PREFIX: &str = "vsec_";
/// No shorter than the tag that it makes, nor longer than a block of what makes it.
const BYTES: std::ops::RangeInclusive<usize> = 32..=64;
/// As ChaCha20-Poly1305 has it.
const NONCE_BYTES: usize = 12;
/// What a signature begins with: how it was made.
const VERSION: &str = "v1=";

/// When a request was sent, in milliseconds since 1970.
pub const TIMESTAMP_HEADER: HeaderName = HeaderName::from_static("x-venue-timestamp");
/// 32 hexadecimal digits that are never used twice.
pub const NONCE_HEADER: HeaderName = HeaderName::from_static("x-venue-nonce");
/// The signature.
pub const SIGNATURE_HEADER: HeaderName = HeaderName::from_static("x-venue-signature");

/// The text is no secret of a venue's, or was not sealed by us for this venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no secret of this venue")]
pub struct InvalidVenueSecret;

/// What signs requests to a venue and reports from it: 32 to 64 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct VenueSecret(Vec<u8>);

impl fmt::Debug for VenueSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("VenueSecret(…)")
    }
}

/// A secret that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The secret.
    pub secret: VenueSecret,
    /// Whether the root secret before the one of now sealed it: it must be sealed again while
    /// that one is still about.
    pub is_outdated: bool,
}

impl VenueSecret {
    /// A new one, of 32 bytes.
    #[must_use]
    pub fn random(entropy: &dyn Entropy) -> Self {
        let halves = [entropy.bits(), entropy.bits()];
        Self(halves.iter().flat_map(|half| half.to_be_bytes()).collect())
    }

    /// A secret as operators see it.
    ///
    /// # Errors
    /// [`InvalidVenueSecret`] unless it is `vsec_` and 32 to 64 bytes in base64.
    pub fn parse(text: &str) -> Result<Self, InvalidVenueSecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(InvalidVenueSecret)?;
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| InvalidVenueSecret)?;
        if BYTES.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(InvalidVenueSecret) }
    }

    /// For an operator's eyes: `vsec_…`.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(&self.0))
    }

    /// The signature of a request, as `v1=…`. The time is in milliseconds since the epoch; the
    /// target is the path with its query as it stands in the request line.
    #[must_use]
    pub fn sign(
        &self,
        timestamp_ms: i64,
        nonce: &str,
        method: &str,
        target: &str,
        body: &[u8],
    ) -> String {
        let tag = hmac::sign(&self.key(), &signed(timestamp_ms, nonce, method, target, body));
        let mut signature = VERSION.to_owned();
        for byte in tag.as_ref() {
            // A text takes whatever it is given.
            let _ = write!(signature, "{byte:02x}");
        }
        signature
    }

    /// Whether the signature is of just this request; compared in constant time.
    #[must_use]
    pub fn verify(
        &self,
        signature: &str,
        timestamp_ms: i64,
        nonce: &str,
        method: &str,
        target: &str,
        body: &[u8],
    ) -> bool {
        let Some(tag) = signature.strip_prefix(VERSION).and_then(bytes_of) else { return false };
        let message = signed(timestamp_ms, nonce, method, target, body);
        hmac::verify(&self.key(), &message, &tag).is_ok()
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.0)
    }

    /// Sealed for one venue: encrypted, and worthless as another's.
    ///
    /// # Errors
    /// [`InvalidVenueSecret`] if it cannot be encrypted, which does not happen to 64 bytes.
    pub fn seal(
        &self,
        secrets: &Secrets,
        venue: VenueId,
        entropy: &dyn Entropy,
    ) -> Result<SealedSecret, InvalidVenueSecret> {
        let mut nonce = [0; NONCE_BYTES];
        nonce.iter_mut().zip(entropy.bits().to_be_bytes()).for_each(|(to, from)| *to = from);
        let sealed = secrets.encrypt(nonce, context(venue).as_bytes(), &self.0);
        let sealed = sealed.ok_or(InvalidVenueSecret)?;
        Ok(SealedSecret(BASE64_STANDARD.encode([nonce.as_slice(), &sealed].concat())))
    }

    /// The secret of a venue that was sealed so.
    ///
    /// # Errors
    /// [`InvalidVenueSecret`] unless we sealed it for this venue, with the root secret of now or
    /// the one before it.
    pub fn open(
        secrets: &Secrets,
        venue: VenueId,
        sealed: &SealedSecret,
    ) -> Result<Opened, InvalidVenueSecret> {
        let bytes = BASE64_STANDARD.decode(&sealed.0).map_err(|_| InvalidVenueSecret)?;
        let (nonce, sealed) = bytes.split_first_chunk().ok_or(InvalidVenueSecret)?;
        let opened = secrets.decrypt(*nonce, context(venue).as_bytes(), sealed);
        let (bytes, is_outdated) = opened.ok_or(InvalidVenueSecret)?;
        Ok(Opened { secret: Self(bytes), is_outdated })
    }
}

/// What no webhook's id is, so that neither's secret passes for the other's.
fn context(venue: VenueId) -> String {
    format!("venue {venue}")
}

/// A nonce and a method have no full stop, a target no brace, and a body begins with one: no two
/// requests are signed alike.
fn signed(timestamp_ms: i64, nonce: &str, method: &str, target: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{timestamp_ms}.{nonce}.{method}.{target}.");
    [head.as_bytes(), body].concat()
}

/// The bytes of hexadecimal digits.
fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = digits.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    pairs.collect()
}

/// What a request says of its signature, as it was sent: nothing is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureHeaders {
    /// See [`TIMESTAMP_HEADER`].
    pub timestamp: String,
    /// See [`NONCE_HEADER`].
    pub nonce: String,
    /// See [`SIGNATURE_HEADER`].
    pub signature: String,
}

impl SignatureHeaders {
    /// Those of a request, if all are there, each of them once.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let one = |name: HeaderName| {
            let mut values = headers.get_all(name).iter();
            let text = values.next()?.to_str().ok()?.to_owned();
            values.next().is_none().then_some(text)
        };
        Some(Self {
            timestamp: one(TIMESTAMP_HEADER)?,
            nonce: one(NONCE_HEADER)?,
            signature: one(SIGNATURE_HEADER)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use testkit::entropy::SeededEntropy;

    use super::*;
    use crate::auth::{keys::tests::secrets, webhook_secret::WebhookSecret};

    const NONCE: &str = "000102030405060708090a0b0c0d0e0f";

    fn nyx() -> VenueId {
        "nyx".parse().expect("a venue")
    }

    /// The 32 bytes 0 to 31.
    fn known() -> VenueSecret {
        VenueSecret::parse("vsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").expect("a secret")
    }

    /// The vector was made by Python's `hmac`:
    /// `hmac.new(bytes(range(32)), b'1795248000000.' + NONCE + b'.POST./v1/orders.{"id":"vor_1"}',
    /// 'sha256').hexdigest()`, and without a body for the other.
    #[test]
    fn a_request_is_signed_as_another_program_signs_it() {
        let sign = |method, target, body: &str| {
            known().sign(1_795_248_000_000, NONCE, method, target, body.as_bytes())
        };
        assert_eq!(
            sign("POST", "/v1/orders", r#"{"id":"vor_1"}"#),
            "v1=25db78ea5b51dd7773aff55db4ec6a4c44b88f72f019c374b7eb8d76f09f1cf5"
        );
        assert_eq!(
            sign("GET", "/v1/feed?after=17", ""),
            "v1=4840cd0e563f6215725bd5eb39d2f624040a945a171f4b00a86f6aab2b01c41b"
        );
    }

    #[test]
    fn a_signature_is_good_for_one_request_only() {
        let (secret, body) = (known(), b"{}".as_slice());
        let signature = secret.sign(7, NONCE, "POST", "/reports", body);
        let verifies =
            |signature: &str| secret.verify(signature, 7, NONCE, "POST", "/reports", body);
        assert!(verifies(&signature));
        assert!(verifies(&format!("v1={}", signature[3..].to_ascii_uppercase())));
        for bad in ["", "v1=", &signature[3..], &format!("{signature}00"), &signature[..66], "v1=é"]
        {
            assert!(!verifies(bad), "{bad}");
        }
        let other = NONCE.replace("0f", "0e");
        assert!(!secret.verify(&signature, 8, NONCE, "POST", "/reports", body));
        assert!(!secret.verify(&signature, 7, &other, "POST", "/reports", body));
        assert!(!secret.verify(&signature, 7, NONCE, "GET", "/reports", body));
        assert!(!secret.verify(&signature, 7, NONCE, "POST", "/report", body));
        assert!(!secret.verify(&signature, 7, NONCE, "POST", "/reports", b"{ }"));
        let another = VenueSecret::random(&SeededEntropy::new(1));
        assert!(!another.verify(&signature, 7, NONCE, "POST", "/reports", body));
    }

    #[test]
    fn a_secret_is_32_random_bytes_in_one_spelling_and_is_not_shown() {
        let entropy = SeededEntropy::new(1);
        let [one, other] = [(); 2].map(|()| VenueSecret::random(&entropy));
        assert_ne!(one, other);
        let text = one.reveal();
        assert_eq!(format!("{one:?}"), "VenueSecret(…)");
        assert_eq!((text.len(), VenueSecret::parse(&text)), (49, Ok(one)));
        let of = |bytes: usize| format!("vsec_{}", BASE64_STANDARD.encode(vec![1; bytes]));
        assert!(VenueSecret::parse(&of(64)).is_ok());
        for bad in ["", "vsec_", &of(31), &of(65), &text[5..], &format!("{text}=")] {
            assert_eq!(VenueSecret::parse(bad), Err(InvalidVenueSecret), "{bad}");
        }
    }

    #[test]
    fn a_sealed_secret_opens_for_its_own_venue_only_and_is_not_in_it() {
        let (keys, entropy) = (secrets(1), SeededEntropy::new(1));
        let secret = VenueSecret::random(&entropy);
        let sealed = secret.seal(&keys, nyx(), &entropy).expect("sealed");
        let opened = VenueSecret::open(&keys, nyx(), &sealed);
        assert_eq!(opened, Ok(Opened { secret: secret.clone(), is_outdated: false }));
        let bytes = BASE64_STANDARD.decode(&sealed.0).expect("base64");
        assert!(!bytes.windows(8).any(|part| part == &secret.0[..8]), "it stands there in clear");
        let refused = |keys: &Secrets, venue: &str, sealed: &str| {
            let venue = venue.parse().expect("a venue");
            VenueSecret::open(keys, venue, &SealedSecret(sealed.to_owned())).is_err()
        };
        assert!(refused(&keys, "nyy", &sealed.0));
        assert!(refused(&secrets(2), "nyx", &sealed.0));
        let mut altered = bytes;
        altered[20] ^= 1;
        for bad in ["", "AAAA", "!", &BASE64_STANDARD.encode(altered)] {
            assert!(refused(&keys, "nyx", bad), "{bad}");
        }
        let webhook = domain::id::WebhookId::from_bits(1);
        assert!(WebhookSecret::open(&keys, webhook, &sealed).is_err());
    }

    #[test]
    fn what_the_root_secret_before_sealed_opens_and_is_to_be_sealed_again() {
        let entropy = SeededEntropy::new(1);
        let secret = VenueSecret::random(&entropy);
        let sealed = secret.seal(&secrets(1), nyx(), &entropy).expect("sealed");
        let rotated = secrets(2).with_previous(&BASE64_STANDARD.encode([1; 32])).expect("valid");
        let opened = VenueSecret::open(&rotated, nyx(), &sealed).expect("opens");
        assert_eq!(opened, Opened { secret, is_outdated: true });
    }

    #[test]
    fn a_request_with_a_header_twice_or_not_at_all_is_not_signed() {
        let mut headers = HeaderMap::new();
        headers.insert(TIMESTAMP_HEADER, HeaderValue::from_static("1"));
        headers.insert(NONCE_HEADER, HeaderValue::from_static(NONCE));
        assert_eq!(SignatureHeaders::of(&headers), None);
        headers.insert(SIGNATURE_HEADER, HeaderValue::from_static("v1=00"));
        let read = SignatureHeaders::of(&headers).expect("signed");
        assert_eq!((&*read.timestamp, &*read.nonce, &*read.signature), ("1", NONCE, "v1=00"));
        headers.append(NONCE_HEADER, HeaderValue::from_static(NONCE));
        assert_eq!(SignatureHeaders::of(&headers), None);
    }
}
