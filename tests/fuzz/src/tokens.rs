//! Tokens, seals, secrets and signatures: what we did not make opens nothing, and neither does
//! what we made once it was changed, by however little.

use std::sync::Arc;

use app::ports::Entropy;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{
    amount::Amount,
    conversion::{Fixed, provenance},
    id::{QuoteId, SessionId, UserId, WebhookId},
    quote::Quote,
    time::{Span, Timestamp},
    universe::UniverseId,
    webhook::SealedSecret,
};
use edge::auth::{
    access_token::{AccessTokens, Principal},
    keys::Secrets,
    quote_seal, refresh_token,
    scopes::{Scope, Scopes},
    ticket_seal::{self, Ticket},
    venue_secret::VenueSecret,
    webhook_secret::WebhookSecret,
};
use serde_json::Value;
use testkit::{
    builders::{earth, mars, start},
    entropy::SeededEntropy,
};

use crate::{
    floor::{VENUE, access_tokens, secrets},
    input::{Input, text},
};

/// The first byte chooses what is tried; the rest is one that was made up, and what is done to
/// one that was not.
pub fn tokens(data: &[u8]) {
    let mut input = Input::new(data);
    let kind = input.byte();
    let rest = input.rest();
    match kind % 7 {
        0 => access(rest),
        1 => refresh(rest),
        2 => quote(rest),
        3 => ticket(rest),
        4 => venue_signature(rest),
        5 => webhook_secret(rest),
        _ => venue_secret(rest),
    }
}

/// Some bytes with up to four changes: bits flipped, bytes replaced, left out, put in or doubled,
/// the end cut off, a letter's case changed.
pub(crate) fn mutated(original: &[u8], mut input: Input<'_>) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..=input.byte() % 4 {
        let (change, place) = (input.byte(), usize::from(input.pair()) % bytes.len().max(1));
        let with = input.byte();
        let Some(there) = bytes.get_mut(place) else { continue };
        match change % 8 {
            0 => *there ^= 1 << (with % 8),
            1 => *there = with,
            2 => *there = b"ABCabc019-_+/=."[usize::from(with) % 15],
            3 => drop(bytes.remove(place)),
            4 => bytes.insert(place, with),
            5 => bytes.extend_from_within(place..),
            6 => bytes.truncate(place),
            _ => *there ^= 0x20,
        }
    }
    bytes
}

/// Tries the bytes themselves, and a good text that they change.
fn try_both(good: &str, rest: &[u8], opens: impl Fn(&str) -> bool) {
    assert!(opens(good), "what we made does not open: {good}");
    if let Some(made_up) = text(rest) {
        opens(made_up);
    }
    let changed = mutated(good.as_bytes(), Input::new(rest));
    if let Some(changed) = text(&changed).filter(|changed| *changed != good) {
        assert!(!opens(changed), "changed, and good: {changed:?} for {good:?}");
    }
}

fn now() -> Timestamp {
    start()
}

fn access(rest: &[u8]) {
    let tokens = access_tokens();
    let home = UniverseId::new(2).expect("a universe");
    let principal = Principal {
        user: UserId::from_bits(7),
        scopes: Scopes::of(&[Scope::Read, Scope::Trade]),
        home,
    };
    try_both(&tokens.issue(&principal, now()), rest, |text| {
        let Ok(known) = tokens.verify(text, now()) else { return false };
        let claims = text.split('.').nth(1).expect("claims");
        let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).expect("base64");
        let claims: Value = serde_json::from_slice(&claims).expect("JSON");
        let issued = Timestamp::from_millis(claims["iat"].as_i64().expect("a time") * 1_000);
        assert_eq!(tokens.issue(&known, issued), text, "a second spelling");
        true
    });
    // By a secret that is not ours.
    let secrets = Secrets::from_base64("HxweHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=");
    let forger = AccessTokens { secrets: Arc::new(secrets.expect("a secret")), ..tokens.clone() };
    let forged = forger.issue(&principal, now());
    assert!(tokens.verify(&forged, now()).is_err(), "signed by somebody else");
}

fn refresh(rest: &[u8]) {
    let secrets = secrets();
    let good = refresh_token::seal(&secrets, SessionId::from_bits(7), 3);
    try_both(&good, rest, |text| {
        let Ok((session, generation)) = refresh_token::open(&secrets, text) else { return false };
        assert_eq!(refresh_token::seal(&secrets, session, generation), text, "a second spelling");
        true
    });
}

fn quote(rest: &[u8]) {
    let secrets = secrets();
    let quote = Quote {
        id: QuoteId::from_bits(1),
        owner: UserId::from_bits(7),
        from: earth().currency.code,
        to: mars().currency.code,
        fixed: Fixed::Paid(Amount::from_minor(100).expect("an amount")),
        provenance: provenance(&earth(), &mars()),
        expires_at: now(),
    };
    try_both(&quote_seal::seal(&secrets, &quote), rest, |text| {
        let Ok(quote) = quote_seal::open(&secrets, text) else { return false };
        assert_eq!(quote_seal::seal(&secrets, &quote), text, "a second spelling");
        true
    });
}

