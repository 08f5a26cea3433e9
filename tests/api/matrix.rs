//! Who may call what: every endpoint, by every kind of caller. What the endpoints do with a
//! rightful request, other tests know.

#![expect(clippy::expect_used, reason = "a fixture that fails is a test that fails")]

pub(crate) mod examples;
mod forged;
mod wanted;

use std::collections::BTreeMap;

use domain::universe::UniverseId;
use edge::{
    auth::scopes::{Scope, Scopes},
    endpoint::Access,
};
use functions::ENDPOINTS;
use market::embedded::MeterReading;
use serde_json::{Value, json};
use tests::{Answered, Ask};

use self::examples::Stage;

/// The status for each caller of the example request, which is about the owner's things.
///
/// `forged` stands for every header that proves nothing; `read` and `trade` are tokens of the
/// owner's with that scope alone.
const TABLE: &str = "
    endpoint             owner  admin  other  nobody forged read   trade

    signup               201    201    201    201    201    201    201
    login                200    200    200    200    200    200    200
    refresh-session      200    200    200    200    200    200    200
    logout               200    200    200    200    200    200    200
    create-ws-ticket     201    201    201    401    401    201    403
    get-me               200    200    200    401    401    200    403
    get-user             200    200    200    401    401    200    403
    get-jwks             200    200    200    200    200    200    200

    list-universes       200    200    200    200    200    200    200
    get-universe         200    200    200    200    200    200    200
    list-rates           200    200    200    200    200    200    200
    get-rates            200    200    200    200    200    200    200
    create-universe      403    201    403    401    401    403    403
    set-rate             403    200    403    401    401    403    403

    open-wallet          200    200    200    401    401    403    200
    list-wallets         200    200    200    401    401    200    403
    get-wallet           200    404    404    401    401    200    403
    operate-wallet       200    404    404    401    401    403    200
    list-wallet-entries  200    404    404    401    401    200    403
    get-wallet-proof     200    404    404    401    401    200    403
    transfer             200    200    200    401    401    403    200

    create-quote         201    201    201    401    401    403    201
    get-quote            200    404    404    401    401    200    403
    exchange             200    404    404    401    401    403    200

    list-items           200    200    200    200    401    200    200
    get-item             200    404    404    404    401    200    200
    create-item          201    201    201    401    401    403    201
    update-item          200    404    404    401    401    403    200
    buy                  200    404    404    401    401    403    200

    list-trades          200    200    404    401    401    200    403
    get-transaction      200    200    404    401    401    200    403
    refund               200    200    404    401    401    403    200

    place-order          201    201    201    401    401    403    201
    place-platform-order 200    200    200    401    401    403    200
    list-orders          200    200    200    401    401    200    403
    list-my-orders       200    200    200    401    401    200    403
    get-order            200    200    404    401    401    200    403
    get-order-by-client-id 200  404    404    401    401    200    403
    list-order-fills     200    200    404    401    401    200    403
    cancel-order         200    404    404    401    401    403    200
    cancel-platform-order 200   404    404    401    401    403    200
    cancel-orders        200    200    200    401    401    403    200
    amend-order          202    404    404    401    401    403    202
    cancel-after         200    200    200    401    401    403    200
    preview-order        200    200    200    401    401    200    403

    list-markets         200    200    200    200    200    200    200
    get-market           200    200    200    200    200    200    200
    get-market-book      200    200    200    200    200    200    200
    list-market-trades   200    200    200    200    200    200    200
    list-candles         200    200    200    200    200    200    200
    get-ticker           200    200    200    200    200    200    200
    get-platform-book    200    200    200    200    200    200    200
    list-recent-trades   200    200    200    200    200    200    200
    list-prices          200    200    200    200    200    200    200
    create-market        403    201    403    401    401    403    403
    set-market-status    403    200    403    401    401    403    403
    list-venues          200    200    200    200    200    200    200
    place-venue-order    201    201    201    401    401    403    201
    place-stock-order    201    201    201    401    401    403    201
    list-venue-orders    200    200    200    401    401    200    403
    get-venue-order      200    200    404    401    401    200    403
    cancel-venue-order   200    404    404    401    401    403    200
    receive-venue-report 200    200    200    200    200    200    200
    get-conservation     403    200    403    401    401    403    403

    list-events          200    200    200    401    401    200    403
    create-webhook       201    201    201    401    401    403    201
    list-webhooks        200    200    200    401    401    200    403
    get-webhook          200    404    404    401    401    200    403
    update-webhook       200    404    404    401    401    403    200
    delete-webhook       200    404    404    401    401    403    200
    rotate-webhook-secret 200   404    404    401    401    403    200
    list-webhook-deliveries 200 404    404    401    401    200    403
    redeliver-event      202    404    404    401    401    403    202

    get-request          200    200    200    401    401    200    403
    void-request         200    200    200    401    401    403    200
    simulate             200    404    404    401    401    200    403

    welcome              200    200    200    200    200    200    200
    health               200    200    200    200    200    200    200
    ready                200    200    200    200    200    200    200
    get-openapi          200    200    200    200    200    200    200
    get-asyncapi         200    200    200    200    200    200    200
    docs                 200    200    200    200    200    200    200
    redoc                200    200    200    200    200    200    200
    get-asset            200    200    200    200    200    200    200
