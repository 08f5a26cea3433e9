//! Secrets of webhooks: how they sign (Standard Webhooks, symmetric), how their owners see them
//! once, and how they are kept so that only we can open them. When they change is not known here.

use std::fmt;

use app::ports::Entropy;
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{id::WebhookId, webhook::SealedSecret};
use ring::hmac;

use super::keys::Secrets;

const PREFIX: &str = "whsec_";
/// What the specification allows: 24 to 64.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// As ChaCha20-Poly1305 has it.
const NONCE_BYTES: usize = 12;

/// The text is no secret of a webhook's, or was not sealed by us for this webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no secret of this webhook")]
pub struct InvalidWebhookSecret;

/// What signs messages to a webhook: 32 random bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("WebhookSecret(…)")
    }
}

/// A secret that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The secret.
    pub secret: WebhookSecret,
    /// Whether the root secret before the one of now sealed it: it must be sealed again while
    /// that one is still about.
    pub is_outdated: bool,
}

impl WebhookSecret {
    /// A new one.
    #[must_use]
    pub fn random(entropy: &dyn Entropy) -> Self {
        let halves = [entropy.bits(), entropy.bits()];
        Self(halves.iter().flat_map(|half| half.to_be_bytes()).collect())
    }

    /// A secret as its owner sees it.
    ///
    /// # Errors
    /// [`InvalidWebhookSecret`] unless it is `whsec_` and 24 to 64 bytes in base64.
    pub fn parse(text: &str) -> Result<Self, InvalidWebhookSecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(InvalidWebhookSecret)?;
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| InvalidWebhookSecret)?;
        if BYTES.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(InvalidWebhookSecret) }
    }

    /// For its owner's eyes: `whsec_…`.
    #[must_use]
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", BASE64_STANDARD.encode(&self.0))
    }

    /// The signature of a message, as `v1,…`. The time is in seconds since the epoch.
    #[must_use]
    pub fn sign(&self, message_id: &str, timestamp: i64, payload: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let signed = format!("{message_id}.{timestamp}.{payload}");
        let tag = hmac::sign(&key, signed.as_bytes());
        format!("v1,{}", BASE64_STANDARD.encode(tag))
    }

    /// Sealed for one webhook: encrypted, and worthless as another's.
    ///
    /// # Errors
    /// [`InvalidWebhookSecret`] if it cannot be encrypted, which does not happen to 64 bytes.
    pub fn seal(
        &self,
        secrets: &Secrets,
        webhook: WebhookId,
        entropy: &dyn Entropy,
    ) -> Result<SealedSecret, InvalidWebhookSecret> {
        let mut nonce = [0; NONCE_BYTES];
        nonce.iter_mut().zip(entropy.bits().to_be_bytes()).for_each(|(to, from)| *to = from);
        let sealed = secrets.encrypt(nonce, webhook.to_string().as_bytes(), &self.0);
        let sealed = sealed.ok_or(InvalidWebhookSecret)?;
        Ok(SealedSecret(BASE64_STANDARD.encode([nonce.as_slice(), &sealed].concat())))
    }

    /// The secret of a webhook that was sealed so.
    ///
    /// # Errors
    /// [`InvalidWebhookSecret`] unless we sealed it for this webhook, with the root secret of
    /// now or the one before it.
    pub fn open(
        secrets: &Secrets,
        webhook: WebhookId,
        sealed: &SealedSecret,
    ) -> Result<Opened, InvalidWebhookSecret> {
        let bytes = BASE64_STANDARD.decode(&sealed.0).map_err(|_| InvalidWebhookSecret)?;
        let (nonce, sealed) = bytes.split_first_chunk().ok_or(InvalidWebhookSecret)?;
        let opened = secrets.decrypt(*nonce, webhook.to_string().as_bytes(), sealed);
        let (bytes, is_outdated) = opened.ok_or(InvalidWebhookSecret)?;
        Ok(Opened { secret: Self(bytes), is_outdated })
    }
}

#[cfg(test)]
mod tests {
    use testkit::entropy::SeededEntropy;

    use super::*;
    use crate::auth::keys::tests::secrets;

    const WEBHOOK: WebhookId = WebhookId::from_bits(7);

    #[test]
    fn a_message_is_signed_as_the_published_vector_says() {
        let secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signature =
            secret.expect("a secret").sign(id, 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_is_32_random_bytes_in_one_spelling_and_is_not_shown() {
        let entropy = SeededEntropy::new(1);
        let [one, other] = [(); 2].map(|()| WebhookSecret::random(&entropy));
        assert_ne!(one, other);
        assert_eq!(format!("{one:?}"), "WebhookSecret(…)");
        let text = one.reveal();
        assert_eq!((text.len(), WebhookSecret::parse(&text)), (50, Ok(one)));
        for bad in ["", "whsec_", "whsec_AAAA", &text[6..], &format!("{text}=")] {
            assert_eq!(WebhookSecret::parse(bad), Err(InvalidWebhookSecret), "{bad}");
        }
    }

    #[test]
    fn a_sealed_secret_opens_for_its_own_webhook_only_and_is_not_in_it() {
        let (keys, entropy) = (secrets(1), SeededEntropy::new(1));
        let secret = WebhookSecret::random(&entropy);
        let sealed = secret.seal(&keys, WEBHOOK, &entropy).expect("sealed");
        let opened = WebhookSecret::open(&keys, WEBHOOK, &sealed);
        assert_eq!(opened, Ok(Opened { secret: secret.clone(), is_outdated: false }));
        let bytes = BASE64_STANDARD.decode(&sealed.0).expect("base64");
        assert!(!bytes.windows(8).any(|part| part == &secret.0[..8]), "it stands there in clear");
        let refused = |keys: &Secrets, webhook, sealed: &str| {
            WebhookSecret::open(keys, webhook, &SealedSecret(sealed.to_owned())).is_err()
        };
        assert!(refused(&keys, WebhookId::from_bits(8), &sealed.0));
        assert!(refused(&secrets(2), WEBHOOK, &sealed.0));
        let mut altered = bytes;
        altered[20] ^= 1;
        for bad in ["", "AAAA", "!", &BASE64_STANDARD.encode(altered)] {
            assert!(refused(&keys, WEBHOOK, bad), "{bad}");
        }
    }

    #[test]
    fn what_the_root_secret_before_sealed_opens_and_is_to_be_sealed_again() {
        let entropy = SeededEntropy::new(1);
        let secret = WebhookSecret::random(&entropy);
        let sealed = secret.seal(&secrets(1), WEBHOOK, &entropy).expect("sealed");
        let rotated = secrets(2).with_previous(&BASE64_STANDARD.encode([1; 32])).expect("valid");
        let opened = WebhookSecret::open(&rotated, WEBHOOK, &sealed).expect("opens");
        assert_eq!(opened, Opened { secret: secret.clone(), is_outdated: true });
        let again = opened.secret.seal(&rotated, WEBHOOK, &entropy).expect("sealed");
        assert!(!WebhookSecret::open(&rotated, WEBHOOK, &again).expect("opens").is_outdated);
    }
}