fn ticket(rest: &[u8]) {
    let secrets = secrets();
    let ticket = Ticket {
        id: 9,
        user: UserId::from_bits(7),
        scopes: Scopes::of(&[Scope::Read]),
        expires_at: now().plus(Span::seconds(60)),
    };
    try_both(&ticket_seal::seal(&secrets, &ticket), rest, |text| {
        let Ok(ticket) = ticket_seal::open(&secrets, text, now()) else { return false };
        assert_eq!(ticket_seal::seal(&secrets, &ticket), text, "a second spelling");
        assert!(ticket_seal::open(&secrets, text, ticket.expires_at).is_err(), "for ever");
        true
    });
}

fn venue_signature(rest: &[u8]) {
    let secret = VenueSecret::random(&SeededEntropy::new(1));
    let (at, nonce, target) = (now().millis(), "0".repeat(32), "/api/v1/venues/nyx/reports");
    let body = br#"{"order_id":"vor_1","status":"open"}"#;
    let good = secret.sign(at, &nonce, "POST", target, body);
    assert!(secret.verify(&good, at, &nonce, "POST", target, body));
    let signs =
        |signature: &str, body: &[u8]| secret.verify(signature, at, &nonce, "POST", target, body);
    if let Some(made_up) = text(rest) {
        assert!(!signs(made_up, body) || made_up.eq_ignore_ascii_case(&good), "{made_up:?}");
    }
    let changed = mutated(good.as_bytes(), Input::new(rest));
    if let Some(changed) = text(&changed) {
        // Hexadecimal digits say the same in capitals.
        assert!(!signs(changed, body) || changed.eq_ignore_ascii_case(&good), "{changed:?}");
    }
    let changed = mutated(body, Input::new(rest));
    assert!(!signs(&good, &changed) || changed == body, "of another body: {changed:?}");
    let changed = mutated(&at.to_be_bytes(), Input::new(rest));
    if let Ok(bytes) = changed.try_into() {
        let then = i64::from_be_bytes(bytes);
        let signs = secret.verify(&good, then, &nonce, "POST", target, body);
        assert!(!signs || then == at, "of another time: {then}");
    }
}

fn webhook_secret(rest: &[u8]) {
    let (secrets, entropy) = (secrets(), SeededEntropy::new(1));
    if let Some(Ok(secret)) = text(rest).map(WebhookSecret::parse) {
        assert_eq!(Some(secret.reveal().as_str()), text(rest), "a second spelling");
    }
    let (webhook, secret) = (WebhookId::from_bits(7), WebhookSecret::random(&entropy));
    let sealed = secret.seal(&secrets, webhook, &entropy).expect("sealed");
    try_both(&sealed.0, rest, |text| {
        let text = SealedSecret(text.to_owned());
        assert!(WebhookSecret::open(&secrets, WebhookId::from_bits(8), &text).is_err());
        let opened = WebhookSecret::open(&secrets, webhook, &text);
        opened.is_ok_and(|opened| opened.secret == secret && !opened.is_outdated)
    });
    let opened = WebhookSecret::open(&secrets, webhook, &sealed).expect("opens");
    let message = String::from_utf8_lossy(rest);
    let signature = secret.sign("msg_1", 1, &message);
    assert_eq!(opened.secret.sign("msg_1", 1, &message), signature);
    assert_ne!(secret.sign("msg_1", 2, &message), signature);
    let another = WebhookSecret::random(&entropy);
    assert_ne!(another.sign("msg_1", 1, &message), signature);
}

fn venue_secret(rest: &[u8]) {
    let (secrets, entropy) = (secrets(), SeededEntropy::new(1));
    if let Some(Ok(secret)) = text(rest).map(VenueSecret::parse) {
        assert_eq!(Some(secret.reveal().as_str()), text(rest), "a second spelling");
    }
    let venue = VENUE.parse().expect("a venue's name");
    let secret = VenueSecret::random(&entropy);
    let sealed = secret.seal(&secrets, venue, &entropy).expect("sealed");
    let elsewhere = "lse".parse().expect("a venue's name");
    // A webhook's secret is no venue's, whatever it is sealed for.
    let foreign = WebhookId::from_bits(entropy.bits());
    try_both(&sealed.0, rest, |text| {
        let text = SealedSecret(text.to_owned());
        assert!(VenueSecret::open(&secrets, elsewhere, &text).is_err());
        assert!(WebhookSecret::open(&secrets, foreign, &text).is_err());
        VenueSecret::open(&secrets, venue, &text).is_ok_and(|opened| opened.secret == secret)
    });
}
