//! What every request to a venue is made and signed with. What is asked is not known here.

use std::sync::Arc;

use app::ports::{Clock, Entropy};
use domain::{
    time::Timestamp,
    venue::{SendFailure, Venue},
    webhook::{Reach, WebhookUrl},
};
use http::{HeaderName, header};

use crate::{
    acting,
    auth::{
        keys::Secrets,
        venue_secret::{NONCE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, VenueSecret},
    },
};

const USER_AGENT: &str = "multiverse-market-venues/1";

/// What signs requests to venues, and how far these may reach.
#[derive(Clone)]
pub struct Signing {
    /// Whether a venue may be on this machine, and be spoken to in clear.
    pub reach: Reach,
    /// When a request is sent.
    pub clock: Arc<dyn Clock>,
    /// Nonces.
    pub entropy: Arc<dyn Entropy>,
    /// What opens the venues' secrets.
    pub secrets: Arc<Secrets>,
}

/// Where a request to a venue goes, and with which secret it is signed.
pub(super) struct Addressed {
    pub(super) url: WebhookUrl,
    secret: VenueSecret,
}

impl Signing {
    /// For a path of the venue's interface, as in `/orders`, with its query.
    pub(super) fn address(&self, venue: &Venue, path: &str) -> Result<Addressed, SendFailure> {
        let url = WebhookUrl::parse(&format!("{}{path}", venue.url), self.reach);
        let url = url.map_err(|error| {
            tracing::error!(venue = %venue.id, %error, "a venue has a URL that leads nowhere");
            SendFailure::Unresolved
        })?;
        let opened = VenueSecret::open(&self.secrets, venue.id, &venue.secret);
        let opened = opened.map_err(|error| {
            tracing::error!(venue = %venue.id, %error, "a venue's secret cannot be opened");
            SendFailure::Unsigned
        })?;
        if opened.is_outdated {
            tracing::warn!(venue = %venue.id, "a venue's secret must be set anew: it is sealed \
                by the root secret before the one of now");
        }
        Ok(Addressed { url, secret: opened.secret })
    }

    /// The headers of a request that is sent there: signed as of a time, with a nonce of its own.
    pub(super) fn headers(
        &self,
        to: &Addressed,
        at: Timestamp,
        method: &str,
        body: &[u8],
    ) -> Vec<(HeaderName, String)> {
        let (at, nonce) = (at.millis(), format!("{:032x}", self.entropy.bits()));
        let signature = to.secret.sign(at, &nonce, method, to.url.target(), body);
        let mut headers = vec![
            (header::HOST, to.url.authority()),
            (header::USER_AGENT, USER_AGENT.to_owned()),
            (TIMESTAMP_HEADER, at.to_string()),
            (NONCE_HEADER, nonce),
            (SIGNATURE_HEADER, signature),
        ];
        if let Some(origin) = acting::current().and_then(|acting| acting.origin) {
            let name = HeaderName::from_static("traceparent");
            headers.push((name, origin.trace.to_string()));
        }
        headers
    }
}
