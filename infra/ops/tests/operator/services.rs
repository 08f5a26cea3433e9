//! Queues, the secret and the cache, as services answer.

use ops::{
    arguments::{Phase, Queue, Redrive},
    commands::{cache::cache, keys::rotate, redrive::redrive},
    session::{Session, outputs},
};
use serde_json::{Value, json};
use testkit::builders::on_this_thread;

use crate::{scripted::Script, stage::Stage};

async fn session(script: &Script, names: &[(&str, &str)]) -> (Stage, Session) {
    let stage = Stage::new().await;
    let mut session = stage.session(Some(script.client()));
    let names = names.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    session.outputs.extend(names);
    (stage, session)
}

const MATCH: [(&str, &str); 2] = [
    (outputs::MATCH_QUEUE, "http://sqs/1/match.fifo"),
    (outputs::MATCH_DEAD_LETTERS, "http://sqs/1/match-dead.fifo"),
];
const ONE_WAITS: &str =
    r#"{"Attributes": {"ApproximateNumberOfMessages": "1", "QueueArn": "arn:aws:sqs:r:1:d"}}"#;
const NO_TASKS: &str = r#"{"__type": "com.amazonaws.sqs#UnsupportedOperation"}"#;
const NOTHING: &str = "{}";

fn letters(body: &Value) -> String {
    let message = json!({
        "MessageId": "m", "ReceiptHandle": "h", "Body": body.to_string(),
        "Attributes": {"MessageGroupId": "MRC-USD", "MessageDeduplicationId": "MRC-USD.5"},
    });
    json!({"Messages": [message]}).to_string()
}

