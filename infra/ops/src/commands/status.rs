//! `status`: how the market is, and the first step where something is wrong.

mod measured;

use app::{audit::audit, perform::Freshness};
use aws_sdk_dynamodb::types::{PointInTimeRecoveryStatus, TableStatus};
use dynamo::schema::{TABLES, Table};
use serde_json::{Value, json};

use crate::{
    commands::{
        cache,
        queues::{self, QUEUES},
        tables, venues,
    },
    failure::Failure,
    market::market,
    report::{Report, table},
    session::{Session, outputs},
};

use measured::Measured;

/// The most commands of a market that are counted.
const WAITING_MAX: u32 = 1_000;
/// More commands than this wait only if no matcher is awake.
const WAITING_MANY: usize = 200;
/// A stream that is so far behind is more than busy, in milliseconds.
const ITERATOR_AGE_MAX_MS: f64 = 60_000.0;

/// Sections as they grow, and what is wrong.
#[derive(Default)]
struct Found {
    text: String,
    json: serde_json::Map<String, Value>,
    wrong: Vec<[String; 2]>,
}

impl Found {
    fn section<const N: usize>(&mut self, name: &str, head: [&str; N], rows: &[[String; N]]) {
        let list = rows.iter().map(|row| {
            let members = head.iter().zip(row);
            let members = members.map(|(name, cell)| ((*name).to_owned(), json!(cell)));
            Value::Object(members.collect())
        });
        self.json.insert(name.to_owned(), list.collect());
        self.text.push_str(&table(head, rows));
        self.text.push('\n');
    }

    fn wrong(&mut self, what: impl Into<String>, first: &str) {
        self.wrong.push([what.into(), first.to_owned()]);
    }
}

/// Says how the market is.
///
/// # Errors
/// The database cannot be reached at all. What another service does not tell is said to be
/// unknown.
pub async fn status(session: &Session) -> Result<Report, Failure> {
    let mut found = Found::default();
    let measured = Measured::read(session).await;
    all_tables(session, &mut found).await?;
    all_queues(session, &measured, &mut found).await;
    the_cache(session, &mut found).await;
    // Without tables nothing more can be said.
    if found.wrong.iter().all(|[what, _]| !what.ends_with("is not there")) {
        all_markets(session, &mut found).await?;
        all_venues(session, &mut found).await?;
        told(session, &measured, &mut found).await?;
    }
    let Found { mut text, mut json, wrong } = found;
    if wrong.is_empty() {
        text.push_str("All is well.");
    }
    for [what, first] in &wrong {
        text.push_str(&format!("WRONG: {what}\n  First step: {first}\n"));
    }
    let fine = wrong.is_empty();
    let list = wrong.iter().map(|[what, first]| json!({"what": what, "first_step": first}));
    json.insert("wrong".to_owned(), list.collect());
    json.insert("market".to_owned(), json!(session.market));
    Ok(Report { text, json: Value::Object(json), fine })
}

async fn all_tables(session: &Session, found: &mut Found) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for declared in TABLES {
        let name = session.tables.of(declared);
        let Some(described) = tables::described(session, declared).await? else {
            found.wrong(format!("the table {name} is not there"), "deploy the data stack");
            continue;
        };
        let status = described.table_status().map_or("?", TableStatus::as_str).to_owned();
        if described.table_status().is_some_and(|status| *status != TableStatus::Active) {
            found.wrong(format!("the table {name} is {status}"), "wait, and ask again");
        }
        let recovery = recovery(session, declared).await;
        let protected = described.deletion_protection_enabled() == Some(true);
        let expiry = tables::expiry(session, declared).await?;
        if recovery.as_deref() == Some("off") {
            found.wrong(
                format!("the table {name} has no point-in-time recovery"),
                "deploy the data stack",
            );
        }
        let differences = tables::differences(declared, &described, expiry.as_ref());
        if !differences.is_empty() {
            found.wrong(format!("the table {name} is not as declared"), "market-ops tables verify");
        }
        let stream = described.stream_specification().is_some_and(|it| it.stream_enabled());
        let expires = expiry.and_then(|expiry| expiry.attribute_name).unwrap_or_default();
        rows.push([
            declared.stem.to_owned(),
            status,
            described.item_count().map_or("?".to_owned(), |count| count.to_string()),
            described.table_size_bytes().map_or("?".to_owned(), |bytes| bytes.to_string()),
            recovery.unwrap_or_else(|| "?".to_owned()),
            if stream { "on" } else { "-" }.to_owned(),
            expires,
            if protected { "on" } else { "off" }.to_owned(),
        ]);
    }
    let head = ["table", "status", "items", "bytes", "recovery", "stream", "expiry", "protected"];
    found.section("tables", head, &rows);
    Ok(())
}

/// Whether the table can be restored to any second; emulators may not know.
async fn recovery(session: &Session, table: &Table) -> Option<String> {
    let backups = session.dynamodb.describe_continuous_backups();
    let backups = backups.table_name(session.tables.of(table)).send().await.ok()?;
    let described = backups.continuous_backups_description?.point_in_time_recovery_description?;
    let on = described.point_in_time_recovery_status == Some(PointInTimeRecoveryStatus::Enabled);
    Some(if on { "on" } else { "off" }.to_owned())
}