";

/// A line of the table: statuses by caller.
type Row = BTreeMap<&'static str, u16>;

fn table() -> BTreeMap<&'static str, Row> {
    let mut lines = TABLE.lines().map(str::split_whitespace).map(Iterator::collect::<Vec<_>>);
    let callers = lines.find(|line| !line.is_empty()).expect("a line of callers");
    let row = |line: Vec<&'static str>| {
        assert_eq!(line.len(), callers.len(), "{line:?}");
        let status = |text: &str| text.parse().expect("a status");
        let cells = callers.iter().copied().zip(line.iter().copied()).skip(1);
        (line[0], cells.map(|(caller, text)| (caller, status(text))).collect())
    };
    lines.filter(|line| !line.is_empty()).map(row).collect()
}

/// What may not happen for a request that is refused.
pub(crate) fn writes(reading: &MeterReading) -> u64 {
    let is_read = |name: &&String| {
        ["GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"].contains(&name.as_str())
    };
    let written = reading.round_trips.iter().filter(|(name, _)| !is_read(name));
    written.map(|(_, times)| times).sum()
}

/// The `Authorization` headers of each caller.
async fn callers(stage: &Stage) -> Vec<(&'static str, &'static str, Option<String>)> {
    let earth = UniverseId::new(1).expect("Earth");
    let only = |scope| stage.world.token(stage.owner.id, Scopes::of(&[scope]), earth);
    let bearer = |token: &str| Some(format!("Bearer {token}"));
    let mut callers = vec![
        ("owner", "", bearer(&stage.owner.token)),
        ("admin", "", bearer(&stage.admin.token)),
        ("other", "", bearer(&stage.other.token)),
        ("nobody", "", None),
        ("read", "", bearer(&only(Scope::Read))),
        ("trade", "", bearer(&only(Scope::Trade))),
    ];
    let forged = forged::headers(stage).await.into_iter();
    callers.extend(forged.map(|(what, header)| ("forged", what, Some(header))));
    callers
}

#[test]
fn every_endpoint_has_a_row_with_a_rightful_caller() {
    let table = table();
    let stems: Vec<_> = ENDPOINTS.iter().map(|endpoint| endpoint.stem).collect();
    for stem in table.keys() {
        assert!(stems.contains(stem), "{stem} is no endpoint");
    }
    for endpoint in ENDPOINTS {
        let row = table.get(endpoint.stem);
        let row = row.unwrap_or_else(|| panic!("{} has no row", endpoint.stem));
        let rightful =
            if endpoint.access == Access::Needs(Scope::Admin) { "admin" } else { "owner" };
        assert_eq!(row[rightful], endpoint.success.0, "{}", endpoint.stem);
    }
}

