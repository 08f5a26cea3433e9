//! Each rule of `verify`, broken alone: every forged token is signed by the right key and is
//! wrong in exactly one thing.

use domain::identity::Role;
use ring::hmac;

use super::*;
use crate::auth::{keys::tests::secrets, refresh_token, scopes::Scopes};

const USER: UserId = UserId::from_bits(42);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * MILLIS_PER_SECOND)
}

const ISSUED: i64 = 1_700_000_000;

fn now() -> Timestamp {
    at(ISSUED)
}

fn tokens() -> AccessTokens {
    AccessTokens {
        issuer: "https://market.example".to_owned(),
        audience: "market-api".to_owned(),
        secrets: Arc::new(secrets(1)),
    }
}

fn principal() -> Principal {
    Principal {
        user: USER,
        scopes: Scopes::for_role(Role::Trader),
        home: UniverseId::new(7).expect("valid"),
    }
}

/// Verifies a token whose header has been altered.
fn with_header(alter: impl FnOnce(&mut Value)) -> Result<Principal, TokenError> {
    let tokens = tokens();
    let mut header = tokens.header();
    alter(&mut header);
    tokens.verify(&tokens.sign_json(&header, &tokens.claims(&principal(), now())), now())
}

/// Verifies a token whose claims have been altered.
fn with_claims(alter: impl FnOnce(&mut Value)) -> Result<Principal, TokenError> {
    let tokens = tokens();
    let mut claims = tokens.claims(&principal(), now());
    alter(&mut claims);
    tokens.verify(&tokens.sign_json(&tokens.header(), &claims), now())
}

fn with_claim(name: &str, value: Value) -> Result<Principal, TokenError> {
    with_claims(|claims| claims[name] = value)
}

fn without_claim(name: &str) -> Result<Principal, TokenError> {
    with_claims(|claims| drop(claims.as_object_mut().expect("an object").remove(name)))
}

/// Verifies a text that `alter` makes of a valid token's three parts.
fn respelled(alter: impl FnOnce([&str; 3]) -> String) -> Result<Principal, TokenError> {
    let token = tokens().issue(&principal(), now());
    let parts: Vec<&str> = token.split('.').collect();
    tokens().verify(&alter(parts.try_into().expect("three parts")), now())
}

fn signed_text(header: &str, claims: &str) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", part(header), part(claims));
    let signature = tokens().secrets.sign(message.as_bytes());
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn an_issued_token_names_its_principal() {
    for scopes in [Scopes::for_role(Role::Trader), Scopes::for_role(Role::Admin)] {
        let principal = Principal { scopes, ..principal() };
        let token = tokens().issue(&principal, now());
        assert_eq!(tokens().verify(&token, now()), Ok(principal));
        assert!(token.len() < TOKEN_BYTES_MAX / 2, "{}", token.len());
    }
}

#[test]
fn a_token_issued_within_a_second_is_valid_at_once() {
    let now = Timestamp::from_millis(1_700_000_000_999);
    assert!(tokens().verify(&tokens().issue(&principal(), now), now).is_ok());
}

#[test]
fn an_unaltered_forgery_is_valid_so_each_rule_is_tested_alone() {
    assert_eq!(with_header(|_| ()), Ok(principal()));
    assert_eq!(with_claims(|_| ()), Ok(principal()));
    assert_eq!(respelled(|parts| parts.join(".")), Ok(principal()));
    let claims = tokens().claims(&principal(), now()).to_string();
    let token = signed_text(&tokens().header().to_string(), &claims);
    assert_eq!(tokens().verify(&token, now()), Ok(principal()));
}

#[test]
fn a_missing_claim_is_refused() {
    for name in ["iss", "aud", "sub", "iat", "nbf", "exp", "scope", "home"] {
        assert_eq!(without_claim(name), Err(TokenError::MalformedClaims), "{name}");
        assert_eq!(with_claim(name, Value::Null), Err(TokenError::MalformedClaims), "{name}");
    }
}

#[test]
fn an_issuer_that_is_not_a_text_is_refused() {
    for value in [json!(1), json!(["https://market.example"]), json!({})] {
        assert_eq!(with_claim("iss", value), Err(TokenError::MalformedClaims));
    }
}

#[test]
fn another_issuer_is_refused() {
    for value in ["", "https://market.example/", "https://evil.example"] {
        assert_eq!(with_claim("iss", json!(value)), Err(TokenError::WrongIssuer), "{value}");
    }
}

