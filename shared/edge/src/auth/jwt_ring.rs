//! Lets `jsonwebtoken` verify by `ring`, our one source of cryptography, and by Ed25519 only.
//! What the claims must say is not known here.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, Validation,
    crypto::{CryptoProvider, JwtVerifier, KeyUtils},
    decode,
    errors::{Error, ErrorKind, Result as JwtResult, new_error},
    signature::{Error as SignatureError, Verifier},
};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::de::DeserializeOwned;

use super::TokenError;

/// Signing does not go through the library: it would parse the private key for each token, and
/// could fail where `ring` cannot. Its functions on JWKs are never called.
static RING: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

struct Ed25519Verifier(UnparsedPublicKey<Vec<u8>>);

impl Verifier<Vec<u8>> for Ed25519Verifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        self.0.verify(message, signature).map_err(|_| SignatureError::new())
    }
}

impl JwtVerifier for Ed25519Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> JwtResult<Box<dyn JwtVerifier>> {
    if *algorithm != Algorithm::EdDSA || key.family() != AlgorithmFamily::Ed {
        return Err(new_error(ErrorKind::UnsupportedAlgorithm));
    }
    let public_key = key.try_get_as_bytes()?.to_vec();
    Ok(Box::new(Ed25519Verifier(UnparsedPublicKey::new(&ED25519, public_key))))
}

/// The claims of a token that this Ed25519 key has signed. Beyond their types they are unchecked:
/// the library would read the system's clock, and lets claims of the wrong type pass.
pub(super) fn signed_claims<Claims: DeserializeOwned>(
    token: &str,
    public_key: &[u8],
) -> Result<Claims, TokenError> {
    // The provider is the whole process's and is set once: from the second time on this does
    // nothing.
    RING.install_default().ok();
    let mut signature_only = Validation::new(Algorithm::EdDSA);
    signature_only.required_spec_claims.clear();
    signature_only.validate_exp = false;
    signature_only.validate_aud = false;
    let key = DecodingKey::from_ed_der(public_key);
    let data = decode(token, &key, &signature_only).map_err(|error| refusal(&error))?;
    Ok(data.claims)
}

fn refusal(error: &Error) -> TokenError {
    match error.kind() {
        ErrorKind::InvalidSignature => TokenError::WrongSignature,
        ErrorKind::Json(_) => TokenError::MalformedClaims,
        _ => TokenError::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_verified_by_another_algorithm_or_with_a_key_of_another_family() {
        let ours = DecodingKey::from_ed_der(&[7; 32]);
        let shared = DecodingKey::from_secret(&[7; 32]);
        assert!(verifier(&Algorithm::EdDSA, &ours).is_ok());
        for (algorithm, key) in
            [(Algorithm::HS256, &ours), (Algorithm::EdDSA, &shared), (Algorithm::HS256, &shared)]
        {
            assert!(verifier(&algorithm, key).is_err(), "{algorithm:?}");
        }
    }
}
