//! Connections: what is posted to them, what clients say over them, and that they break. In the
//! end each client must have, from nothing but what it was told, what the market has.

pub mod listener;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use app::ports::{Clock, ConnectionId};
use async_trait::async_trait;
use domain::time::Span;
use edge::{
    function::{SocketFunction, handle_socket_event},
    sockets::{Frame, Gateway, PostError},
};
use functions::{connect, disconnect, message};
use futures_util::future::{Either, select};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub use listener::Listener;

use crate::{history::Ask, sim::Sim, swarm::Kind, town::MARKETS};

/// Who listens, by their places; each to one of the markets.
pub const LISTENERS: [usize; 5] = [1, 2, 3, 8, 14];
/// How long a function behind a connection may take.
const FUNCTION_LIMIT: Span = Span::seconds(10);
/// After how long without a word a client comes anew.
const SILENCE: Span = Span::seconds(150);
/// How often a client looks whether it was answered.
const LOOK: Span = Span::seconds(10);

/// The connections of one simulated market, and who is at their ends.
#[derive(Default)]
pub struct Lines {
    open: Mutex<BTreeMap<String, UnboundedSender<String>>>,
    opened: Mutex<u64>,
    listeners: Mutex<BTreeMap<usize, Listener>>,
}

impl Lines {
    fn open(&self) -> MutexGuard<'_, BTreeMap<String, UnboundedSender<String>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_name(&self) -> String {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        *opened += 1;
        format!("line-{opened}")
    }

    fn with<T>(&self, who: usize, use_it: impl FnOnce(&mut Listener) -> T) -> T {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        use_it(listeners.entry(who).or_insert_with(|| Listener::new(MARKETS[who % 2].0)))
    }

    /// Messages that were followed, and that did not follow.
    #[must_use]
    pub fn heard(&self) -> (u64, u64) {
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = |what: fn(&Listener) -> u64| listeners.values().map(what).sum();
        (sum(|listener| listener.applied), sum(|listener| listener.gaps))
    }

    /// A listener as it is.
    #[must_use]
    pub fn listener(&self, who: usize) -> Listener {
        self.with(who, |listener| listener.clone())
    }
}

/// The gateway as processes reach it.
pub struct Pipe(pub Weak<Sim>);

#[async_trait]
impl Gateway for Pipe {
    async fn post(&self, to: &ConnectionId, frame: &Frame) -> Result<(), PostError> {
        let Some(sim) = self.0.upgrade() else { return Ok(()) };
        sim.time.sleep(sim.chaos.span(1, 10)).await;
        let lost = sim.chaos.strikes(Kind::SocketLost).then(|| sim.chaos.dice.below(4));
        if lost == Some(0) {
            return Err(PostError::Unavailable("the way there is gone".to_owned()));
        }
        if lost.is_some_and(|how| how > 1) {
            sim.cut(&to.0);
        }
        let open = sim.lines.open();
        let line = open.get(&to.0).ok_or(PostError::Gone)?;
        line.send(frame.text.to_string()).map_err(|_| PostError::Gone)?;
        match lost {
            Some(_) => Err(PostError::Unavailable("no answer".to_owned())),
            None => Ok(()),
        }
    }

    async fn close(&self, id: &ConnectionId) -> Result<(), PostError> {
        let Some(sim) = self.0.upgrade() else { return Ok(()) };
        sim.time.sleep(sim.chaos.span(1, 10)).await;
        sim.cut(&id.0);
        Ok(())
    }
}

impl Sim {
    /// A connection ends, and if the gateway is at its best, a function hears of it.
    fn cut(&self, name: &str) {
        let was = self.lines.open().remove(name);
        if was.is_some() && !(self.chaos.is_on() && self.chaos.dice.percent(30)) {
            let (sim, name) = (self.shared(), name.to_owned());
            sim.spawn(move |sim| async move {
                sim.time.sleep(sim.chaos.span(1, 2_000)).await;
                let _unheard =
                    sim.tell(&disconnect::FUNCTION, &name, "DISCONNECT", json!({})).await;
            });
        }
    }

