//! Bad values in every documented field of every endpoint: none is a bug of ours, none is
//! written, and each answer names the field. What a good request does, other tests know.
//!
//! A `Content-Type` is not among the fields: every body is read as JSON, whatever it is called.

#![expect(clippy::expect_used, reason = "a fixture that fails is a test that fails")]

mod corpus;
mod fields;
mod rules;

use edge::endpoint::{Endpoint, Idempotency};
use functions::ENDPOINTS;
use market::embedded::MeterReading;
use serde_json::{Value, json};
use tests::{Answered, Ask};

use self::rules::Verdict;
use crate::matrix::{
    examples::{Example, Stage, escaped},
    writes,
};

/// Stands for the value that is replaced.
const HOLE: &str = "\u{1}hole\u{1}";

/// What was tried and what went wrong.
#[derive(Default)]
struct Tally {
    cases: usize,
    wrong: Vec<String>,
}

impl Tally {
    /// Sends the rightful caller's request and holds the answer against the verdict.
    async fn try_out(
        &mut self,
        stage: &Stage,
        endpoint: &Endpoint,
        ask: Ask,
        case: (&str, &[u8]),
        allowed: &[Verdict],
    ) {
        let ask = ask.by(stage.rightful(endpoint));
        stage.world.traffic();
        let answer = stage.world.send(ask).await;
        let traffic = stage.world.traffic();
        self.cases += 1;
        let faults: Vec<_> = allowed
            .iter()
            .filter_map(|verdict| fault(endpoint, &answer, &traffic, verdict))
            .collect();
        if faults.len() == allowed.len() {
            let (field, value) = case;
            let value: String = String::from_utf8_lossy(value).chars().take(80).collect();
            let faults = faults.join("; or ");
            self.wrong.push(format!("{} {field} = {value:?}: {faults}", endpoint.stem));
        }
    }

    /// Says how many cases there were; fails if any went wrong or there were too few.
    #[expect(clippy::print_stdout, reason = "the number of cases is worth knowing")]
    #[track_caller]
    fn conclude(self, what: &str, at_least: usize) {
        println!("{} bad values in {what}", self.cases);
        let Self { cases, wrong } = self;
        assert!(wrong.is_empty(), "{} of {cases} wrong:\n{}", wrong.len(), wrong.join("\n"));
        assert!(cases >= at_least, "only {cases} cases");
    }
}

/// What is wrong with an answer, if this is the verdict.
fn fault(
    endpoint: &Endpoint,
    answer: &Answered,
    traffic: &MeterReading,
    verdict: &Verdict,
) -> Option<String> {
    let status = answer.status;
    // As clients of the service that was replaced know it.
    let enveloped = endpoint.stem == "place-stock-order" && answer.body["error"].is_object();
    let (problem, well_formed) = if enveloped {
        let whole = answer.body["success"] == false && answer.body["version"] == "0.0";
        let typed = answer.header("content-type") == Some("application/json");
        (&answer.body["error"], whole && typed)
    } else {
        let typed = answer.header("content-type") == Some("application/problem+json");
        let named = answer.body["request_id"].is_string();
        (&answer.body, typed && named && answer.body["status"] == status)
    };
    let well_formed = well_formed && problem["retryable"] == false;
    let right = match verdict {
        Verdict::Success => return (status != endpoint.success.0).then(|| describe(answer)),
        Verdict::Refused(pointer) => {
            let below = format!("{pointer}/");
            let names = |error: &Value| {
                let named = error["pointer"].as_str().unwrap_or_default();
                named == pointer || (pointer != "/" && named.starts_with(&below))
            };
            let named = problem["errors"].as_array().is_some_and(|errors| errors.iter().any(names));
            named && [400, 413, 422, 428].contains(&status)
        }
        Verdict::Unknown(wanted, code) => status == *wanted && problem["code"] == *code,
    };
    if !right || !well_formed {
        return Some(format!("not {verdict:?} but {}", describe(answer)));
    }
    (writes(traffic) > 0).then(|| format!("something was written: {traffic:?}"))
}

fn describe(answer: &Answered) -> String {
    format!("{} {}", answer.status, answer.body)
}

