//! What the log and the metrics say of requests: whose they are, what they cost, what followed
//! from them. And what they never say, whatever goes wrong.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails")]

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use app::ports::{HashingFailed, Measurement, Metrics, Passwords, Unit};
use async_trait::async_trait;
use domain::{identity::PasswordHash, time::Span};
use dynamo::{Access, DynamoStore, TableNames};
use edge::{
    context::Context,
    function::handle_task,
    telemetry::{LogSettings, Shape},
};
use serde_json::{Value, json};
use tests::{Ask, Caller, World};
use tracing::{level_filters::LevelFilter, subscriber::DefaultGuard};

use crate::connections::{connects, ticket};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
/// The root secret of every world.
const TOKEN_SECRET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// All that a log's writer was given.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One report of a piece of work: the function, what was measured, and the facts beside it.
#[derive(Debug, Clone)]
struct Report {
    function: &'static str,
    measured: Vec<Measurement>,
    facts: Vec<(&'static str, String)>,
}

impl Report {
    /// What was measured under this name; nothing is zero.
    fn value(&self, name: &str) -> f64 {
        let measured = self.measured.iter().find(|measured| measured.name == name);
        measured.map_or(0.0, |measured| measured.value)
    }

    fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str())
    }
}

#[derive(Clone, Default)]
struct Reports(Arc<Mutex<Vec<Report>>>);

impl Reports {
    fn take(&self) -> Vec<Report> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}