    /// Tells a function of a connection; whether it took it.
    async fn tell(
        &self,
        function: &'static SocketFunction,
        name: &str,
        kind: &str,
        more: Value,
    ) -> bool {
        let now = self.time.now().millis();
        let mut event = json!({"isBase64Encoded": false, "requestContext": {
            "connectionId": name, "eventType": kind, "connectedAt": now,
            "requestTimeEpoch": now, "identity": {"sourceIp": "192.0.2.10"},
        }});
        if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
            event.extend(more);
        }
        let event = serde_json::from_value(event).expect("an event");
        let told = self.fleet.invoke(function.stem, FUNCTION_LIMIT, |context| {
            Box::pin(async move { handle_socket_event(context, function, event).await.status_code })
        });
        told.await == Ok(200)
    }

    /// Somebody listens, over one connection after another, until all is over.
    pub async fn listen(self: Arc<Self>, who: usize) {
        while !self.is_over() {
            match self.connect(who).await {
                Some((name, inbox)) => self.converse(who, &name, inbox).await,
                None => self.time.sleep(Span::seconds(1)).await,
            }
        }
    }

    async fn connect(&self, who: usize) -> Option<(String, UnboundedReceiver<String>)> {
        let ask = Ask::new(who, "POST", "/api/v1/auth/ws-ticket");
        let ticket = self.settle(0, ask).await.text("/ticket");
        let name = self.lines.next_name();
        let query = json!({"queryStringParameters": {"ticket": ticket}});
        if !self.tell(&connect::FUNCTION, &name, "CONNECT", query).await {
            return None;
        }
        let (sender, inbox) = unbounded_channel();
        self.lines.open().insert(name.clone(), sender);
        let asks = self.lines.with(who, |listener| listener.come(self.time.now()));
        self.say(&name, asks);
        Some((name, inbox))
    }

    /// Each message is handled by itself, as Lambda pleases.
    fn say(&self, name: &str, messages: Vec<Value>) {
        for message in messages {
            let (sim, name) = (self.shared(), name.to_owned());
            sim.spawn(move |sim| async move {
                sim.time.sleep(sim.chaos.span(5, 30)).await;
                let body = json!({"body": message.to_string()});
                let _answered = sim.tell(&message::FUNCTION, &name, "MESSAGE", body).await;
            });
        }
    }

    async fn converse(&self, who: usize, name: &str, mut inbox: UnboundedReceiver<String>) {
        let mut heard_at = self.time.now();
        while !self.is_over() {
            let heard = {
                let (next, look) = (Box::pin(inbox.recv()), Box::pin(self.time.sleep(LOOK)));
                match select(next, look).await {
                    Either::Left((Some(text), _)) => Some(text),
                    Either::Left((None, _)) => return,
                    Either::Right(_) => None,
                }
            };
            let now = self.time.now();
            let asks = match heard {
                Some(text) => {
                    heard_at = now;
                    let message = serde_json::from_str(&text).expect("JSON");
                    self.lines.with(who, |listener| listener.hear(&message, now))
                }
                None => self.lines.with(who, |listener| listener.wait(now)),
            };
            self.say(name, asks);
            if now.since(heard_at) >= SILENCE {
                self.cut(name);
            }
        }
    }

    /// Holds what each client has against what the market has, when all is quiet.
    pub async fn check_listeners(&self) {
        for who in LISTENERS {
            let listener = self.lines.listener(who);
            for wrong in &listener.wrong {
                self.complain(format!("socket of {who}: {wrong}"));
            }
            self.check_book(who, &listener).await;
            self.check_events(who, &listener).await;
        }
    }

    async fn check_book(&self, who: usize, listener: &Listener) {
        let path = format!("/api/v1/markets/{}/book?depth=100", listener.market);
        let book = self.settle(0, Ask::new(who, "GET", path)).await.json();
        let side = |name: &str| -> Vec<[String; 2]> {
            let rows = book[name].as_array().cloned().unwrap_or_default();
            let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
            rows.iter().map(|row| [text(row, "price"), text(row, "quantity")]).collect()
        };
        let bids: Vec<_> = listener.bids.values().rev().take(100).cloned().collect();
        let asks: Vec<_> = listener.asks.values().take(100).cloned().collect();
        if bids != side("bids") || asks != side("asks") {
            let (heard, seq) = (listener.seq("book"), &book["seq"]);
            self.complain(format!("socket of {who}: its book is as of {heard:?}, not {seq}"));
        }
    }

    /// A user's events as they are told over HTTP, from the first.
    pub async fn events_of(&self, who: usize) -> BTreeMap<u64, Value> {
        let mut events = BTreeMap::new();
        loop {
            let after = events.last_key_value().map_or(0, |(seq, _)| *seq);
            let path = format!("/api/v1/events?limit=100&after={after}");
            let page = self.settle(0, Ask::new(who, "GET", path)).await.json();
            let rows = page["data"].as_array().cloned().unwrap_or_default();
            if rows.is_empty() {
                if page["newest"].as_u64() != Some(after) {
                    self.complain(format!("events of {who} end at {after}: {page}"));
                }
                return events;
            }
            events.extend(rows.into_iter().filter_map(|row| Some((row["seq"].as_u64()?, row))));
            if events.last_key_value().is_none_or(|(seq, _)| *seq <= after) {
                self.complain(format!("events of {who} after {after} are not after it: {page}"));
                return events;
            }
        }
    }

    async fn check_events(&self, who: usize, listener: &Listener) {
        let Some(began) = listener.began else {
            return self.complain(format!("socket of {who}: it never heard of its user"));
        };
        let mut expected = self.events_of(who).await;
        expected.retain(|seq, _| *seq > began);
        let differs = expected.iter().find(|(seq, event)| listener.events.get(seq) != Some(event));
        if let Some((seq, event)) = differs {
            let heard = listener.events.get(seq);
            self.complain(format!("socket of {who}: event {seq} is {event}, heard {heard:?}"));
        }
        let heard = listener.events.range(began + 1..).count();
        if heard != expected.len() {
            self.complain(format!("socket of {who}: {heard} events of {}", expected.len()));
        }
    }
}
