//! The keys: all derived from one root secret, so that one secret configures everything.
//! Where the secret is kept, and when it is replaced, is not known here.

use std::fmt;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use ring::{
    aead::{self, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey},
    digest, hkdf, hmac,
    signature::{Ed25519KeyPair, KeyPair, Signature},
};
use serde::Serialize;

/// Separates our derivations from any other use of the same root secret.
const SALT: &[u8] = b"multiverse-market/secrets/1";
/// An Ed25519 seed is this long, and a root secret at least.
const SEED_BYTES: usize = 32;
/// A root secret is this long at most.
const ROOT_BYTES_MAX: usize = 64;

/// The root secret is not 32 to 64 bytes in standard base64: 44 characters for 32 bytes; 64
/// letters and digits, as secret stores make them, are 48 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a root secret is 32 to 64 bytes in base64")]
pub struct InvalidSecret;

/// What a sealed text is for. Each kind has its own key, so none passes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    RefreshToken,
    Quote,
    Cursor,
    Ticket,
}

/// Everything that one root secret yields.
struct KeySet {
    signing: Ed25519KeyPair,
    key_id: String,
    refresh_tokens: hmac::Key,
    quotes: hmac::Key,
    cursors: hmac::Key,
    tickets: hmac::Key,
    webhook_secrets: LessSafeKey,
}

impl KeySet {
    fn from_base64(root: &str) -> Result<Self, InvalidSecret> {
        let root = BASE64_STANDARD.decode(root).map_err(|_| InvalidSecret)?;
        if !(SEED_BYTES..=ROOT_BYTES_MAX).contains(&root.len()) {
            return Err(InvalidSecret);
        }
        let derived = hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(&root);
        let seal = |label: &[u8]| -> Result<hmac::Key, InvalidSecret> {
            let label = [label];
            let key = derived.expand(&label, hmac::HMAC_SHA256).map_err(|_| InvalidSecret)?;
            Ok(key.into())
        };
        let mut seed = [0; SEED_BYTES];
        derived
            .expand(&[b"access-token"], hkdf::HKDF_SHA256)
            .and_then(|key| key.fill(&mut seed))
            .map_err(|_| InvalidSecret)?;
        let signing = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| InvalidSecret)?;
        Ok(Self {
            key_id: thumbprint(signing.public_key().as_ref()),
            signing,
            refresh_tokens: seal(b"refresh-token")?,
            quotes: seal(b"quote")?,
            cursors: seal(b"cursor")?,
            tickets: seal(b"ticket")?,
            webhook_secrets: LessSafeKey::new(UnboundKey::from(
                derived
                    .expand(&[b"webhook-secret"], &CHACHA20_POLY1305)
                    .map_err(|_| InvalidSecret)?,
            )),
        })
    }

    fn seal(&self, purpose: Purpose) -> &hmac::Key {
        match purpose {
            Purpose::RefreshToken => &self.refresh_tokens,
            Purpose::Quote => &self.quotes,
            Purpose::Cursor => &self.cursors,
            Purpose::Ticket => &self.tickets,
        }
    }

    fn jwk(&self) -> Jwk {
        Jwk {
            kty: "OKP",
            crv: "Ed25519",
            alg: "EdDSA",
            public_use: "sig",
            kid: self.key_id.clone(),
            x: BASE64_URL_SAFE_NO_PAD.encode(self.signing.public_key()),
        }
    }
}

/// The thumbprint of an Ed25519 public key: RFC 7638, with the members that RFC 8037 names.
fn thumbprint(public_key: &[u8]) -> String {
    let x = BASE64_URL_SAFE_NO_PAD.encode(public_key);
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
}

/// The keys that sign and seal now, and those before them, which are still believed.
pub struct Secrets {
    current: KeySet,
    previous: Option<KeySet>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Secrets({})", self.current.key_id)
    }
}