#[test]
fn an_audience_that_is_an_array_or_an_object_is_refused() {
    for value in [json!(["market-api"]), json!({}), json!({ "market-api": true }), json!(1)] {
        assert_eq!(with_claim("aud", value), Err(TokenError::MalformedClaims));
    }
}

#[test]
fn another_audience_is_refused() {
    for value in ["", "market-api ", "other-api"] {
        assert_eq!(with_claim("aud", json!(value)), Err(TokenError::WrongAudience), "{value}");
    }
}

#[test]
fn a_subject_that_is_not_a_canonical_user_id_is_refused() {
    let user = USER.to_string();
    for value in ["", "42", "john_earth", &user.to_uppercase(), &user.replace("usr_", "itm_")] {
        assert_eq!(with_claim("sub", json!(value)), Err(TokenError::WrongSubject), "{value}");
    }
}

#[test]
fn an_unknown_scope_is_refused() {
    for value in ["", "read write", "read  trade", "read read", "READ"] {
        assert_eq!(with_claim("scope", json!(value)), Err(TokenError::UnknownScope), "{value}");
    }
    assert_eq!(with_claim("scope", json!(["read"])), Err(TokenError::MalformedClaims));
}

#[test]
fn a_home_that_is_not_a_universe_is_refused() {
    assert_eq!(with_claim("home", json!(0)), Err(TokenError::WrongHome));
    assert_eq!(with_claim("home", json!(UniverseId::MAX + 1)), Err(TokenError::WrongHome));
    for value in [json!("7"), json!(-1), json!(7.5)] {
        assert_eq!(with_claim("home", value), Err(TokenError::MalformedClaims));
    }
}

#[test]
fn a_time_that_is_not_whole_seconds_is_refused() {
    for name in ["iat", "nbf", "exp"] {
        for value in [json!(ISSUED.to_string()), json!(1_700_000_000.5), json!(1e300), json!([])] {
            assert_eq!(with_claim(name, value), Err(TokenError::MalformedClaims), "{name}");
        }
    }
}

#[test]
fn a_token_of_the_future_is_refused_beyond_the_leeway() {
    for name in ["nbf", "iat"] {
        assert_eq!(with_claim(name, json!(ISSUED + 5)), Ok(principal()), "{name}");
        let refused = with_claim(name, json!(ISSUED + 6));
        assert_eq!(refused, Err(TokenError::NotYetValid), "{name}");
    }
    assert_eq!(with_claim("nbf", json!(i64::MAX)), Err(TokenError::NotYetValid));
}

#[test]
fn an_expired_token_is_refused_beyond_the_leeway() {
    let token = tokens().issue(&principal(), now());
    let last = Timestamp::from_millis((ISSUED + 904) * MILLIS_PER_SECOND + 999);
    assert_eq!(tokens().verify(&token, last), Ok(principal()));
    assert_eq!(tokens().verify(&token, at(ISSUED + 905)), Err(TokenError::Expired));
    assert_eq!(tokens().verify(&token, Timestamp::MAX), Err(TokenError::Expired));
}

#[test]
fn a_lifetime_beyond_fifteen_minutes_or_below_a_second_is_refused() {
    assert_eq!(with_claim("exp", json!(ISSUED + 900)), Ok(principal()));
    for exp in [ISSUED + 901, ISSUED, ISSUED - 1, 0, i64::MAX, i64::MIN] {
        assert_eq!(with_claim("exp", json!(exp)), Err(TokenError::WrongLifetime), "{exp}");
    }
    assert_eq!(with_claim("iat", json!(ISSUED - 1)), Err(TokenError::WrongLifetime));
}

#[test]
fn an_unknown_claim_is_refused() {
    assert_eq!(with_claim("admin", json!(true)), Err(TokenError::MalformedClaims));
}

