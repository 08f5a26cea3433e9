//! Templates as values, with CloudFormation's short forms in their long form: `!Ref Market` is
//! `{"Ref": "Market"}`. The workspace's YAML reader forgets tags, so this reads what it reads.

use granit_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value, json};

use crate::tree::read;

/// A template, by its path from the root.
pub(super) fn template(path: &str) -> Value {
    value(path, &read(path))
}

/// A template that stands nowhere.
pub(super) fn value(path: &str, text: &str) -> Value {
    let mut events = Parser::new_from_str(text).map(|event| match event {
        Ok((event, _)) => event,
        Err(error) => panic!("{path}: {error}"),
    });
    next_node(&mut events)
}

fn next_node<'a>(events: &mut impl Iterator<Item = Event<'a>>) -> Value {
    loop {
        let event = events.next().expect("a node");
        if let Some(value) = node(event, events) {
            return value;
        }
    }
}

/// The node that an event begins; nothing for an event that begins none.
fn node<'a>(event: Event<'a>, events: &mut impl Iterator<Item = Event<'a>>) -> Option<Value> {
    let (value, tag) = match event {
        Event::Scalar(text, style, _, tag) => {
            let plain = style == ScalarStyle::Plain && tag.is_none();
            (if plain { scalar(&text) } else { json!(text) }, tag)
        }
        Event::SequenceStart(_, _, tag) => {
            let mut items = Vec::new();
            while let Some(event) = events.next().filter(|event| *event != Event::SequenceEnd) {
                items.extend(node(event, events));
            }
            (Value::Array(items), tag)
        }
        Event::MappingStart(_, _, tag) => {
            let mut entries = Map::new();
            while let Some(event) = events.next().filter(|event| *event != Event::MappingEnd) {
                let Some(key) = node(event, events) else { continue };
                let value = next_node(events);
                let key = super::text(&key);
                assert!(entries.insert(key.clone(), value).is_none(), "{key} stands twice");
            }
            (Value::Object(entries), tag)
        }
        _ => return None,
    };
    Some(match tag.as_deref().map(Tag::suffix) {
        None => value,
        Some(name @ ("Ref" | "Condition")) => json!({ name: value }),
        Some(name) => json!({ format!("Fn::{name}"): value }),
    })
}

/// What a word without quotes stands for.
fn scalar(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "" | "~" | "null" => Value::Null,
        _ => text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)),
    }
}

#[test]
fn short_forms_are_read_as_long_ones() {
    let text = [
        "# A comment.",
        "One: !Ref Market # and one here",
        "Two: [!Sub \"${A}-b\", !GetAtt C.D, 3]",
        "Three: !If",
        "  - Has",
        "  - {x: \"3\", y: true}",
        "  - !Ref AWS::NoValue",
    ];
    let expected = json!({
        "One": {"Ref": "Market"},
        "Two": [{"Fn::Sub": "${A}-b"}, {"Fn::GetAtt": "C.D"}, 3],
        "Three": {"Fn::If": ["Has", {"x": "3", "y": true}, {"Ref": "AWS::NoValue"}]},
    });
    assert_eq!(value("a test", &text.join("\n")), expected);
}