async fn all_queues(session: &Session, measured: &Measured, found: &mut Found) {
    let mut rows = Vec::new();
    for queue in QUEUES {
        let Some(url) = session.output(queue.output) else { continue };
        let depth = match queues::depth(session, url).await {
            Ok(depth) => depth,
            Err(failure) => {
                found.wrong(format!("{}: {failure}", queue.what), "deploy the events stack");
                continue;
            }
        };
        if queue.dead_letters && depth.waiting.saturating_add(depth.in_flight) > 0 {
            let first = match queue.what {
                "failures" => "market-ops redrive failures",
                "match (dead letters)" => "market-ops redrive match",
                "venues (dead letters)" => "market-ops redrive venues",
                _ => "market-ops redrive webhooks",
            };
            found.wrong(format!("{}: {} messages", queue.what, depth.waiting), first);
        }
        let age = measured.queue_age_s(queues::name_of(url));
        rows.push([
            queue.what.to_owned(),
            depth.waiting.to_string(),
            depth.in_flight.to_string(),
            depth.delayed.to_string(),
            age.map_or("?".to_owned(), |age| format!("{age:.0} s")),
        ]);
    }
    if rows.is_empty() {
        found.text.push_str("No queue is known: say --stack, or --output MatchQueueUrl=….\n\n");
        return;
    }
    found.section("queues", ["queue", "waiting", "in flight", "delayed", "oldest"], &rows);
}

async fn the_cache(session: &Session, found: &mut Found) {
    if session.output(outputs::CACHE_NAME).is_none() {
        found.text.push_str("No cache: rates are read from DynamoDB.\n\n");
        return;
    }
    match cache::describe(session).await {
        Ok(described) => {
            let wrong = cache::wrong(&described, session.output(outputs::CACHE_URL));
            found.json.insert("cache".to_owned(), cache::as_json(&described, &wrong));
            let row = [described.name, described.status, described.engine, described.version];
            found.text.push_str(&table(["cache", "status", "engine", "version"], &[row]));
            found.text.push('\n');
            for what in wrong {
                found.wrong(format!("the cache: {what}"), "market-ops cache");
            }
        }
        Err(failure) => found.wrong(format!("the cache: {failure}"), "market-ops cache"),
    }
}

async fn all_markets(session: &Session, found: &mut Found) -> Result<(), Failure> {
    let market = market(session);
    let mut rows = Vec::new();
    for pair in market.pairs.all(Freshness::Fresh).await?.iter() {
        let waiting = market.store.commands(pair.id(), WAITING_MAX).await?.len();
        if waiting > WAITING_MANY {
            let first = "look for errors of match-orders; is its queue's mapping enabled?";
            found.wrong(format!("{}: {waiting} commands wait", pair.id()), first);
        }
        let resting = market.store.resting(pair.id()).await?.len();
        let status = pair.status.as_str().to_owned();
        rows.push([pair.id().to_string(), status, waiting.to_string(), resting.to_string()]);
    }
    found.section("markets", ["market", "status", "waiting", "resting"], &rows);
    Ok(())
}

async fn all_venues(session: &Session, found: &mut Found) -> Result<(), Failure> {
    let venues = venues::overview(&market(session)).await?;
    for venue in &venues {
        let (id, late) = (venue.venue.id, venue.late);
        if !venue.breaker.is_closed() {
            found.wrong(format!("{id} does not answer, and is left alone"), "ask the venue");
        }
        if late > 0 {
            let first = "look for errors of place-at-venue; is its queue's mapping enabled?";
            found.wrong(format!("{id}: {late} orders are late"), first);
        }
    }
    let rows: Vec<_> = venues.iter().map(venues::Overview::row).collect();
    if !rows.is_empty() {
        found.section("venues", venues::HEAD, &rows);
    }
    Ok(())
}

/// How far what is told is behind, and whether it agrees with what was committed.
async fn told(session: &Session, measured: &Measured, found: &mut Found) -> Result<(), Failure> {
    let market = market(session);
    let audit = audit(&market).await?;
    let differences = audit.differences.len();
    let measured_differences = measured.audit_differences();
    let lag_s = audit.lag.as_millis() / 1_000;
    if differences > 0 || measured_differences.is_some_and(|count| count > 0.0) {
        let first = "halt all markets, then read the audit's lines at level ERROR; after a \
                     restore: market-ops repair";
        found.wrong("the audit found differences: money was made, lost or misstated", first);
    }
    if lag_s > 0 || measured.audit_lag_s().is_some_and(|lag| lag > 0.0) {
        let first = "look at the streams' iterator ages, then: market-ops redrive failures";
        found.wrong("statements lag behind their accounts", first);
    }
    let mut rows = vec![
        ["audit now: differences".to_owned(), differences.to_string()],
        ["audit now: lag".to_owned(), format!("{lag_s} s")],
        ["audit, last hour: differences".to_owned(), number(measured.audit_differences())],
        ["audit, last hour: lag".to_owned(), number(measured.audit_lag_s())],
    ];
    for (function, age_ms) in measured.iterator_ages_ms() {
        rows.push([format!("{function}: oldest record, ms"), number(age_ms)]);
        if age_ms.is_some_and(|age| age > ITERATOR_AGE_MAX_MS) {
            let first = "look for its errors; raise its parallelisation factor";
            found.wrong(format!("{function} is behind its streams"), first);
        }
    }
    found.section("told", ["told", "is"], &rows);
    Ok(())
}

fn number(value: Option<f64>) -> String {
    value.map_or("?".to_owned(), |value| format!("{value:.0}"))
}