#[test]
fn a_doorbell_goes_back_with_its_group_and_its_deduplication() {
    on_this_thread(async {
        let script = Script::of(&[
            ("GetQueueAttributes", 200, ONE_WAITS),
            ("StartMessageMoveTask", 400, NO_TASKS),
            ("ReceiveMessage", 200, &letters(&json!("MRC-USD"))),
            ("ReceiveMessage", 200, NOTHING),
            ("SendMessage", 200, r#"{"MessageId": "n"}"#),
            ("DeleteMessage", 200, NOTHING),
        ]);
        let (_stage, session) = session(&script, &MATCH).await;
        let wanted = Redrive { queue: Queue::Match, order: None, settled: None, max: 10 };
        let dry = redrive(&session, wanted, false).await.expect("a report");
        assert_eq!(
            (dry.json["waiting"].clone(), dry.json["dry_run"].clone()),
            (1.into(), true.into())
        );
        assert!(script.asked("SendMessage").is_empty());
        let done = redrive(&session, wanted, true).await.expect("a report");
        assert_eq!(done.json["moved"], 1);
        let sent: Value = serde_json::from_str(&script.asked("SendMessage")[0]).expect("JSON");
        assert_eq!(sent["QueueUrl"], MATCH[0].1);
        assert_eq!(sent["MessageGroupId"], "MRC-USD");
        assert_eq!(sent["MessageDeduplicationId"], "MRC-USD.5");
        assert_eq!(script.asked("DeleteMessage").len(), 1);
    });
}

#[test]
fn the_service_moves_messages_itself_where_it_can() {
    on_this_thread(async {
        let script = Script::of(&[
            ("GetQueueAttributes", 200, ONE_WAITS),
            ("StartMessageMoveTask", 200, r#"{"TaskHandle": "task-1"}"#),
        ]);
        let (_stage, session) = session(&script, &MATCH).await;
        let wanted = Redrive { queue: Queue::Match, order: None, settled: None, max: 10 };
        let done = redrive(&session, wanted, true).await.expect("a report");
        assert_eq!(done.json["task"], "task-1");
        assert!(script.asked("ReceiveMessage").is_empty());
    });
}

#[test]
fn letters_are_grouped_and_only_those_that_help_nobody_go() {
    on_this_thread(async {
        let of = |function: &str| {
            let (source, reason) = ("m-accounts/1", "bug");
            json!({"function": function, "source": source, "reason": reason, "record": null})
        };
        let script = Script::of(&[
            ("ReceiveMessage", 200, &letters(&of("project"))),
            ("ReceiveMessage", 200, &letters(&of("publish"))),
            ("ReceiveMessage", 200, NOTHING),
            ("ChangeMessageVisibility", 200, NOTHING),
            ("DeleteMessage", 200, NOTHING),
        ]);
        let queue = [(outputs::FAILURE_QUEUE, "http://sqs/1/failures")];
        let (_stage, session) = session(&script, &queue).await;
        let wanted = Redrive { queue: Queue::Failures, order: None, settled: None, max: 10 };
        let report = redrive(&session, wanted, true).await.expect("a report");
        assert!(!report.fine, "one stays");
        assert_eq!(report.json["left"], 1);
        assert_eq!(script.asked("DeleteMessage").len(), 1);
        assert_eq!(script.asked("ChangeMessageVisibility").len(), 1);
        assert!(report.text.contains("market-ops repair"), "{}", report.text);
    });
}

#[test]
fn a_new_secret_is_written_beside_the_current_one_and_never_shown() {
    on_this_thread(async {
        let current = "A".repeat(43) + "=";
        let value = json!({"current": current, "other": "none"}).to_string();
        let read = json!({"SecretString": value, "Name": "keys"}).to_string();
        let script = Script::of(&[
            ("GetSecretValue", 200, &read),
            ("PutSecretValue", 200, r#"{"Name": "keys"}"#),
        ]);
        let (_stage, session) = session(&script, &[(outputs::SECRET, "arn:keys")]).await;
        let refused = rotate(&session, Phase::Retire, 2, true).await.expect_err("nothing is old");
        assert!(refused.to_string().contains("no old secret"), "{refused}");
        let dry = rotate(&session, Phase::Prepare, 2, false).await.expect("a report");
        assert!(script.asked("PutSecretValue").is_empty());
        assert!(dry.text.contains("--parameter-overrides KeysEdition=2"), "{}", dry.text);
        let done = rotate(&session, Phase::Prepare, 2, true).await.expect("a report");
        let put: Value = serde_json::from_str(&script.asked("PutSecretValue")[0]).expect("JSON");
        let written: Value =
            serde_json::from_str(put["SecretString"].as_str().expect("a text")).expect("JSON");
        assert_eq!(written["current"], current.as_str());
        let other = written["other"].as_str().expect("a text");
        assert!(other.len() == 44 && other != current, "a secret of its own");
        let said = format!("{}{}", done.text, done.json);
        assert!(!said.contains(other) && !said.contains(&current), "a secret is shown");
    });
}

const CACHES: &str = r"<DescribeServerlessCachesResponse><DescribeServerlessCachesResult>
<ServerlessCaches><member><ServerlessCacheName>rates</ServerlessCacheName>
<Status>available</Status><Engine>valkey</Engine><FullEngineVersion>8.1</FullEngineVersion>
<UserGroupId>group</UserGroupId>
<Endpoint><Address>rates.cache.example</Address><Port>6379</Port></Endpoint>
</member></ServerlessCaches>
</DescribeServerlessCachesResult></DescribeServerlessCachesResponse>";
const GROUPS: &str = r"<DescribeUserGroupsResponse><DescribeUserGroupsResult><UserGroups>
<member><UserGroupId>group</UserGroupId><UserIds><member>u1</member></UserIds></member>
</UserGroups></DescribeUserGroupsResult></DescribeUserGroupsResponse>";
const USERS: &str = r"<DescribeUsersResponse><DescribeUsersResult><Users>
<member><UserId>u1</UserId><UserName>market</UserName></member>
</Users></DescribeUsersResult></DescribeUsersResponse>";
const EVENTS: &str = r"<DescribeEventsResponse><DescribeEventsResult><Events>
<Event><SourceIdentifier>rates</SourceIdentifier><Message>cache created</Message>
<Date>2026-11-20T10:00:00Z</Date></Event>
</Events></DescribeEventsResult></DescribeEventsResponse>";

#[test]
fn a_cache_is_described_and_held_against_the_stacks_output() {
    on_this_thread(async {
        let script = Script::of(&[
            ("DescribeServerlessCaches", 200, CACHES),
            ("DescribeUserGroups", 200, GROUPS),
            ("DescribeUsers", 200, USERS),
            ("DescribeEvents", 200, EVENTS),
        ]);
        let names = [
            (outputs::CACHE_NAME, "rates"),
            (outputs::CACHE_KIND, "serverless"),
            (outputs::CACHE_URL, "rediss://market@rates.cache.example:6379"),
        ];
        let (_stage, mut session) = session(&script, &names).await;
        let report = cache(&session, 24).await.expect("a report");
        assert!(report.fine, "{}", report.text);
        assert_eq!(report.json["endpoint"], "rates.cache.example:6379");
        assert_eq!(report.json["users"], json!(["market"]));
        assert_eq!(report.json["events"][0]["what"], "cache created");
        assert!(script.asked("DescribeEvents")[0].contains("Duration=1440"));
        let moved = "rediss://market@other.cache.example:6379";
        session.outputs.insert(outputs::CACHE_URL.to_owned(), moved.to_owned());
        let report = cache(&session, 24).await.expect("a report");
        assert!(!report.fine && report.text.contains("WRONG"), "{}", report.text);
    });
}