/// The example's body with this in place of a field's value.
fn with_literal(example: &Example, pointer: &str, literal: &[u8]) -> Vec<u8> {
    let mut body = example.body.clone().expect("a body");
    *body.pointer_mut(pointer).expect("the field") = Value::from(HOLE);
    let (body, hole) = (body.to_string(), Value::from(HOLE).to_string());
    let (before, after) = body.split_once(&hole).expect("the hole");
    [before.as_bytes(), literal, after.as_bytes()].concat()
}

#[tokio::test]
async fn no_field_of_a_body_takes_what_it_should_not() {
    let mut tally = Tally::default();
    for endpoint in ENDPOINTS {
        let stage = Stage::set().await;
        for field in fields::of_body(endpoint) {
            let mut examples = stage.examples(endpoint).await;
            let (index, valid) = fields::example_with(&examples, &field.pointer);
            let name = field.pointer.rsplit('/').next().expect("a name");
            for literal in corpus::literals(name, &valid) {
                let value = literal.value();
                let verdict =
                    rules::in_body(endpoint.stem, &field.pointer, field.optional, value.as_ref());
                let mut allowed = vec![verdict];
                if literal.may_blame_body {
                    allowed.push(Verdict::Refused("/".to_owned()));
                }
                let body = with_literal(&examples[index], &field.pointer, &literal.bytes);
                let ask = examples[index].ask().raw(body);
                let case = (&*field.pointer, &*literal.bytes);
                tally.try_out(&stage, endpoint, ask, case, &allowed).await;
                if allowed.contains(&Verdict::Success) {
                    examples = stage.examples(endpoint).await;
                }
            }
        }
    }
    tally.conclude("fields of bodies", 8_000);
}

#[tokio::test]
async fn a_field_that_is_repeated_or_unknown_is_named() {
    let stage = Stage::set().await;
    let mut tally = Tally::default();
    for endpoint in ENDPOINTS {
        let examples = stage.examples(endpoint).await;
        for field in fields::of_body(endpoint) {
            let (index, valid) = fields::example_with(&examples, &field.pointer);
            let (at, name) = field.pointer.rsplit_once('/').expect("a pointer");
            let twice = format!("{valid},{}:{valid}", Value::from(name));
            let ask = examples[index].ask();
            let body = with_literal(&examples[index], &field.pointer, twice.as_bytes());
            let allowed = [Verdict::Refused(field.pointer.clone())];
            let case = (&*field.pointer, twice.as_bytes());
            tally.try_out(&stage, endpoint, ask.raw(body), case, &allowed).await;
            for unknown in ["extra", "role", "__proto__", "ID", "a.b", "", "a`b", "a/b~c"] {
                let extra = format!("{valid},{}:1", Value::from(unknown));
                let escaped = unknown.replace('~', "~0").replace('/', "~1");
                let ask = examples[index].ask();
                let body = with_literal(&examples[index], &field.pointer, extra.as_bytes());
                // A venue may say more than is read.
                let allowed = match endpoint.signed {
                    true => [Verdict::Success],
                    false => [Verdict::Refused(format!("{at}/{escaped}"))],
                };
                let case = (&*field.pointer, extra.as_bytes());
                tally.try_out(&stage, endpoint, ask.raw(body), case, &allowed).await;
            }
        }
    }
    tally.conclude("fields that are repeated or unknown", 500);
}

#[tokio::test]
async fn a_body_that_is_no_object_is_refused_as_a_whole() {
    let stage = Stage::set().await;
    let mut tally = Tally::default();
    for endpoint in ENDPOINTS {
        let example = stage.examples(endpoint).await.swap_remove(0);
        let Some(valid) = &example.body else { continue };
        for body in corpus::bodies(&valid.to_string()) {
            // An unknown member is refused before the rest is read.
            let mut allowed = ["/", "/a"].map(|at| Verdict::Refused(at.to_owned())).to_vec();
            if endpoint.stem == "open-wallet" && body.is_empty() {
                allowed = vec![Verdict::Success];
            }
            let case = ("body", &*body);
            let ask = example.ask().raw(body.clone());
            tally.try_out(&stage, endpoint, ask, case, &allowed).await;
        }
    }
    tally.conclude("whole bodies", 450);
}