impl Metrics for Reports {
    fn measure(&self, _name: &'static str, _unit: Unit, _value: u64) {}

    fn report(
        &self,
        function: &'static str,
        measured: &[Measurement],
        facts: &[(&'static str, &str)],
    ) {
        let facts = facts.iter().map(|(name, text)| (*name, (*text).to_owned())).collect();
        let report = Report { function, measured: measured.to_vec(), facts };
        self.0.lock().expect("no panic").push(report);
    }
}

/// A world that is listened to: our own lines down to TRACE, and all measurements.
struct Listening {
    world: World,
    kept: Kept,
    reports: Reports,
    _guard: DefaultGuard,
}

impl Listening {
    async fn begin() -> Self {
        let (kept, reports) = (Kept::default(), Reports::default());
        let writer = kept.clone();
        let settings = LogSettings { level: LevelFilter::TRACE, shape: Shape::Json };
        let subscriber = settings.subscriber(move || writer.clone());
        let guard = tracing::subscriber::set_default(subscriber);
        let mut world = World::new().await;
        world.context = measured_by(world.elsewhere(|store| store), &reports);
        Self { world, kept, reports, _guard: guard }
    }

    fn text(&self) -> String {
        let bytes = self.kept.0.lock().expect("no panic").clone();
        String::from_utf8(bytes).expect("UTF-8")
    }

    fn lines(&self) -> Vec<Value> {
        let text = self.text();
        text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
    }

    /// The last line with this message.
    #[track_caller]
    fn line(&self, message: &str) -> Value {
        let lines = self.lines();
        let found = lines.iter().rfind(|line| line["message"] == message);
        found.unwrap_or_else(|| panic!("no {message}: {lines:#?}")).clone()
    }

    async fn refused(&self, ask: Ask, status: u16) {
        self.world.send(ask).await.expect_status(status);
    }
}

fn measured_by(context: Arc<Context>, reports: &Reports) -> Arc<Context> {
    let context = Arc::into_inner(context).expect("the only one");
    Arc::new(Context { metrics: Arc::new(reports.clone()), ..context })
}

fn deposit(caller: &Caller, key: &str) -> Ask {
    let path = format!("/api/v1/wallets/{}/operation", caller.wallet);
    let body = json!({"operation_type": "DEPOSIT", "amount": "4.00"});
    Ask::post(&path).by(caller).key(key).json(&body)
}

#[tokio::test]
async fn a_line_about_a_request_has_its_ids_and_those_that_follow_from_it_its_entry() {
    let listening = Listening::begin().await;
    let world = &listening.world;
    let john = world.trader("john_earth", 1).await;
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let ask = deposit(&john, "one").header("x-request-id", "mine").header("traceparent", &parent);
    world.send(ask).await.expect_status(200);
    let answered = listening.line("answered");
    assert_eq!(
        (&answered["endpoint"], &answered["status"]),
        (&json!("operate-wallet"), &json!(200))
    );
    assert_eq!(answered["request_id"], "mine");
    assert_eq!(
        (&answered["level"], &answered["parent"]),
        (&json!("INFO"), &json!("00f067aa0ba902b7"))
    );
    let trace = answered["trace"].as_str().expect("a trace");
    assert!(trace.starts_with(&format!("00-{TRACE}-")) && trace != parent, "{trace}");

    let entry = answered["entry"].as_str().expect("an entry");
    world.follow_streams().await;
    let followed = listening.lines();
    let names_it = |line: &&Value| {
        let entries = line["entries"].as_str().unwrap_or_default();
        line["message"] == "followed" && entries.split(',').any(|named| named == entry)
    };
    let functions: Vec<_> =
        followed.iter().filter(names_it).map(|line| line["function"].clone()).collect();
    assert!(functions.contains(&json!("project")), "{functions:?}");
    assert!(functions.contains(&json!("publish")), "{functions:?}");
}

#[tokio::test]
async fn what_a_request_costs_is_measured_as_the_store_counts_it() {
    let listening = Listening::begin().await;
    let world = &listening.world;
    let john = world.trader("john_earth", 1).await;
    for (ask, replays) in [(deposit(&john, "one"), 0.0), (deposit(&john, "one"), 1.0)] {
        // In the same millisecond it would be the same commit, sent twice.
        world.pass(Span::seconds(1));
        let _before = (world.traffic(), listening.reports.take());
        world.send(ask).await.expect_status(200);
        let (traffic, reports) = (world.traffic(), listening.reports.take());
        let [report] = &reports[..] else { panic!("{reports:?}") };
        assert_eq!(report.function, "operate-wallet");
        let round_trips = u32::try_from(traffic.total_round_trips()).expect("a few");
        assert_eq!(report.value("RoundTrips"), f64::from(round_trips));
        let units = |milliunits: u64| f64::from(u32::try_from(milliunits).expect("a few")) / 1000.0;
        assert_eq!(report.value("WriteUnits"), units(traffic.write_milliunits));
        assert_eq!(report.value("ReadUnits"), units(traffic.read_milliunits));
        assert_eq!(report.value("Replays"), replays);
        assert!(report.fact("request_id").is_some() && report.fact("trace").is_some());
    }
    world.send(Ask::get("/api/v1/rates")).await.expect_status(200);
    world.send(Ask::get("/api/v1/rates")).await.expect_status(200);
    let last = listening.reports.take().pop().expect("a report");
    assert_eq!((last.value("ProcessCacheHits"), last.value("RoundTrips")), (1.0, 0.0));
    world.follow_streams().await;
    let reports = listening.reports.take();
    let lags = reports.iter().flat_map(|report| &report.measured);
    assert!(lags.clone().any(|measured| measured.name == "StreamLagMs"), "{reports:?}");
}

/// Passwords of a process that is out of order.
struct Broken;

#[async_trait]
impl Passwords for Broken {
    async fn hash(&self, _password: &str, _salt: u128) -> Result<PasswordHash, HashingFailed> {
        panic!("a bug");
    }

    async fn verify(&self, _password: &str, _hash: Option<&PasswordHash>) -> bool {
        panic!("a bug");
    }
}

/// The same market where nothing works: no password is hashed, and the store is not there.
fn out_of_order(listening: &Listening) -> [Arc<Context>; 2] {
    let world = &listening.world;
    let mut panics = Arc::into_inner(world.elsewhere(|store| store)).expect("the only one");
    panics.market.passwords = Arc::new(Broken);
    let access = Access {
        access_key_id: "AKIACANARY".to_owned(),
        secret_access_key: "canary-secret-access-key".into(),
        session_token: Some("canary-session-token".into()),
        region: "us-east-1".to_owned(),
        // The port of a service that nobody has had for decades.
        endpoint: Some("http://127.0.0.1:9".to_owned()),
    };
    let store = DynamoStore::new(dynamo::connect(access), TableNames::prefixed("gone".to_owned()));
    let gone = world.elsewhere(|_| Arc::new(store));
    [Arc::new(panics), gone].map(|context| measured_by(context, &listening.reports))
}

fn credentials(password: &str) -> Value {
    json!({"username": "carl_canary", "password": password})
}

fn sign_up(password: &str) -> Ask {
    Ask::post("/api/v1/auth/signup").json(&json!({"username": "carl_canary",
        "email": "carl@example.com", "password": password, "universe_id": 1}))
}

fn log_in(password: &str) -> Ask {
    Ask::post("/api/v1/auth/login").json(&credentials(password))
}

/// Signs up and in with canaries, well and badly; the tokens.
async fn sessions(listening: &Listening) -> Vec<String> {
    let world = &listening.world;
    let signup = "/api/v1/auth/signup";
    let cut = "{\"username\": \"carl_canary\", \"password\": \"canary-cut-password";
    listening.refused(Ask::post(signup).raw(cut), 400).await;
    let typed = json!({"username": "carl_canary", "email": "carl@example.com", "universe_id": 1,
        "password": {"canary-key": "canary-typed-password"}});
    listening.refused(Ask::post(signup).json(&typed), 422).await;
    listening.refused(sign_up("canary\u{7}"), 422).await;
    listening.refused(sign_up("canary-password-1"), 201).await;
    listening.refused(sign_up("canary-password-2"), 409).await;
    listening.refused(log_in("canary-password-3"), 401).await;
    let session = world.send(log_in("canary-password-1")).await;
    let (access, first) = (session.text("/access_token"), session.text("/refresh_token"));
    let refresh =
        |token: &str| Ask::post("/api/v1/auth/refresh").json(&json!({"refresh_token": token}));
    let renewed = world.send(refresh(&first)).await;
    let second = renewed.expect_status(200).text("/refresh_token");
    for bad in ["ref_canary-refresh-token", &format!("{second}x")] {
        listening.refused(refresh(bad), 401).await;
    }
    let me = || Ask::get("/api/v1/users/me");
    listening.refused(me().bearer(&access), 200).await;
    for bad in [&format!("{access}x"), "canary.access.token"] {
        listening.refused(me().bearer(bad), 401).await;
    }
    vec![access, first, second]
}

/// Makes a webhook, a ticket and a quote, and uses them well and badly; they themselves.
async fn rights(listening: &Listening) -> Vec<String> {
    let world = &listening.world;
    let john = world.trader_with("john_earth", 1, "100.00").await;
    let body = json!({"url": "https://hooks.example.com/canary-path", "events": ["deposit"]});
    let webhook = world.send(Ask::post("/api/v1/webhooks").by(&john).json(&body)).await;
    let secret = webhook.expect_status(201).text("/secret");
    world.send(deposit(&john, "canary-key")).await.expect_status(200);
    world.follow_streams().await;
    for (task, _) in world.deliveries.take() {
        let function = &functions::deliver_webhooks::FUNCTION;
        handle_task(&world.context, function, &task.to_string()).await.expect("handled");
    }
    let ticket = ticket(world, &john).await;
    for (connection, text, status) in
        [("one", ticket.as_str(), 200), ("two", &ticket, 401), ("three", "tkt_canary-ticket", 401)]
    {
        let (answered, _) = connects(world, connection, json!({"ticket": text})).await;
        assert_eq!(answered, status);
    }
    let wanted = json!({"amount": "10.00", "from_universe_id": 1, "to_universe_id": 2});
    let quote = world.send(Ask::post("/api/v1/quotes").by(&john).json(&wanted)).await;
    let quote = quote.expect_status(201).text("/id");
    for (key, quote, status) in [("a", quote.as_str(), 200), ("b", "quo_canary-quote", 404)] {
        let ask = Ask::post("/api/v1/exchange").by(&john).key(key);
        listening.refused(ask.json(&json!({"quote": quote})), status).await;
    }
    vec![john.token, secret, ticket, quote]
}

#[tokio::test]
async fn no_secret_is_ever_logged_or_measured() {
    let mut listening = Listening::begin().await;
    let mut secrets = sessions(&listening).await;
    secrets.extend(rights(&listening).await);
    let token = secrets[0].clone();
    let [panics, gone] = out_of_order(&listening);
    let whole = std::mem::replace(&mut listening.world.context, panics);
    listening.refused(log_in("canary-password-1"), 500).await;
    listening.world.context = gone;
    listening.refused(log_in("canary-password-1"), 503).await;
    listening.refused(Ask::get("/api/v1/users/me").bearer(&token), 503).await;
    listening.world.context = whole;
    listening.world.pass(Span::seconds(3600));
    listening.refused(Ask::get("/api/v1/users/me").bearer(&token), 401).await;

    secrets.extend([TOKEN_SECRET, "canary", "AKIACANARY"].map(str::to_owned));
    let text = listening.text();
    for message in ["answered", "access token refused", "ticket refused", "bug", "tried to deliver"]
    {
        listening.line(message);
    }
    let told = listening.reports.take();
    let told = told.iter().map(|report| format!("{report:?}"));
    for line in text.lines().map(str::to_owned).chain(told) {
        for secret in &secrets {
            // A token is no less a secret without its last part.
            let parts = secret.split('.').filter(|part| part.len() > 5);
            for part in parts {
                assert!(!line.contains(part), "{part} is told: {line}");
            }
        }
    }
}