#[test]
fn a_doubled_claim_or_header_is_refused() {
    let (header, claims) = (tokens().header(), tokens().claims(&principal(), now()));
    let doubled = |json: &Value, member: &str| json.to_string().replacen('{', member, 1);
    let token = signed_text(&header.to_string(), &doubled(&claims, r#"{"scope":"admin","#));
    assert_eq!(tokens().verify(&token, now()), Err(TokenError::MalformedClaims));
    let token = signed_text(&doubled(&header, r#"{"alg":"none","#), &claims.to_string());
    assert_eq!(tokens().verify(&token, now()), Err(TokenError::MalformedHeader));
}

#[test]
fn claims_or_headers_that_are_no_object_are_refused() {
    let header = tokens().header().to_string();
    for bad in ["", "{", "[]", "null", "\"\"", "\u{feff}{}"] {
        let token = signed_text(&header, bad);
        assert_eq!(tokens().verify(&token, now()), Err(TokenError::MalformedClaims), "{bad}");
    }
    let claims = tokens().claims(&principal(), now()).to_string();
    for bad in ["", "{", "null", "\"\""] {
        let token = signed_text(bad, &claims);
        assert_eq!(tokens().verify(&token, now()), Err(TokenError::MalformedHeader), "{bad}");
    }
}

#[test]
fn a_header_or_claims_that_are_an_array_are_refused() {
    let (header, claims) = (tokens().header(), tokens().claims(&principal(), now()));
    let array = json!([header["typ"], header["alg"], header["kid"]]);
    assert!(tokens().verify(&tokens().sign_json(&array, &claims), now()).is_err());
    let names = ["iss", "aud", "sub", "iat", "nbf", "exp", "scope", "home"];
    let array: Value = names.map(|name| claims[name].clone()).to_vec().into();
    assert!(tokens().verify(&tokens().sign_json(&header, &array), now()).is_err());
}

#[test]
fn a_critical_header_is_refused() {
    for value in [json!(["exp"]), json!(["b64"]), json!([]), json!("exp"), Value::Null] {
        let refused = with_header(|header| header["crit"] = value.clone());
        assert_eq!(refused, Err(TokenError::CriticalHeader), "{value}");
    }
}

#[test]
fn a_header_that_brings_its_own_key_is_refused() {
    for name in ["jwk", "jku", "x5u", "x5c", "cty", "b64", "zip"] {
        let refused = with_header(|header| header[name] = json!("x"));
        assert_eq!(refused, Err(TokenError::MalformedHeader), "{name}");
    }
}

#[test]
fn another_type_is_refused() {
    for typ in ["refresh+jwt", "JWT", "jwt", "", "at+jwt ", "text/at+jwt"] {
        let refused = with_header(|header| header["typ"] = json!(typ));
        assert_eq!(refused, Err(TokenError::WrongType), "{typ}");
    }
}

#[test]
fn a_missing_type_is_refused() {
    let refused = with_header(|header| drop(header.as_object_mut().expect("one").remove("typ")));
    assert_eq!(refused, Err(TokenError::WrongType));
}

#[test]
fn the_type_may_be_spelled_in_any_case_and_in_full() {
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+JWT"] {
        assert_eq!(with_header(|header| header["typ"] = json!(typ)), Ok(principal()), "{typ}");
    }
}

#[test]
fn another_algorithm_is_refused() {
    for alg in ["none", "None", "HS256", "RS256", "ES256", "eddsa", "Ed25519", ""] {
        let refused = with_header(|header| header["alg"] = json!(alg));
        assert_eq!(refused, Err(TokenError::WrongAlgorithm), "{alg}");
    }
    let refused = with_header(|header| drop(header.as_object_mut().expect("one").remove("alg")));
    assert_eq!(refused, Err(TokenError::WrongAlgorithm));
}

#[test]
fn an_unsigned_token_is_refused() {
    let tokens = tokens();
    let mut header = tokens.header();
    header["alg"] = json!("none");
    let signed = tokens.sign_json(&header, &tokens.claims(&principal(), now()));
    let (message, _) = signed.rsplit_once('.').expect("three parts");
    let unsigned = format!("{message}.");
    assert_eq!(tokens.verify(&unsigned, now()), Err(TokenError::WrongAlgorithm));
    let emptied = respelled(|[header, claims, _]| format!("{header}.{claims}."));
    assert_eq!(emptied, Err(TokenError::WrongSignature));
}

#[test]
fn a_hash_keyed_by_the_public_key_is_no_signature() {
    let tokens = tokens();
    let public_key = tokens.secrets.public_key(tokens.secrets.key_id()).expect("ours");
    let key = hmac::Key::new(hmac::HMAC_SHA256, public_key);
    for (alg, refusal) in
        [("HS256", TokenError::WrongAlgorithm), ("EdDSA", TokenError::WrongSignature)]
    {
        let mut header = tokens.header();
        header["alg"] = json!(alg);
        let signed = tokens.sign_json(&header, &tokens.claims(&principal(), now()));
        let (message, _) = signed.rsplit_once('.').expect("three parts");
        let tag = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
        assert_eq!(tokens.verify(&format!("{message}.{tag}"), now()), Err(refusal), "{alg}");
    }
}

#[test]
fn an_unknown_or_missing_key_name_is_refused() {
    for kid in ["", "1", "../../etc/passwd"] {
        let refused = with_header(|header| header["kid"] = json!(kid));
        assert_eq!(refused, Err(TokenError::UnknownKey), "{kid}");
    }
    let refused = with_header(|header| drop(header.as_object_mut().expect("one").remove("kid")));
    assert_eq!(refused, Err(TokenError::UnknownKey));
}

#[test]
fn a_signature_by_another_key_is_refused() {
    let other = AccessTokens { secrets: Arc::new(secrets(2)), ..tokens() };
    let token = other.issue(&principal(), now());
    assert_eq!(tokens().verify(&token, now()), Err(TokenError::UnknownKey));
    let claims = other.claims(&principal(), now());
    let forged = other.sign_json(&tokens().header(), &claims);
    assert_eq!(tokens().verify(&forged, now()), Err(TokenError::WrongSignature));
}

#[test]
fn a_token_of_the_previous_key_is_valid() {
    let token = tokens().issue(&principal(), now());
    let root = base64::prelude::BASE64_STANDARD.encode([1; 32]);
    let rotated = secrets(2).with_previous(&root).expect("valid");
    let rotated = AccessTokens { secrets: Arc::new(rotated), ..tokens() };
    assert_eq!(rotated.verify(&token, now()), Ok(principal()));
    assert_ne!(rotated.header()["kid"], tokens().header()["kid"]);
}

#[test]
fn altered_claims_are_refused() {
    let tokens = tokens();
    let admin = Principal { scopes: Scopes::for_role(Role::Admin), ..principal() };
    let other = tokens.issue(&admin, now());
    let claims = other.split('.').nth(1).expect("three parts");
    let altered = respelled(|[header, _, signature]| format!("{header}.{claims}.{signature}"));
    assert_eq!(altered, Err(TokenError::WrongSignature));
}

#[test]
fn a_truncated_token_is_refused() {
    let token = tokens().issue(&principal(), now());
    for length in 0..token.len() {
        assert!(tokens().verify(&token[..length], now()).is_err(), "{length}");
    }
}

#[test]
fn a_padded_part_is_refused_even_if_it_is_signed_so() {
    let (tokens, part) = (tokens(), |json: Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string()));
    let header = part(tokens.header());
    let claims = part(tokens.claims(&principal(), now()));
    for padding in ["=", "==", " ", "\n"] {
        for (header_end, claims_end, signature_end) in
            [(padding, "", ""), ("", padding, ""), ("", "", padding)]
        {
            let message = format!("{header}{header_end}.{claims}{claims_end}");
            let signature = BASE64_URL_SAFE_NO_PAD.encode(tokens.secrets.sign(message.as_bytes()));
            let token = format!("{message}.{signature}{signature_end}");
            assert_eq!(tokens.verify(&token, now()), Err(TokenError::Malformed), "{token:?}");
        }
    }
}

#[test]
fn a_second_spelling_of_the_same_signature_is_refused() {
    // 64 bytes leave four bits of the last character unused: they must be zero.
    let stray = respelled(|[header, claims, signature]| {
        format!("{header}.{claims}.{}_", &signature[..signature.len() - 1])
    });
    assert_eq!(stray, Err(TokenError::Malformed));
}

#[test]
fn more_or_fewer_than_three_parts_are_refused() {
    for bad in ["", ".", "..", "...", "a", "a.b"] {
        assert!(tokens().verify(bad, now()).is_err(), "{bad}");
    }
    let four = respelled(|parts| format!("{}.AAAA", parts.join(".")));
    assert_eq!(four, Err(TokenError::Malformed));
    let two = respelled(|[header, claims, _]| format!("{header}.{claims}"));
    assert_eq!(two, Err(TokenError::Malformed));
}

#[test]
fn a_token_over_two_kilobytes_is_refused() {
    assert_eq!(with_claim("pad", json!("x".repeat(2048))), Err(TokenError::TooLong));
    let text = |bytes| tokens().verify(&"x".repeat(bytes), now());
    assert_eq!(text(TOKEN_BYTES_MAX), Err(TokenError::Malformed), "read, and no token");
    assert_eq!(text(TOKEN_BYTES_MAX + 1), Err(TokenError::TooLong));
}

#[test]
fn a_refresh_token_is_no_access_token_nor_the_other_way_round() {
    let tokens = tokens();
    let refresh = refresh_token::seal(&tokens.secrets, domain::id::SessionId::from_bits(1), 1);
    assert_eq!(tokens.verify(&refresh, now()), Err(TokenError::Malformed));
    let access = tokens.issue(&principal(), now());
    for text in [access.clone(), format!("ref_{access}")] {
        let refused = refresh_token::open(&tokens.secrets, &text);
        assert_eq!(refused, Err(TokenError::Malformed));
    }
}
