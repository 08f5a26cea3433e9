//! An external venue as a test has it in its hand: what it answers, what it was asked, what it
//! tells by its feed, and how it signs.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use app::{
    ports::VenueConnector,
    venues::{
        feed::{FeedMessage, Numbered},
        put_venue,
    },
};
use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    amount::Amount,
    currency::{Currency, Scale},
    id::VenueOrderId,
    time::{Span, Timestamp},
    venue::{
        Execution, Listing, Reference, Step, Venue, VenueAnswer, VenueId, VenueOrder, VenueState,
        VenueStatus,
    },
};
use edge::{
    auth::venue_secret::VenueSecret,
    context::Context,
    function::handle_task,
    venues::feed::{FeedFailed, VenueFeed, VenueFeeds},
};
use functions::place_at_venue;
use ring::hmac;
use serde_json::Value;
use testkit::clock::ManualClock;

use crate::{Ask, World};

/// The venue of a world that has one.
pub const VENUE: &str = "nyx";
/// What signs its reports and requests to it: the bytes 0 to 31.
const SECRET: &str = "vsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// What it lists, with the prices in minor units that orders at market are held to.
const LISTED: [(&str, Option<i64>); 3] =
    [("DOTUSDT00008", Some(10_000)), ("BTCUSDT00001", Some(25_000)), ("AAPLUSD00003", None)];

/// Answers what the test says, in order, and otherwise as a venue that takes everything: an order
/// is open there once it was placed, and fills nothing.
#[derive(Default)]
pub struct ScriptedVenue(Mutex<Script>);

#[derive(Default)]
struct Script {
    answers: VecDeque<VenueAnswer>,
    asked: Vec<(Step, VenueOrderId)>,
    taken: BTreeMap<VenueOrderId, VenueState>,
}

impl ScriptedVenue {
    /// The next answer, after those that were said before. The venue does nothing else.
    pub fn next(&self, answer: VenueAnswer) {
        self.script(|script| script.answers.push_back(answer));
    }

    /// What it was asked since the last look.
    pub fn asked(&self) -> Vec<(Step, VenueOrderId)> {
        self.script(|script| std::mem::take(&mut script.asked))
    }

    /// Has an order whose placement it did not answer, or that it knows more of by now.
    pub fn has(&self, id: VenueOrderId, state: VenueState) {
        self.script(|script| script.taken.insert(id, state));
    }

    fn script<T>(&self, use_it: impl FnOnce(&mut Script) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn answer(&self, step: Step, order: &VenueOrder) -> VenueAnswer {
        let id = order.terms.id;
        self.script(|script| {
            script.asked.push((step, id));
            if let Some(answer) = script.answers.pop_front() {
                return answer;
            }
            if step == Step::Place {
                script.taken.entry(id).or_insert_with(|| state(VenueStatus::Open, 0, &[]));
            }
            let Some(known) = script.taken.get_mut(&id) else { return VenueAnswer::Unknown };
            if step == Step::Cancel && known.status == VenueStatus::Open {
                known.status = VenueStatus::Cancelled;
            }
            VenueAnswer::Known(known.clone())
        })
    }
}

#[async_trait]
impl VenueConnector for ScriptedVenue {
    async fn place(&self, _: &Venue, order: &VenueOrder) -> VenueAnswer {
        self.answer(Step::Place, order)
    }

    async fn find(&self, _: &Venue, order: &VenueOrder) -> VenueAnswer {
        self.answer(Step::Ask, order)
    }

    async fn cancel(&self, _: &Venue, order: &VenueOrder) -> VenueAnswer {
        self.answer(Step::Cancel, order)
    }
}

/// What the venue says of an order that it calls `X-1`: so many pieces filled, and of these the
/// fills by their names, with pieces and prices in minor units.
#[must_use]
pub fn state(status: VenueStatus, executed: i64, fills: &[(&str, i64, i64)]) -> VenueState {
    let fill = |(id, quantity, price): &(&str, i64, i64)| Execution {
        id: reference(id),
        quantity: amount(*quantity),
        price: amount(*price),
    };
    VenueState {
        reference: reference("X-1"),
        status,
        executed: amount(executed),
        executions: fills.iter().map(fill).collect(),
    }
}

fn amount(minor: i64) -> Amount {
    Amount::from_minor(minor).expect("an amount")
}

fn reference(text: &str) -> Reference {
    text.parse().expect("a reference")
}

/// How a venue signs a request.
#[derive(Debug, Clone)]
pub struct Signature {
    /// The bytes of the secret.
    pub secret: Vec<u8>,
    /// When it says that it was sent.
    pub timestamp_ms: i64,
    /// What it says once; by itself one that no other request has.
    pub nonce: Option<String>,
    /// The headers that it makes.
    pub names: Vec<&'static str>,
}

/// The headers of a signed request.
const HEADERS: [&str; 3] = ["X-Venue-Timestamp", "X-Venue-Nonce", "X-Venue-Signature"];

impl Signature {
    /// One of the venue's that says that it was made at this time.
    #[must_use]
    pub fn at(time: Timestamp) -> Self {
        Self {
            secret: (0..32).collect(),
            timestamp_ms: time.millis(),
            nonce: None,
            names: HEADERS.into(),
        }
    }