impl Secrets {
    /// All keys of this root secret: 32 random bytes in base64, as by `openssl rand -base64 32`.
    ///
    /// # Errors
    /// [`InvalidSecret`] if the text is anything else.
    pub fn from_base64(root: &str) -> Result<Self, InvalidSecret> {
        Ok(Self { current: KeySet::from_base64(root)?, previous: None })
    }

    /// Also believes what the root secret before this one has signed and sealed.
    ///
    /// # Errors
    /// [`InvalidSecret`] if the text is anything else.
    pub fn with_previous(self, root: &str) -> Result<Self, InvalidSecret> {
        let previous = KeySet::from_base64(root)?;
        let differs = previous.key_id != self.current.key_id;
        Ok(Self { previous: differs.then_some(previous), ..self })
    }

    /// The public keys that verify our access tokens, the one that signs now first.
    #[must_use]
    pub fn jwks(&self) -> Jwks {
        Jwks { keys: self.key_sets().map(KeySet::jwk).collect() }
    }

    /// The name of the key that signs now.
    pub(super) fn key_id(&self) -> &str {
        &self.current.key_id
    }

    /// The Ed25519 signature of this message.
    pub(super) fn sign(&self, message: &[u8]) -> Signature {
        self.current.signing.sign(message)
    }

    /// The public key with this name, if it is one of ours.
    pub(super) fn public_key(&self, key_id: &str) -> Option<&[u8]> {
        self.key_sets().find(|keys| keys.key_id == key_id).map(|k| k.signing.public_key().as_ref())
    }

    /// The tag that seals this message.
    pub(super) fn tag(&self, purpose: Purpose, message: &[u8]) -> hmac::Tag {
        hmac::sign(self.current.seal(purpose), message)
    }

    /// Whether the tag seals the message; compared in constant time.
    pub(super) fn sealed(&self, purpose: Purpose, message: &[u8], tag: &[u8]) -> bool {
        self.key_sets().any(|keys| hmac::verify(keys.seal(purpose), message, tag).is_ok())
    }

    /// Encrypts so that only we can read it, and only in this context, which is not in it. A
    /// nonce serves once. `None`: it is too long, by far.
    pub(super) fn encrypt(
        &self,
        nonce: [u8; aead::NONCE_LEN],
        context: &[u8],
        plain: &[u8],
    ) -> Option<Vec<u8>> {
        let (key, mut text) = (&self.current.webhook_secrets, plain.to_vec());
        let nonce = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(nonce, Aad::from(context), &mut text).ok()?;
        Some(text)
    }

    /// What was encrypted so, and whether by the secret before the one of now; `None`: not by us.
    pub(super) fn decrypt(
        &self,
        nonce: [u8; aead::NONCE_LEN],
        context: &[u8],
        sealed: &[u8],
    ) -> Option<(Vec<u8>, bool)> {
        self.key_sets().enumerate().find_map(|(age, keys)| {
            let (nonce, mut text) = (Nonce::assume_unique_for_key(nonce), sealed.to_vec());
            let plain =
                keys.webhook_secrets.open_in_place(nonce, Aad::from(context), &mut text).ok()?;
            Some((plain.to_vec(), age > 0))
        })
    }

    fn key_sets(&self) -> impl Iterator<Item = &KeySet> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

/// The public keys as a JWK Set (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwks {
    /// The key that signs now, then the one before it.
    pub keys: Vec<Jwk>,
}

