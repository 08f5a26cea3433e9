//! A venue, an order and what signs, for the tests of this module.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{
    amount::Amount,
    id::{UserId, VenueOrderId},
    order::{OrderKind, Side},
    time::Span,
    venue::{Listing, Unclear, Venue, VenueOrder, VenueTerms},
    webhook::Reach,
};
use testkit::{
    builders::{earth, start},
    clock::ManualClock,
    entropy::SeededEntropy,
};

use super::signing::Signing;
use crate::auth::{keys::Secrets, venue_secret::VenueSecret};

/// The 32 bytes 0 to 31.
pub(super) const SECRET: &str = "vsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub(super) fn amount(minor: i64) -> Amount {
    Amount::from_minor(minor).expect("an amount")
}

pub(super) fn signing(reach: Reach) -> (Signing, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(start()));
    let secrets = Secrets::from_base64(&BASE64_STANDARD.encode([1; 32])).expect("a root secret");
    let signing = Signing {
        reach,
        clock: clock.clone(),
        entropy: Arc::new(SeededEntropy::new(1)),
        secrets: Arc::new(secrets),
    };
    (signing, clock)
}

/// New York Cross, at this URL, with [`SECRET`].
pub(super) fn nyx(url: &str, signing: &Signing) -> Venue {
    let id = "nyx".parse().expect("a venue's id");
    let secret = VenueSecret::parse(SECRET).expect("a secret");
    let instrument = "DOTUSDT00008".parse().expect("an instrument");
    Venue {
        id,
        name: "New York Cross".parse().expect("a name"),
        currency: earth().currency,
        url: url.to_owned(),
        secret: secret.seal(&signing.secrets, id, signing.entropy.as_ref()).expect("sealed"),
        listings: vec![Listing { instrument, reference: Some(amount(10_000)) }],
        collar_bps: 500,
        concurrency_max: 8,
        rate_max: 100,
        suspended: false,
        created_at: start(),
        version: 1,
    }
}

/// 75 pieces at 100.25 USD or less, as one that an attempt to place began of a second ago.
pub(super) fn order() -> VenueOrder {
    let began = start().minus(Span::seconds(1));
    let terms = VenueTerms {
        id: VenueOrderId::from_bits(7),
        user: UserId::from_bits(1),
        venue: "nyx".parse().expect("a venue's id"),
        side: Side::Buy,
        kind: OrderKind::Limit,
        instrument: "DOTUSDT00008".parse().expect("an instrument"),
        quantity: amount(75),
        price: amount(10_025),
        currency: earth().currency,
        valid_until: start().plus(Span::seconds(60)),
        accepted_at: began,
    };
    let unclear = Some(Unclear { since: began, asked: false });
    VenueOrder { unclear, ..VenueOrder::begun(terms) }
}