    /// Its headers of a request with this method, target and body.
    #[must_use]
    pub fn headers(&self, method: &str, target: &str, body: &Bytes) -> Vec<(String, String)> {
        static NONCES: AtomicU64 = AtomicU64::new(1);
        // A report's address names no query, and an empty one is none.
        let target = target.split('?').next().unwrap_or_default();
        let next = || format!("{:032x}", NONCES.fetch_add(1, Ordering::Relaxed));
        let (time, nonce) = (self.timestamp_ms, self.nonce.clone().unwrap_or_else(next));
        let mut signed = format!("{time}.{nonce}.{method}.{target}.").into_bytes();
        signed.extend_from_slice(body);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.secret), &signed);
        let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let texts = [time.to_string(), nonce, format!("v1={digits}")];
        let headers = HEADERS.map(str::to_owned).into_iter().zip(texts);
        headers.filter(|(name, _)| self.names.contains(&name.as_str())).collect()
    }
}

/// Tells what the test has it say, from whichever message on it is asked for.
pub struct ScriptedFeeds {
    clock: Arc<ManualClock>,
    script: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    said: Vec<Numbered>,
    lost: BTreeSet<u64>,
    failures: VecDeque<FeedFailed>,
    opened: Vec<u64>,
}

impl ScriptedFeeds {
    pub(crate) fn new(clock: Arc<ManualClock>) -> Self {
        Self { clock, script: Mutex::default() }
    }

    /// The next message.
    pub fn say(&self, message: FeedMessage) {
        self.script(|script| {
            let seq = script.said.last().map_or(1, |last| last.seq + 1);
            script.said.push(Numbered { seq, message });
        });
    }

    /// The next feed that is opened leaves this message out.
    pub fn lose_once(&self, seq: u64) {
        self.script(|script| script.lost.insert(seq));
    }

    /// The next one cannot be opened.
    pub fn fail_once(&self, why: FeedFailed) {
        self.script(|script| script.failures.push_back(why));
    }

    /// After which messages feeds were opened since the last look.
    pub fn opened(&self) -> Vec<u64> {
        self.script(|script| std::mem::take(&mut script.opened))
    }

    fn script<T>(&self, use_it: impl FnOnce(&mut Told) -> T) -> T {
        use_it(&mut self.script.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl VenueFeeds for ScriptedFeeds {
    async fn open(&self, _: &Venue, after: u64) -> Result<Box<dyn VenueFeed>, FeedFailed> {
        let said = self.script(|script| {
            script.opened.push(after);
            if let Some(why) = script.failures.pop_front() {
                return Err(why);
            }
            let lost = std::mem::take(&mut script.lost);
            let said = script.said.iter();
            Ok(said.filter(|one| one.seq > after && !lost.contains(&one.seq)).cloned().collect())
        });
        Ok(Box::new(ScriptedFeed { said: said?, clock: Arc::clone(&self.clock) }))
    }
}

struct ScriptedFeed {
    said: VecDeque<Numbered>,
    clock: Arc<ManualClock>,
}

#[async_trait]
impl VenueFeed for ScriptedFeed {
    async fn next(&mut self, max: usize, wait: Span) -> Result<Vec<Numbered>, FeedFailed> {
        if self.said.is_empty() {
            self.clock.advance(wait);
        }
        let count = max.min(self.said.len());
        Ok(self.said.drain(..count).collect())
    }
}

/// The venue [`VENUE`], "New York Cross" in USD: it lists DOTUSDT00008 at 100.00, BTCUSDT00001 at
/// 250.00, and AAPLUSD00003 without a price; five percent of collar.
#[must_use]
pub fn venue(context: &Context) -> Venue {
    let market = &context.market;
    let id: VenueId = VENUE.parse().expect("a venue's name");
    let secret = VenueSecret::parse(SECRET).expect("a secret");
    let secret = secret.seal(context.secrets(), id, market.entropy.as_ref());
    let listing = |(code, price): (&str, Option<i64>)| Listing {
        instrument: code.parse().expect("an instrument"),
        reference: price.map(amount),
    };
    let (code, scale) = ("USD".parse().expect("a code"), Scale::new(2).expect("a scale"));
    Venue {
        id,
        name: "New York Cross".parse().expect("a name"),
        currency: Currency { code, scale },
        url: "https://127.0.0.1/v1".to_owned(),
        secret: secret.expect("sealed"),
        listings: LISTED.map(listing).into(),
        collar_bps: 500,
        concurrency_max: 4,
        rate_max: 1_000,
        suspended: false,
        created_at: market.clock.now(),
        version: 1,
    }
}

impl World {
    /// The same world with the venue of [`venue`].
    pub async fn with_venue(self) -> Self {
        let venue = venue(&self.context);
        let put = put_venue(&self.context.market, venue.id, |_| Some(venue.clone()));
        put.await.expect("a venue");
        self
    }

    /// A signature of the venue's as of now.
    #[must_use]
    pub fn venue_signature(&self) -> Signature {
        Signature::at(self.context.market.clock.now())
    }

    /// A report of the venue's, signed.
    #[must_use]
    pub fn report(&self, body: &Value) -> Ask {
        let path = format!("/api/v1/venues/{VENUE}/reports");
        Ask::post(&path).json(body).signed(self.venue_signature())
    }

    /// Does all that is queued about orders at venues, each after its wait, until nothing is left
    /// that is due so soon; what is due later is forgotten, as by a queue that loses it.
    pub async fn work_venues(&self, within: Span) {
        let within = self.context.market.clock.now().plus(within);
        let mut tasks = VecDeque::from(self.placements.take());
        while let Some((task, wait)) = tasks.pop_front() {
            if self.context.market.clock.now().plus(wait) > within {
                continue;
            }
            self.pass(wait);
            let task = task.to_string();
            handle_task(&self.context, &place_at_venue::FUNCTION, &task).await.expect("worked");
            tasks.extend(self.placements.take());
        }
    }
}