#[tokio::test]
async fn every_endpoint_answers_every_kind_of_caller_as_the_table_says() {
    let stage = Stage::set().await;
    let (table, callers) = (table(), callers(&stage).await);
    let mut wrong = Vec::new();
    for endpoint in ENDPOINTS {
        for path in endpoint.paths {
            for (caller, what, header) in &callers {
                let mut ask = stage.examples(endpoint).await.swap_remove(0).ask_at(path);
                if let Some(header) = header {
                    ask = ask.header("authorization", header);
                }
                stage.world.traffic();
                let answer = stage.world.send(ask).await;
                let traffic = stage.world.traffic();
                let expected = table[endpoint.stem][caller];
                if let Err(fault) = judge(&answer, expected, header.is_some(), &traffic) {
                    wrong.push(format!("{path} by {caller} {what}: {fault}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn judge(
    answer: &Answered,
    expected: u16,
    with_token: bool,
    traffic: &MeterReading,
) -> Result<(), String> {
    if answer.status != expected {
        return Err(format!("{} and not {expected}: {}", answer.status, answer.body));
    }
    if expected < 400 {
        return Ok(());
    }
    answer.expect_problem(expected, &answer.text("/code"));
    let (code, challenge) = match (expected, with_token) {
        (401, false) => ("authentication_required", Some("Bearer")),
        (401, true) => ("invalid_token", Some("Bearer error=\"invalid_token\"")),
        (403, _) => ("insufficient_scope", Some("Bearer error=\"insufficient_scope\"")),
        _ => (answer.body["code"].as_str().unwrap_or_default(), None),
    };
    if answer.body["code"] != code || answer.body["retryable"] != false {
        return Err(format!("not {code}: {}", answer.body));
    }
    if answer.header("www-authenticate") != challenge {
        return Err(format!("the challenge is {:?}", answer.header("www-authenticate")));
    }
    match (expected, traffic.total_round_trips(), writes(traffic)) {
        (401 | 403, 1.., _) => Err(format!("the store was asked: {traffic:?}")),
        (_, _, 1..) => Err(format!("something was written: {traffic:?}")),
        _ => Ok(()),
    }
}

/// All that a client can see of an answer, but for the name of the request.
fn seen(answer: &Answered) -> (u16, Value, Vec<(String, String)>) {
    let mut body = answer.body.clone();
    body.as_object_mut().map(|members| members.remove("request_id"));
    let headers = answer
        .headers
        .iter()
        .filter(|(name, _)| !["x-request-id", "ratelimit"].contains(&name.as_str()));
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    (answer.status, body, headers.map(|(n, v)| (n.to_string(), text(v))).collect())
}

#[tokio::test]
async fn what_is_anothers_answers_as_what_nobody_has() {
    let stage = Stage::set().await;
    let table = table();
    for endpoint in ENDPOINTS {
        for (caller, token) in [("other", &stage.other.token), ("admin", &stage.admin.token)] {
            if table[endpoint.stem][caller] != 404 {
                continue;
            }
            let example = stage.examples(endpoint).await.swap_remove(0);
            let foreign = stage.world.send(example.ask().bearer(token)).await;
            let unknown = example.disowned(&stage);
            let unknown = stage.world.send(unknown.ask().bearer(token)).await;
            assert_eq!(seen(&foreign), seen(&unknown), "{} by {caller}", endpoint.stem);
        }
    }
}

#[tokio::test]
async fn anothers_quote_and_draft_answer_as_unknown_ones_wherever_they_are_named() {
    let stage = Stage::set().await;
    let quote = stage.quote().await;
    let price = "1.005";
    for (foreign, unknown, method, path, body) in [
        (&*quote, "quo_unknown", "POST", "/api/v1/exchange", json!({"quote": "@"})),
        (&*quote, "quo_unknown", "POST", "/api/v1/simulate", json!({"exchange": {"quote": "@"}})),
        (&*stage.draft, "", "POST", "/api/v1/buy", json!({"item_id": "@", "quantity": 1})),
        (
            &*stage.draft,
            "",
            "POST",
            "/api/v1/buy",
            json!({"item_id": "@", "quantity": 1, "expected_unit_price": price}),
        ),
        (
            &*stage.draft,
            "",
            "POST",
            "/api/v1/simulate",
            json!({"buy": {"item_id": "@", "quantity": 1}}),
        ),
        (&*stage.draft, "", "PATCH", "/api/v1/items/@", json!({"price": price})),
        (&*stage.draft, "", "PATCH", "/api/v1/items/@", json!({"stock": 1})),
    ] {
        let unknown = if unknown.is_empty() { "itm_7zzzzzzzzzzzzzzzzzzzzzzzzz" } else { unknown };
        let ask = |id: &str| {
            let ask = Ask::new(method, &path.replace('@', id)).by(&stage.other);
            let ask = ask.key(id).header("if-match", "\"7\"");
            ask.raw(body.to_string().replace('@', id))
        };
        stage.world.traffic();
        let foreign = stage.world.send(ask(foreign)).await;
        assert_eq!(writes(&stage.world.traffic()), 0, "{path} {body}");
        let unknown = stage.world.send(ask(unknown)).await;
        assert_eq!(foreign.status, 404, "{path} {body}: {}", foreign.body);
        assert_eq!(seen(&foreign), seen(&unknown), "{path} {body}");
    }
}

#[tokio::test]
async fn another_user_sees_no_address_no_balance_and_no_draft() {
    let stage = Stage::set().await;
    let profile = format!("/api/v1/users/{}", stage.owner.name);
    for viewer in [&stage.other, &stage.admin] {
        let answer = stage.world.send(Ask::get(&profile).by(viewer)).await;
        let members = answer.expect_status(200).body.as_object().expect("an object").keys();
        let members: Vec<_> = members.map(String::as_str).collect();
        assert_eq!(members, ["created_at", "id", "universe_id", "username"]);
    }
    let drafts = format!("/api/v1/items?seller_id={}&state=draft", stage.owner.name);
    for (viewer, count) in [(&stage.owner, 1), (&stage.other, 0), (&stage.admin, 0)] {
        let answer = stage.world.send(Ask::get(&drafts).by(viewer)).await;
        assert_eq!(answer.expect_status(200).body["data"].as_array().map(Vec::len), Some(count));
    }
}

#[tokio::test]
async fn a_key_is_its_users_own_so_another_can_neither_see_nor_void_it() {
    let stage = Stage::set().await;
    let (owner, other) = (&stage.owner, &stage.other);
    let path = format!("/api/v1/wallets/{}/operation", owner.wallet);
    let body = json!({"operation_type": "DEPOSIT", "amount": "1.00"});
    let deposit = || Ask::post(&path).by(owner).key("mine").json(&body);
    let first = stage.world.send(deposit()).await;
    let status = async |caller| {
        let answer = stage.world.send(Ask::get("/api/v1/requests/mine").by(caller)).await;
        answer.expect_status(200).text("/status")
    };
    assert_eq!(status(owner).await, "committed");
    assert_eq!(status(other).await, "not_received");
    let void = Ask::post("/api/v1/requests/mine/void").by(other);
    stage.world.send(void).await.expect_status(200);
    assert_eq!(status(other).await, "voided");
    assert_eq!(status(owner).await, "committed");
    assert_eq!(stage.world.send(deposit()).await.bytes, first.expect_status(200).bytes);
}
