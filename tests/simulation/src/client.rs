//! Clients over a network that loses and doubles: each asks again, with the same key, until it
//! knows what became of its request.

use std::{pin::pin, sync::Arc};

use app::ports::Clock;
use bytes::Bytes;
use domain::time::Span;
use edge::dispatch::{self, Source};
use futures_util::future::{Either, select};
use http::{HeaderMap, Request};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::{
    history::{Ask, Heard, Moment, Settled, Told},
    sim::Sim,
    swarm::Kind,
};

/// How long a function behind the API may take: what the gateway allows is more.
const FUNCTION_LIMIT: Span = Span::seconds(10);
/// How long a client waits for an answer.
const PATIENCE: Span = Span::seconds(12);
/// How often a client asks while everything fails; then it waits until that is over.
const TRIES_IN_STORM: u32 = 6;
/// How often it asks in all.
const TRIES_MAX: u32 = 60;

impl Sim {
    /// A moment.
    #[must_use]
    pub fn moment(&self) -> Moment {
        Moment { at: self.time.now(), commits: self.seam.commits_so_far() }
    }

    /// Asks until the answer is definite, and notes it. No answer may be a bug.
    pub async fn settle(&self, op: u32, ask: Ask) -> Told {
        let from = self.moment();
        let mut tries = 0;
        let told = loop {
            tries += 1;
            let told = self.once(&ask).await;
            if let Some(told) = told.filter(|told| self.is_definite(&ask, told)) {
                break told;
            }
            if tries >= TRIES_MAX {
                self.complain(format!("no definite answer in {tries} tries: {ask:?}"));
                break Told { status: 0, bytes: Bytes::new(), replayed: false, etag: None };
            }
            self.time.sleep(self.chaos.span(100, 3_000)).await;
            while tries >= TRIES_IN_STORM && self.chaos.is_on() {
                self.time.sleep(Span::seconds(5)).await;
            }
        };
        let until = self.moment();
        let kept = Some(told.clone()).filter(|told| told.status != 0);
        self.history.note(Settled { op, ask, told: kept, tries, from, until });
        told
    }

    /// Whether a client that got this answer is done: I14, every error is final, or to be tried
    /// again, or a bug; and there are no bugs.
    fn is_definite(&self, ask: &Ask, told: &Told) -> bool {
        if told.status < 400 {
            return true;
        }
        let body = told.json();
        // The predecessor's envelope has it inside.
        let retryable = body.get("retryable").or_else(|| body.pointer("/error/retryable"));
        let retryable = retryable.and_then(Value::as_bool);
        if told.status >= 500 && retryable != Some(true) {
            self.complain(format!("I14: {} {body} to {ask:?}", told.status));
        }
        retryable.map_or(told.status != 503, |retryable| !retryable)
    }

    /// Sends a request once; `None`: no answer, whatever was done.
    pub async fn once(&self, ask: &Ask) -> Option<Told> {
        self.time.sleep(self.chaos.span(5, 30)).await;
        if self.chaos.strikes(Kind::DropRequest) {
            self.time.sleep(PATIENCE).await;
            return None;
        }
        if self.chaos.strikes(Kind::DuplicateRequest) {
            let (sim, ask, late) = (self.shared(), ask.clone(), self.chaos.span(1, 2_000));
            sim.spawn(move |sim| async move {
                sim.time.sleep(late).await;
                // Whoever doubles a request hears no answer.
                let _unheard = sim.reach(&ask).await;
            });
        }
        let (tell, told) = oneshot::channel();
        let (sim, ask) = (self.shared(), ask.clone());
        // The function goes on when its client has left.
        sim.spawn(move |sim| async move {
            let _nobody_waits = tell.send(sim.reach(&ask).await);
        });
        let patience = pin!(self.time.sleep(PATIENCE));
        let told = match select(told, patience).await {
            Either::Left((told, _)) => told.ok().flatten(),
            Either::Right(_) => None,
        };
        if told.is_some() && self.chaos.strikes(Kind::DropResponse) {
            self.time.sleep(PATIENCE).await;
            return None;
        }
        self.time.sleep(self.chaos.span(5, 30)).await;
        told
    }

    /// A request that has reached the API; `None`: its function ended without an answer.
    async fn reach(self: Arc<Self>, ask: &Ask) -> Option<Told> {
        let path = ask.path.split('?').next().unwrap_or_default();
        let endpoint = self.router.endpoint(ask.method, path)?;
        let request = self.request(ask);
        let from = self.moment();
        let answered = self.fleet.invoke(endpoint.stem, FUNCTION_LIMIT, |context| {
            Box::pin(dispatch::answer(context, endpoint, request))
        });
        let (parts, bytes) = answered.await.ok()?.into_parts();
        let replayed = parts.headers.contains_key(dispatch::IDEMPOTENCY_REPLAYED);
        let etag = text(&parts.headers, "etag");
        let told = Told { status: parts.status.as_u16(), bytes, replayed, etag };
        let (ask, until) = (ask.clone(), self.moment());
        let heard = Heard { stem: endpoint.stem, ask, told: told.clone(), from, until };
        self.history.heard().push(heard);
        Some(told)
    }

    /// The stem of the endpoint that a request is for.
    #[must_use]
    pub fn stem(&self, ask: &Ask) -> Option<&'static str> {
        let path = ask.path.split('?').next().unwrap_or_default();
        self.router.endpoint(ask.method, path).map(|endpoint| endpoint.stem)
    }

    fn request(&self, ask: &Ask) -> Request<Bytes> {
        let mut request = Request::builder().method(ask.method).uri(&ask.path);
        if let Some(who) = ask.who {
            request = request.header("authorization", format!("Bearer {}", self.token(who)));
        }
        if let Some(key) = &ask.key {
            // Those of the founding are the same for everybody.
            if let Some(who) = ask.who.filter(|_| self.chaos.is_on()) {
                self.seam.hear_key(self.town.person(who).id, key);
            }
            request = request.header("idempotency-key", key);
        }
        if let Some(version) = &ask.if_match {
            request = request.header("if-match", version);
        }
        let body = ask.body.as_ref().map(|body| Bytes::from(body.to_string()));
        let request = request.body(body.unwrap_or_default());
        let mut request = request.expect("a request that HTTP allows");
        request.extensions_mut().insert(Source("192.0.2.1".to_owned()));
        request
    }

    /// The venue says what became of an order, until it is heard.
    pub async fn report(&self, report: &venue_simulator::Report) {
        let report = crate::venue::report_of(report);
        self.time.sleep(self.chaos.span(1, 50)).await;
        loop {
            let told = report.clone();
            let done = self.fleet.invoke("receive-venue-report", FUNCTION_LIMIT, move |context| {
                Box::pin(async move {
                    let venue = testkit::builders::nyx().id;
                    let letters = context.dead_letters.as_ref();
                    app::venues::reports::receive(&context.market, venue, &told, letters)
                        .await
                        .is_ok()
                })
            });
            if done.await == Ok(true) {
                return;
            }
            self.time.sleep(self.chaos.span(500, 5_000)).await;
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