/// Serde would take an array of the members for the object, in the order of the program's text.
#[tokio::test]
async fn an_array_of_its_members_is_no_object() {
    let stage = Stage::set().await;
    let simulate = Ask::post("/api/v1/simulate").by(&stage.owner);
    for (name, members) in [
        ("buy", json!([stage.draft, 1, null, null, null, null])),
        ("exchange", json!([null, null, "1.00", 1, null, 2, null, null])),
        ("transfer", json!([stage.other.name, null, "1.00", null])),
    ] {
        let answer = stage.world.send(simulate.clone().json(&json!({ name: members }))).await;
        answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.text("/errors/0/pointer"), format!("/{name}"));
    }
}

#[tokio::test]
async fn sixteen_kibibytes_are_the_most_that_is_read() {
    let stage = Stage::set().await;
    for endpoint in ENDPOINTS {
        let example = stage.examples(endpoint).await.swap_remove(0);
        let body = example.body.as_ref().map(Value::to_string).unwrap_or_default();
        for (length, status) in [(16 * 1024 + 1, 413), (16 * 1024, endpoint.success.0)] {
            let padded = format!("{body}{}", " ".repeat(length - body.len()));
            let ask = example.ask().by(stage.rightful(endpoint)).raw(padded);
            let answer = stage.world.send(ask).await;
            assert_eq!(answer.status, status, "{} {length}: {}", endpoint.stem, answer.body);
        }
    }
}

#[tokio::test]
async fn no_parameter_of_a_query_takes_what_it_should_not() {
    let stage = Stage::set().await;
    let mut tally = Tally::default();
    for endpoint in ENDPOINTS {
        let example = stage.examples(endpoint).await.swap_remove(0);
        for name in fields::of(endpoint, "query") {
            let known = example.query.iter().find(|(known, _)| *known == name);
            let valid = known.map(|(_, text)| text.clone()).unwrap_or_default();
            let others: Vec<_> =
                example.query.iter().filter(|(known, _)| *known != name).cloned().collect();
            let others = Example { query: others, ..example.clone() };
            for text in corpus::texts(&name, &valid) {
                let ask = and_query(&others, &format!("{name}={}", escaped(&text)));
                let allowed = [rules::in_query(endpoint.stem, &name, &text)];
                tally.try_out(&stage, endpoint, ask, (&name, text.as_bytes()), &allowed).await;
            }
            for raw in ["%ff", "%", "%zz", "%c0%af"] {
                let ask = and_query(&others, &format!("{name}={raw}"));
                let allowed = [Verdict::Refused(format!("/query/{name}"))];
                tally.try_out(&stage, endpoint, ask, (&name, raw.as_bytes()), &allowed).await;
            }
            let twice = format!("{name}={0}&{name}={0}", escaped(&valid));
            let allowed = [Verdict::Refused(format!("/query/{name}"))];
            let case = (&*name, twice.as_bytes());
            tally.try_out(&stage, endpoint, and_query(&others, &twice), case, &allowed).await;
        }
        let allowed = [Verdict::Refused("/query/unknown".to_owned())];
        let ask = and_query(&example, "unknown=1");
        tally.try_out(&stage, endpoint, ask, ("unknown", b"1"), &allowed).await;
    }
    tally.conclude("queries", 1_000);
}

/// The example with one more parameter in its query, as it is spelled.
fn and_query(example: &Example, parameter: &str) -> Ask {
    let mut path = example.endpoint.path().to_owned();
    for (name, text) in &example.parameters {
        path = path.replace(&format!("{{{name}}}"), &escaped(text));
    }
    let query = example.query.iter().map(|(name, text)| format!("{name}={}", escaped(text)));
    let query: Vec<_> = query.chain([parameter.to_owned()]).collect();
    example.ask_of(&format!("{path}?{}", query.join("&")))
}

/// The example's path with another segment, as it is spelled, for one of its parameters.
fn path_with(example: &Example, name: &str, segment: &str) -> String {
    let path = example.endpoint.path().replace(&format!("{{{name}}}"), segment);
    let others = example.parameters.iter();
    others.fold(path, |path, (name, text)| path.replace(&format!("{{{name}}}"), &escaped(text)))
}

