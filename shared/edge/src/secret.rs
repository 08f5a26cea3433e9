//! Texts that must not be shown: neither a log nor an answer nor a debugger's `{:?}` says what
//! they are, and their memory is wiped. What they open, is not known here.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de};

/// A text in a request that must not be shown, such as a password.
#[derive(Debug, Clone)]
pub struct SecretText(SecretString);

impl SecretText {
    /// The text, for whoever must know it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl<'de> Deserialize<'de> for SecretText {
    /// What is no text is not repeated in the error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = SecretString;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a string")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretString, E> {
                Ok(text.into())
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<SecretString, E> {
                Ok(text.into())
            }
        }
        deserializer.deserialize_string(Visitor).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_and_never_shown() {
        let secret: SecretText = serde_json::from_str("\"canary\"").expect("a text");
        assert_eq!(secret.expose(), "canary");
        assert!(!format!("{secret:?}").contains("canary"), "{secret:?}");
    }
}