/// One public Ed25519 key as a JWK (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// The kind of key: an octet key pair.
    pub kty: &'static str,
    /// Its curve.
    pub crv: &'static str,
    /// The algorithm that it signs by.
    pub alg: &'static str,
    /// What it is for: signatures.
    #[serde(rename = "use")]
    pub public_use: &'static str,
    /// Its name: the thumbprint of RFC 7638.
    pub kid: String,
    /// The public key in base64url.
    pub x: String,
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn root(byte: u8) -> String {
        BASE64_STANDARD.encode([byte; SEED_BYTES])
    }

    /// The secrets of a root secret of 32 such bytes.
    pub(in crate::auth) fn secrets(byte: u8) -> Secrets {
        Secrets::from_base64(&root(byte)).expect("32 bytes")
    }

    #[test]
    fn a_key_is_named_by_its_thumbprint() {
        // The example of RFC 8037, appendices A.1 to A.3.
        let seed = BASE64_URL_SAFE_NO_PAD
            .decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
            .expect("base64");
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("a seed");
        assert_eq!(
            BASE64_URL_SAFE_NO_PAD.encode(pair.public_key()),
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        );
        assert_eq!(
            thumbprint(pair.public_key().as_ref()),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn the_same_root_secret_always_yields_the_same_keys() {
        let [one, again, other] = [1, 1, 2].map(secrets);
        assert_eq!(one.jwks(), again.jwks());
        assert_ne!(one.jwks(), other.jwks());
        let tag = one.tag(Purpose::Quote, b"message");
        assert!(again.sealed(Purpose::Quote, b"message", tag.as_ref()));
        assert!(!other.sealed(Purpose::Quote, b"message", tag.as_ref()));
    }

    #[test]
    fn a_seal_for_one_purpose_is_none_for_another() {
        let secrets = secrets(1);
        let all = [Purpose::RefreshToken, Purpose::Quote, Purpose::Cursor, Purpose::Ticket];
        for purpose in all {
            let tag = secrets.tag(purpose, b"message");
            for other in all {
                let sealed = secrets.sealed(other, b"message", tag.as_ref());
                assert_eq!(sealed, other == purpose, "{purpose:?} as {other:?}");
            }
        }
    }

    #[test]
    fn the_jwk_set_shows_public_members_only() {
        let secrets = secrets(1);
        let shown = serde_json::to_value(secrets.jwks()).expect("serialisable");
        let key = shown["keys"][0].as_object().expect("a key");
        let names: std::collections::BTreeSet<&str> = key.keys().map(String::as_str).collect();
        assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x"].into());
        assert_eq!((&key["kty"], &key["crv"]), (&"OKP".into(), &"Ed25519".into()));
        assert_eq!((&key["alg"], &key["use"]), (&"EdDSA".into(), &"sig".into()));
        assert_eq!(key["kid"], secrets.key_id());
    }

    #[test]
    fn what_the_previous_secret_sealed_is_still_believed_but_no_longer_made() {
        let old = secrets(1);
        let alone = secrets(2);
        let tag = old.tag(Purpose::Cursor, b"message");
        assert!(!alone.sealed(Purpose::Cursor, b"message", tag.as_ref()));
        let rotated = alone.with_previous(&root(1)).expect("valid");
        assert!(rotated.sealed(Purpose::Cursor, b"message", tag.as_ref()));
        assert_ne!(rotated.tag(Purpose::Cursor, b"message").as_ref(), tag.as_ref());
        let names: Vec<String> = rotated.jwks().keys.into_iter().map(|key| key.kid).collect();
        assert_eq!(names, [rotated.key_id(), old.key_id()]);
    }

    #[test]
    fn a_previous_secret_equal_to_the_current_one_is_listed_once() {
        let secrets = secrets(1);
        assert_eq!(secrets.with_previous(&root(1)).expect("valid").jwks().keys.len(), 1);
    }

    #[test]
    fn a_root_secret_is_32_to_64_bytes_in_base64() {
        let bytes = |count| BASE64_STANDARD.encode(vec![1; count]);
        for bad in ["", "secret", &root(1)[..43], &bytes(31), &bytes(65)] {
            assert_eq!(Secrets::from_base64(bad).err(), Some(InvalidSecret), "{bad}");
        }
        let letters_and_digits = "a1B2".repeat(16);
        for good in [&bytes(33), &bytes(64), &letters_and_digits] {
            assert!(Secrets::from_base64(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn debug_shows_the_public_name_only() {
        let secrets = secrets(1);
        assert_eq!(format!("{secrets:?}"), format!("Secrets({})", secrets.key_id()));
    }
}