#[tokio::test]
async fn no_parameter_of_a_path_takes_what_it_should_not() {
    let mut tally = Tally::default();
    for endpoint in ENDPOINTS {
        let names = fields::of(endpoint, "path");
        if names.is_empty() {
            continue;
        }
        let stage = Stage::set().await;
        for name in names {
            let parameters = stage.examples(endpoint).await.swap_remove(0).parameters;
            let valid = parameters.iter().find(|(known, _)| **known == *name);
            let (_, valid) = valid.expect("in the example").clone();
            let mut texts = corpus::texts(&name, &valid);
            // Without its parameter it is another path.
            texts.retain(|text| !text.is_empty());
            let escaped = texts.iter().map(|text| (escaped(text), text.clone()));
            let raw = [("%2e%2e%2f", "../"), ("%252e", "%2e"), ("%ff", "\u{fffd}"), ("%", "%")];
            let raw = raw.map(|(raw, text)| (raw.to_owned(), text.to_owned()));
            let mut example = stage.examples(endpoint).await.swap_remove(0);
            for (segment, text) in escaped.chain(raw) {
                let path = path_with(&example, &name, &segment);
                let allowed = [rules::in_path(endpoint.stem, &name, &text)];
                let case = (&*name, segment.as_bytes());
                tally.try_out(&stage, endpoint, example.ask_of(&path), case, &allowed).await;
                if allowed.contains(&Verdict::Success) {
                    example = stage.examples(endpoint).await.swap_remove(0);
                }
            }
            for raw in ["../", "a/b", "../../../etc/passwd"] {
                let path = path_with(&example, &name, raw);
                let allowed = [Verdict::Unknown(404, "path_not_found")];
                let case = (&*name, raw.as_bytes());
                tally.try_out(&stage, endpoint, example.ask_of(&path), case, &allowed).await;
            }
        }
    }
    tally.conclude("paths", 800);
}

#[tokio::test]
async fn no_header_takes_what_it_should_not() {
    let mut tally = Tally::default();
    for endpoint in ENDPOINTS {
        let stage = Stage::set().await;
        for name in fields::of(endpoint, "header") {
            let refused = [rules::refused_header(&name)];
            let mut texts = corpus::texts(&name, "");
            texts.push("y".repeat(5_000));
            texts.retain(|text| http::HeaderValue::from_str(text).is_ok());
            for text in texts {
                let ask = with_headers(&stage, endpoint, &name, &[&text]).await;
                let allowed = [rules::in_header(&name, &text)];
                tally.try_out(&stage, endpoint, ask, (&name, text.as_bytes()), &allowed).await;
            }
            let ask = with_headers(&stage, endpoint, &name, &["\"1\"", "\"2\""]).await;
            tally.try_out(&stage, endpoint, ask, (&name, b"twice"), &refused).await;
            let ask = with_headers(&stage, endpoint, &name, &[]).await;
            let optional = endpoint.idempotency == Idempotency::Optional;
            let allowed = if optional { [Verdict::Success] } else { refused };
            tally.try_out(&stage, endpoint, ask, (&name, b"missing"), &allowed).await;
        }
    }
    tally.conclude("headers", 350);
}

/// A new example with these headers of a name in place of its own.
async fn with_headers(
    stage: &Stage,
    endpoint: &'static Endpoint,
    name: &str,
    texts: &[&str],
) -> Ask {
    let mut example = stage.examples(endpoint).await.swap_remove(0);
    example.headers.retain(|(known, _)| *known != name);
    texts.iter().fold(example.ask(), |ask, text| ask.header(name, text))
}

#[tokio::test]
async fn the_type_that_a_body_is_said_to_have_is_ignored() {
    let stage = Stage::set().await;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.body.is_some()) {
        for media_type in ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""]
        {
            let example = stage.examples(endpoint).await.swap_remove(0);
            let ask = example.ask().by(stage.rightful(endpoint)).header("content-type", media_type);
            let answer = stage.world.send(ask).await;
            assert_eq!(answer.status, endpoint.success.0, "{} {media_type}", endpoint.stem);
        }
    }
}
